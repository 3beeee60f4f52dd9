// Submitting forms by POST without leaving the page. The browser checks the
// form, collects its fields and reports the navigation; the runtime sends the
// same request. A form is never sent twice: where an answer cannot be shown in
// this document, it is shown in another one, as it came.

import { doc, emit, ours, parts, patience, payloadOf, root, samePage } from "./document";
import { prepare } from "./head";
import { enterRefused, freeze, thaw } from "./history";
import { barred, busy, end, enterPage, failed, fragmentsOf, go, identityChanged, odd, overtake, show, tabs, turn, whole, type How, type Page } from "./navigate";
import { keepFirst, outdate } from "./payloads";
import { Wire } from "./wire";

// A form may have controls with the names of its methods and properties.
const attribute = (element: Element, name: string): string => Element.prototype.getAttribute.call(element, name) || "";

const mark = (element: Element, name: string, on: boolean) =>
  on ? Element.prototype.setAttribute.call(element, name, "true") : Element.prototype.removeAttribute.call(element, name);

const encodingOf = (form: Element, by: Element) => (by !== form && attribute(by, "formenctype")) || attribute(form, "enctype");

// formOf returns the form that a navigation submits, if it may be submitted in
// place.
export const formOf = ({ formData, sourceElement }: NavigateEvent): HTMLFormElement | undefined => {
  const form = sourceElement instanceof HTMLFormElement ? sourceElement : (sourceElement as HTMLButtonElement | null)?.form;
  return formData && form && !barred && attribute(form, "data-gorgon") === "form" && ours(form) && !/^text\/plain$/i.test(encodingOf(form, sourceElement!)) ? form : undefined;
};

let sending: HTMLFormElement | undefined; // until its answer is shown
let request: XMLHttpRequest | undefined;

// duplicate says whether a form is being submitted already.
export const duplicate = (form: HTMLFormElement | undefined) => form && form === sending;

// stopSubmit ends a submission that another navigation has overtaken.
export const stopSubmit = (): void => request?.abort();

// key is that of what a form says, until it is answered: what is sent again after
// a lost connection or a failure is the same.
const key = Symbol();
type Keyed = Element & { [key]?: string };

const lines = (text: string) => text.replace(/\r\n?|\n/g, "\r\n");

// send sends what the browser would. Only XMLHttpRequest reports how much of an
// upload has been sent.
const send = (form: Keyed, by: Element, data: FormData, url: URL): Promise<XMLHttpRequest> =>
  new Promise((resolve) => {
    const x = (request = new XMLHttpRequest());
    x.open("POST", url);
    x.responseType = "blob";
    x.setRequestHeader("Accept", "text/html");
    x.setRequestHeader(Wire.Form, "1");
    x.setRequestHeader(Wire.Key, (form[key] ||= crypto.getRandomValues(new Uint32Array(4)).join("-"))); // randomUUID needs TLS
    const progress = Element.prototype.querySelector.call(form, "progress[data-gorgon=upload]") as HTMLProgressElement | null;
    x.onloadend = () => {
      if (!x.status) progress?.removeAttribute("value");
      else if (x.status < 500) form[key] = "";
      resolve(x);
    };
    if (progress)
      x.upload.onprogress = ({ loaded, total }) => {
        progress.max = total;
        progress.value = loaded;
      };
    x.send(
      /^multipart\/form-data$/i.test(encodingOf(form, by))
        ? data
        : new URLSearchParams(Array.from(data, ([name, value]) => [lines(name), lines((value as File).name ?? value)])),
    );
  });

// partsIn finds the parts of a page in its document; undefined if it has others
// than this one.
const partsIn = (html: string): Record<string, string> | undefined => {
  const found: Record<string, string> = Object.create(null);
  let rest = html.split("<!--gorgon:").length - 1;
  for (const name in parts) {
    const begin = `<!--gorgon:${name}-->`;
    const from = html.indexOf(begin) + begin.length;
    const to = html.indexOf(`<!--/gorgon:${name}-->`);
    if (from < begin.length || to < from) return;
    found[name] = html.slice(from, to);
    rest--;
  }
  return rest ? undefined : found;
};

const isHTML = (x: XMLHttpRequest) => /^text\/html\b/i.test(x.response.type) && !x.getResponseHeader("Content-Disposition");

// pageIn is the page in an answer, if it can be shown in this document.
const pageIn = async (x: XMLHttpRequest): Promise<Page | undefined> => {
  if (!isHTML(x) || x.getResponseHeader("Refresh")) return;
  const html = partsIn(await x.response.text());
  if (!html) return;
  try {
    const [head, content] = fragmentsOf(html);
    return { change: await prepare(head), content };
  } catch {
    // It does not fit.
  }
  return;
};

