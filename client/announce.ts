// Announcing the title of a page, as browsers do for visitors who cannot see a
// new document.

import { doc, root } from "./document";

let region: HTMLElement;

export const startAnnounce = (): void => {
  region = doc.createElement("div");
  region.ariaLive = "assertive";
  region.style.cssText = "position:fixed;clip-path:inset(50%)";
  root.append(region);
};

// announce makes screen readers read out the page's title.
export const announce = (): void => {
  region.textContent = doc.title || location.pathname;
};
