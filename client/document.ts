// The document that the runtime was loaded with: the server's settings in it,
// the positions of the page's own parts, and which URLs are pages of the same
// app.

import { Wire } from "./wire";

interface Settings {
  build: string;
  base: string; // path that everything lies under; "" at the root
  navigate?: boolean;
  prefetch?: string; // intent, view or none
  timeout?: number; // milliseconds
  transitions?: boolean;
  failed?: string; // HTML, shown where the server cannot be reached
  locale?: string; // the layout's, where the app has several
  keep?: boolean; // the page as loaded may be shown again: it was not made for this visitor
}

// doc is the document without the elements that markup adds to its properties:
// <img name="body"> makes document.body that image.
export const doc = new Proxy(document, {
  get(_, name) {
    const value = Reflect.get(Document.prototype, name, document);
    return typeof value === "function" ? value.bind(document) : value;
  },
});

// has says whether the browser defines a global, and not an element with that
// id.
export const has = (name: string): boolean => Object.hasOwn(window, name);

export const root = doc.documentElement;

// The settings are in the element before this module's script.
const script = [...doc.scripts].find((s) => s.src === import.meta.url);
export const settings: Settings = JSON.parse((script?.previousElementSibling as HTMLMetaElement | null)?.content || '{"base":""}');
export const patience = settings.timeout || 10000;

// A Part is the content between two marks.
export interface Part {
  begin: Comment;
  end: Comment;
}

// parts returns the parts that differ on each page: the page's own part of the
// head, its main part, and the regions of the layout, by name and in order.
export const parts: Record<string, Part> = Object.create(null); // no name is there before
const walker = doc.createTreeWalker(root, NodeFilter.SHOW_COMMENT);
for (let node; (node = walker.nextNode() as Comment | null); ) {
  const [, ends, name] = /^(\/?)gorgon:(.+)/.exec(node.data) || [];
  if (!name) continue;
  const part = (parts[name] ||= {} as Part);
  if (ends) part.end = node;
  else part.begin ||= node;
}

export const rangeOf = ({ begin, end }: Part): Range => {
  const range = new Range();
  range.setStartAfter(begin);
  range.setEndBefore(end);
  return range;
};

// ours says whether an element is in one of the parts.
export const ours = (element: Element): boolean => Object.values(parts).some((part) => rangeOf(part).intersectsNode(element));

// within finds the element or an ancestor that matches. It avoids the method of
// that name, since a form may have a control with the name "closest".
export const within = (element: Element, selector: string): Element | null => Element.prototype.closest.call(element, selector);

// If a policy requires trusted types, the server's HTML gets one. If the policy
// forbids that too, parsing fails.
let trusted = { createHTML: (html: string) => html };
try {
  if (has("trustedTypes")) trusted = (window as any).trustedTypes.createPolicy("gorgon", trusted);
} catch {
  // parse reports it.
}

// parse makes nodes of HTML, whose scripts run once they are inserted into the
// document.
export const parse = (html: string, context: Element = doc.body): DocumentFragment => {
  const range = new Range();
  range.selectNodeContents(context);
  return range.createContextualFragment(trusted.createHTML(html));
};

// urlOf resolves a URL as the document would; undefined if it is invalid.
export const urlOf = (href: string | URL): URL | undefined => {
  try {
    return new URL(href, doc.baseURI);
  } catch {
    return;
  }
};

const own = (url: URL): boolean => url.origin === location.origin && !url.username;

// isPart says whether a URL is one of the app's own things below a path of the
// framework. Modules and fragments come from nowhere else.
export const isPart = (url: URL | undefined, below: string): url is URL =>
  !!url && own(url) && url.pathname.startsWith(settings.base + below);

// payloadOf returns the URL of a page's navigation payload; "" if the URL
// cannot be a page of this app.
export const payloadOf = (url: URL): string => {
  const { base } = settings;
  const path = url.pathname;
  if (!own(url) || !path.startsWith(base + "/") || path.startsWith(base + Wire.Root)) return "";
  const page = path.slice(base.length);
  return base + (page.endsWith("/") ? Wire.Folder + page.slice(0, -1) : Wire.Page + page) + Wire.Suffix + url.search;
};

// forbidden says whether an answer is not to be kept: it was made for this
// visitor.
export const forbidden = ({ headers }: Response): boolean => /no-store/i.test(headers.get("Cache-Control")!);

export const samePage = (a: URL, b: URL): boolean => a.pathname === b.pathname && a.search === b.search;

// bound removes the oldest entries of a map until it is small enough.
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
  EventTarget.prototype.dispatchEvent.call(at, new CustomEvent("gorgon:" + name, { detail, cancelable, bubbles: true }));
