// The island of the chat: a member of the room. What was sent is seen at once, and
// pale until its outcome has come.

import { type Line, client } from "./_api"

interface Props {
	base: string // of the app
	id: string // of the order
	you: string // "guest" or "kitchen"
}

export default function (root: HTMLElement, props: Props): () => void {
	const part = (name: string): HTMLElement => root.querySelector<HTMLElement>(`[data-part=${name}]`)!
	const list = part("lines")
	const status = part("status")
	const form = root.querySelector("form")!
	const field = form.querySelector<HTMLInputElement>("[name=text]")!
	const waiting: { text: string; item: HTMLElement; sent: boolean }[] = []
	let people = ""

	const bottom = (): void => list.parentElement!.scrollTo({ top: list.scrollHeight })
	const itemOf = (line: Line): HTMLElement => {
		const item = document.createElement("li")
		item.classList.toggle("mine", line.by === props.you)
		const text = item.appendChild(document.createElement("p"))
		text.textContent = line.text
		const time = item.appendChild(document.createElement("time"))
		const at = new Date(line.at * 1000)
		time.dateTime = at.toISOString()
		time.textContent = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
		return item
	}
	const empty = list.querySelector(".empty") ?? Object.assign(document.createElement("li"), { className: "empty", textContent: "Nothing was said yet." })
	const show = (item: HTMLElement): void => {
		empty.remove()
		list.append(item)
		bottom()
	}
	const tell = (text: string, state: string): void => {
		if (status.textContent !== text) status.textContent = text
		root.dataset.state = state
	}
	// told forgets what waited, since the room says it now.
	const told = (which: (w: (typeof waiting)[0]) => boolean): void => {
		const i = waiting.findIndex(which)
		if (i >= 0) waiting.splice(i, 1)[0]!.item.remove()
	}

	const room = client(new URL(props.base, location.href).href).chat({ id: props.id }, {
		onState({ lines }) {
			while (waiting.some((w) => w.sent)) told((w) => w.sent)
			list.replaceChildren(...(lines.length ? lines.map(itemOf) : [empty]), ...waiting.map((w) => w.item))
			bottom()
		},
		onOut(line) {
			if (line.by === props.you) told((w) => w.text === line.text)
			show(itemOf(line))
			for (const w of waiting) list.append(w.item) // they come after it
		},
		onMembers({ count, list }) {
			const others = list.filter((m) => m.id !== props.you)
			people = ["You", ...others.map((m) => m.name ?? m.id)].join(" and ") + (count > 1 ? " are here" : " are here alone")
			tell(people, "open")
		},
		onStatus(line, wait = 0) {
			if (line === "open") tell(people || "Connected", line)
			else tell({ connecting: "Connecting", waiting: `Connecting again in ${Math.ceil(wait / 1000)} s`, closed: "Closed" }[line], line)
		},
		onProblem: (problem) => tell(problem.detail ?? "The chat is closed.", "closed"),
	})

	const submit = async (event: SubmitEvent): Promise<void> => {
		event.preventDefault()
		event.stopPropagation()
		const text = field.value.trim()
		if (!text) return
		field.value = ""
		const item = itemOf({ by: props.you, text, at: Date.now() / 1000 })
		item.classList.add("waits")
		const mine = { text, item, sent: false }
		waiting.push(mine)
		show(item)
		const ack = await room.send({ text })
		mine.sent = ack.ok
		if (ack.ok) return
		told((w) => w === mine)
		field.value ||= text
		tell(ack.problem.errors?.[0]?.detail ?? ack.problem.detail ?? "It was not sent.", "closed")
	}
	form.addEventListener("submit", submit)
	bottom()

	return () => {
		form.removeEventListener("submit", submit)
		room.close()
	}
}
