// Following links and forms without leaving the document; submit.ts has forms by
// POST. The browser decides which of them lead to another page, and where: its
// Navigation API reports every navigation before it happens. If the browser would
// treat a document in a special way, or anything is not as it should be, the
// whole page is loaded.

import { announce, startAnnounce } from "./announce";
import { doc, emit, has, ours, parse, parts, payloadOf, rangeOf, root, samePage, settings, urlOf, within, type Part } from "./document";
import { prepare, type Change } from "./head";
import { belongs, enter, forgetPending, forgetStates, leave, reset, stateHere, thaw } from "./history";
import { abandon, keepFirst, obtain, outdate, refresh } from "./payloads";
import { apart, preload, restartPrefetch, startPrefetch } from "./prefetch";
import { duplicate, formOf, leaves, stopSubmit, submit } from "./submit";

export type How = "push" | "replace" | "traverse"; // a new entry, the same one, one of the history

// A Page is ready to be shown.
export interface Page {
  change: Change;
  content: [Part, DocumentFragment][];
  personal?: boolean; // it was made for this visitor; undefined: as the page before
}

export const busy = "data-gorgon-loading";

// Unclosed elements in a page can move a mark.
const soft =
  !!settings.navigate &&
  has("navigation") &&
  "sourceElement" in NavigateEvent.prototype &&
  !!parts.main &&
  Object.values(parts).every(({ begin, end }) => begin?.parentNode === end?.parentNode);

// Elements that only a document of its own can start or end: scripts with their
// order and listeners, frames with their history, elements that only the parser
// creates, and instructions to the document.
const lasting = "script:not([type$=json i]),iframe,frame,object,embed,base,meta[http-equiv],meta[name=referrer i],template[shadowrootmode]";
const alone = lasting + ",link[rel~=stylesheet i]";

// leavable says whether the current page leaves nothing to the next one.
export const leavable = (): boolean =>
  soft && !other && ![...root.querySelectorAll(lasting)].some((e) => ours(e) || e.matches("[http-equiv=refresh i]"));

export const tabs = new BroadcastChannel("gorgon"); // of this site
let other = false; // the visitor is not who the document was loaded for

// identityChanged says that the visitor has signed in or out: nothing that is
// here stays. It returns whether the page that is shown was made for the visitor
// of before.
export const identityChanged = (): boolean => {
  other = true;
  outdate(true);
  emit("identity", {});
  return forgetStates();
};

export let turn = 0; // of the latest navigation: all before it are overtaken
let fetching = "";
let next: Page | undefined; // the page for the next navigation that the browser reports
let coming = false; // the browser's entry is not that of the page that is shown
export let barred = false; // the policy lets no payload be fetched, or no form be sent
let key = ""; // of the browser's entry of the page that is shown

export const end = (): void => {
  root.removeAttribute(busy);
  fetching = "";
};

export const overtake = (by = ""): number => {
  if (fetching && fetching !== by) abandon(fetching);
  stopSubmit();
  if (!by) end();
  fetching = by;
  return ++turn;
};

// whole loads a page as a document.
export const whole = (url: URL, how: How, error?: unknown): void => {
  end();
  if (error) emit("error", { url: url.href, error });
  if (how === "traverse") location.reload();
  else if (how === "push") location.assign(url);
  else location.replace(url.href.split("#")[0]!); // with a hash it would be this document
};

// contentOf parses a part as the document's parser would at its position.
// undefined: it ends within another element than it began in.
const contentOf = ({ begin }: Part, html: string): DocumentFragment | undefined => {
  let around = "";
  let deep = 0;
  for (let e = begin.parentElement; e && e !== doc.body && e !== doc.head; e = e.parentElement, deep++) around = `<${e.localName}>` + around;
  const made = parse(around + html + "<!---->", begin.parentElement === doc.head ? doc.head : doc.body);
  let at: Node = made;
  while (deep--) at = at.lastChild || at;
  const last = at.lastChild;
  if (!(last instanceof Comment) || last.data) return;
  last.remove();
  const content = new DocumentFragment();
  content.append(...at.childNodes);
  return content;
};

export const odd = new Error("gorgon: payload");

// fragmentsOf parses the parts of a page: its own part of the head, and the
// others.
export const fragmentsOf = (html: Record<string, string>): [DocumentFragment, Page["content"]] => {
  const content: Page["content"] = [];
  let head;
  for (const name in parts) {
    const made = contentOf(parts[name]!, html[name]!);
    const inHead = name === "head";
    if (made?.querySelector(inHead ? lasting : alone) !== null) throw odd;
    if (inHead) head = made;
    else content.push([parts[name]!, made]);
  }
  return [head!, content];
};

// enterPage shows a page in an entry of its own, or in the place of the current
// one.
export const enterPage = async (page: Page, url: string, how: "push" | "replace"): Promise<void> => {
  leave();
  reset();
  next = page;
  // It fails if another navigation starts before this one ends.
  await navigation.navigate(url, { history: how, info: page }).finished?.catch(() => {});
};

