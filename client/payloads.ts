// Navigation payloads: fetched once for all who want one, kept for the way
// back, and never longer than the server allows.

import { bound, emit, parts, patience, settings } from "./document";

export interface Payload {
  build: string;
  locale?: string;
  dir?: string;
  title?: string;
  parts: Record<string, string>;
  modules?: string[];
  location?: string;
}

interface Kept {
  payload?: Payload; // nothing: the page has to be loaded as a document
  at: number;
  until: number; // fresh until then
  useful: number; // and usable once until then, since it was fetched ahead
  behind: boolean; // the server would make it again, but not for a prefetch
  size: number;
  lost?: boolean; // the server could not be reached
}

interface Pending {
  answer: Promise<Kept>;
  abort: () => void;
}

const most = 32; // payloads
const room = 4e6; // characters of all
const ahead = 30e3; // ms that a prefetched payload waits for its click
const wayBack = 600e3; // ms after which a page is not shown again unasked

const kept = new Map<string, Kept>();
const pending = new Map<string, Pending>();
const unkept = new Set<string>(); // what the server forbids to keep: fetching it ahead is no use

const forget = (key: string) => kept.delete(key);

const keep = (key: string, entry: Kept) => {
  forget(key);
  kept.set(key, entry);
  bound(kept, most, room, (k) => k.size);
};

// keepFirst keeps the page that came as a document.
export const keepFirst = (key: string, payload: Payload): void => {
  const now = Date.now();
  keep(key, { payload, at: now, until: 0, useful: 0, behind: false, size: payload.parts.main!.length });
};

// isPayload says whether an answer fits this document: another layout may have
// other regions.
const isPayload = (p: Payload): boolean =>
  p.build === settings.build && (typeof p.location === "string" || Object.keys(p.parts || p) + "" === Object.keys(parts) + "");

const ask = async (key: string, signal: AbortSignal, prefetch: boolean, cache: RequestCache): Promise<Kept> => {
  const entry: Kept = { at: Date.now(), until: 0, useful: Date.now() + ahead, behind: false, size: 0 };
  // That there is no payload is known for the click, and replaces none.
  let storable = prefetch && !kept.has(key);
  let response: Response | undefined;
  try {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (prefetch) headers.Purpose = "prefetch";
    response = await fetch(key, { headers, signal, cache, redirect: "error" });
    if (response.ok && /^application\/json\b/.test(response.headers.get("Content-Type") || "")) {
      const header = (name: string) => response!.headers.get(name) || "";
      const text = await response.text();
      const payload = JSON.parse(text);
      if (isPayload(payload)) {
        const age = +header("Age") || 0;
        const lasts = /\bno-cache\b/.test(header("Cache-Control")) ? 0 : +(/\bmax-age=(\d+)/.exec(header("Cache-Control"))?.[1] || 0);
        storable = !/\bno-store\b/.test(header("Cache-Control"));
        entry.at = Date.now();
        entry.until = entry.at + (lasts - age) * 1000;
        entry.useful = prefetch ? entry.at + ahead : 0;
        entry.behind = prefetch && /ttl=-|detail=stale/.test(header("Cache-Status"));
        entry.size = text.length;
        entry.payload = payload;
      }
    }
  } catch {
    // The network, JSON that is none, or nobody waits any more: the entry
    // stays one without a payload.
    entry.lost = !(response || signal.aborted);
  }
  if (signal.aborted || entry.lost) storable &&= !!entry.payload;
  if (storable) {
    keep(key, entry);
    unkept.delete(key);
  } else if (entry.payload) {
    forget(key);
    unkept.add(key);
  }
  return entry;
};

// start fetches a payload, unless somebody does already.
const start = (key: string, cache: RequestCache = "default", prefetch = false): Pending => {
  const running = pending.get(key);
  if (running) return running;
  const stop = new AbortController();
  const abort = () => {
    stop.abort();
    pending.delete(key);
  };
  const timer = setTimeout(abort, patience);
  const made: Pending = {
    abort,
    answer: ask(key, stop.signal, prefetch, cache).finally(() => {
      clearTimeout(timer);
      if (pending.get(key) === made) pending.delete(key);
    }),
  };
  pending.set(key, made);
  return made;
};

// usable is what is kept of a page and may be shown now.
const usable = (key: string, back?: boolean): Kept | undefined => {
  const k = kept.get(key);
  const now = Date.now();
  if (k && (now < k.until || now < k.useful || (back && k.payload && now < k.at + wayBack))) return k;
  return;
};

// use is what shows a page: what was fetched ahead is used up by it.
const use = (k: Kept): Kept => {
  const shown = { ...k };
  k.useful = 0;
  k.behind = false;
  return shown;
};

// obtain gives the payload of a navigation, and whether it has to be asked for
// again once it is shown. Nothing: the page has to be loaded as a document.
export const obtain = (key: string, back: boolean, again: boolean): Kept | Promise<Kept> => {
  if (again) forget(key);
  const k = again ? undefined : usable(key, back);
  if (!k) return start(key, again ? "no-cache" : "default").answer.then(use);
  const shown = use(k);
  // The way back may show what has aged.
  shown.behind ||= back && Date.now() >= k.until;
  if (k.payload) keep(key, k);
  else forget(key);
  return shown;
};

// fetchAhead fetches a payload that is likely to be wanted.
export const fetchAhead = async (key: string): Promise<Payload | undefined> =>
  unkept.has(key) ? undefined : (usable(key) || (await start(key, "default", true).answer)).payload;

// refresh asks for a page again behind the one that shows what was kept. What
// the visitor looks at stays; the app is told where it has changed.
export const refresh = async (key: string, shown: Payload): Promise<void> => {
  const { payload } = await start(key, "no-cache").answer;
  if (payload && JSON.stringify(payload.parts) !== JSON.stringify(shown.parts)) emit("stale", { url: location.href });
};

// abandon ends the fetch of a navigation that another has overtaken.
export const abandon = (key: string): void => pending.get(key)?.abort();
