// Uploads of files into a bucket: a module of its own, for pages with uploads.
// A form with data-gorgon-upload sends its files by it, and the module exports
// upload() for scripts.

export interface Options {
  to: string; // the path of the bucket: "/files/photos"
  name?: string; // default: that of the file
  resume?: boolean; // go on after a cut, if the bucket is resumable; default: false
  retries?: number; // failures in a row until it is given up; default: 8
  onProgress?: (sent: number, total: number) => void;
  signal?: AbortSignal;
}

export interface Uploaded {
  key: string;
  size: number;
  type: string;
  sha256: string;
  url?: string; // of a public bucket
}

// An UploadError says why the server refused, or 0 if it was not reached.
export class UploadError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly after = 0, // seconds that the server asks for
  ) {
    super(message);
  }
}

const passes = (status: number) => !status || status >= 500 || [408, 423, 425, 429].includes(status);

// request sends one request. It fails if the status is not one of success.
const request = (o: Options, method: string, url: string, headers: Record<string, string>, body?: Blob | string, sent?: (n: number) => void): Promise<XMLHttpRequest> =>
  new Promise((resolve, reject) => {
    const { signal } = o;
    if (signal?.aborted) return reject(signal.reason);
    const x = new XMLHttpRequest();
    let watch: ReturnType<typeof setTimeout>;
    const abort = () => x.abort();
    // A connection on which nothing moves for this long is dead. When all is
    // sent, the server may take its time.
    const moved = (more: boolean) => {
      clearTimeout(watch);
      if (more) watch = setTimeout(abort, 30_000);
    };
    x.open(method, url);
    for (const name in headers) x.setRequestHeader(name, headers[name]!);
    if (sent)
      x.upload.onprogress = ({ loaded, total }) => {
        moved(loaded < total);
        sent(loaded);
      };
    x.onloadend = () => {
      moved(false);
      signal?.removeEventListener("abort", abort);
      if (signal?.aborted) return reject(signal.reason);
      if (x.status >= 200 && x.status < 300) return resolve(x);
      let text = "";
      try {
        const problem = JSON.parse(x.responseText);
        text = problem.detail || problem.title;
      } catch {
        // It is not a problem document.
      }
      reject(new UploadError(x.status, text || (x.status ? "The server refused the file." : "The server cannot be reached."), +(x.getResponseHeader("Retry-After") || 0)));
    };
    signal?.addEventListener("abort", abort);
    moved(!!sent);
    x.send(body);
  });

// pause waits, until the device is online again, or the signal ends it.
const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener("online", end);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    addEventListener("online", end);
    signal?.addEventListener("abort", end);
  });

// steady repeats what fails for a time. Each attempt may say that it came
// further, and then the failures are counted from the beginning.
const steady = async <T>(o: Options, attempt: (further: () => void) => Promise<T>): Promise<T> => {
  for (let failures = 0; ; ) {
    try {
      return await attempt(() => (failures = 0));
    } catch (e) {
      if (!(e instanceof UploadError) || !passes(e.status) || ++failures > (o.retries ?? 8)) throw e;
      await pause(Math.max(e.after * 1000, Math.min(250 * 2 ** failures, 10_000) * (0.5 + Math.random() / 2)), o.signal);
    }
  }
};

const json = { "Content-Type": "application/json" };
const typeOf = (file: Blob) => file.type || "application/octet-stream";
const nameOf = (file: Blob, o: Options) => o.name ?? (file as File).name ?? "";

const complete = async (o: Options, url: string): Promise<Uploaded> =>
  JSON.parse((await steady(o, () => request(o, "POST", url, json, "{}"))).responseText);

// once sends a file by one PUT: to the store itself, if that takes it. What is
// cut off begins again with another ticket.
const once = async (file: Blob, o: Options): Promise<Uploaded> => {
  const done = await steady(o, async () => {
    const ask = { name: nameOf(file, o), size: file.size, type: typeOf(file) };
    const ticket = JSON.parse((await request(o, "POST", o.to + "/uploads", json, JSON.stringify(ask))).responseText);
    await request(o, ticket.method, ticket.url, ticket.headers, file, (n) => o.onProgress?.(Math.min(n, file.size), file.size));
    return ticket.complete as string;
  });
  return complete(o, done);
};

const tus = { "Tus-Resumable": "1.0.0" };
const base64 = (text: string) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

