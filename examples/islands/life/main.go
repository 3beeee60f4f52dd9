//go:build js && wasm

// Command life plays Conway's game in the browser, one generation for each
// click.
package main

import (
	"encoding/json"
	"strconv"
	"syscall/js"
)

const size = 16

type cell [2]int

func main() {
	js.Global().Set("life", js.FuncOf(func(_ js.Value, args []js.Value) any {
		start(args[0])
		return nil
	}))
	select {} // what is called lives as long as the page
}

func start(element js.Value) {
	var props struct{ Cells []cell }
	if err := json.Unmarshal([]byte(element.Get("props").String()), &props); err != nil {
		element.Get("dataset").Set("life", err.Error())
		return
	}
	alive := map[cell]bool{}
	for _, c := range props.Cells {
		alive[c] = true
	}
	canvas := element.Call("querySelector", "canvas")
	draw(element, canvas, alive)
	canvas.Call("addEventListener", "click", js.FuncOf(func(js.Value, []js.Value) any {
		alive = next(alive)
		draw(element, canvas, alive)
		return nil
	}))
}

func next(alive map[cell]bool) map[cell]bool {
	neighbours := map[cell]int{}
	for c := range alive {
		for dx := -1; dx <= 1; dx++ {
			for dy := -1; dy <= 1; dy++ {
				if dx != 0 || dy != 0 {
					neighbours[cell{(c[0] + dx + size) % size, (c[1] + dy + size) % size}]++
				}
			}
		}
	}
	after := map[cell]bool{}
	for c, n := range neighbours {
		if n == 3 || n == 2 && alive[c] {
			after[c] = true
		}
	}
	return after
}

// draw shows the cells, and says in words how many they are.
func draw(element, canvas js.Value, alive map[cell]bool) {
	context := canvas.Call("getContext", "2d")
	context.Call("clearRect", 0, 0, size, size)
	for c := range alive {
		context.Call("fillRect", c[0], c[1], 1, 1)
	}
	element.Get("dataset").Set("life", strconv.Itoa(len(alive))+" cells")
}
