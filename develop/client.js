// What a page does while its app is being written.
(() => {
  const key = "gorgon-dev:" + location.pathname;
  const overlay = (fault) => {
    document.querySelector("gorgon-overlay")?.remove();
    if (!fault) return;
    const host = document.createElement("gorgon-overlay");
    const root = host.attachShadow({ mode: "open" });
    const box = document.createElement("div");
    box.style.cssText = "position:fixed;inset:0;overflow:auto;z-index:2147483647;padding:2rem;background:#1b1b1f;color:#f2f2f2;font:15px/1.5 ui-monospace,monospace";
    const part = (text, css) => {
      if (!text) return;
      const pre = document.createElement("pre");
      pre.textContent = text;
      pre.style.cssText = "white-space:pre-wrap;tab-size:4;" + css;
      box.append(pre);
    };
    part(fault.file && fault.file + ":" + fault.line, "color:#ffb86b;font-size:18px");
    part(fault.excerpt, "background:#29292f;padding:1rem");
    part(fault.text, "color:#ff8d8d");
    root.append(box);
    document.documentElement.append(host);
  };
  addEventListener("keydown", (e) => e.key === "Escape" && overlay());
  const first = document.getElementById("gorgon-fault");
  if (first) overlay(JSON.parse(first.textContent));
  const kept = sessionStorage.getItem(key);
  if (kept) {
    sessionStorage.removeItem(key);
    const { scroll } = JSON.parse(kept);
    scrollTo(...scroll);
  }
  const reload = () => {
    sessionStorage.setItem(key, JSON.stringify({ scroll: [scrollX, scrollY] }));
    location.reload();
  };
  // A style sheet's name, without the digest in it.
  const named = (link) => new URL(link.href).pathname.replace(/\.[0-9a-f]{12}(\.css)$/, "$1");
  const restyle = async () => {
    if (document.querySelector("gorgon-overlay")) return reload();
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const link of document.querySelectorAll('link[rel~="stylesheet"]')) {
      const twin = [...fresh.querySelectorAll('link[rel~="stylesheet"]')].find((l) => named(l) === named(link));
      if (twin && twin.href !== link.href) link.href = twin.href;
    }
  };
  const events = new EventSource("/_gorgon/dev/events");
  events.addEventListener("reload", reload);
  events.addEventListener("css", () => restyle().catch(reload));
  events.addEventListener("fault", (e) => overlay(JSON.parse(e.data)));
})();
