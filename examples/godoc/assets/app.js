// The little that HTML cannot do: "/" goes to the search box, below which what is
// typed is looked up, an address that points into a closed part opens it, and the
// packages read last are kept in a cookie for the reading page.
"use strict";

// The site may live below a path; its own script knows which.
const base = new URL(document.currentScript.src).pathname.replace(/\/_gorgon\/.*$/, "");

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  const at = event.target;
  if (at instanceof HTMLElement && at.closest("input, textarea, select, [contenteditable]")) return;
  const box = document.querySelector("[data-search]");
  if (!box) return;
  event.preventDefault();
  box.focus();
  box.select();
});

// Suggestions below a search box, which is a combobox as soon as it has the focus.
// A list stays until the next one is here.
let box, list, chosen, typing, asking;

function set(element, attributes) {
  for (const name in attributes) element.setAttribute(name, attributes[name]);
}

function make(tag, attributes, ...content) {
  const element = document.createElement(tag);
  set(element, attributes);
  element.append(...content);
  return element;
}

function choose(option) {
  chosen?.setAttribute("aria-selected", false);
  chosen = option;
  if (!chosen) return box?.removeAttribute("aria-activedescendant");
  chosen.setAttribute("aria-selected", true);
  chosen.scrollIntoView({ block: "nearest", behavior: "instant" });
  box.setAttribute("aria-activedescendant", chosen.id);
}

function close() {
  clearTimeout(typing);
  asking?.abort();
  choose();
  list?.remove();
  list = undefined;
  box?.setAttribute("aria-expanded", false);
}

async function suggest() {
  asking?.abort();
  const q = box.value.trim();
  if (!q) return close();
  const { signal } = (asking = new AbortController());
  let found = [];
  try {
    const answer = await fetch(`${base}/suggest?q=${encodeURIComponent(q)}`, { signal });
    if (answer.ok) found = await answer.json();
  } catch {} // then the form has to do
  if (signal.aborted) return;
  if (!found.length) return close();
  choose();
  if (!list) box.after((list = make("div", { role: "listbox", id: "suggestions", "aria-label": "Suggestions" })));
  list.replaceChildren(
    ...found.map(({ to, kind, name, in: within, text }, i) =>
      make("a", { role: "option", id: "suggestion-" + i, href: to, tabindex: -1, "aria-selected": false },
        ...[["kind", kind], ["name", name], ["in", within], ["text", text]].flatMap(([part, said]) => (said ? [make("span", { class: part }, said), " "] : []))),
    ),
  );
  box.setAttribute("aria-expanded", true);
}

document.addEventListener("focusin", ({ target }) => {
  if (target === box || !target.matches("input[name=q]")) return;
  close();
  box = target;
  set(box, { role: "combobox", "aria-autocomplete": "list", "aria-controls": "suggestions", "aria-expanded": false });
});
document.addEventListener("focusout", close);
document.addEventListener("gorgon:load", close);
document.addEventListener("input", ({ target }) => {
  if (target !== box) return;
  clearTimeout(typing);
  typing = setTimeout(suggest, 100);
});
document.addEventListener("mousedown", (event) => {
  if (list?.contains(event.target)) event.preventDefault(); // the box keeps the focus
});
document.addEventListener("keydown", (event) => {
  if (event.target !== box || !list || event.isComposing) return;
  const options = [null, ...list.children]; // null is the box itself
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) choose(options.at((options.indexOf(chosen || null) + step) % options.length));
  else if (event.key === "Enter" && chosen) chosen.click();
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
});

function reveal() {
  let id;
  try {
    id = decodeURIComponent(location.hash.slice(1));
  } catch {
    return;
  }
  const target = id && document.getElementById(id);
  if (!target) return;
  let closed = false;
  for (let part = target.closest("details"); part; part = part.parentElement.closest("details")) {
    closed ||= !part.open;
    part.open = true;
  }
  if (closed) target.scrollIntoView();
}

addEventListener("hashchange", reveal);
reveal();

// The browser goes back to as many pixels from the top as there were. Of what it
// has not laid out it guesses the height, so the place is kept by what was there.
const places = new Map(); // by the entry of the history
let returning = false;
const sections = () => document.querySelectorAll(".sym, .value");
window.navigation?.addEventListener("navigate", (event) => {
  returning = event.navigationType === "traverse";
  const list = [...sections()].map((part) => part.getBoundingClientRect().top);
  const at = list.findLastIndex((top) => top < 100);
  if (at >= 0) places.set(navigation.currentEntry.key, [at, list[at]]);
  else places.delete(navigation.currentEntry.key);
});
window.navigation?.addEventListener("navigatesuccess", () => {
  const [at, top] = (returning && places.get(navigation.currentEntry.key)) || [];
  const part = sections()[at];
  let frames = 4; // in which what comes into view is laid out, and the browser moves the page once more
  const put = () => {
    scrollBy({ top: part.getBoundingClientRect().top - top, behavior: "instant" });
    if (--frames) requestAnimationFrame(put);
  };
  if (part) put();
});

if (location.pathname.startsWith(base + "/pkg/")) {
  const read = decodeURIComponent(location.pathname.slice(base.length + 5));
  const kept = /(?:^|; )recent=([^;]*)/.exec(document.cookie);
  const recent = [read, ...(kept ? decodeURIComponent(kept[1]).split(" ") : []).filter((p) => p !== read)].slice(0, 8);
  document.cookie = `recent=${encodeURIComponent(recent.join(" "))}; path=${base}/; max-age=2592000; samesite=lax`;
}