export const go = async (url: URL, how: How, asked = url, hops = 0): Promise<any> => {
  if (other) {
    await new Promise((told) => setTimeout(told)); // the traversal is over, during which no browser reloads
    return leaves(url, how);
  }
  const at = payloadOf(url);
  const mine = overtake(at);
  root.setAttribute(busy, "");
  keepFirst();
  try {
    const entry = await obtain(at, how === "traverse", how === "replace" && !hops);
    if (mine !== turn) return;
    const { payload } = entry;
    if (entry.lost && settings.failed) {
      await new Promise((told) => setTimeout(told)); // by the policy, if it is that
      if (!barred) return failed();
    }
    if (!payload || (settings.locale && payload.locale && payload.locale !== settings.locale)) throw odd;
    if (payload.location !== undefined) {
      const to = new URL(payload.location, url);
      if (!payloadOf(to) || hops > 4) throw odd;
      to.hash ||= url.hash;
      return await go(to, how, asked, hops + 1);
    }
    const [head, content] = fragmentsOf(payload.parts);
    preload(payload);
    const change = await prepare(head);
    if (mine !== turn) return change.drop();
    const page = { change, content, personal: entry.personal };
    if (how !== "traverse") await enterPage(page, url.href, how);
    else {
      if (hops) history.replaceState(history.state, "", url.href);
      await transition(page, how);
    }
    if (mine !== turn) return;
    end();
    emit("load", { url: url.href, how: how === "traverse" ? "back" : how });
    if (entry.behind) await refresh(at, payload);
  } catch (error) {
    if (mine === turn) whole(asked, how, error);
  }
};

interface Transition {
  updateCallbackDone: Promise<void>;
  ready: Promise<void>;
  finished: Promise<void>;
}

const transition = (page: Page, how: How): Promise<void> | void => {
  const update = () => show(page, how);
  const { startViewTransition } = doc as { startViewTransition?: (update: () => void) => Transition };
  if (!settings.transitions || !startViewTransition || doc.hidden || matchMedia("(prefers-reduced-motion)").matches) return update();
  const t = startViewTransition(update);
  // A skipped transition fails; the page it was for is shown all the same.
  t.ready.catch(() => {});
  t.finished.catch(() => {});
  return t.updateCallbackDone;
};

// show replaces the page in the document, in one step. Afterwards the browser
// decides about scroll position and focus.
export const show = ({ change, content, personal }: Page, how: How): void => {
  coming = false;
  key = navigation.currentEntry!.key;
  enter(true, personal);
  forgetPending();
  change.apply();
  for (const [part, made] of content) {
    const range = rangeOf(part);
    range.deleteContents();
    range.insertNode(made);
  }
  const state = how === "traverse" && stateHere();
  if (state) thaw(state, true);
  announce();
  restartPrefetch();
};

// failed shows, over the current page, that the server cannot be reached: that
// is better than the browser's own message.
export const failed = (): void => {
  end();
  navigation.traverseTo(key);
  const dialog = doc.createElement("dialog");
  dialog.id = "gorgon-error";
  dialog.append(parse(settings.failed!));
  dialog.onclose = () => dialog.remove();
  doc.body.append(dialog);
  dialog.showModal();
};

// stays runs the handlers that may ask the visitor to confirm leaving.
const stays = (): boolean => {
  const event = doc.createEvent("BeforeUnloadEvent");
  event.initEvent("beforeunload", false, true);
  return !dispatchEvent(event);
};

const onNavigate = (event: NavigateEvent) => {
  const { destination, navigationType, sourceElement } = event;
  const url = new URL(destination.url);
  if (next && event.info === next) {
    const page = next;
    next = undefined;
    coming = true;
    const handler = async () => {
      try {
        await transition(page, navigationType as How);
      } catch (error) {
        whole(url, "traverse", error);
      }
    };
    return event.intercept({ handler });
  }
  coming = false;
  leave();
  if (navigationType === "traverse" && destination.sameDocument && event.canIntercept && !belongs(destination)) {
    coming = true;
    emit("navigate", { url: url.href, how: "back" });
    reset();
    return event.intercept({ handler: () => go(url, "traverse") });
  }
  if (event.downloadRequest !== null || (destination.sameDocument && navigationType !== "traverse")) return;
  const form = formOf(event);
  if (duplicate(form)) return event.preventDefault();
  overtake();
  if (
    sourceElement &&
    event.canIntercept &&
    event.cancelable &&
    !destination.sameDocument &&
    (!event.formData || form) &&
    !url.hash.includes(":~:") && // a text, which the browser seeks in documents alone
    !within(sourceElement, apart) &&
    payloadOf(url) &&
    leavable() &&
    !stays()
  ) {
    event.preventDefault();
    if (form) submit(form, sourceElement, event.formData!, url);
    else begin(url, navigationType as How);
  }
};

const begin = async (url: URL, how: How) => {
  if (emit("navigate", { url: url.href, how }, document, true)) await go(url, how);
};

// navigate shows a page of this app.
export const navigate = async (href: string): Promise<void> => {
  const url = urlOf(href);
  if (!url || url.origin !== location.origin) throw new TypeError(`gorgon.navigate: ${href}: use location.assign`);
  const here = samePage(url, new URL(location.href));
  if (!payloadOf(url) || !leavable() || (here && url.hash)) location.assign(url);
  else await begin(url, here ? "replace" : "push");
};

export const startNavigate = (): void => {
  // In another tab, whose page may be the visitor's of before.
  tabs.onmessage = () => identityChanged() && whole(new URL(location.href), "replace"); // by GET, whatever it came by
  if (!soft) return;
  key = navigation.currentEntry!.key;
  navigation.addEventListener("navigate", onNavigate);
  // An entry of the app's own, or of a hash, belongs to the current page.
  navigation.addEventListener("currententrychange", ({ navigationType }) => {
    if (coming || !navigationType) return;
    key = navigation.currentEntry!.key;
    enter();
  });
  addEventListener("securitypolicyviolation", (event) => {
    barred ||= event.effectiveDirective === "connect-src" && event.blockedURI.startsWith(location.origin);
  });
  addEventListener("pagehide", outdate);
  startAnnounce();
  startPrefetch();
};
