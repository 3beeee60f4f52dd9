// Replacing the head's own part by that of another page: equal elements stay,
// and the styles of the new page are loaded before it is shown.

import { parts, patience, rangeOf } from "./document";

// A Change is prepared: the styles it needs are loaded, and apply replaces the
// head.
export interface Change {
  apply: () => void;
  drop: () => void;
}

const isStyle = (element: Element): element is HTMLLinkElement => element.matches("link[rel~=stylesheet i]:not([disabled])");

// prepare merges a new head into the old one and waits for its stylesheets. It
// does not move elements that stay: a stylesheet that moves is loaded again. It
// fails if a stylesheet does.
export const prepare = async (head: DocumentFragment): Promise<Change> => {
  const { end } = parts.head!;
  const range = rangeOf(parts.head!);
  const old = [...end.parentElement!.children].filter((element) => range.intersectsNode(element));
  const added: [Element, Node][] = [];
  const loads: Promise<unknown>[] = [];
  const styles: [HTMLLinkElement, string | null][] = [];
  let from = 0;
  const gone = new Set(old);
  for (const element of [...head.children]) {
    const same = old.findIndex((o, i) => i >= from && o.isEqualNode(element));
    if (same >= 0) {
      gone.delete(old[same]!);
      from = same + 1;
      continue;
    }
    const place = old[from] || end;
    if (!isStyle(element)) {
      added.push([element, place]);
      continue;
    }
    // With a medium that never matches, a stylesheet loads without effect.
    const media = element.getAttribute("media");
    element.media = "not all";
    loads.push(
      new Promise((resolve, reject) => {
        element.onload = resolve;
        element.onerror = reject;
        setTimeout(reject, patience);
      }),
    );
    place.parentNode!.insertBefore(element, place);
    styles.push([element, media]);
  }
  const change: Change = {
    apply() {
      for (const [style, media] of styles) media === null ? style.removeAttribute("media") : (style.media = media);
      for (const [element, place] of added) place.parentNode!.insertBefore(element, place);
      for (const element of gone) element.remove();
    },
    drop() {
      for (const [style] of styles) style.remove();
    },
  };
  await Promise.all(loads);
  return change;
};
