// Fetching ahead: what the visitor points at, and where asked what is in view.

import { isPart, parse, payloadOf, root, samePage, settings, urlOf } from "./document";
import { fetchAhead, type Payload } from "./payloads";

const hesitation = 65; // ms that a pointer rests on a link before it means it
const inViewAtMost = 16; // pages fetched ahead for one page shown

interface Connection {
  saveData?: boolean;
  effectiveType?: string;
}

const sparing = (): boolean => {
  const { connection } = navigator as Navigator & { connection?: Connection };
  return !!connection && (!!connection.saveData || /2g/.test(connection.effectiveType || ""));
};

const hinted = new Set<string>();

// hint has something loaded for the page that comes.
const hint = (rel: string, href: string, as?: string) => {
  if (hinted.has(href)) return;
  hinted.add(href);
  document.head.append(Object.assign(document.createElement("link"), { rel, href }, as && { as }));
};

// preload loads the modules and styles of a page before it is shown.
export const preload = (payload: Payload, styles?: boolean): void => {
  for (const module of payload.modules || []) {
    const url = urlOf(module);
    if (isPart(url, "assets")) hint("modulepreload", url.href);
  }
  if (!styles || payload.location) return;
  const loaded = new Set(Array.from(document.styleSheets, (sheet) => sheet.href));
  for (const link of parse(payload.parts.head!, document.head).querySelectorAll<HTMLLinkElement>("link[rel=stylesheet]")) {
    if (!loaded.has(link.href) && new URL(link.href).origin === location.origin) hint("preload", link.href, "style");
  }
};

// prefetch fetches a page ahead, unless the visitor pays for every byte.
export const prefetch = async (href: string | URL): Promise<void> => {
  const url = urlOf(href);
  const key = url && !sparing() && payloadOf(url);
  if (!key || samePage(url, new URL(location.href))) return;
  const payload = await fetchAhead(key);
  if (payload) preload(payload, true);
};

// follows says whether a link is one that the runtime may follow.
export const follows = (link: HTMLAnchorElement): boolean =>
  !!link.href &&
  (!link.target || link.target === "_self") &&
  !link.hasAttribute("download") &&
  !link.relList.contains("external") &&
  !link.isContentEditable &&
  !link.closest("[data-gorgon=reload]");

export const linkOf = (event: Event): HTMLAnchorElement | undefined =>
  event.composedPath().find((node): node is HTMLAnchorElement => node instanceof HTMLAnchorElement && !!node.href);

const manner = (link: Element) => link.closest("[data-gorgon-prefetch]")?.getAttribute("data-gorgon-prefetch") || settings.prefetch || "intent";

let seen = 0;

const observer = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    observer.unobserve(target);
    if (seen++ < inViewAtMost) void prefetch((target as HTMLAnchorElement).href);
  }
});

// watch has the links in view fetched where they ask for it.
export const watch = (within: ParentNode = root): void => {
  for (const link of within.querySelectorAll<HTMLAnchorElement>("a[href]")) if (manner(link) === "view" && follows(link)) observer.observe(link);
};

// anew begins the count for the page that is shown now.
export const anew = (): void => {
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
  for (const name of ["pointerover", "pointerout", "pointerdown", "focusin"]) addEventListener(name, consider, { passive: true });
  watch();
};
