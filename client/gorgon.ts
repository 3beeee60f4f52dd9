// The browser runtime: navigation, forms, islands, fragments, and the state that
// survives them.

import { startFragments } from "./fragments";
import { freeze, startHistory, thaw } from "./history";
import { startIslands } from "./islands";
import { navigate, startNavigate } from "./navigate";
import { prefetch } from "./prefetch";

interface Gorgon {
  navigate: (href: string) => Promise<void>;
  prefetch: (href: string) => Promise<void>;
  freeze: () => string;
  thaw: (frozen: string) => boolean;
}

declare global {
  interface Window {
    gorgon: Gorgon;
  }
}

// A document has one runtime, whatever scripts a page brings. The id of an
// element is not mistaken for it.
if (!customElements.get("gorgon-island")) {
  window.gorgon = { navigate, prefetch, freeze: () => freeze(), thaw: (frozen) => thaw(frozen) };
  startHistory();
  startNavigate();
  startIslands();
  startFragments();
}
