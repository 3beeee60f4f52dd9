// The app: a page with islands in TypeScript, in Preact and in Go.

package main

import (
	"context"
	"embed"
	"html"
	"io"
	"io/fs"

	"github.com/gorgon-go/gorgon"
)

//go:embed all:assets
var embedded embed.FS

func app() gorgon.App {
	assets, err := fs.Sub(embedded, "assets")
	if err != nil {
		panic(err) // the name is not a valid path
	}
	return gorgon.App{
		Name: "islands",
		Assets: gorgon.Assets{
			Files:       assets,
			NodeModules: "examples/islands/node_modules",
			Programs:    map[string]string{"life.wasm": "./examples/islands/life"},
		},
		Layout: layout,
		Parts: []gorgon.Part{
			page("/", "A page without islands", gorgon.Text("It loads no script.")),
			page("/counter", "TypeScript", gorgon.Island{Module: "counter.ts", On: gorgon.OnVisible, Props: map[string]int{"start": 3}, View: gorgon.HTML("<button>3</button>")}),
			page("/todo", "Preact", gorgon.Island{Module: "todo.tsx", Props: map[string][]string{"items": {"milk", "bread", "</script>"}}}),
			page("/life", "Go", gorgon.Island{Module: "life.ts", On: gorgon.OnIdle, Wasm: true, Props: map[string][][2]int{"cells": {{1, 0}, {2, 1}, {0, 2}, {1, 2}, {2, 2}}},
				View: gorgon.HTML(`<canvas width="16" height="16"></canvas>`)}),
		},
	}
}

func page(path, title string, main gorgon.Component) gorgon.Part {
	return gorgon.Page[struct{}]{
		Path: path,
		Head: func(struct{}) gorgon.Head { return gorgon.Head{Title: title} },
		View: func(struct{}) gorgon.Component { return main },
	}
}

func layout(d gorgon.Document) gorgon.Component {
	return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		css, err := gorgon.Asset(ctx, "app.css")
		if err != nil {
			return err
		}
		for _, c := range []gorgon.Component{
			gorgon.HTML(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="` + html.EscapeString(css) + `">`),
			d.Head,
			gorgon.HTML(`</head><body><h1>` + html.EscapeString(d.Title) + `</h1><main>`),
			d.Main,
			gorgon.HTML(`</main></body></html>`),
		} {
			if err := c.Render(ctx, w); err != nil {
				return err
			}
		}
		return nil
	})
}
