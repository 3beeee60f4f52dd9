// An island in Preact, from npm.

import { render } from "preact"
import { useState } from "preact/hooks"

function Todo({ items }: { items: string[] }) {
	const [done, setDone] = useState<string[]>([])
	return (
		<ul>
			{items.map((item) => (
				<li key={item}>
					<label>
						<input type="checkbox" checked={done.includes(item)} onChange={() => setDone([...done, item])} /> {item}
					</label>
				</li>
			))}
			<li>{items.length - done.length} to do</li>
		</ul>
	)
}

export default function (element: HTMLElement, props: { items: string[] }) {
	render(<Todo {...props} />, element)
	return () => render(null, element)
}
