// What a page does while its app is being written.
(() => {
  let shown = Number(new URL(document.currentScript.src).search.slice(1)); // the version
  const key = "gorgon-dev:" + location.pathname;
  const failed = document.getElementById("gorgon-fault");

  const sheet = (root, css) => {
    const s = new CSSStyleSheet(); // which no policy forbids, as it does style attributes
    s.replaceSync(css);
    root.adoptedStyleSheets = [s];
  };
  const element = (name, text, parent) => {
    const e = document.createElement(name);
    e.textContent = text;
    parent.append(e);
    return e;
  };

  // The overlay.
  const overlay = (fault) => {
    document.querySelector("gorgon-overlay")?.remove();
    if (!fault) return;
    const host = document.createElement("gorgon-overlay");
    const root = host.attachShadow({ mode: "open" });
    sheet(root, `
      div { position: fixed; inset: 0; overflow: auto; z-index: 2147483647; padding: 2rem; background: #1b1b1f; color: #f2f2f2; font: 15px/1.5 ui-monospace, monospace }
      pre { white-space: pre-wrap; tab-size: 4; margin: 0 0 1rem; font: inherit; color: #ff8d8d }
      .place { color: #ffb86b; font-size: 18px } .excerpt { background: #29292f; color: #f2f2f2; padding: 1rem } p { color: #9a9aa3 }`);
    const box = element("div", "", root);
    box.setAttribute("role", "alert");
    if (fault.file) element("pre", fault.file + ":" + fault.line, box).className = "place";
    if (fault.excerpt) element("pre", fault.excerpt, box).className = "excerpt";
    element("pre", fault.text, box);
    element("p", "Escape closes this; a save that fixes it brings the page back.", box);
    document.documentElement.append(host);
  };
  addEventListener("keydown", (e) => e.key === "Escape" && overlay());
  if (failed) overlay(JSON.parse(failed.textContent));

  // What the visitor had done: by the runtime where it is there.
  const fields = () => [...document.querySelectorAll("input:not([type=file],[type=password],[type=hidden]),textarea,select")];
  const restore = () => {
    const kept = sessionStorage.getItem(key);
    if (!kept || failed) return;
    sessionStorage.removeItem(key);
    const { frozen, scroll, values } = JSON.parse(kept);
    if (frozen && window.gorgon?.thaw(frozen)) return;
    const all = fields();
    for (const [i, name, value, checked] of values) {
      const field = all[i];
      if (field?.name !== name) continue;
      field.value = value;
      field.checked = checked;
    }
    scrollTo(...scroll);
  };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", restore);
  else restore();
  const reload = () => {
    if (!failed) {
      const values = fields().map((f, i) => [i, f.name, f.value, f.checked]);
      sessionStorage.setItem(key, JSON.stringify({ frozen: window.gorgon?.freeze?.(), scroll: [scrollX, scrollY], values }));
    }
    location.reload();
  };

  // A style sheet's name, without the digest in it: ours or esbuild's.
  const named = (link) => new URL(link.href).pathname.replace(/\.[0-9a-zA-Z]{8,12}(\.css)$/, "$1");
  const restyle = async () => {
    if (failed || document.querySelector("gorgon-overlay")) return reload();
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const link of document.querySelectorAll('link[rel~="stylesheet"]')) {
      const twin = [...fresh.querySelectorAll('link[rel~="stylesheet"]')].find((l) => named(l) === named(link));
      if (!twin || twin.href === link.href) continue;
      const next = link.cloneNode();
      next.href = twin.href;
      next.onload = next.onerror = () => link.remove(); // never without style
      link.after(next);
    }
  };

  // What the server says. Browsers allow six connections to a host, so one tab
  // listens for all of them; when it closes, the next one does.
  const act = { reload, css: () => restyle().catch(reload), fault: (data) => overlay(JSON.parse(data)) };
  const take = ({ id, kind, data }) => {
    if (id === shown) return;
    const missed = kind === "css" && id !== shown + 1;
    shown = id;
    act[missed ? "reload" : kind](data);
  };
  const tabs = new BroadcastChannel("gorgon-dev");
  let latest;
  const listen = () => {
    const events = new EventSource("/_gorgon/dev/events?" + shown);
    latest = { id: shown, kind: "reload" };
    for (const kind of Object.keys(act))
      events.addEventListener(kind, (e) => {
        latest = { id: Number(e.lastEventId), kind, data: e.data };
        tabs.postMessage(latest);
        take(latest);
      });
  };
  tabs.onmessage = ({ data }) => {
    if (data !== "hello") take(data);
    else if (latest) tabs.postMessage(latest);
  };
  if (navigator.locks) {
    navigator.locks.request("gorgon-dev", () => new Promise(listen)); // kept until the tab closes
    tabs.postMessage("hello");
  } else {
    listen(); // from another machine, without TLS
  }

  // Outlines of fragments and islands, as the inspector's switch says.
  const outline = () => {
    document.querySelector("gorgon-outlines")?.remove();
    if (!localStorage.getItem("gorgon-outline")) return;
    const host = document.createElement("gorgon-outlines");
    const root = host.attachShadow({ mode: "open" });
    sheet(root, `
      div { position: absolute; pointer-events: none; z-index: 2147483646; outline: 2px dashed #c2410c }
      div.island { outline-color: #1d4ed8 } div.deferred { outline-color: #15803d }
      span { position: absolute; left: 0; top: 0; background: #c2410c; color: #fff; font: 11px/1.4 ui-monospace, monospace; padding: 0 4px }
      div.island span { background: #1d4ed8 } div.deferred span { background: #15803d }`);
    const draw = (kind, name, rect) => {
      const box = element("div", "", root);
      box.className = kind;
      Object.assign(box.style, { left: rect.left + scrollX + "px", top: rect.top + scrollY + "px", width: rect.width + "px", height: rect.height + "px" });
      element("span", name, box);
    };
    const open = [];
    const comments = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_COMMENT);
    while (comments.nextNode()) {
      const c = comments.currentNode;
      if (c.data.startsWith("gorgon-fragment ")) open.push(c);
      else if (c.data === "/gorgon-fragment" && open.length) {
        const range = document.createRange();
        const first = open.pop();
        range.setStartAfter(first);
        range.setEndBefore(c);
        draw("fragment", first.data.slice("gorgon-fragment ".length), range.getBoundingClientRect());
      }
    }
    for (const e of document.querySelectorAll("gorgon-island, gorgon-fragment")) {
      const range = document.createRange();
      range.selectNodeContents(e);
      const island = e.localName === "gorgon-island";
      draw(island ? "island" : "deferred", (island ? "island " : "deferred ") + new URL(e.getAttribute("src"), location).pathname.split("/").at(-1), range.getBoundingClientRect());
    }
    document.documentElement.append(host);
  };
  for (const name of ["load", "resize", "storage", "gorgon:load", "gorgon:fragment"]) addEventListener(name, outline);
})();
