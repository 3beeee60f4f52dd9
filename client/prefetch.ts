// Prefetching: the link that the visitor points at and, where enabled, the
// links in view.

import { doc, isPart, parse, payloadOf, root, samePage, settings, urlOf, within } from "./document";
import { leavable } from "./navigate";
import { fetchAhead, type Payload } from "./payloads";
import { Wire } from "./wire";

const hesitation = 65; // ms that a pointer rests on a link before it means it
const inViewAtMost = 16; // pages fetched ahead for one page shown

interface Connection {
  saveData?: boolean;
  effectiveType?: string;
}

const sparing = (): boolean | undefined => {
  const { connection } = navigator as Navigator & { connection?: Connection };
  return connection && (connection.saveData || /2g/.test(connection.effectiveType || ""));
};

const hinted = new Set<string>();

// hint preloads a file for the next page.
const hint = (rel: string, href: string, as?: string) => {
  if (hinted.has(href)) return;
  hinted.add(href);
  doc.head.append(Object.assign(doc.createElement("link"), { rel, href }, as && { as }));
};

// preload loads the modules and styles of a page before it is shown.
export const preload = (payload: Payload, styles?: boolean): void => {
  for (const module of payload.modules || []) {
    const url = urlOf(module);
    if (isPart(url, Wire.Assets)) hint("modulepreload", url.href);
  }
  if (!styles || payload.location) return;
  const loaded = new Set(Array.from(doc.styleSheets, (sheet) => sheet.href));
  for (const link of parse(payload.parts.head!, doc.head).querySelectorAll<HTMLLinkElement>("link[rel=stylesheet]")) {
    if (!loaded.has(link.href) && new URL(link.href).origin === location.origin) hint("preload", link.href, "style");
  }
};

// prefetch fetches a page in advance, unless the visitor saves data, or the
// whole page would have to be loaded.
export const prefetch = async (href: string | URL): Promise<void> => {
  const url = urlOf(href);
  const key = url && !sparing() && leavable() && payloadOf(url);
  if (!key || samePage(url, new URL(location.href))) return;
  try {
    const payload = await fetchAhead(key);
    if (payload) preload(payload, true);
  } catch {
    // Then there is no prefetch.
  }
};

// apart selects links and forms whose page is loaded as a document: they say
// so, or they specify how the request is sent.
export const apart = "[data-gorgon=reload],[rel~=external i],[rel~=noreferrer i],[referrerpolicy]";

// follows says whether a link leads to another page in the same window.
const follows = (link: HTMLAnchorElement): boolean =>
  /^(_self)?$/i.test(link.target || root.querySelector<HTMLBaseElement>("base[target]")?.target || "") && !link.hasAttribute("download") && !within(link, apart);

const linkOf = (event: Event): HTMLAnchorElement | undefined =>
  event.composedPath().find((node): node is HTMLAnchorElement => node instanceof HTMLAnchorElement && !!node.href);

const manner = (link: Element) => within(link, "[data-gorgon-prefetch]")?.getAttribute("data-gorgon-prefetch") || settings.prefetch;

let seen = 0;

const observer = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    observer.unobserve(target);
    if (seen++ < inViewAtMost) void prefetch((target as HTMLAnchorElement).href);
  }
});

// watch prefetches the links in view that ask for it.
export const watch = (within: ParentNode = root): void => {
  for (const link of within.querySelectorAll<HTMLAnchorElement>("a[href]")) if (manner(link) === "view" && follows(link)) observer.observe(link);
};

// restartPrefetch starts the count again for the page that is shown now.
export const restartPrefetch = (): void => {
  observer.disconnect();
  seen = 0;
  watch();
};

export const startPrefetch = (): void => {
  let timer = 0;
  const consider = (event: Event) => {
    const link = event.type !== "pointerout" && linkOf(event);
    clearTimeout(timer);
    if (link && follows(link) && manner(link) !== "none") timer = setTimeout(() => void prefetch(link.href), event.type === "pointerdown" ? 0 : hesitation);
  };
  for (const name of ["pointerover", "pointerout", "pointerdown", "focusin"]) addEventListener(name, consider);
  watch();
};
