// <gorgon-live>: keeps a part of the page up to date. The parts of one page share
// a stream, which is open while the tab is seen. What the visitor did stays: the
// focus, what was typed, selected, scrolled to, opened and played, and islands.

import { Wire } from "./wire";

const doc = document;
const parts = new Set<Live>();
const streams = new Map<string, AbortController>();
const over = new Set<string>(); // streams that the server has ended for good

// stream is the path that the one of a page lies below. (One more name in Wire
// would make the runtime larger.)
const stream = `${Wire.Root}live`;

// streamOf is the URL of the stream that a part is in.
const streamOf = (src: string): string => {
  const at = src.indexOf(Wire.Root);
  const base = src.slice(0, at);
  const path = src.slice(at);
  const below = (prefix: string) => path.slice(prefix.length, -Wire.Suffix.length);
  if (path.startsWith(Wire.Fragment)) return base + stream + path.slice(Wire.Fragment.length).replace(/^[^/]*\/[^/]*/, "");
  return base + stream + (path.startsWith(Wire.Folder) ? below(Wire.Folder) + "/" : below(Wire.Page));
};

class Live extends HTMLElement {
  connectedCallback() {
    this.style.display = "contents";
    parts.add(this);
    soon();
  }

  disconnectedCallback() {
    parts.delete(this);
    soon();
  }

  get src() {
    return this.getAttribute("src")!;
  }
}

let timer = 0;
const soon = () => {
  clearTimeout(timer);
  timer = setTimeout(arrange, 50);
};

// arrange opens a stream for each page that is shown, and closes the others. A
// stream is opened again when the parts of its page are others.
const arrange = () => {
  const wanted = new Map<string, Map<string, string>>();
  if (!doc.hidden)
    for (const part of parts) {
      const url = streamOf(part.src);
      if (!wanted.has(url)) wanted.set(url, new Map());
      wanted.get(url)!.set(part.src, part.dataset.version!);
    }
  for (const [url, stop] of streams) {
    if (!wanted.has(url) || named(wanted.get(url)!) !== followed.get(url)) {
      stop.abort();
      streams.delete(url);
    }
  }
  for (const [url, list] of wanted) {
    if (streams.has(url) || over.has(url)) continue;
    const stop = new AbortController();
    streams.set(url, stop);
    followed.set(url, named(list));
    void follow(url, [...list.keys()], stop.signal);
  }
};
const followed = new Map<string, string>(); // what is in each stream

// named says what a stream is for. What only this visitor has is followed by its
// version.
const named = (list: Map<string, string>) => [...list].map(([src, version]) => src + (version[0] === "~" ? version : "")).sort().join();

// pause waits, but not when the device is online again.
const pause = (ms: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, ms);
    addEventListener("online", () => resolve(), { once: true });
  });

// refused says that it is of no use to ask again: a guard leads elsewhere, or the
// parts are those of another build.
const refused = (status: number) => status < 500 && status !== 200 && status !== 408 && status !== 429;

const backoff = (failures: number) => Math.min(500 * 2 ** failures, 30e3) * (1 + Math.random());

// follow reads a stream again and again, until it is told not to.
const follow = async (url: string, list: string[], signal: AbortSignal): Promise<void> => {
  for (let failures = 0; ; failures++) {
    let wait = backoff(failures);
    try {
      const shown = new Map([...parts].map((part) => [part.src, part.dataset.version!]));
      const response = await fetch(url, {
        method: "POST",
        headers: { Accept: "text/event-stream", "Content-Type": "application/json" },
        body: JSON.stringify({ parts: list.map((src) => [src, shown.get(src) || ""]) }),
        redirect: "manual",
        signal,
      });
      const { status } = response;
      if (refused(status)) return void over.add(url);
      if (status === 200) {
        const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
        for (let text = ""; ; ) {
          const { value, done } = await reader.read();
          if (done) break;
          failures = 0;
          const events = (text + value).split("\n\n");
          text = events.pop()!;
          for (const event of events) {
            if (signal.aborted) return;
            if (event.startsWith("event: end")) return void over.add(url);
            if (event.startsWith("retry: ")) wait = +event.slice(7);
            if (event.startsWith("data: ")) {
              const news: News = JSON.parse(event.slice(6));
              const src = list[news.at!]!;
              if (news.token) void ask(src, news);
              else show(src, news);
            }
          }
        }
      }
    } catch {
      // The connection was cut, or the stream is no longer wanted.
    }
    if (signal.aborted) return;
    await pause(wait);
    if (signal.aborted) return;
  }
};

const asking = new Set<string>();

// ask gets a part that each visitor sees differently, as new as the purge that
// made it necessary.
const ask = async (src: string, { ask, token, version }: News) => {
  if (asking.has(src)) return;
  asking.add(src);
  for (let failures = 1; ; failures++) {
    await pause(ask!);
    ask = backoff(failures);
    try {
      const response = await fetch(src, { headers: { "Gorgon-Token": token! }, redirect: "manual" });
      const text = await response.text();
      if (response.ok) show(src, src.includes(Wire.Fragment) ? { html: text, version: response.headers.get("Gorgon-Version")! } : { page: JSON.parse(text), version });
      if (response.ok || refused(response.status)) break;
    } catch {
      // The connection was cut.
    }
  }
  asking.delete(src);
};

