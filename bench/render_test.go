// Making one page: the view alone, the entry, and the entry as bytes.

package main

import (
	"bytes"
	"context"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
)

func BenchmarkView(b *testing.B) {
	for name, document := range map[string]func(int) gorgon.Document{"table": tableDocument, "note": noteDocument} {
		b.Run(name, func(b *testing.B) {
			var buf bytes.Buffer
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				buf.Reset()
				if err := layout(document(i)).Render(context.Background(), &buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkMake(b *testing.B) {
	const n = 1000
	app := site(n, n)
	definitions := app.Definitions()
	for _, page := range []struct {
		name string
		at   int
		path func(int) string
	}{{"table", 0, tablePath}, {"note", 1, notePath}} {
		for _, effort := range []compress.Effort{compress.None, compress.Fast, compress.Good} {
			b.Run(page.name+"/"+effort.String(), func(b *testing.B) {
				r := &render.Renderer{App: app, Build: "bench", Effort: effort}
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					if _, err := r.Make(context.Background(), render.Task{Page: definitions[page.at], Path: page.path(i % n)}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkEntry(b *testing.B) {
	app := site(1, 0)
	r := &render.Renderer{App: app, Build: "bench"}
	e, err := r.Make(context.Background(), render.Task{Page: app.Definitions()[0], Path: tablePath(0)})
	if err != nil {
		b.Fatal(err)
	}
	data, err := e.Encode()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := e.Encode(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := pages.Decode(data); err != nil {
				b.Fatal(err)
			}
		}
	})
}
