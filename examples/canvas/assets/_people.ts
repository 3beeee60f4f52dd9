// Who is here, and who paints.

import type { RoomMember } from "./_api"

const manners = ["Amber", "Bright", "Calm", "Clever", "Coral", "Gentle", "Golden", "Happy", "Indigo", "Jade", "Lively", "Mellow", "Quiet", "Silver", "Swift", "Violet"]
const animals = ["Badger", "Bear", "Crane", "Dolphin", "Falcon", "Fox", "Heron", "Koala", "Lynx", "Marten", "Otter", "Owl", "Panda", "Raven", "Robin", "Seal", "Sparrow", "Stork", "Swan", "Tiger", "Turtle", "Whale", "Wolf", "Wren"]
const shown = 8
const busy = 2500 // ms in which a member that has painted is shown as painting

// nameOf is a name for an ID: the same one for everyone.
export function nameOf(id: string): string {
	let n = 2166136261
	for (let i = 0; i < id.length; i++) n = Math.imul(n ^ id.charCodeAt(i), 16777619) >>> 0
	return `${manners[n % manners.length]} ${animals[(n >>> 8) % animals.length]}`
}

export class People {
	private list: RoomMember[] = []
	private count = 0
	private you = ""
	private readonly painting = new Map<string, { color: string; timer: number }>()

	constructor(private readonly at: HTMLElement, private readonly total: HTMLElement) {}

	isYou(id: string): boolean {
		return id === this.you
	}

	hello(you: RoomMember): void {
		this.you = you.id
		this.show()
	}

	set(members: { count: number; list: RoomMember[] }): void {
		this.count = members.count
		this.list = members.list
		this.show()
	}

	// paints notes that a member has painted.
	paints(id: string, color: string): void {
		const before = this.painting.get(id)
		clearTimeout(before?.timer)
		const timer = setTimeout(() => {
			this.painting.delete(id)
			this.show()
		}, busy)
		this.painting.set(id, { color, timer })
		if (before?.color !== color) this.show()
	}

	private show(): void {
		const rank = (m: RoomMember): number => (m.id === this.you ? 0 : this.painting.has(m.id) ? 1 : 2)
		const list = [...this.list].sort((a, b) => rank(a) - rank(b))
		this.total.textContent = this.count ? String(this.count) : ""
		const items = list.slice(0, shown).map((m) => {
			const item = document.createElement("li")
			const dot = document.createElement("span")
			dot.className = "pen"
			const paints = this.painting.get(m.id)
			item.classList.toggle("paints", !!paints)
			if (paints) dot.style.background = paints.color
			item.append(dot, nameOf(m.id))
			if (m.id === this.you || paints) {
				const note = document.createElement("small")
				note.textContent = [m.id === this.you && "you", paints && "paints"].filter(Boolean).join(", ")
				item.append(" ", note)
			}
			return item
		})
		const more = this.count - items.length
		if (more > 0) {
			const item = document.createElement("li")
			item.className = "others"
			item.textContent = `and ${more} more`
			items.push(item)
		}
		this.at.replaceChildren(...items)
	}
}
