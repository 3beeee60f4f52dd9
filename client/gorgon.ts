// The browser runtime: navigation, islands, fragments, and the state that
// survives them.

import { startFragments } from "./fragments";
import { freeze, startHistory, thaw } from "./history";
import { startIslands } from "./islands";
import { startNavigate } from "./navigate";

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

// A document has one runtime, whatever scripts a page brings.
if (!window.gorgon) {
  window.gorgon = { freeze: () => freeze(), thaw } as Gorgon;
  startNavigate();
  startHistory();
  startIslands();
  startFragments();
}
