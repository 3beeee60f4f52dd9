// <gorgon-island>: loads a module when it is needed, and passes it the element
// and its props. The server's content stays, whatever happens to the module.

import { emit, has, isPart, root, urlOf } from "./document";
import { Wire } from "./wire";

interface Module {
  default?: (element: HTMLElement, props: unknown) => unknown;
  freeze?: (element: HTMLElement) => unknown;
  thaw?: (element: HTMLElement, value: unknown) => void;
}

// islandKeys are the states that wait for their islands.
export let islandKeys = new Map<string, unknown>();

export const awaitIslands = (states = new Map<string, unknown>()): void => void (islandKeys = states);

const keyOf = (island: Island): string => {
  const own = island.getAttribute("data-gorgon-keep") || island.id;
  if (own) return "#" + own;
  // Without the digest, which changes with every build of the module.
  const name = (e: Element) => /([^/.]*)[^/]*$/.exec(e.getAttribute("src")!)?.[1] || "";
  const alike = [...root.querySelectorAll("gorgon-island")].filter((e) => name(e) === name(island) && !e.id);
  return name(island) + ":" + alike.indexOf(island);
};

class Island extends HTMLElement {
  #module?: Module;
  #quit: (() => void)[] = [];
  #turn = 0;

  connectedCallback() {
    const turn = ++this.#turn;
    const load = () => void this.#load(turn);
    switch (this.getAttribute("on")) {
      case "idle": {
        if (!has("requestIdleCallback")) return void setTimeout(load, 200);
        const due = requestIdleCallback(load);
        return void this.#quit.push(() => cancelIdleCallback(due));
      }
      case "visible": {
        const observer = new IntersectionObserver((entries) => {
          if (!entries.some((e) => e.isIntersecting)) return;
          observer.disconnect();
          load();
        });
        // An element with display: contents has no box: observe its children.
        observer.observe(this);
        for (const child of this.children) observer.observe(child);
        return void this.#quit.push(() => observer.disconnect());
      }
      case "media": {
        const query = matchMedia(this.getAttribute("media") || "");
        if (query.matches) break;
        const quit = () => (query.onchange = null);
        query.onchange = () => {
          quit();
          load();
        };
        return void this.#quit.push(quit);
      }
    }
    load();
  }

  disconnectedCallback() {
    this.#turn++;
    this.#module = undefined;
    each(this.#quit.splice(0), (quit) => quit());
  }

  async #load(turn: number) {
    const src = urlOf(this.getAttribute("src")!);
    try {
      if (!isPart(src, Wire.Assets)) throw new Error("gorgon: " + src);
      const module: Module = await import(src.href);
      if (turn !== this.#turn) return;
      const props = this.querySelector(':scope > script[type$=json]')?.textContent;
      const quit = await module.default?.(this, props ? JSON.parse(props) : undefined);
      if (typeof quit === "function") {
        if (turn !== this.#turn) return void quit();
        this.#quit.push(quit as () => void);
      }
      if (turn !== this.#turn) return;
      this.#module = module;
      this.thaw();
    } catch (error) {
      if (turn !== this.#turn) return;
      this.setAttribute("data-gorgon-error", "");
      console.error(error);
      emit("error", { url: src?.href, error }, this);
    }
  }

  freeze(into: [string, unknown][]) {
    const key = keyOf(this);
    const value = this.#module ? this.#module.freeze?.(this) : islandKeys.get(key);
    if (value !== undefined) into.push([key, value]);
  }

  thaw() {
    const key = keyOf(this);
    if (!this.#module || !islandKeys.has(key)) return;
    const value = islandKeys.get(key);
    islandKeys.delete(key);
    this.#module.thaw?.(this, value);
  }
}

const each = <T>(list: Iterable<T>, use: (of: T) => void) => {
  for (const of of list) {
    try {
      use(of);
    } catch (error) {
      console.error(error); // one island's fault is not the others'
    }
  }
};

const islands = () => root.querySelectorAll<Island>("gorgon-island:defined");

export const freezeIslands = (): [string, unknown][] => {
  const states: [string, unknown][] = [];
  each(islands(), (island) => island.freeze(states));
  return states;
};

export const thawIslands = (): void => each(islands(), (island) => island.thaw());

export const startIslands = (): void => customElements.define("gorgon-island", Island);
