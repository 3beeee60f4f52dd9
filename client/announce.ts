// What a visitor who does not see the page is told: where the focus is, and in
// words what is shown now.

import { mainPart, settings } from "./document";

let region: HTMLElement | undefined;

export const startAnnounce = (): void => {
  region = document.createElement("div");
  region.setAttribute("aria-live", "assertive");
  region.style.cssText = "position:fixed;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)";
  document.body.append(region);
};

// announce has the page's title read out.
export const announce = (): void => {
  if (region) region.textContent = (settings.announce || "{title}").replace("{title}", () => document.title || location.pathname);
};

// targetOf is what a hash points at.
export const targetOf = (hash: string): Element | null => {
  const name = hash.slice(1);
  // Read as a form is, since that fails on no percent sign.
  return name ? document.getElementById(name) || document.getElementById(new URLSearchParams("=" + name.replace(/[+&]/g, encodeURIComponent)).get("")!) : null;
};

// focus moves the keyboard to where reading begins: what the hash points at,
// what asks for it, the heading, or the main part.
export const focus = (hash: string): void => {
  const { begin, end } = mainPart!;
  const first = (selector: string): HTMLElement | null => {
    for (let node = begin.nextSibling; node && node !== end; node = node.nextSibling) {
      if (!(node instanceof Element)) continue;
      const found = node.matches(selector) ? node : node.querySelector(selector);
      if (found instanceof HTMLElement) return found;
    }
    return null;
  };
  const target = targetOf(hash) || first("[autofocus]") || first("h1") || begin.parentElement!.closest("main") || first("main") || begin.parentElement;
  if (!(target instanceof HTMLElement)) return;
  target.focus({ preventScroll: true });
  if (document.activeElement === target) return;
  // What takes no focus of its own takes it for this once.
  target.tabIndex = -1;
  target.focus({ preventScroll: true });
  target.addEventListener("blur", () => target.removeAttribute("tabindex"), { once: true });
};
