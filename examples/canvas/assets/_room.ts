// A member of a room: it hears what happens, and sends operations until each is
// acknowledged or refused. Operations keep their numbers across connections, so
// that one whose answer was lost is not done twice.

export interface Member {
	id: string
	name?: string
}

export interface Problem {
	status: number
	detail?: string
	errors?: { pointer: string; detail: string }[]
}

// A Pending is an operation whose outcome was not seen yet.
export interface Pending<Op> {
	n: number
	op: Op
	seq?: number // of its entry, once it is acknowledged
}

export type Line =
	| { kind: "connecting" | "connected" | "offline" }
	| { kind: "waiting"; until: number } // performance.now() at the next attempt

export interface Handlers<S, Op, Out> {
	state(state: S): void
	outs(outs: Out[]): void
	members(members: { count: number; list: Member[] }): void
	you(you: Member): void
	refused(op: Op, problem: Problem): void
	changed(): void // the line, or what is pending
}

interface Frame<S, Out> {
	id?: string
	state?: S
	outs?: Out[]
	members?: { count: number; list: Member[] }
	you?: Member
	results?: { n: number; at?: string; problem?: Problem }[]
	problem?: Problem
	n?: number[]
}

interface Transport {
	send(text: string): void
	close(): void
}

const batch = 16 // operations of a request
const patience = 15_000 // for an answer, and for a connection, in ms
const longest = 15_000 // between two attempts
const open = 500 // ms in which one connection follows another that was cut

export class Room<S, Op, Out> {
	line: Line = { kind: "connecting" }
	pending: Pending<Op>[] = []

	private readonly client = chance()
	private next = 1
	private id = "" // of what was heard last
	private transport: Transport | undefined
	private asked: number[] = [] // numbers of the request that waits for its answer
	private failures = 0
	private works: "socket" | "events" | undefined
	private timer = 0 // of the next attempt
	private late = 0 // of the answer
	private pause = 0 // until a request that was refused is sent again
	private closed = false

	constructor(private readonly url: string, private readonly on: Handlers<S, Op, Out>) {
		addEventListener("online", this.now)
		addEventListener("offline", this.lost)
		addEventListener("pageshow", this.now)
		document.addEventListener("visibilitychange", this.seen)
		queueMicrotask(this.now) // its owner is ready by then
	}

	// unsent is how many operations are not acknowledged.
	get unsent(): number {
		return this.pending.filter((p) => p.seq === undefined).length
	}

	send(op: Op): void {
		this.pending.push({ n: this.next++, op })
		this.flush()
		this.on.changed()
	}

	close(): void {
		this.closed = true
		removeEventListener("online", this.now)
		removeEventListener("offline", this.lost)
		removeEventListener("pageshow", this.now)
		document.removeEventListener("visibilitychange", this.seen)
		this.drop()
		clearTimeout(this.timer)
	}

	private readonly now = (): void => {
		if (!this.closed && !this.transport) this.connect()
	}

	private readonly seen = (): void => {
		if (document.visibilityState === "visible" && this.line.kind === "waiting") this.now()
	}

	private readonly lost = (): void => this.again()

	private say(line: Line): void {
		this.line = line
		this.on.changed()
	}

	// connect tries a WebSocket, and each third time server-sent events, which
	// pass where a WebSocket does not.
	private connect(): void {
		clearTimeout(this.timer)
		this.drop()
		this.say({ kind: "connecting" })
		const kind = this.works ?? (this.failures % 3 === 2 ? "events" : "socket")
		const url = new URL(this.url, location.href)
		url.searchParams.set("client", this.client)
		if (this.id) url.searchParams.set("after", this.id)
				const opened = (): void => {
			clearTimeout(begun)
			this.failures = 0
			this.works = kind
			this.say({ kind: "connected" })
			this.flush()
		}
		const ended = (restart: boolean): void => {
			clearTimeout(begun)
			if (this.transport === transport) this.again(restart)
		}
		const begun = setTimeout(() => ended(false), patience)
		const transport: Transport = kind === "socket" ? this.socket(url, opened, ended) : this.events(url, opened, ended)
		this.transport = transport
	}

	private socket(url: URL, opened: () => void, ended: (restart: boolean) => void): Transport {
		url.protocol = url.protocol.replace("http", "ws")
		const s = new WebSocket(url)
		s.onopen = opened
		s.onmessage = (e) => this.hear(JSON.parse(e.data))
		s.onclose = (e) => ended(e.code === 1001)
		return {
			send: (text) => s.send(text),
			close: () => {
				s.onopen = s.onmessage = s.onclose = null
				s.close()
			},
		}
	}