interface News {
  at?: number;
  version: string;
  ask?: number; // the visitor's own is to be asked for after this many milliseconds
  token?: string;
  html?: string;
  page?: { title?: string; parts?: Record<string, string> };
}

let policy = { createHTML: (html: string) => html };
try {
  policy = (window as any).trustedTypes?.createPolicy("gorgon-live", policy) || policy;
} catch {
  // Without it a strict policy forbids the new HTML, and the page stays as it is.
}

const parse = (html: string): ParentNode => {
  const template = doc.createElement("template");
  template.innerHTML = policy.createHTML(html);
  return template.content;
};

// show puts news in the place of what was there.
const show = (src: string, news: News) => {
  const { activeElement } = doc;
  for (const part of [...parts]) {
    if (part.src !== src) continue;
    if (news.html !== undefined) morph(part, parse(news.html), part.firstChild, null);
    for (const name in news.page?.parts) if (name !== "head") replace(name, news.page.parts[name]!);
    if (news.page?.title) doc.title = news.page.title;
    part.dataset.version = news.version;
    part.dispatchEvent(new CustomEvent("gorgon:live", { bubbles: true, detail: { url: src, gone: !news.version } }));
  }
  soon();
  if (activeElement !== doc.activeElement && activeElement?.isConnected) (activeElement as HTMLElement).focus({ preventScroll: true });
};

// replace morphs a named part of the page, which is between two comments.
const replace = (name: string, html: string) => {
  const walker = doc.createTreeWalker(doc.documentElement, NodeFilter.SHOW_COMMENT);
  let begin: Node | undefined;
  for (let node; (node = walker.nextNode()); ) {
    const { data } = node as Comment;
    if (data === "gorgon:" + name) begin ||= node;
    if (data === "/gorgon:" + name && begin?.parentNode === node.parentNode) return morph(begin!.parentNode as ParentNode & Node, parse(html), begin!.nextSibling, node);
  }
};

// keyOf identifies a node among its siblings; "" for one without a name.
const keyOf = (node: Node): string => (node instanceof Element ? node.id || node.getAttribute("data-key") || "" : "");

const alike = (a: Node, b: Node): boolean => a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);

// morph makes the children from a node up to an end into others, and keeps those
// that are alike.
const morph = (parent: Node, fresh: Node, at: Node | null, end: Node | null) => {
  const named = new Map<string, Node>();
  for (let node = at; node !== end; node = node!.nextSibling) if (keyOf(node!)) named.set(keyOf(node!), node!);
  const kept = new Set([...fresh.childNodes].map(keyOf));
  for (const next of [...fresh.childNodes]) {
    let same: Node | null | undefined = keyOf(next) ? named.get(keyOf(next)) : at;
    // What is not there any longer makes room.
    while (!keyOf(next) && same !== end && keyOf(same!) && !kept.has(keyOf(same!))) {
      const gone: Node = same!;
      same = at = gone.nextSibling;
      gone.parentNode!.removeChild(gone);
    }
    if (!same || same === end || !alike(same, next)) {
      parent.insertBefore(next, at);
      continue;
    }
    if (same === at) at = at!.nextSibling;
    else if ("moveBefore" in parent) (parent as any).moveBefore(same, at);
    else parent.insertBefore(same, at);
    become(same, next);
  }
  while (at !== end) {
    const gone: Node = at!;
    at = gone.nextSibling;
    parent.removeChild(gone);
  }
};

// become makes a node into another one that is like it.
const become = (old: Node, fresh: Node) => {
  if (old.isEqualNode(fresh)) return;
  if (!(old instanceof Element && fresh instanceof Element)) {
    old.nodeValue = fresh.nodeValue;
    return;
  }
  if (old.localName === "gorgon-island" && [...fresh.attributes].every(({ name, value }) => name === "class" || old.getAttribute(name) === value)) return; // what is in it is its own
  if (old.localName === "gorgon-island" || (old.localName === "iframe" && old.getAttribute("src") !== fresh.getAttribute("src"))) return old.replaceWith(fresh);
  const own = (name: string) => (name === "open" && /^(details|dialog)$/.test(old.localName)) || (name === "style" && old.localName === "gorgon-live");
  for (const { name } of [...old.attributes]) if (!own(name) && !fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (!own(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  if (/^(textarea|select)$/.test(old.localName) && old.matches(":focus")) return; // the visitor is at it
  morph(old, fresh, old.firstChild, null);
};

if (!customElements.get("gorgon-live")) {
  customElements.define("gorgon-live", Live);
  doc.addEventListener("visibilitychange", soon);
  addEventListener("pagehide", () => {
    streams.forEach((stop) => stop.abort());
    streams.clear();
  });
  addEventListener("pageshow", soon);
}
