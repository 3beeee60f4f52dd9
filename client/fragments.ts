// <gorgon-fragment>: fetches a piece of the page once the page is loaded, and
// replaces the fallback with it. If that fails, the fallback stays.

import { doc, emit, isPart, parse, patience, urlOf } from "./document";
import { settle } from "./history";
import { watch } from "./prefetch";
import { Wire } from "./wire";

const loaded = (): Promise<unknown> | void => {
  if (doc.readyState !== "complete") return new Promise((resolve) => addEventListener("load", resolve, { once: true }));
};

class Fragment extends HTMLElement {
  #done = false;
  #stop?: AbortController;

  async connectedCallback() {
    if (this.#done) return; // it was only moved
    const stop = (this.#stop = new AbortController());
    const { signal } = stop;
    const src = urlOf(this.getAttribute("src") || "");
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
      this.#done = true;
      this.replaceChildren(parse(html, this));
      settle();
      watch(this);
      emit("fragment", { url: src.href }, this);
    } catch (error) {
      if (!this.isConnected || stop !== this.#stop) return;
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
}

export const startFragments = (): void => customElements.define("gorgon-fragment", Fragment);
