// An island in plain TypeScript: the server's HTML, with a button that works.

interface Props {
	start: number
}

export default function (element: HTMLElement, props: Props) {
	const button = element.querySelector("button")!
	let count = props.start
	const more = () => (button.textContent = String(++count))
	button.addEventListener("click", more)
	return () => button.removeEventListener("click", more)
}
