
/** Why a call failed (RFC 9457). `errors` has an entry for each field that was refused. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail?: string;
  /** The name of the record in the app's log. */
  id?: string;
  errors?: FieldError[];
}

export interface FieldError {
  /** RFC 6901: "/steps/0/text". */
  pointer: string;
  detail: string;
  /** The check that failed, such as "min", and its limit. */
  code?: string;
  limit?: string;
}

/** What a call returns: check `ok` first. A call that did not reach the app rejects, as fetch does. */
export type CallAnswer<D, S extends number = 200> =
  | { ok: true; status: S; data: D; response: Response }
  | { ok: false; status: number; problem: Problem; response: Response };

export interface ClientOptions {
  /** Default: the global fetch. */
  fetch?: typeof fetch;
  /** Are added to each request: a bearer token, for example. */
  headers?: Record<string, string> | (() => Record<string, string> | Promise<Record<string, string>>);
  /** "include" sends cookies to another origin, which must list this one. */
  credentials?: RequestCredentials;
}

export interface CallOptions {
  /** Ends the call, which then rejects. */
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

export interface OnceOptions extends CallOptions {
  /** Names the call: sent again with it, it has its effect once. Random, of 16 to 64 characters: crypto.randomUUID(). */
  key?: string;
}

export interface StreamOptions extends CallOptions {
  /** The id of the last event that is known. */
  after?: string;
}

/** An event. A snapshot replaces everything that came before. */
export interface StreamItem<D> {
  id: string;
  data: D;
  snapshot: boolean;
}

/** Ends a stream that the app refused. */
export class StreamError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail ?? problem.title);
    this.name = "StreamError";
  }
}

type ClientOperation = {
  method: string;
  path: string;
  /** Where the fields are that are not in the body. */
  places?: Record<string, "path" | "rest" | "query" | "header">;
  key?: string; // the header that names a call
  body?: "json" | "form";
  /** There is an output. */
  returns?: true;
};

class ClientConnection {
  constructor(
    readonly base: string,
    readonly options: ClientOptions,
  ) {}

  async request(o: ClientOperation, input: unknown, call: CallOptions, accept: string, more: Record<string, string> = {}): Promise<Response> {
    const given = this.options.headers;
    const headers = new Headers(typeof given === "function" ? await given() : given);
    for (const [name, value] of Object.entries(call.headers ?? {})) headers.set(name, value);
    const key = (call as OnceOptions).key;
    if (o.key !== undefined && key !== undefined) headers.set(o.key, key);
    headers.set("Accept", accept);
    const query = new URLSearchParams();
    let path = o.path;
    let body: BodyInit | null = null;
    if (o.places !== undefined) {
      const rest: Record<string, unknown> = {};
      for (const [name, value] of Object.entries(input as object)) {
        const place = o.places[name];
        const texts = (Array.isArray(value) ? value : value === undefined ? [] : [value]).map(String);
        if (place === undefined) rest[name] = value;
        else if (place === "query") texts.forEach((text) => query.append(name, text));
        else if (place === "header") texts.forEach((text) => headers.append(name, text));
        else path = path.replace(`{${name}}`, () => segments(name, texts.join(), place === "rest"));
      }
      input = rest;
    }
    for (const [name, value] of Object.entries(more)) query.set(name, value);
    if (o.body === "json") {
      headers.set("Content-Type", "application/json");
      body = JSON.stringify(input);
    } else if (o.body === "form") {
      body = new FormData();
      append(body, "", input);
    }
    const search = query.toString();
    const url = this.base.replace(/\/+$/, "") + path + (search === "" ? "" : `?${search}`);
    const init: RequestInit = { method: o.method, headers, body };
    if (call.signal) init.signal = call.signal;
    if (this.options.credentials) init.credentials = this.options.credentials;
    return (this.options.fetch ?? fetch)(url, init);
  }

  async call<D, S extends number>(o: ClientOperation, input: unknown, call: CallOptions): Promise<CallAnswer<D, S>> {
    const response = await this.request(o, input, call, "application/json");
    const { status } = response;
    if (!response.ok) return { ok: false, status, problem: await problemOf(response), response };
    if (!o.returns) return { ok: true, status: status as S, data: undefined as D, response };
    if (!isType(response, "application/json")) {
      return { ok: false, status, problem: { type: "about:blank", title: "The answer is not JSON", status }, response };
    }
    return { ok: true, status: status as S, data: (await response.json()) as D, response };
  }

