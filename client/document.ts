// The document the runtime was loaded with: what the server says of it, where
// the page's own parts lie in it, and which URLs are pages of the same app.

interface Settings {
  build: string;
  base: string; // path that everything lies under; "" at the root
  navigate?: boolean;
  prefetch?: string; // intent, view or none
  timeout?: number; // milliseconds
  transitions?: boolean;
  announce?: string; // "{title}" in it stands for the page's title
  locale?: string; // the layout's, where the app has several
  keep?: boolean; // the page as loaded may be shown again
}

export const root = document.documentElement;
export const settings: Settings = JSON.parse(document.querySelector<HTMLMetaElement>("meta[name=gorgon]")?.content || '{"base":""}');
export const patience = settings.timeout || 10000;

// A Part is what lies between two marks.
export interface Part {
  begin: Comment;
  end: Comment;
}

// parts are what is another on each page: the page's own part of the head, its
// main part, and the regions of the layout, by name and in their order.
export const parts: Record<string, Part> = Object.create(null); // no name is there before
const walker = document.createTreeWalker(root, NodeFilter.SHOW_COMMENT);
for (let node; (node = walker.nextNode() as Comment | null); ) {
  const [, ends, name] = /^(\/?)gorgon:(.+)/.exec(node.data) || [];
  if (!name) continue;
  const part = (parts[name] ||= {} as Part);
  if (ends) part.end ||= node;
  else part.begin ||= node;
}

export const headPart = parts.head;
export const mainPart = parts.main;

export const rangeOf = ({ begin, end }: Part): Range => {
  const range = document.createRange();
  range.setStartAfter(begin);
  range.setEndBefore(end);
  return range;
};

// htmlOf is a part as HTML.
export const htmlOf = (part: Part): string => {
  const holder = document.createElement("template");
  holder.content.append(rangeOf(part).cloneContents());
  return holder.innerHTML;
};

// parse makes nodes of HTML, whose scripts run once they are put into the
// document.
export const parse = (html: string, context: Element = document.body): DocumentFragment => {
  const range = document.createRange();
  range.selectNodeContents(context);
  return range.createContextualFragment(html);
};

// urlOf reads a URL as the document would; nothing where it is none.
export const urlOf = (href: string | URL): URL | undefined => {
  try {
    return new URL(href, document.baseURI);
  } catch {
    return;
  }
};

const own = (url: URL): boolean => url.origin === location.origin && !url.username;

// isPart says whether a URL is one of the app's own things below a folder of
// /_gorgon/. Modules and fragments come from nowhere else.
export const isPart = (url: URL | undefined, folder: string): url is URL =>
  !!url && own(url) && url.pathname.startsWith(`${settings.base}/_gorgon/${folder}/`);

// payloadOf is the URL of a page's navigation payload; "" where the URL can be
// no page of this app.
export const payloadOf = (url: URL): string => {
  const { base } = settings;
  const path = url.pathname;
  if (!own(url) || !path.startsWith(base + "/") || path.startsWith(base + "/_gorgon/")) return "";
  const page = path.slice(base.length);
  return base + (page.endsWith("/") ? "/_gorgon/folder" + page.slice(0, -1) : "/_gorgon/page" + page) + ".json" + url.search;
};

export const samePage = (a: URL, b: URL): boolean => a.pathname === b.pathname && a.search === b.search;

// bound has a map forget what is oldest in it until it is small enough.
export const bound = <T>(map: Map<string, T>, most: number, room: number, sizeOf: (of: T) => number): void => {
  let size = 0;
  map.forEach((of) => (size += sizeOf(of)));
  for (const [key, of] of map) {
    if (map.size <= most && size <= room) break;
    size -= sizeOf(of);
    map.delete(key);
  }
};

export const emit = (name: string, detail: object, at: EventTarget = document, cancelable = false): boolean =>
  at.dispatchEvent(new CustomEvent("gorgon:" + name, { detail, cancelable, bubbles: true }));
