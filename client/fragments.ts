// <gorgon-fragment>: fetches a piece of the page once the page is loaded, and
// replaces the fallback with it. If that fails, the fallback stays.

import { doc, emit, forbidden, isPart, parse, patience, root, urlOf } from "./document";
import { enterPersonal, settle } from "./history";
import { watch } from "./prefetch";
import { Wire } from "./wire";

const loaded = (): Promise<unknown> | void => {
  if (doc.readyState !== "complete") return new Promise((resolve) => addEventListener("load", resolve, { once: true }));
};

class Fragment extends HTMLElement {
  #done = false;
  #stop?: AbortController;
  #fallback?: Node[]; // in the place of content that was made for this visitor

  async connectedCallback() {
    if (this.#done) return; // it was only moved
    this.#stop?.abort();
    const stop = (this.#stop = new AbortController());
    const { signal } = stop;
    const src = urlOf(this.getAttribute("src")!);
    let timer;
    try {
      if (!isPart(src, Wire.Fragment)) throw new Error("gorgon: " + src);
      await loaded();
      if (signal.aborted) return;
      this.setAttribute("aria-busy", "true");
      timer = setTimeout(() => stop.abort(), patience);
      // Static hosts redirect to the same path with a slash.
      const response = await fetch(src, { signal });
      if (!response.ok || !isPart(urlOf(response.url), Wire.Fragment) || !/^text\/html\b/.test(response.headers.get("Content-Type") || "")) throw new Error("gorgon: " + response.status);
      const html = await response.text();
      if (!this.isConnected) return;
      this.#done = !forbidden(response);
      if (!this.#done) this.#fallback ||= [...this.childNodes];
      this.replaceChildren(parse(html, this));
      if (!this.#done) enterPersonal(this);
      settle();
      watch(this);
      emit("fragment", { url: src.href }, this);
    } catch (error) {
      if (!this.isConnected || stop !== this.#stop) return;
      this.renew({ type: "pagehide" });
      this.setAttribute("data-gorgon-error", "");
      emit("error", { url: src?.href, error }, this);
    } finally {
      clearTimeout(timer);
      if (stop === this.#stop) this.removeAttribute("aria-busy");
    }
  }

  disconnectedCallback() {
    this.#stop?.abort();
  }

  // renew removes what was made for this visitor when the document is left or
  // the visitor is another, and fetches it again when the document, or another
  // page in it, is shown.
  renew({ type }: { type: string }) {
    if (!this.#fallback) return;
    if (type !== "gorgon:load") this.replaceChildren(...this.#fallback);
    if (type !== "pagehide") void this.connectedCallback();
  }
}

export const startFragments = (): void => {
  customElements.define("gorgon-fragment", Fragment);
  for (const name of ["pagehide", "pageshow", "gorgon:load", "gorgon:identity"]) addEventListener(name, (event) => root.querySelectorAll<Fragment>("gorgon-fragment").forEach((fragment) => fragment.renew(event)));
};
