// The island: a canvas that is painted on. What is seen is the picture as the room
// has it, with the strokes that wait for their outcomes drawn over it.

import type { Painted, Stroke } from "./_api"
import { People, nameOf } from "./_people"
import { Replay } from "./_replay"
import { Room } from "./_room"
import { type Point, bytes, dab, draw, line, readPast } from "./_strokes"

interface Props {
	base: string // of the app
	key: string // of the canvas
	side: number
	stroke: number // pixels of a stroke at most
	palette: { name: string; rgb: string }[]
}

const frequent = 60 // ms between two strokes of one movement
const most = 2000 // strokes that may wait

export default function (root: HTMLElement, props: Props): () => void {
	const part = <T extends HTMLElement>(name: string): T => root.querySelector<T>(`[data-part=${name}]`)!
	const stage = part("stage")
	const canvas = part<HTMLCanvasElement>("canvas")
	const context = canvas.getContext("2d")!
	const image = context.createImageData(props.side, props.side)
	const dots = new Uint32Array(image.data.buffer)
	const shades = props.palette.map((c) => parseInt(`ff${c.rgb.slice(5, 7)}${c.rgb.slice(3, 5)}${c.rgb.slice(1, 3)}`, 16))
	const people = new People(part("people"), part("count"))
	const stop = new AbortController() // of everything that listens
	const listen = { signal: stop.signal }

	let picture: Uint8Array | undefined // as the room has it
	let stroke: Stroke | undefined // that is being made
	let color = 0
	let brush = 1
	let spoiled = ""

	// What is seen.

	let drawing = 0
	const show = (): void => {
		drawing ||= requestAnimationFrame(() => {
			drawing = 0
			const seen = replay.picture ?? view()
			if (!seen) return
			for (let i = 0; i < seen.length; i++) dots[i] = shades[seen[i]!]!
			context.putImageData(image, 0, 0)
			if (canvas.hidden) {
				canvas.hidden = false
				part("still").remove()
			}
			stage.classList.toggle("past", !!replay.picture)
		})
	}
	const view = (): Uint8Array | undefined => {
		if (!picture) return
		const seen = picture.slice()
		draw(seen, room.pending.map((p) => p.op))
		if (stroke) draw(seen, [stroke])
		return seen
	}
	const replay = new Replay(root, show, listen)

	// The room.

	const room = new Room(props.base, props.key, {
		state(s) {
			picture = bytes(s.pixels)
			replay.begin(bytes(s.start), readPast(bytes(s.past), s.since), s.since)
		},
		out(p) {
			if (!picture) return
			draw(picture, [p])
			replay.add(p)
			people.paints(p.by, props.palette[p.color]!.rgb)
			if (!people.isYou(p.by)) flag(p)
		},
		members: (m) => people.set(m),
		you: (m) => people.hello(m),
		refused(problem) {
			spoiled = problem.errors?.[0]?.detail ?? problem.detail ?? "A stroke was refused."
			setTimeout(() => {
				spoiled = ""
				tell()
			}, 4000)
		},
		changed() {
			tell()
			show()
		},
	})

	// tell says how the line is.
	const status = part("status")
	const tell = (): void => {
		const state = room.line === "open" ? "connected" : !navigator.onLine ? "offline" : room.line
		const rest = Math.max(1, Math.ceil((room.until - performance.now()) / 1000))
		let text = { connected: "Connected", connecting: "Connecting", offline: "Offline", waiting: `Reconnecting in ${rest} s`, closed: "Closed" }[state]
		const wait = room.unsent
		const odd = state !== "connected" || wait > 20
		if (wait && odd) text += ` · ${wait} unsent`
		if (spoiled) text = spoiled
		if (status.textContent !== text) status.textContent = text
		status.parentElement!.dataset.state = spoiled ? "refused" : state
		root.dataset.unsent = String(wait)
	}
	const clock = setInterval(tell, 500)
	for (const event of ["online", "offline"]) addEventListener(event, tell, listen)

	// flag shows who has painted where.
	const flags = new Map<string, { at: HTMLElement; timer: number }>()
	const flag = (p: Painted): void => {
		const last = p.at.at(-1)
		if (last === undefined || replay.picture) return
		let f = flags.get(p.by)
		if (!f) {
			const at = document.createElement("span")
			at.textContent = nameOf(p.by)
			part("flags").append(at)
			f = { at, timer: 0 }
			flags.set(p.by, f)
		}
		const { x, y } = pointOf(last)
		f.at.style.setProperty("--ink", props.palette[p.color]!.rgb)
		f.at.classList.toggle("left", x > props.side / 2)
		f.at.style.left = `${((x + 0.5) / props.side) * 100}%`
		f.at.style.top = `${((y + 0.5) / props.side) * 100}%`
		clearTimeout(f.timer)
		f.timer = setTimeout(() => {
			f.at.remove()
			flags.delete(p.by)
		}, 1500)
	}
	const pointOf = (at: number): Point => ({ x: at % props.side, y: Math.floor(at / props.side) })

	// Painting.

	const paint = (points: Point[]): void => {
		if (!picture || replay.picture || room.pending.length >= most) return
		for (const p of points) {
			stroke ??= { color, at: [] }
			const seen = view()!
			for (const at of dab(p, brush, props.side)) {
				if (seen[at] === color || stroke.at.includes(at)) continue
				stroke.at.push(at)
			}
			if (stroke.at.length > props.stroke - brush * brush) flush()
		}
		show()
	}
	let sent = 0
	const flush = (): void => {
		sent = performance.now()
		const made = stroke
		stroke = undefined
		if (made?.at.length) void room.send(made)
	}

	let pointer: number | undefined
	let last: Point | undefined
	const where = (e: MouseEvent): Point => {
		const box = canvas.getBoundingClientRect()
		return { x: Math.floor(((e.clientX - box.left) / box.width) * props.side), y: Math.floor(((e.clientY - box.top) / box.height) * props.side) }
	}
	canvas.addEventListener("pointerdown", (e) => {
		if (e.button !== 0 || pointer !== undefined) return
		if (replay.picture) return replay.now()
		pointer = e.pointerId
		try {
			canvas.setPointerCapture(pointer)
		} catch {} // it has gone up already
		last = where(e)
		paint([last])
	}, listen)
	canvas.addEventListener("pointermove", (e) => {
		if (e.pointerType !== "touch") point(where(e), false)
		if (e.pointerId !== pointer) return
		const moves = e.getCoalescedEvents?.() ?? []
		for (const move of moves.length ? moves : [e]) {
			const to = where(move)
			if (to.x === last!.x && to.y === last!.y) continue
			paint(line(last!, to).slice(1))
			last = to
		}
		if (performance.now() - sent > frequent) flush()
	}, listen)
	const up = (e: PointerEvent): void => {
		if (e.pointerId !== pointer) return
		pointer = undefined
		flush()
	}
	canvas.addEventListener("pointerup", up, listen)
	canvas.addEventListener("pointercancel", up, listen)
	canvas.addEventListener("pointerleave", () => !focused() && (cursor.hidden = true), listen)
	const pen = setInterval(() => stroke && performance.now() - sent > frequent && flush(), frequent)

	// The keyboard.

	const cursor = part("cursor")
	const spoken = part("spoken")
	let at: Point = { x: props.side / 2, y: props.side / 2 }
	let space = false
	const focused = (): boolean => canvas.matches(":focus-visible")
	const point = (p: Point, aloud: boolean): void => {
		at = { x: Math.min(Math.max(p.x, 0), props.side - 1), y: Math.min(Math.max(p.y, 0), props.side - 1) }
		const before = Math.floor((brush - 1) / 2)
		cursor.hidden = !picture
		cursor.style.setProperty("--x", String(at.x - before))
		cursor.style.setProperty("--y", String(at.y - before))
		cursor.style.setProperty("--size", String(brush))
		const seen = aloud && (replay.picture ?? view())
		if (seen) spoken.textContent = `Column ${at.x + 1}, row ${at.y + 1}: ${props.palette[seen[at.y * props.side + at.x]!]!.name}`
	}
	const arrows: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }
	canvas.addEventListener("keydown", (e) => {
		if (e.altKey || e.ctrlKey || e.metaKey) return
		const arrow = arrows[e.key]
		if (arrow) {
			const far = e.shiftKey ? 8 : 1
			const from = at
			point({ x: at.x + arrow[0] * far, y: at.y + arrow[1] * far }, true)
			if (space) paint(line(from, at))
		} else if (e.key === " " || e.key === "Enter") {
			space = e.key === " "
			if (!e.repeat) {
				paint([at])
				flush()
				point(at, true)
			}
		} else if (e.key === "p" || e.key === "P") {
			const seen = view()
			if (seen) choose(seen[at.y * props.side + at.x]!)
			point(at, true)
		} else return
		e.preventDefault()
	}, listen)
	canvas.addEventListener("keyup", (e) => {
		if (e.key !== " ") return
		space = false
		flush()
	}, listen)
	canvas.addEventListener("focus", () => focused() && point(at, true), listen)
	canvas.addEventListener("blur", () => {
		space = false
		cursor.hidden = true
		flush()
	}, listen)

	// The tools.

	const colors = [...root.querySelectorAll<HTMLInputElement>("[name=color]")]
	const choose = (n: number): void => {
		flush()
		color = n
		colors[n]!.checked = true
		part("color").textContent = props.palette[n]!.name
		stage.style.setProperty("--ink", props.palette[n]!.rgb)
	}
	choose(Math.max(0, colors.findIndex((c) => c.checked)))
	root.addEventListener("change", (e) => {
		const input = e.target as HTMLInputElement
		if (input.name === "color") choose(Number(input.value))
		if (input.name === "brush") {
			flush()
			brush = Number(input.value)
		}
	}, listen)
	brush = Number(root.querySelector<HTMLInputElement>("[name=brush]:checked")?.value ?? 1)
	const share = part("share")
	share.addEventListener("click", async () => {
		const link = { title: document.title, url: location.href }
		try {
			if (matchMedia("(pointer: coarse)").matches && navigator.canShare?.(link)) return await navigator.share(link)
			await navigator.clipboard.writeText(link.url)
			share.textContent = "Link copied"
		} catch {
			share.textContent = "Not shared"
		}
		setTimeout(() => (share.textContent = "Share"), 2000)
	}, listen)

	return () => {
		stop.abort()
		room.close()
		replay.close()
		clearInterval(clock)
		clearInterval(pen)
		cancelAnimationFrame(drawing)
	}
}
