// Making the head's own part that of another page: what is equal stays as it
// is, and the styles of the new page are there before it is shown.

import { headPart, parse, patience } from "./document";

// A Change has been prepared: the styles it needs are loaded, and apply makes
// the head that of the new page.
export interface Change {
  apply: () => void;
  drop: () => void;
}

const isStyle = (node: Node): node is HTMLLinkElement => node instanceof HTMLLinkElement && node.relList.contains("stylesheet") && !node.disabled;

const elements = (begin: Node, end: Node): Element[] => {
  const list: Element[] = [];
  for (let node = begin.nextSibling; node && node !== end; node = node.nextSibling) if (node instanceof Element) list.push(node);
  return list;
};

// prepare sorts the new head into the old one and waits for its stylesheets.
// No element that stays is moved: a stylesheet that moves is loaded again. It
// fails where a stylesheet does.
export const prepare = (html: string): Change | Promise<Change> => {
  const { begin, end } = headPart!;
  const old = elements(begin, end);
  const added: [Element, Node][] = [];
  const loads: Promise<void>[] = [];
  const styles: [HTMLLinkElement, string | null][] = [];
  let from = 0;
  const gone = new Set(old);
  for (const element of Array.from(parse(html, document.head).children)) {
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
    // With a medium that never is, a stylesheet loads and styles nothing.
    const media = element.getAttribute("media");
    element.media = "not all";
    loads.push(
      new Promise((resolve, reject) => {
        element.onload = () => resolve();
        element.onerror = reject;
        setTimeout(reject, patience, element.href);
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
  if (!loads.length) return change;
  return Promise.all(loads).then(() => change);
};
