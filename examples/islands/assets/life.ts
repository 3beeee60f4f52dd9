// An island in Go: its program is compiled to WebAssembly, and draws into a
// canvas.

import "./_wasm_exec.js"
import url from "./life.wasm"

declare const Go: any

export default async function (element: HTMLElement, props: { cells: [number, number][] }) {
	const go = new Go()
	const { instance } = await WebAssembly.instantiateStreaming(fetch(url), go.importObject)
	;(element as any).props = JSON.stringify(props)
	element.dataset.life = "waiting"
	go.run(instance)
	;(globalThis as any).life(element)
}
