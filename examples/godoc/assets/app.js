// The little that HTML cannot do: "/" goes to the search box, an address that
// points into a closed part opens it, and the packages read last are kept in a
// cookie for the reading page.
"use strict";

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

// The site may live below a path; its own script knows which.
const base = new URL(document.currentScript.src).pathname.replace(/\/_gorgon\/.*$/, "");
if (location.pathname.startsWith(base + "/pkg/")) {
  const read = decodeURIComponent(location.pathname.slice(base.length + 5));
  const kept = /(?:^|; )recent=([^;]*)/.exec(document.cookie);
  const recent = [read, ...(kept ? decodeURIComponent(kept[1]).split(" ") : []).filter((p) => p !== read)].slice(0, 8);
  document.cookie = `recent=${encodeURIComponent(recent.join(" "))}; path=${base}/; max-age=2592000; samesite=lax`;
}