	private events(url: URL, opened: () => void, ended: (restart: boolean) => void): Transport {
		const s = new EventSource(url)
		const stop = new AbortController()
		s.onopen = opened
		s.onerror = () => ended(false)
		s.onmessage = (e) => this.hear({ id: e.lastEventId, outs: JSON.parse(e.data) })
		s.addEventListener("state", (e) => this.hear({ id: e.lastEventId, state: JSON.parse(e.data) }))
		s.addEventListener("members", (e) => this.hear({ members: JSON.parse(e.data) }))
		s.addEventListener("you", (e) => this.hear({ you: JSON.parse(e.data) }))
		return {
			send: (body) => {
				const n = [...this.asked]
				fetch(this.url, { method: "POST", headers: { "Content-Type": "application/json" }, body, signal: stop.signal })
					.then(async (r) => this.hear(r.ok ? await r.json() : { problem: { status: r.status }, n }))
					.catch(() => stop.signal.aborted || ended(false))
			},
			close: () => {
				s.close()
				stop.abort()
			},
		}
	}

	private drop(): void {
		clearTimeout(this.late)
		clearTimeout(this.pause)
		this.pause = 0
		this.asked = []
		const t = this.transport
		this.transport = undefined
		t?.close()
	}

	// again connects after a time: each failure doubles it, and a server that stops
	// lets its members come back one after another.
	private again(restart = false): void {
		if (this.closed) return
		this.drop()
		clearTimeout(this.timer)
		if (++this.failures > 3) this.works = undefined
		const full = Math.min(longest, (open / 2) * 2 ** this.failures)
		const wait = restart ? 500 + 4500 * Math.random() : full * (0.5 + Math.random() / 2)
		this.timer = setTimeout(this.now, wait)
		this.say(navigator.onLine ? { kind: "waiting", until: performance.now() + wait } : { kind: "offline" })
	}

	private hear(f: Frame<S, Out>): void {
		if (f.you) this.on.you(f.you)
		if (f.members) this.on.members(f.members)
		if (f.state) {
			this.pending = this.pending.filter((p) => p.seq === undefined)
			this.on.state(f.state)
		}
		if (f.outs) this.on.outs(f.outs)
		if (f.id) {
			this.id = f.id
			this.settle()
		}
		if (f.results) this.answered(f.results)
		else if (f.problem) this.failed(f.problem, f.n ?? this.asked)
		this.on.changed()
	}

	// settle removes the operations whose outcomes were heard.
	private settle(): void {
		const heard = seqOf(this.id)
		this.pending = this.pending.filter((p) => p.seq === undefined || p.seq > heard)
	}

	private answered(results: { n: number; at?: string; problem?: Problem }[]): void {
		for (const r of results) {
			const p = this.pending.find((p) => p.n === r.n)
			if (!p) continue
			if (r.problem) this.refuse(p, r.problem)
			else p.seq = seqOf(r.at ?? "")
		}
		this.settle()
		this.done()
	}

	// failed is told that nothing is known of a request, or that it was not done.
	private failed(problem: Problem, n: number[]): void {
		const again = problem.status === 429 || problem.status >= 500
		if (!again) for (const p of this.pending.filter((p) => n.includes(p.n))) this.refuse(p, problem)
		this.done(again ? 1000 : 0)
	}

	private refuse(p: Pending<Op>, problem: Problem): void {
		this.pending = this.pending.filter((q) => q !== p)
		this.on.refused(p.op, problem)
	}

	private done(pause = 0): void {
		clearTimeout(this.late)
		this.asked = []
		if (!pause) return this.flush()
		this.pause = setTimeout(() => {
			this.pause = 0
			this.flush()
		}, pause)
	}

	// flush sends the oldest operations in one request, and waits for its answer
	// before the next one: so they are done in their order.
	private flush(): void {
		if (!this.transport || this.line.kind !== "connected" || this.asked.length || this.pause) return
		const ops = this.pending.filter((p) => p.seq === undefined).slice(0, batch)
		if (!ops.length) return
		this.asked = ops.map((p) => p.n)
		this.late = setTimeout(() => this.again(), patience)
		this.transport.send(JSON.stringify({ client: this.client, ops: ops.map(({ n, op }) => ({ n, op })) }))
	}
}

// seqOf reads the number of an entry from "build.seq.chain".
function seqOf(id: string): number {
	return Number(id.split(".")[1] ?? 0)
}

function chance(): string {
	return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("")
}
