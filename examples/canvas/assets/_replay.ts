// The history: a slider over the strokes that made the picture.

import type { Painted } from "./_api"
import { draw } from "./_strokes"

const remembered = 30_000 // strokes; the oldest become part of the start
const longest = 12_000 // ms of playing
const quick = 60 // ms for each stroke of a short history

export class Replay {
	// picture is what is seen of the past; undefined for now.
	picture: Uint8Array | undefined

	private start: Uint8Array = new Uint8Array()
	private strokes: Painted[] = []
	private since = 0
	private drawn = 0 // strokes in picture
	private playing = 0
	private readonly slider: HTMLInputElement
	private readonly moment: HTMLElement
	private readonly back: HTMLElement
	private readonly button: HTMLButtonElement

	constructor(root: HTMLElement, private readonly show: () => void, listen: AddEventListenerOptions) {
		const part = <T extends HTMLElement>(name: string): T => root.querySelector<T>(`[data-part=${name}]`)!
		this.slider = part("past")
		this.moment = part("moment")
		this.back = part("now")
		this.button = part("play")
		this.slider.addEventListener("input", () => {
			const to = Number(this.slider.value) // before stop sets it
			this.stop()
			this.go(to)
		}, listen)
		this.back.addEventListener("click", () => this.now(), listen)
		this.button.addEventListener("click", () => (this.playing ? this.stop() : this.play()), listen)
	}

	begin(start: Uint8Array, strokes: Painted[], since: number): void {
		this.start = start
		this.strokes = strokes
		this.since = since
		if (this.picture) this.now()
		this.tell()
	}

	add(p: Painted): void {
		if (!p.at.length) return
		this.since ||= p.when
		this.strokes.push(p)
		if (this.strokes.length > remembered) {
			const old = this.strokes.splice(0, remembered / 10)
			draw(this.start, old)
			this.since = old.at(-1)!.when
			if (this.picture) this.now()
		}
		this.tell()
	}

	now(): void {
		this.stop()
		this.picture = undefined
		this.tell()
		this.show()
	}

	close(): void {
		cancelAnimationFrame(this.playing)
	}

	private go(n: number): void {
		if (n >= this.strokes.length && !this.playing) return this.now()
		if (!this.picture || n < this.drawn) {
			this.picture = this.start.slice()
			this.drawn = 0
		}
		draw(this.picture, this.strokes.slice(this.drawn, n))
		this.drawn = n
		this.tell()
		this.show()
	}

	private play(): void {
		const total = this.strokes.length
		let from = this.picture ? this.drawn : 0
		if (from >= total) from = 0
		const begun = performance.now()
		const pace = Math.min(longest / total, quick)
		const step = (): void => {
			this.playing = requestAnimationFrame(step)
			const n = from + Math.floor((performance.now() - begun) / pace)
			if (n >= this.strokes.length) return this.now()
			this.go(n)
		}
		this.playing = requestAnimationFrame(step)
		this.go(from)
	}

	private stop(): void {
		cancelAnimationFrame(this.playing)
		this.playing = 0
		this.tell()
	}

	private tell(): void {
		const total = this.strokes.length
		const n = this.picture ? this.drawn : total
		this.slider.max = String(total)
		this.slider.value = String(n)
		this.slider.style.setProperty("--part", String(total ? n / total : 1))
		this.slider.disabled = this.button.disabled = !total
		this.back.hidden = !this.picture
		this.button.setAttribute("aria-pressed", String(!!this.playing))
		const when = n ? this.strokes[n - 1]!.when : this.since
		const text = this.picture ? `${n.toLocaleString("en")} of ${total.toLocaleString("en")}, ${ago(when)}` : total ? `${total.toLocaleString("en")} ${total === 1 ? "stroke" : "strokes"}` : "No strokes yet"
		this.slider.setAttribute("aria-valuetext", this.picture ? `Stroke ${text}` : "Now")
		if (this.moment.textContent !== text) this.moment.textContent = text
	}
}

// ago says how long ago a time was.
function ago(seconds: number): string {
	const past = Date.now() / 1000 - seconds
	const format = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" })
	if (past < 60) return "just now"
	if (past < 3600) return format.format(-Math.round(past / 60), "minute")
	if (past < 86400) return format.format(-Math.round(past / 3600), "hour")
	return format.format(-Math.round(past / 86400), "day")
}
