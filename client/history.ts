// State that survives going back and reloading: input, open details, and the
// state that islands declare. The browser keeps the scroll positions; they are
// only restored again if a part of the page arrives late.

import { awaitIslands, freezeIslands, thawIslands } from "./islands";
import { bound, doc, has, ours, root, settings, within } from "./document";

type State = [
  at: [number, number],
  open: [string, boolean][],
  fields: [string, Field][],
  scrolls: [string, [number, number]][],
  islands: [string, unknown][],
  focus: string | undefined,
];

type Field = string | boolean | number[];

const most = 50; // entries of the history
const room = 1e6; // characters of all

// By the browser's id of a history entry: the state of its page, and the entry
// in which that page was loaded. The app's own entries and those of hashes
// belong to the page that they were made on.
let states = new Map<string, string>();
let owners = new Map<string, string>();
try {
  const [kept, owned] = JSON.parse(sessionStorage.gorgon || "[]");
  states = new Map(kept);
  owners = new Map(owned);
} catch {
  // A storage that is closed or contains something else counts as empty.
}

// An element without a name is identified by its kind and position.
const keyed = <E extends Element>(selector: string): [string, E][] => {
  const seen: Record<string, number> = {};
  return Array.from(root.querySelectorAll<E>(selector), (element) => {
    const own = element.getAttribute("data-gorgon-keep") || element.id;
    const kind = element.localName + ":" + element.getAttribute("name");
    return [own ? "#" + own : kind + (seen[kind] = (seen[kind] || 0) + 1), element];
  });
};

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

// foreign selects controls that are never restored: those that no script fills
// in, and those that belong to the server.
const foreign = (control: Control): boolean => /^(file|hidden|submit|button|image|reset)$/.test(control.type);

// secret selects controls that are never kept: browsers do not restore them
// either.
const secret = (control: Control) =>
  control.type === "password" ||
  /\b(off|cc-|one-time-code|(current|new)-password)/.test(control.autocomplete) ||
  (control.form && within(control.form, '[autocomplete="off" i]'));

const controls = () => keyed<Control>("input,textarea,select").filter(([, control]) => !foreign(control));

const checkable = (control: Control): control is HTMLInputElement => /^(checkbox|radio)$/.test(control.type);

// The page shows what a form was answered with: what the visitor typed is what
// the server sent, and not what the page's payload has.
let refused = false;

// The page that is shown was made for this visitor. Its state is kept in the
// memory of this document alone, and begins with a space.
let personal: boolean = !settings.keep;

// changed returns the visitor's change of a control; undefined if it is as the
// page has it. For a list it always returns the selection.
const changed = (control: Control): Field | undefined => {
  if (control instanceof HTMLSelectElement) return Array.from(control.selectedOptions, (o) => o.index);
  if (checkable(control)) return control.checked === control.defaultChecked && !refused ? undefined : control.checked;
  return control.value === control.defaultValue && !refused ? undefined : control.value;
};

const put = (control: Control, field: Field | undefined) => {
  if (control instanceof HTMLSelectElement) {
    if (Array.isArray(field)) for (const o of control.options) o.selected = field.includes(o.index);
  } else if (checkable(control)) {
    if (typeof field === "boolean") control.checked = field;
  } else if (typeof field === "string") control.value = field;
};

// enterPersonal says that a part of the page was made for this visitor. What is
// typed there is theirs as well.
export const enterPersonal = (part: Element): void => {
  if (part.querySelector(":read-write,select,gorgon-island")) personal = true;
};

const focusable = () => keyed<HTMLElement>("a[href],button,input,select,textarea,summary,[tabindex]");

const details = () => keyed<HTMLDetailsElement>("details");

const scrollers = () => keyed("body [id],[data-gorgon-keep]");

// freeze returns the state of the current page as text that is safe anywhere in
// HTML or in a script. With a form it is for this document alone, without the
// fields of that form and what is closed, about which its answer decides.
export const freeze = (form?: Element): string => {
  const fields: State[2] = [];
  for (const [key, control] of controls()) {
    if (form ? control.form === form : secret(control)) continue;
    const field = changed(control);
    if (field !== undefined) fields.push([key, field]);
  }
  const scrolls: State[3] = [];
  for (const [key, e] of scrollers()) if (e.scrollTop || e.scrollLeft) scrolls.push([key, [e.scrollLeft, e.scrollTop]]);
  const open: State[1] = details().flatMap(([key, d]) => (d.open || !form ? [[key, d.open]] : []));
  const state: State = [[scrollX, scrollY], open, fields, scrolls, freezeIslands(), focusable().find(([, e]) => e === doc.activeElement)?.[0]];
  return JSON.stringify(state).replace(/[<>&]/g, (c) => "\\u00" + c.charCodeAt(0).toString(16));
};

let pending: Map<string, unknown>[] = []; // of open, fields and scrolls

let place: [number, number] | undefined; // of the window, until the visitor moves

const seek = () => place && history.scrollRestoration === "auto" && scrollTo({ left: place[0], top: place[1], behavior: "instant" });

