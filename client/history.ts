// What survives a way back and a reload: where the page was scrolled, what was
// typed into it, what was open, and the state that islands declare.

import { freezeIslands, islandKeys, thawIslands } from "./islands";
import { bound } from "./document";

interface State {
  at: [number, number];
  fields: [string, Field][];
  open: [string, boolean][];
  scrolls: [string, [number, number]][];
  islands: [string, unknown][];
}

type Field = string | boolean | number[];

const most = 50; // entries of the history
const room = 1e6; // characters of all
const store = "gorgon";

let states = new Map<string, string>();
try {
  states = new Map(JSON.parse(sessionStorage.getItem(store) || "[]"));
} catch {
  // A storage that is closed or holds something else is as an empty one.
}

// Of an element that has no name of its own the kind and the place tell which
// it is.
const keyed = <E extends Element>(selector: string): [string, E][] => {
  const seen: Record<string, number> = {};
  return Array.from(document.querySelectorAll<E>(selector), (element) => {
    const own = element.getAttribute("data-gorgon-keep") || element.id;
    const kind = element.localName + ":" + element.getAttribute("name");
    return [own ? "#" + own : kind + (seen[kind] = (seen[kind] || 0) + 1), element];
  });
};

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

// secret is what is never kept: what no browser fills in again by itself, and
// what belongs to the server.
const secret = (control: Control): boolean =>
  /^(password|file|hidden|submit|button|image|reset)$/.test(control.type) ||
  /\b(off|cc-|one-time-code|(current|new)-password)/.test(control.autocomplete) ||
  /^off$/i.test(control.form?.getAttribute("autocomplete") || "");

const controls = () => keyed<Control>("input,textarea,select").filter(([, control]) => !secret(control));

const checkable = (control: Control): control is HTMLInputElement => /^(checkbox|radio)$/.test(control.type);

// changed is what a visitor made of a control; nothing where it is as the
// server sent it. Of a list it is always what is chosen.
const changed = (control: Control): Field | undefined => {
  if (control instanceof HTMLSelectElement) return Array.from(control.selectedOptions, (o) => o.index);
  if (checkable(control)) return control.checked === control.defaultChecked ? undefined : control.checked;
  return control.value === control.defaultValue ? undefined : control.value;
};

const put = (control: Control, field: Field | undefined) => {
  if (control instanceof HTMLSelectElement) {
    if (Array.isArray(field)) for (const o of control.options) o.selected = field.includes(o.index);
  } else if (checkable(control)) {
    if (typeof field === "boolean") control.checked = field;
  } else if (typeof field === "string") control.value = field;
};

const details = () => keyed<HTMLDetailsElement>("details");

const scrollers = () => keyed("body [id],[data-gorgon-keep]");

// freeze is the state of what is shown, as a text that may stand anywhere in
// HTML or in a script.
export const freeze = (at: [number, number] = [scrollX, scrollY]): string => {
  const fields: State["fields"] = [];
  for (const [key, control] of controls()) {
    const field = changed(control);
    if (field !== undefined) fields.push([key, field]);
  }
  const scrolls: State["scrolls"] = [];
  for (const [key, e] of scrollers()) if (e.scrollTop || e.scrollLeft) scrolls.push([key, [e.scrollLeft, e.scrollTop]]);
  const state: State = { at, fields, scrolls, open: details().map(([key, d]) => [key, d.open]), islands: freezeIslands() };
  return JSON.stringify(state).replace(/[<>&\u2028\u2029]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
};

let pending: Partial<Record<"fields" | "open" | "scrolls", Map<string, unknown>>> = {};

// settle puts into what has come what was kept for it, once.
export const settle = (): void => {
  const each = <E extends Element>(part: "fields" | "open" | "scrolls", list: Iterable<[string, E]>, use: (e: E, value: unknown) => void) => {
    const values = pending[part];
    if (!values?.size) return;
    for (const [key, element] of list) {
      if (values.has(key)) use(element, values.get(key));
      values.delete(key);
    }
  };
  each("open", details(), (d, open) => (d.open = !!open));
  each("fields", controls(), (c, field) => put(c, field as Field));
  each("scrolls", scrollers(), (e, to) => Array.isArray(to) && e.scrollTo({ left: +to[0], top: +to[1], behavior: "instant" }));
};

// scrollTo goes to a place of the page; where the page is not that long yet,
// again once it is loaded, unless the visitor has gone elsewhere.
export const scrollTo = ([left, top]: [number, number]): void => {
  const go = () => window.scrollTo({ left, top, behavior: "instant" });
  go();
  const reached = scrollY;
  if (reached < top - 1 && document.readyState !== "complete") addEventListener("load", () => scrollY === reached && go(), { once: true });
};

// thaw puts a frozen state into what is shown. It says whether the text was
// one; what does not fit is left out.
export const thaw = (frozen: string): boolean => {
  try {
    const state: State = JSON.parse(frozen);
    const map = (list: unknown) => new Map<string, unknown>(list as [string, unknown][]);
    const islands = map(state.islands);
    pending = { fields: map(state.fields), open: map(state.open), scrolls: map(state.scrolls) };
    islandKeys.clear();
    islands.forEach((value, key) => islandKeys.set(key, value));
    settle();
    thawIslands();
    scrollTo([+state.at[0] || 0, +state.at[1] || 0]);
    return true;
  } catch {
    return false;
  }
};

// forgetPending ends the wait of states that another page was to have.
export const forgetPending = (): void => {
  pending = {};
  islandKeys.clear();
};

// The entry of the history that is shown. Its number lies in history.state
// beside what the app keeps there.
const idIn = (state: unknown): string | undefined => {
  const id = (state as { gorgon?: unknown } | null)?.gorgon;
  return typeof id === "string" ? id : undefined;
};
const newState = (state: unknown = {}) => ({ ...(state as object), gorgon: Math.random().toString(36).slice(2) });

let shown: string;

// stateOf is what was kept for the entry of the history that the browser is at.
export const stateHere = (): string | undefined => states.get(idIn(history.state) || "");

// enter makes the entry that the browser is at, or a new one, the one that is
// shown.
export const enter = (url?: string): void => {
  if (url !== undefined) history.pushState(newState(), "", url);
  else if (!idIn(history.state)) history.replaceState(newState(history.state), "");
  shown = idIn(history.state)!;
};

// leave keeps the state of the entry that is shown.
export const leave = (at?: [number, number]): void => {
  states.delete(shown);
  states.set(shown, freeze(at));
  bound(states, most, room, (s) => s.length);
};

export const startHistory = (): void => {
  enter();
  const save = () => {
    leave();
    try {
      sessionStorage.setItem(store, JSON.stringify([...states]));
    } catch {
      // Full or closed: the page is loaded again without its state.
    }
  };
  addEventListener("pagehide", save);
  addEventListener("visibilitychange", () => document.visibilityState === "hidden" && save());
  const state = stateHere();
  if (state) thaw(state);
};
