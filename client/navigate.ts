// Following links and forms without leaving the document. Whatever is not as
// it should be ends in the browser's own way: the page is loaded whole.

import { announce, focus, startAnnounce, targetOf } from "./announce";
import { emit, headPart, htmlOf, mainPart, parse, parts, payloadOf, rangeOf, root, samePage, settings, urlOf } from "./document";
import { prepare } from "./head";
import { enter, forgetPending, leave, scrollTo, stateHere, thaw } from "./history";
import { abandon, keepFirst, obtain, refresh, type Payload } from "./payloads";
import { anew, follows, linkOf, prefetch, preload, startPrefetch } from "./prefetch";

type How = "push" | "replace" | "back"; // a new entry, the same one, one of the history

interface Transition {
  updateCallbackDone: Promise<void>;
  ready: Promise<void>;
  finished: Promise<void>;
}

// A page whose elements are not closed where they should be moves a mark.
const soft = !!settings.navigate && !!mainPart && Object.values(parts).every(({ begin, end }) => begin?.parentNode === end?.parentNode);
const busy = "data-gorgon-loading";
const popup = document.querySelector<HTMLDialogElement>("#gorgon-error");
let turn = 0; // of the latest navigation: all before it are overtaken
let fetching = "";
let page = new URL(location.href); // that is shown
let swapped = false;
let position: [number, number] = [0, 0];

const end = () => {
  root.removeAttribute(busy);
  fetching = "";
};

// whole loads a page as a document.
const whole = (url: URL, how: How, error?: unknown) => {
  end();
  if (error) emit("error", { url: url.href, error });
  if (samePage(url, new URL(location.href))) {
    if (url.hash !== location.hash) history.replaceState(history.state, "", url.href);
    location.reload();
  } else if (how === "push") location.assign(url.href);
  else location.replace(url.href);
};

const overtake = (key = "") => {
  if (fetching && fetching !== key) abandon(fetching);
  fetching = key;
  return ++turn;
};

const go = async (url: URL, how: How, asked = url, hops = 0): Promise<void> => {
  const key = payloadOf(url);
  if (!hops && !emit("navigate", { url: url.href, how }, document, how !== "back")) return;
  const mine = overtake(key);
  if (!soft || !key) return whole(asked, how);
  root.setAttribute(busy, "");
  let change;
  let entry;
  try {
    entry = obtain(key, how === "back", how === "replace" && !hops);
    if (entry instanceof Promise) entry = await entry;
    if (mine !== turn) return;
    const { payload } = entry;
    // What is shown is better than what the browser would say.
    if (popup && entry.lost) {
      popup.showModal();
      return end();
    }
    if (!payload || (settings.locale && payload.locale && payload.locale !== settings.locale)) throw new Error("gorgon: payload");
    if (payload.location !== undefined) {
      const to = new URL(payload.location, url);
      if (!payloadOf(to) || hops > 4) throw new Error("gorgon: payload");
      to.hash ||= url.hash;
      return await go(to, how, asked, hops + 1);
    }
    preload(payload);
    change = prepare(payload.parts.head!);
    if (change instanceof Promise) change = await change;
    if (mine !== turn) return change.drop();
    const { apply } = change;
    await transition(() => {
      if (mine === turn) show(payload, apply, url, how, hops);
    });
    if (mine !== turn) return;
    end();
    emit("load", { url: url.href, how });
    if (entry.behind) await refresh(key, payload);
  } catch (error) {
    if (mine === turn) whole(asked, how, error);
  }
};

const transition = (update: () => void): Promise<void> | void => {
  const start = (document as { startViewTransition?: (update: () => void) => Transition }).startViewTransition;
  if (!settings.transitions || !start || document.visibilityState === "hidden" || matchMedia("(prefers-reduced-motion: reduce)").matches) return update();
  const t = start.call(document, update);
  // One that is skipped says so by failing; what it was to show is shown.
  t.ready.catch(() => {});
  t.finished.catch(() => {});
  return t.updateCallbackDone;
};