// settle applies the kept state to elements that have arrived, once.
export const settle = (): void => {
  const each = <E extends Element>(part: number, list: Iterable<[string, E]>, use: (e: E, value: unknown) => void) => {
    const values = pending[part];
    if (!values?.size) return;
    for (const [key, element] of list) {
      if (values.has(key)) use(element, values.get(key));
      values.delete(key);
    }
  };
  each(0, details(), (d, open) => (d.open = !!open));
  each(1, controls(), (c, field) => put(c, field as Field));
  each(2, scrollers(), (e, to) => Array.isArray(to) && e.scrollTo({ left: to[0], top: to[1], behavior: "instant" }));
  seek();
};

// thaw applies a frozen state to the current page, and restores the focus if
// asked to. It says whether the text was a frozen state; parts that do not fit
// are ignored.
export const thaw = (frozen: string, focus?: boolean): boolean => {
  try {
    const [at, open, fields, scrolls, islands, focused]: State = JSON.parse(frozen);
    const [waiting, ...rest] = [islands, open, fields, scrolls].map((list) => new Map<string, unknown>(list));
    pending = rest;
    awaitIslands(waiting);
    place = [...at];
    settle();
    thawIslands();
    if (focus) focusable().find(([key]) => key === focused)?.[1].focus({ preventScroll: true });
    return true;
  } catch {
    return false;
  }
};

// forgetPending drops the states that the previous page was still waiting to
// apply.
export const forgetPending = (): void => {
  pending = [];
  place = undefined;
  awaitIslands();
};

const opened = new Set(root.querySelectorAll("details[open],dialog[open]"));

// reset closes what the visitor opened in the layout, and clears what was typed
// there, as a new document would.
export const reset = (): void => {
  const each = <E extends Element>(selector: string, use: (e: E) => void) => {
    for (const e of root.querySelectorAll<E>(selector)) if (!ours(e) && !within(e, "gorgon-island")) use(e);
  };
  each<HTMLElement>(":popover-open", (e) => e.hidePopover());
  each<HTMLDialogElement>("dialog[open]", (e) => opened.has(e) || e.close());
  each<HTMLDetailsElement>("details", (e) => (e.open = opened.has(e)));
  each("form", (e) => HTMLFormElement.prototype.reset.call(e));
  getSelection()?.removeAllRanges();
  if (doc.fullscreenElement) void doc.exitFullscreen();
};

const idHere = (): string => (has("navigation") && navigation.currentEntry?.id) || "";

let shown = idHere(); // entry that the page is shown for
let page = owners.get(shown) || shown; // entry with which it came

// belongs says whether an entry belongs to the page that is shown.
export const belongs = ({ id, url }: NavigationHistoryEntry | NavigationDestination): boolean =>
  owners.has(id) ? owners.get(id) === page : url?.split("#")[0] === location.href.split("#")[0];

// enter assigns the browser's entry to the page that is shown; to a new page if
// fresh.
export const enter = (fresh?: boolean, own?: boolean): void => {
  if (fresh) {
    refused = false;
    personal = (own ?? personal) || !settings.keep;
  }
  shown = idHere();
  if (fresh) page = owners.get(shown) || shown;
  owners.set(shown, page);
  bound(owners, 4 * most, room, () => 1);
};

// enterRefused says that the page shows what a form was answered with, and
// whether the focus has moved, and the page with it.
export const enterRefused = (moved: boolean): void => {
  refused = true;
  if (moved) place = undefined;
};

// stateHere is the state that was kept for the browser's current history entry.
export const stateHere = (): string | undefined => states.get(idHere());

// leave stores the state of the current entry.
export const leave = (): void => {
  states.delete(shown);
  states.set(shown, (personal ? " " : "") + freeze());
  bound(states, most, room, (s) => s.length);
};

// forgetStates drops all that was kept: what is shown is not this visitor's. It
// returns whether it was made for one.
export const forgetStates = (): boolean => {
  const was = personal;
  states.clear();
  personal = true;
  return was;
};

export const startHistory = (): void => {
  enter();
  const save = () => {
    leave();
    const lasting = [...states].filter(([, state]) => state[0] !== " ");
    try {
      sessionStorage.gorgon = JSON.stringify([lasting, [...owners]]);
    } catch {
      // Full or closed: the page will be loaded without its state.
    }
    return lasting;
  };
  // Browsers may keep the document and show it again, even after a sign-out.
  addEventListener("pagehide", () => {
    states = new Map(save());
    if (!personal) return;
    root.style.height = root.scrollHeight + "px"; // the scroll position stays
    root.replaceChildren();
    addEventListener("pageshow", () => location.reload());
  });
  addEventListener("visibilitychange", () => doc.hidden && save());
  const state = stateHere();
  if (state) thaw(state);
  for (const name of ["wheel", "touchmove", "keydown", "pointerdown"]) addEventListener(name, () => (place = undefined), { capture: true, passive: true });
};
