// What waits for its outcome: strokes are drawn at once, and forgotten when the room
// has told what came of them.

import { type Canvas, type Painted, type Problem, type RoomConnection, type RoomMember, type RoomMembers, type Stroke, client } from "./_api"

// A Pending is a stroke whose outcome was not told yet.
export interface Pending {
	op: Stroke
	seq?: number // of its entry, once it is acknowledged
}

export interface Handlers {
	state(canvas: Canvas): void
	out(painted: Painted): void
	members(members: RoomMembers): void
	you(you: RoomMember): void
	refused(problem: Problem): void
	changed(): void // the line, or what is pending
}

export class Room {
	line: "connecting" | "open" | "waiting" | "closed" = "connecting"
	until = 0 // performance.now() of the next attempt, if it is waiting
	pending: Pending[] = []

	private readonly connection: RoomConnection<Stroke>

	constructor(base: string, key: string, private readonly on: Handlers) {
		this.connection = client(new URL(base, location.href).href).canvas({ key }, {
			onState: (canvas) => {
				this.pending = this.pending.filter((p) => p.seq === undefined)
				on.state(canvas)
				on.changed()
			},
			onOut: (painted) => {
				on.out(painted)
				queueMicrotask(this.settle) // when the connection knows how far it is
			},
			onMembers: (members) => on.members(members),
			onYou: (you) => on.you(you),
			onStatus: (status, wait = 0) => {
				this.line = status
				this.until = performance.now() + wait
				on.changed()
			},
			onProblem: (problem) => on.refused(problem),
		})
	}

	// unsent is how many strokes are not acknowledged.
	get unsent(): number {
		return this.connection.pending
	}

	async send(op: Stroke): Promise<void> {
		const p: Pending = { op }
		this.pending.push(p)
		const sent = this.connection.send(op)
		this.on.changed()
		const ack = await sent
		if (ack.ok) p.seq = seqOf(ack.at)
		else {
			this.pending = this.pending.filter((q) => q !== p)
			this.on.refused(ack.problem)
		}
		this.settle()
	}

	close(): void {
		this.connection.close()
	}

	// settle forgets the strokes whose outcomes were told.
	private readonly settle = (): void => {
		const told = seqOf(this.connection.at)
		this.pending = this.pending.filter((p) => p.seq === undefined || p.seq > told)
		this.on.changed()
	}
}

// seqOf reads the number of an entry from "build.seq.chain".
function seqOf(id: string): number {
	return Number(id.split(".")[1] ?? 0)
}