// show makes the document that of the page, in one step.
const show = (payload: Payload, apply: () => void, url: URL, how: How, hops: number) => {
  leave();
  if (how === "push") enter(url.href);
  else {
    if (hops || how === "replace") history.replaceState(history.state, "", url.href);
    enter();
  }
  page = url;
  swapped = true;
  forgetPending();
  apply();
  if (payload.title) document.title = payload.title;
  if (payload.locale) root.lang = payload.locale;
  if (payload.dir) root.dir = payload.dir;
  for (const name in parts) {
    if (name === "head") continue;
    const range = rangeOf(parts[name]!);
    const content = parse(payload.parts[name]!, range.startContainer as Element);
    range.deleteContents();
    range.insertNode(content);
  }
  focus(url.hash);
  const state = how === "back" && stateHere();
  if (!state || !thaw(state)) arrive(url);
  announce();
  anew();
};

const arrive = (url: URL) => {
  const target = targetOf(url.hash);
  if (target) target.scrollIntoView({ behavior: "instant" });
  else scrollTo([0, 0]);
};

// follow begins a navigation of the visitor; it says whether it has.
const follow = (url: URL): boolean => {
  if (!payloadOf(url)) return false;
  void go(url, samePage(url, new URL(location.href)) ? "replace" : "push");
  return true;
};

const onClick = (event: MouseEvent) => {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = linkOf(event);
  if (!link || !follows(link)) return;
  const url = new URL(link.href);
  // Within the page the browser knows the way.
  if (url.href.includes("#") && samePage(url, new URL(location.href))) return;
  if (follow(url)) event.preventDefault();
};

const onSubmit = (event: SubmitEvent) => {
  if (event.defaultPrevented) return;
  const form = event.target as HTMLFormElement;
  const by = event.submitter;
  // By attribute: a control may be named "action" or "method".
  const said = (name: string) => by?.getAttribute("form" + name) ?? form.getAttribute(name) ?? "";
  if (!/^(get)?$/i.test(said("method")) || !/^(_self)?$/.test(said("target"))) return;
  if ([by, form].some((e) => e?.closest("[data-gorgon=reload]"))) return;
  const url = urlOf(said("action") || location.href);
  if (!url) return;
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form, by)) query.append(name, typeof value === "string" ? value.replace(/\r?\n|\r/g, "\r\n") : value.name);
  url.search = query.toString();
  if (follow(url)) event.preventDefault();
};

const onPop = () => {
  const url = new URL(location.href);
  if (!samePage(url, page)) return void go(url, "back");
  // Another place of the page that is shown. Where the browser has just gone
  // to it by a hash, nothing is known of it yet.
  overtake();
  end();
  const state = stateHere();
  leave(state ? undefined : position);
  page = url;
  enter();
  if (state) scrollTo(JSON.parse(state).at);
};

// What the policy of the first document forbids, the policy of the page itself
// may allow: it is loaded with its own.
const onViolation = (event: SecurityPolicyViolationEvent) => {
  if (!swapped || event.disposition !== "enforce") return;
  const at = event.target;
  const ours = at instanceof Element && [headPart!, mainPart!].some((part) => rangeOf(part).intersectsNode(at));
  if ((event.blockedURI === "inline" && ours) || event.blockedURI === "wasm-eval") whole(page, "replace", new Error("gorgon: " + event.violatedDirective));
};

// navigate shows a page of this app.
const navigate = async (href: string): Promise<void> => {
  const url = urlOf(href);
  if (!url || url.origin !== location.origin) throw new TypeError(`gorgon.navigate: ${href} is no page of this site: use location.assign`);
  await go(url, samePage(url, new URL(location.href)) ? "replace" : "push");
};

export const startNavigate = (): void => {
  Object.assign(window.gorgon, { navigate, prefetch: (href: string) => (soft ? prefetch(href) : Promise.resolve()) });
  if (!soft) return;
  history.scrollRestoration = "manual";
  // Taken before anything changes what the server sent.
  if (settings.keep && payloadOf(page)) {
    const { build } = settings;
    const first: Payload = { build, locale: root.lang, dir: root.dir, title: document.title, parts: {} };
    for (const name in parts) first.parts[name] = htmlOf(parts[name]!);
    keepFirst(payloadOf(page), first);
  }
  if (!stateHere() && page.hash) arrive(page);
  addEventListener("click", onClick);
  addEventListener("submit", onSubmit);
  addEventListener("popstate", onPop);
  addEventListener("securitypolicyviolation", onViolation);
  // When a hash is followed the browser has scrolled before it says so; this
  // is where the page was.
  addEventListener("scroll", () => (position = [scrollX, scrollY]), { passive: true });
  startAnnounce();
  startPrefetch();
};