// showAgain shows the answer to a form in the place of the form's page. What is
// in other forms stays.
const showAgain = (page: Page, form: Element) => {
  let focus: HTMLElement | null = null;
  for (const selector of ["[autofocus]", "[aria-invalid=true]", "[role=alert]"]) for (const [, made] of page.content) focus ||= made.querySelector<HTMLElement>(selector);
  const state = freeze(form);
  show(page, "replace");
  thaw(state, true);
  enterRefused(!!focus);
  if (!focus) return;
  if (focus.tabIndex < 0) focus.tabIndex = -1; // an alert
  focus.focus();
};

// showElsewhere shows an answer that is not a page of this app, or does
// not fit into this document.
const showElsewhere = async (x: XMLHttpRequest, url: URL) => {
  let blob: Blob = x.response;
  // A document without an address has no base for its links.
  if (isHTML(x)) blob = new Blob([(await blob.text()).replace(/<head\b[^>]*>/i, (head) => `${head}<base href="${url.href}">`)], { type: "text/html;charset=utf-8" });
  const href = URL.createObjectURL(blob);
  const attached = /^attachment\b(?:.*filename\*?=(?:UTF-8'')?"?([^";]*))?/i.exec(x.getResponseHeader("Content-Disposition") || "");
  if (attached) Object.assign(doc.createElement("a"), { href, download: (attached[1] || "").replace(/(%[\da-f]{2})+/gi, decodeURIComponent) }).click();
  else location.assign(href);
};

// leaves waits until the document is left, so that the form is not submitted
// once more meanwhile.
export const leaves = (url: URL, how: How = "push"): Promise<unknown> =>
  new Promise((done) => {
    addEventListener("pagehide", done, { once: true });
    setTimeout(done, patience);
    whole(url, how);
  });

// answer shows what the server answered.
const answer = async (x: XMLHttpRequest, form: HTMLFormElement, url: URL): Promise<unknown> => {
  const mine = turn;
  const { status, responseURL } = x;
  const location = status === 204 && x.getResponseHeader("Location");
  if (location) {
    const to = new URL(location, url);
    if (!/^https?:$/.test(to.protocol)) throw odd;
    return payloadOf(to) ? go(to, samePage(to, new URL(doc.URL)) ? "replace" : "push") : leaves(to);
  }
  // A proxy has redirected it, and the browser has followed.
  if (status < 400 && responseURL !== url.href.split("#")[0]) return leaves(new URL(responseURL));
  if (status === 204 || status === 205) return;
  const page = await pageIn(x);
  if (mine !== turn) return page?.change.drop();
  if (page) {
    const again = page.content.some(([, made]) => made.querySelector(`form[action="${CSS.escape(attribute(form, "action"))}"]`));
    if (again) showAgain(page, form);
    else {
      page.personal = true;
      keepFirst();
      await enterPage(page, doc.URL.split("#")[0]!, "push");
      if (mine !== turn) return;
    }
    end();
    return emit("load", { url: doc.URL, how: again ? "replace" : "push" });
  }
  if (status >= 500) failed();
  else await showElsewhere(x, url);
};

// submit submits a form. Its entry in the history stays, unless the answer
// leads to another page or is one without the form.
export const submit = async (form: HTMLFormElement, by: Element, data: FormData, url: URL): Promise<void> => {
  if (!emit("submit", { url: url.href }, form, true)) return;
  const mine = overtake();
  const busily = (on: boolean) => {
    if (on) sending = form;
    else if (sending === form) sending = undefined;
    mark(form, "aria-busy", on);
    if (by !== form) mark(by, "aria-disabled", on);
  };
  busily(true);
  root.setAttribute(busy, "");
  let status = 0;
  try {
    const x = await send(form, by, data, url);
    status = x.status;
    if (x.getResponseHeader(Wire.Identity)) {
      identityChanged();
      tabs.postMessage(0);
    }
    if (status) outdate();
    else await new Promise((told) => setTimeout(told)); // by the policy, if it is that
    if (mine !== turn) return;
    if (status) await answer(x, form, url);
    else if (!barred) failed();
  } catch {
    if (mine === turn) failed();
  } finally {
    busily(false);
    if (mine === turn) end();
  }
  // It was not sent: the browser may.
  if (barred && mine === turn) HTMLFormElement.prototype.requestSubmit.call(form, by === form ? null : (by as HTMLElement));
  else emit("submitted", { url: url.href, status });
};
