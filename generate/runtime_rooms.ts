
/** Who takes part in a room, as others know it. */
export interface RoomMember {
  id: string;
  name?: string;
}

/** Who takes part in a room: `list` has at most 200 of them. */
export interface RoomMembers {
  count: number;
  list: RoomMember[];
}

/** What came of an operation. It is stored if `ok`, and `at` is the id of a state that has it. */
export type RoomAck = { ok: true; at: string } | { ok: false; status: number; problem: Problem };

export type RoomStatus = "connecting" | "open" | "waiting" | "closed";

export interface RoomOptions<S, O> extends CallOptions {
  /** Replaces everything that came before. */
  onState?: (state: S) => void;
  /** What an operation of any member led to, after the state. */
  onOut?: (out: O) => void;
  onMembers?: (members: RoomMembers) => void;
  /** The member that this client is. */
  onYou?: (you: RoomMember) => void;
  /** "open" while there is a connection, and "waiting" for that many milliseconds until it is made again. */
  onStatus?: (status: RoomStatus, wait?: number) => void;
  /** The app refuses the client: the room is closed. */
  onProblem?: (problem: Problem) => void;
  /** Default: a WebSocket, and server-sent events where that cannot be opened or `client` has headers to send. */
  transport?: "socket" | "events";
  /** What `at` was of an earlier connection whose state is known. */
  after?: string;
}

/** A client's part in a room. */
export interface RoomConnection<Op> {
  /**
   * Says what came of the operation. The operations of a connection are done in their order, and each has its effect
   * once, also if it is sent again after a cut. It does not reject: if the room is closed first, the status is 0, and
   * the operation may have been done.
   */
  send(op: Op): Promise<RoomAck>;
  /** Leaves the room. */
  close(): void;
  /** The id of what was received last; "" for nothing. */
  readonly at: string;
  /** How many operations wait for what came of them. */
  readonly pending: number;
}

type RoomAsked = { n: number; op: unknown; answer: (ack: RoomAck) => void };
type RoomResult = { n: number; at?: string; problem?: Problem };
type RoomReply = { results?: RoomResult[]; problem?: Problem };
type RoomTold<S, O> = RoomReply & { you?: RoomMember; id?: string; state?: S; outs?: O[]; members?: RoomMembers };

const mostAsked = 64; // operations of a request
const mostBytes = 32 << 10; // of an operation, for any room
const silence = 60_000; // the app says something every 25 s
const patience = 30_000; // for an answer, and for a connection

class RoomMachine<S, Op, O> implements RoomConnection<Op> {
  at: string;
  readonly #name = clientName();
  readonly #path: string;
  readonly #over = new AbortController();
  #asked: RoomAsked[] = [];
  #count = 0;
  #most = mostAsked;
  /** Sends a request over what is connected. */
  #carry: ((body: unknown) => Promise<RoomReply>) | undefined;
  #busy = false;
  #cut: () => void = () => undefined;
  #hurry = false;
  readonly #sleepers = new Set<() => void>();
  #wait: number | undefined; // until the next connection, as the app said
  #heard = false; // something came over this connection

