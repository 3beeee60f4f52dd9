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

// The site may live below a path; its own script knows which.
const base = new URL(document.currentScript.src).pathname.replace(/\/_gorgon\/.*$/, "");
if (location.pathname.startsWith(base + "/pkg/")) {
  const read = decodeURIComponent(location.pathname.slice(base.length + 5));
  const kept = /(?:^|; )recent=([^;]*)/.exec(document.cookie);
  const recent = [read, ...(kept ? decodeURIComponent(kept[1]).split(" ") : []).filter((p) => p !== read)].slice(0, 8);
  document.cookie = `recent=${encodeURIComponent(recent.join(" "))}; path=${base}/; max-age=2592000; samesite=lax`;
}