  /** Events, also after the connection was cut: it goes on after the last one. */
  async *stream<D>(o: ClientOperation, input: unknown, options: StreamOptions): AsyncGenerator<StreamItem<D>, void, undefined> {
    let after = options.after ?? "";
    let wait = 1000;
    for (let failures = 0; ; failures++) {
      try {
        const response = await this.request(o, input, options, "text/event-stream", after === "" ? {} : { after });
        if (!response.ok || response.body === null || !isType(response, "text/event-stream")) {
          refuse(await problemOf(response));
        } else {
          for await (const message of messages(response.body, (ms) => (wait = ms))) {
            failures = 0;
            if (message.event === "end") return;
            if (message.event === "problem") {
              refuse(JSON.parse(message.data) as Problem);
              continue;
            }
            after = message.id ?? after;
            yield { id: after, data: JSON.parse(message.data) as D, snapshot: message.event === "snapshot" };
          }
        }
      } catch (error) {
        if (error instanceof StreamError || error instanceof SyntaxError || options.signal?.aborted) throw error;
      }
      await pause(Math.min(wait * 2 ** Math.min(failures, 6), Math.max(wait, 30_000)), options.signal);
    }
  }
}

/** Throws for what no later try changes. */
function refuse(problem: Problem): void {
  if (!isPassing(problem)) throw new StreamError(problem);
}

function isPassing({ status }: Problem): boolean {
  return status >= 500 || status === 408 || status === 429;
}

function isType(response: Response, type: string): boolean {
  return (response.headers.get("Content-Type") ?? "").startsWith(type);
}

async function problemOf(response: Response): Promise<Problem> {
  const { status } = response;
  if (isType(response, "application/problem+json")) return (await response.json()) as Problem;
  await response.body?.cancel();
  return { type: "about:blank", title: response.statusText || `Status ${status}`, status };
}

function segments(name: string, text: string, several: boolean): string {
  const all = several ? text.split("/") : [text];
  if (all.some((s) => (s === "" && !several) || s === "." || s === "..")) {
    throw new TypeError(`${name} cannot be a part of a path: ${JSON.stringify(text)}`);
  }
  return all.map(encodeURIComponent).join("/");
}

/** Adds a value to a form, under names that are paths: steps.0.text. */
function append(form: FormData, name: string, value: unknown): void {
  if (value === undefined) return;
  if (value instanceof Blob) return form.append(name, value);
  if (typeof value !== "object" || value === null) return form.append(name, String(value));
  for (const [key, member] of Object.entries(value)) {
    const plain = Array.isArray(value) && (typeof member !== "object" || member instanceof Blob);
    const escaped = key.replaceAll("~", "~0").replaceAll(".", "~1");
    append(form, plain ? name : name === "" ? escaped : `${name}.${escaped}`, member);
  }
}

type StreamMessage = { event: string; data: string; id: string | undefined };

/** Reads server-sent events. */
async function* messages(
  body: ReadableStream<Uint8Array>,
  retry: (ms: number) => void,
  heard: () => void = () => undefined,
): AsyncGenerator<StreamMessage, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let event = "";
  let id: string | undefined;
  let data: string[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      text += decoder.decode(value, { stream: true });
      const lines = text.split(/\r\n|\n|\r(?!$)/);
      text = lines.pop() ?? "";
      for (const line of lines) {
        const colon = line.indexOf(":");
        const field = colon < 0 ? line : line.slice(0, colon);
        const content = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
        if (line === "") {
          if (data.length > 0) yield { event, data: data.join("\n"), id };
          event = "";
          data = [];
        } else if (field === "event") event = content;
        else if (field === "data") data.push(content);
        else if (field === "id" && !content.includes("\0")) id = content;
        else if (field === "retry" && /^\d+$/.test(content)) retry(Number(content));
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const ended = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", ended);
      resolve();
    }, ms);
    signal?.addEventListener("abort", ended, { once: true });
  });
}