  constructor(
    readonly app: ClientConnection,
    o: ClientOperation,
    input: unknown,
    readonly options: RoomOptions<S, O>,
  ) {
    this.at = options.after ?? "";
    this.#path = o.path;
    for (const [name, value] of Object.entries((input ?? {}) as object)) {
      this.#path = this.#path.replace(`{${name}}`, () => segments(name, String(value), o.places?.[name] === "rest"));
    }
    const online = () => {
      this.#hurry = true;
      this.#cut(); // what is left of it may be dead, and the next one goes on after it
      this.#wake();
    };
    const { signal } = options;
    const close = () => this.close();
    const events = typeof addEventListener === "function" ? globalThis : undefined;
    events?.addEventListener("online", online);
    signal?.addEventListener("abort", close);
    this.#over.signal.addEventListener("abort", () => {
      events?.removeEventListener("online", online);
      signal?.removeEventListener("abort", close);
      this.#end({ type: "about:blank", title: "The room was closed before it was known what came of the operation", status: 0 });
      this.#cut();
      this.#wake();
    });
    if (signal?.aborted) this.close();
    queueMicrotask(() => void this.#run()); // when the page knows the connection
  }

  get pending(): number {
    return this.#asked.length;
  }

  send(op: Op): Promise<RoomAck> {
    return new Promise((answer) => {
      const text = JSON.stringify(op); // it is what it was when it is sent again
      if (new TextEncoder().encode(text).length > mostBytes) {
        const problem = { type: "about:blank", title: "Request Entity Too Large", status: 413, detail: "The operation is too large." };
        return answer({ ok: false, status: 413, problem });
      }
      this.#asked.push({ n: ++this.#count, op: JSON.parse(text) as unknown, answer });
      if (this.#over.signal.aborted) this.#end({ type: "about:blank", title: "The room is closed", status: 0 });
      void this.#pump();
    });
  }

  close(): void {
    this.#over.abort();
  }

  /** Answers all operations. */
  #end(problem: Problem): void {
    for (const { answer } of this.#asked.splice(0)) answer({ ok: false, status: problem.status, problem });
  }

  #refuse(problem: Problem): void {
    this.#end(problem);
    this.#say(() => this.options.onProblem?.(problem));
    this.close();
  }

  /** Calls what the page gave. What it throws does not end the connection. */
  #say(call: () => void): void {
    try {
      call();
    } catch (error) {
      setTimeout(() => {
        throw error;
      });
    }
  }

  #status(status: RoomStatus, wait?: number): void {
    this.#say(() => this.options.onStatus?.(status, wait));
  }

  async #run(): Promise<void> {
    const { signal } = this.#over;
    const { transport } = this.options;
    const { fetch: own, headers, credentials } = this.app.options;
    // A script cannot send headers with a WebSocket, and cookies always go with it.
    const plain = own === undefined && headers === undefined && this.options.headers === undefined && credentials !== "omit";
    let sockets = typeof WebSocket === "function" && transport !== "events" && (plain || transport === "socket");
    let blocked = 0;
    let failures = 0;
    while (!signal.aborted) {
      this.#status("connecting");
      this.#heard = this.#hurry = false;
      this.#wait = undefined;
      if (!sockets) await this.#events();
      else if (await this.#socket().catch(() => false)) blocked = 0;
      else if (transport !== "socket" && !signal.aborted) {
        await this.#events();
        if (this.#heard && ++blocked === 2) sockets = false;
      }
      if (this.#heard) failures = 0;
      if (this.#hurry || signal.aborted) continue;
      const wait = this.#wait ?? backOff(failures++);
      this.#status("waiting", wait);
      await this.#sleep(wait);
    }
    this.#status("closed");
  }

  /** Sends what is asked, one request after another, so that the order is kept. */
  async #pump(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (let failures = 0; this.#carry !== undefined && this.#asked.length > 0; ) {
      const batch = this.#asked.slice(0, this.#most);
      const carry = this.#carry;
      const reply = await carry({ client: this.#name, ops: batch.map(({ n, op }) => ({ n, op })) }).catch((): RoomReply => ({}));
      const { results, problem } = reply;
      const before = this.#asked.length;
      for (const { n, at, problem } of results ?? []) {
        this.#known([n], problem === undefined ? { ok: true, at: at ?? "" } : { ok: false, status: problem.status, problem });
      }
      if (this.#asked.length < before) {
        failures = 0;
        this.#most = Math.min(this.#most * 2, mostAsked);
      } else if (problem !== undefined && !isPassing(problem)) {
        this.#known(batch.map(({ n }) => n), { ok: false, status: problem.status, problem });
      } else if (this.#carry === carry) {
        // Nothing is known of them. There may be more of them than are allowed at once.
        if (problem?.status === 429) this.#most = Math.max(1, this.#most >> 1);
        await this.#sleep(backOff(failures++));
      }
    }
    this.#busy = false;
  }

  #known(numbers: number[], ack: RoomAck): void {
    for (const n of numbers) {
      const i = this.#asked.findIndex((a) => a.n === n);
      if (i >= 0) this.#asked.splice(i, 1)[0]?.answer(ack);
    }
  }

  #opened(carry: (body: unknown) => Promise<RoomReply>): void {
    this.#carry = carry;
    this.#heard = true;
    this.#status("open");
    this.#wake();
    void this.#pump();
  }

  #take(told: RoomTold<S, O>): void {
    const { you, state, outs, members } = told;
    if (you !== undefined) this.#say(() => this.options.onYou?.(you));
    if (state !== undefined) this.#say(() => this.options.onState?.(state));
    for (const out of outs ?? []) this.#say(() => this.options.onOut?.(out));
    if (members !== undefined) this.#say(() => this.options.onMembers?.(members));
    if (told.id !== undefined) this.at = told.id;
  }

  #query(): Record<string, string> {
    return this.at === "" ? { client: this.#name } : { client: this.#name, after: this.at };
  }

  /** Is connected by a WebSocket until that ends; false if it could not be opened. */
  #socket(): Promise<boolean> {
    return new Promise((resolve) => {
      const base = typeof location === "undefined" ? undefined : location.href;
      const url = new URL(`${this.app.base.replace(/\/+$/, "")}${this.#path}?${new URLSearchParams(this.#query())}`, base);
      url.protocol = url.protocol.replace("http", "ws");
      const socket = new WebSocket(url);
      let opened = false;
      let over = false;
      let timer = setTimeout(() => end(), patience);
      let waiting: ((reply: RoomReply) => void) | undefined;
      const end = () => {
        if (over) return;
        over = true;
        clearTimeout(timer);
        socket.close();
        this.#carry = undefined;
        waiting?.({});
        resolve(opened);
      };
      const alive = () => {
        clearTimeout(timer);
        timer = setTimeout(end, silence);
      };
      const carry = (body: unknown) =>
        new Promise<RoomReply>((answer) => {
          const late = setTimeout(end, patience);
          waiting = (reply) => {
            clearTimeout(late);
            waiting = undefined;
            answer(reply);
          };
          socket.send(JSON.stringify(body));
        });
      this.#cut = end;
      socket.onopen = () => {
        opened = true;
        alive();
      };
      socket.onmessage = (message: MessageEvent<unknown>) => {
        if (over) return; // it is told again over the next one
        alive();
        let told: RoomTold<S, O>;
        try {
          told = JSON.parse(String(message.data)) as RoomTold<S, O>;
        } catch {
          return end();
        }
        if (this.#carry === undefined) this.#opened(carry);
        this.#take(told);
        if (told.results !== undefined || told.problem !== undefined) waiting?.(told);
      };
      socket.onerror = end;
      socket.onclose = ({ code }) => {
        if (code === 1001 && !over) this.#wait = 500 + 4500 * Math.random(); // the server stops: not all come back at once
        end();
      };
    });
  }

  /** Is connected by server-sent events until that ends. */
  async #events(): Promise<void> {
    const over = new AbortController();
    const end = () => over.abort();
    let timer = setTimeout(end, patience);
    this.#cut = end;
    const call = (signal: AbortSignal): CallOptions => (this.options.headers === undefined ? { signal } : { signal, headers: this.options.headers });
    const carry = async (body: unknown): Promise<RoomReply> => {
      const late = setTimeout(end, patience);
      try {
        const response = await this.app.request({ method: "POST", path: this.#path, body: "json" }, body, call(over.signal), "application/json");
        return response.ok ? ((await response.json()) as RoomReply) : { problem: await problemOf(response) };
      } finally {
        clearTimeout(late);
      }
    };
    try {
      const response = await this.app.request({ method: "GET", path: this.#path }, undefined, call(over.signal), "text/event-stream", this.#query());
      if (!response.ok || response.body === null || !isType(response, "text/event-stream")) {
        const problem = await problemOf(response);
        if (!isPassing(problem) && !over.signal.aborted) this.#refuse(problem);
        return;
      }
      const alive = () => {
        clearTimeout(timer);
        timer = setTimeout(end, silence);
      };
      for await (const { event, data, id } of messages(response.body, (ms) => (this.#wait = ms), alive)) {
        if (over.signal.aborted) return; // it is told again over the next one
        if (this.#carry === undefined) this.#opened(carry);
        const told = { [event === "" ? "outs" : event]: JSON.parse(data) as unknown } as RoomTold<S, O>;
        this.#take(id === undefined ? told : { ...told, id });
      }
    } catch {
      // The connection was cut.
    } finally {
      clearTimeout(timer);
      end();
      this.#carry = undefined;
    }
  }

  #wake(): void {
    for (const wake of this.#sleepers) wake();
  }

  /** Waits, at most until there is a connection again. */
  #sleep(ms: number): Promise<void> {
    if (this.#over.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#sleepers.add(wake);
    });
  }
}

/** Half a second, and twice as long after each failure up to 30 s, more or less. */
function backOff(failures: number): number {
  return Math.min(500 * 2 ** Math.min(failures, 6), 30_000) * (0.5 + Math.random());
}

function clientName(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}