// Uploads that were begun are known to this tab, so that one goes on if the page
// was left and the same file is chosen again.
const memory = (key: string, value?: string): string | null => {
  try {
    if (value) sessionStorage.setItem(key, value);
    else if (value === "") sessionStorage.removeItem(key);
    return sessionStorage.getItem(key);
  } catch {
    return null; // the browser keeps nothing
  }
};

// resumed sends a file by the protocol of tus.io; undefined if the bucket does
// not speak it.
const resumed = async (file: Blob, o: Options): Promise<Uploaded | undefined> => {
  const key = ["gorgon-upload", o.to, nameOf(file, o), typeOf(file), file.size, (file as File).lastModified ?? ""].join("|");
  const metadata = `filename ${base64(nameOf(file, o))},filetype ${base64(typeOf(file))}`;
  let at = memory(key) || "";
  let offset = at ? -1 : 0; // -1: to be asked
  let furthest = 0;
  try {
    await steady(o, async (further) => {
      if (!at) {
        const x = await request(o, "POST", o.to + "/resumable", { ...tus, "Upload-Length": "" + file.size, "Upload-Metadata": metadata });
        memory(key, (at = x.getResponseHeader("Location") || ""));
        offset = 0;
      }
      try {
        if (offset < 0) {
          const x = await request(o, "HEAD", at, tus);
          offset = +(x.getResponseHeader("Upload-Offset") || 0);
          if (offset > furthest) further();
          furthest = Math.max(furthest, offset);
        }
        o.onProgress?.(offset, file.size);
        if (offset < file.size) {
          const from = offset;
          offset = -1;
          const headers = { ...tus, "Upload-Offset": "" + from, "Content-Type": "application/offset+octet-stream" };
          await request(o, "PATCH", at, headers, file.slice(from), (n) => o.onProgress?.(Math.min(from + n, file.size), file.size));
          offset = file.size;
        }
      } catch (e) {
        if (e instanceof UploadError) {
          if ([403, 404, 410].includes(e.status)) memory(key, (at = "")); // it has expired
          if (!at || e.status === 409) throw new UploadError(0, e.message);
        }
        throw e;
      }
    });
  } catch (e) {
    if (!at && e instanceof UploadError && [404, 405].includes(e.status)) return;
    throw e;
  }
  const done = await complete(o, o.to + "/uploads/" + at.slice(at.lastIndexOf("/") + 1) + "/complete");
  memory(key, "");
  return done;
};

// upload sends a file into a bucket, and resolves when it is complete there.
export const upload = async (file: Blob, o: Options): Promise<Uploaded> => (o.resume && (await resumed(file, o))) || once(file, o);

// Forms. Without this module the browser sends the same form by itself.
const running = new WeakMap<HTMLFormElement, AbortController>();

addEventListener("reset", (event) => running.get(event.target as HTMLFormElement)?.abort());

addEventListener("submit", async (event) => {
  const form = event.target as HTMLFormElement;
  const how = form.getAttribute("data-gorgon-upload");
  const data = how === null || event.defaultPrevented ? undefined : new FormData(form);
  const files = [...(data?.values() || [])].filter((v) => v instanceof File && (v.name || v.size)) as File[];
  if (!files.length) return;
  event.preventDefault();
  if (running.has(form)) return;
  const control = new AbortController();
  running.set(form, control);
  const progress = form.querySelector("progress");
  const say = form.querySelector("output");
  const busy = (on: boolean) => {
    form.toggleAttribute("data-busy", on);
    if (progress) progress.hidden = !on;
  };
  const total = files.reduce((sum, f) => sum + f.size, 0);
  let before = 0;
  if (say) say.textContent = "";
  busy(true);
  try {
    for (const file of files) {
      const onProgress = (sent: number) => {
        if (!progress) return;
        progress.max = total || 1;
        progress.value = before + sent;
      };
      const to = new URL(form.getAttribute("action") || "", document.baseURI).href.replace(/\/uploads\/form$/, "");
      const done = await upload(file, { to, resume: how === "resume", onProgress, signal: control.signal });
      before += file.size;
      form.dispatchEvent(new CustomEvent("gorgon:uploaded", { bubbles: true, detail: done }));
    }
    location.assign((data!.get("next") as string) || "/");
  } catch (e) {
    if (say && !control.signal.aborted) say.textContent = (e as Error).message;
  }
  running.delete(form);
  busy(false);
});
