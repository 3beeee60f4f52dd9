// <gorgon-live>: keeps a part of the page up to date. The parts of one page share
// a stream, which is open while the tab is seen. What the visitor did stays: the
// focus, what was typed, selected, scrolled to, opened and played, and islands.

import { Wire } from "./wire";

const doc = document;
const parts = new Set<Live>();
const streams = new Map<string, AbortController>();
const over = new Set<string>(); // streams that the server has ended for good

// streamOf is the URL of the stream that a part is in: that of its page.
const streamOf = (src: string): string =>
  src
    .replace(/\/_gorgon\/fragment\/[^/]*\/[^/]*/, "/_gorgon/live")
    .replace(/\/_gorgon\/page(.*)\.json$/, "/_gorgon/live$1")
    .replace(/\/_gorgon\/folder(.*)\.json$/, "/_gorgon/live$1/");

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

// shownOn are the versions of the parts in a stream, by src.
const shownOn = (url: string) => new Map([...parts].filter((part) => streamOf(part.src) === url).map((part) => [part.src, part.dataset.version!]));

// named says what a stream is for. What only this visitor has is followed by its
// version.
const named = (url: string) => [...shownOn(url)].map(([src, version]) => src + (version[0] === "~" ? version : "")).sort().join();

// arrange opens a stream for each page that is shown, and closes the others. A
// stream is opened again when the parts of its page are others.
const arrange = () => {
  const wanted = new Set(doc.hidden ? [] : [...parts].map((part) => streamOf(part.src)));
  for (const [url, stop] of streams) {
    if (!wanted.has(url) || named(url) !== followed.get(url)) {
      stop.abort();
      streams.delete(url);
    }
  }
  for (const url of wanted) {
    if (streams.has(url) || over.has(url)) continue;
    const stop = new AbortController();
    streams.set(url, stop);
    followed.set(url, named(url));
    void follow(url, stop.signal);
  }
};
const followed = new Map<string, string>(); // what is in each stream

// pause waits, but not when the device is online again.
const pause = (ms: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, ms);
    addEventListener("online", resolve as () => void, { once: true });
  });

// refused says that it is of no use to ask again: a guard leads elsewhere.
const refused = (status: number) => status < 500 && status !== 200 && status !== 408 && status !== 429;

const backoff = (failures: number) => Math.min(500 * 2 ** failures, 30e3) * (1 + Math.random());

// follow reads a stream again and again, until it is told not to.
const follow = async (url: string, signal: AbortSignal): Promise<unknown> => {
  for (let failures = 0; !signal.aborted; failures++) {
    let wait = backoff(failures);
    try {
      const shown = [...shownOn(url)];
      const response = await fetch(url, {
        method: "POST",
        headers: { Accept: "text/event-stream", "Content-Type": "application/json" },
        body: JSON.stringify({ parts: shown }),
        redirect: "manual",
        signal,
      });
      let { status } = response;
      if (status === 410) status = await renew(signal, response.headers.get("Gorgon-Token")!);
      else if (status === 200) {
        const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
        for (let text = ""; ; ) {
          const { value, done } = await reader.read();
          if (done) break;
          failures = 0;
          const events = (text + value).split("\n\n");
          text = events.pop()!;
          for (const event of events) {
            if (signal.aborted) return;
            if (event.startsWith("event: end")) return over.add(url);
            if (event.startsWith("retry: ")) wait = +event.slice(7);
            if (event.startsWith("data: ")) {
              const news: News = JSON.parse(event.slice(6));
              const [src] = shown[news.at!]!;
              if (news.token) void ask(src, news);
              else show(src, news);
            }
          }
        }
      }
      if (refused(status)) return over.add(url);
    } catch {
      // The connection was cut, or the stream is no longer wanted.
    }
    await pause(wait);
  }
};

// renew makes the page into that of the build that answers now.
const renew = async (signal: AbortSignal, token: string) => {
  const response = await fetch(location.href, { headers: { "Gorgon-Token": token }, redirect: "manual", signal });
  const { title, body } = new DOMParser().parseFromString(policy.createHTML(await response.text()), "text/html");
  if (response.ok) {
    doc.title = title;
    morph(doc.body, body, doc.body.firstChild, null);
    soon();
  }
  return response.status;
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
  const differs = ({ name, value }: Attr) => old.getAttribute(name) !== value;
  const island = old.localName === "gorgon-island";
  if (island && ![...fresh.attributes].some((a) => a.name !== "class" && differs(a))) return; // what is in it is its own
  if (island || (old.localName === "iframe" && old.getAttribute("src") !== fresh.getAttribute("src"))) return old.replaceWith(fresh);
  const own = (name: string) => (name === "open" && /^(details|dialog)$/.test(old.localName)) || (name === "style" && old.localName === "gorgon-live");
  for (const { name } of [...old.attributes]) if (!own(name) && !fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const a of fresh.attributes) if (!own(a.name) && differs(a)) old.setAttribute(a.name, a.value);
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
