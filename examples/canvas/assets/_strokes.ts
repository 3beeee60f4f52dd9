// Strokes: as the room stores them, and as lines between two points.

import type { Painted, Stroke } from "./_api"

export function bytes(base64: string): Uint8Array {
	return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))
}

// readPast reads what add of room.go has written.
export function readPast(past: Uint8Array, since: number): Painted[] {
	const list: Painted[] = []
	let i = 0
	const number = (): number => {
		let n = 0
		for (let scale = 1; ; scale *= 128) {
			const b = past[i++] ?? 0
			n += (b & 127) * scale
			if (b < 128) return n
		}
	}
	while (i < past.length) {
		since += number()
		const color = past[i++] ?? 0
		const at: number[] = []
		let last = 0
		for (let left = number(); left > 0; left--) {
			const n = number()
			last += n % 2 ? -(n + 1) / 2 : n / 2
			at.push(last)
		}
		list.push({ color, at, by: "", when: since })
	}
	return list
}

export function draw(on: Uint8Array, strokes: Iterable<Stroke>): void {
	for (const s of strokes) for (const at of s.at) on[at] = s.color
}

export interface Point {
	x: number
	y: number
}

// line lists the points from one to another.
export function line(from: Point, to: Point): Point[] {
	const steps = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y), 1)
	return Array.from({ length: steps + 1 }, (_, i) => ({
		x: Math.round(from.x + ((to.x - from.x) * i) / steps),
		y: Math.round(from.y + ((to.y - from.y) * i) / steps),
	}))
}

// dab lists the pixels of a brush at a point.
export function dab(p: Point, size: number, side: number): number[] {
	const list: number[] = []
	const before = Math.floor((size - 1) / 2)
	for (let y = p.y - before; y < p.y - before + size; y++)
		for (let x = p.x - before; x < p.x - before + size; x++) {
			const corner = size > 2 && (x === p.x - before || x === p.x - before + size - 1) && (y === p.y - before || y === p.y - before + size - 1)
			if (x >= 0 && y >= 0 && x < side && y < side && !corner) list.push(y * side + x)
		}
	return list
}
