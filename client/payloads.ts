// Navigation payloads: each is fetched once for all callers, and kept for going
// back, but never longer than the server allows.

import { bound, emit, forbidden, parts, patience, payloadOf, settings } from "./document";
import { Wire } from "./wire";

export interface Payload {
  build: string;
  locale?: string;
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
  empty?: boolean; // not to be fetched ahead, which says nothing of a click
  personal?: boolean; // made for this visitor
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
const unkept = new Set<string>(); // pages that the server forbids to keep, so that prefetching them is useless

const forget = (key: string) => kept.delete(key);

const keep = (key: string, entry: Kept) => {
  forget(key);
  kept.set(key, entry);
  bound(kept, most, room, (k) => k.size);
};

// isPayload says whether an answer fits this document: another layout may have
// other regions.
const isPayload = (p: Payload): boolean =>
  p.build === settings.build && (typeof p.location === "string" || Object.keys(p.parts || p) + "" === Object.keys(parts) + "");

const ask = async (key: string, signal: AbortSignal, prefetch: boolean, cache: RequestCache): Promise<Kept> => {
  const entry: Kept = { at: Date.now(), until: 0, useful: Date.now() + ahead, behind: false, size: 0 };
  // A missing payload is remembered for the click, and replaces no payload.
  let storable = prefetch && !kept.has(key);
  let asks = false;
  let response: Response | undefined;
  try {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (prefetch) headers.Purpose = "prefetch";
    response = await fetch(key, { headers, signal, cache, redirect: "manual" });
    const header = (name: string) => response!.headers.get(name) || "";
    // These two are the browser's own business.
    const plain = response.status === 200 && !header("Content-Disposition") && !header("Refresh");
    if (plain && /^application\/json\b/.test(header("Content-Type"))) {
      const text = await response.text();
      const payload = JSON.parse(text);
      if (isPayload(payload)) {
        const age = +header("Age");
        const control = header("Cache-Control");
        // As in browsers: request it again, except when going back.
        entry.personal = forbidden(response);
        storable = !entry.personal;
        asks = entry.personal || /no-cache/i.test(control);
        entry.at = Date.now();
        entry.until = asks ? 0 : entry.at + (+/max-age=(\d+)/i.exec(control)?.[1]! - age) * 1000; // not a number: not fresh
        entry.useful = prefetch && !asks ? entry.at + ahead : 0;
        entry.behind = prefetch && new RegExp(Wire.Over + "|" + Wire.Stale).test(header("Cache-Status"));
        entry.size = text.length;
        entry.payload = payload;
      }
    }
  } catch {
    // A network error, invalid JSON, or an aborted request: the entry stays
    // without a payload.
    entry.lost = !(response || signal.aborted);
  }
  entry.empty = response?.status === 204;
  if (signal.aborted || entry.lost || entry.empty) storable &&= !!entry.payload;
  if (storable) keep(key, entry);
  else if (entry.payload || entry.empty) forget(key);
  if (asks || entry.empty) unkept.add(key);
  else if (storable) unkept.delete(key);
  return entry;
};

// start fetches a payload, unless a fetch is in progress already.
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

// usable returns the kept payload of a page if it may be shown now.
const usable = (key: string, back?: boolean): Kept | undefined => {
  const k = kept.get(key);
  const now = Date.now();
  if (k && (now < k.until || now < k.useful || (back && k.payload && now < k.at + wayBack))) return k;
  return;
};

// use marks a payload as shown: a prefetched one is used up by that.
const use = (k: Kept): Kept => {
  const shown = { ...k };
  k.useful = 0;
  k.behind = false;
  return shown;
};

// obtain returns the payload of a navigation, and whether to revalidate it once
// it is shown. undefined: the page must be loaded as a document.
export const obtain = (key: string, back: boolean, again: boolean): Kept | Promise<Kept> => {
  if (again) forget(key);
  const k = again ? undefined : usable(key, back);
  if (!k) {
    const ask = () => start(key, again ? "no-cache" : "default").answer;
    // A fetch in progress may have been intended for later.
    return ask().then((k) => (k.empty ? ask() : k)).then(use);
  }
  const shown = use(k);
  // Going back may show an aged payload.
  shown.behind ||= back && !(Date.now() < k.until);
  if (k.payload) keep(key, k);
  else forget(key);
  return shown;
};

// fetchAhead prefetches a payload that is likely to be needed.
export const fetchAhead = async (key: string): Promise<Payload | undefined> =>
  unkept.has(key) ? undefined : (usable(key) || (await start(key, "default", true).answer)).payload;

let first = settings.keep ? payloadOf(new URL(location.href)) : "";

// keepFirst keeps the page that came as a document for going back, if the
// server allows it: as a payload, since the document has changed since the
// server sent it.
export const keepFirst = (): void => {
  if (first) void fetchAhead(first);
  first = "";
};

// refresh revalidates a page in the background, while its kept payload is
// shown. The page stays; the app is notified if it has changed.
export const refresh = async (key: string, shown: Payload): Promise<void> => {
  const { payload } = await start(key, "no-cache").answer;
  if (payload && JSON.stringify(payload.parts) !== JSON.stringify(shown.parts)) emit("stale", { url: location.href });
};

// outdate makes clicks ask for every page again: a form may have changed what
// they show. The way back may show what was there, unless all is to be dropped:
// that may not be what this visitor gets.
export const outdate = (all?: unknown): void => {
  for (const k of kept.values()) k.until = k.useful = 0;
  pending.forEach(({ abort }) => abort());
  if (all) kept.clear();
};

// abandon ends the fetch of a navigation that another has replaced.
export const abandon = (key: string): void => pending.get(key)?.abort();
