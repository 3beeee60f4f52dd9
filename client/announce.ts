// Announcing the title of a page, as browsers do for visitors who cannot see a
// new document.

import { doc, settings } from "./document";

let region: HTMLElement | undefined;

export const startAnnounce = (): void => {
  region = doc.createElement("div");
  region.setAttribute("aria-live", "assertive");
  region.style.cssText = "position:fixed;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)";
  doc.body.append(region);
};

// announce makes screen readers read out the page's title.
export const announce = (): void => {
  if (region) region.textContent = (settings.announce || "{title}").replace("{title}", () => doc.title || location.pathname);
};
