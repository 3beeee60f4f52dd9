// Package site is the app of the end-to-end tests: a page of each kind.
package site

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing/fstest"
	"time"

	"github.com/gorgon-go/gorgon"
)

// App is the app over a directory of levers. Its timed pages are made again
// after an interval.
func App(levers Levers, interval time.Duration) gorgon.App {
	load := func(ctx context.Context, in gorgon.Input) (State, error) {
		data, err := levers.Work(ctx, in.Path)
		if err == nil && strings.HasPrefix(in.PathValue("name"), "no-") {
			err = gorgon.NotFound()
		}
		return State{Path: in.Path, Data: data, Text: text(in.Path)}, err
	}
	request := func(ctx context.Context, in gorgon.Input, _ *http.Request) (State, error) { return load(ctx, in) }
	tags := func(State) []string { return []string{"all-made"} }
	list := func(paths ...string) func(context.Context, gorgon.Input) ([]string, error) {
		return func(context.Context, gorgon.Input) ([]string, error) { return paths, nil }
	}
	return gorgon.App{
		Name: "site",
		Assets: gorgon.Assets{
			Files:  fstest.MapFS{"site.css": {Data: []byte("article { overflow-wrap: anywhere } /*! version " + Version + " */")}},
			Static: fstest.MapFS{"humans.txt": {Data: []byte("people")}},
		},
		Layout: layout,
		Parts: append(values(levers),
			gorgon.Page[string]{Path: "/", View: home},
			gorgon.Page[State]{Path: "/about", Load: load, View: view},
			gorgon.Page[State]{Path: "/notes/{name}", Load: load, View: view,
				Paths: list("/notes/one", "/notes/two & three", "/notes/käse", "/notes/big")},
			gorgon.Page[State]{Path: "/made/{name}", Load: load, Incremental: true, Tags: tags, View: view},
			gorgon.Page[State]{Path: "/brief/{name}", Load: load, Incremental: true, Tags: tags, Timeout: 3 * time.Second, View: view},
			gorgon.Page[State]{Path: "/mixed/{name}", Load: load, Paths: list("/mixed/listed"), Incremental: true, View: view},
			gorgon.Page[State]{Path: "/timed/{name}", Load: load, Incremental: true, RevalidateAfter: interval, Tags: tags, View: view},
			gorgon.Page[State]{Path: "/asked/{name}", LoadRequest: request, View: view},
			gorgon.Handler{Pattern: "GET /goroutines", Handler: http.HandlerFunc(goroutines)},
		),
	}
}

// links are the addresses on the home page: of each kind of page and file.
var links = []string{
	"/", "/about", "/notes/one", "/notes/two & three", "/notes/käse", "/notes/big", "/mixed/listed", "/humans.txt",
	"/mixed/unlisted", "/made/one", "/timed/one", "/asked/one?q=2#there",
}

func home(string) gorgon.Component {
	return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		var b strings.Builder
		for _, l := range links {
			fmt.Fprintf(&b, `<a href="%s">%[1]s</a> `, html.EscapeString(gorgon.URL(ctx, l)))
		}
		b.WriteString(`<a href="https://example.com/docs/elsewhere">elsewhere</a> <a href="#top">top</a>`)
		_, err := io.WriteString(w, b.String())
		return err
	})
}

func layout(d gorgon.Document) gorgon.Component {
	return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		css, err := gorgon.Asset(ctx, "site.css")
		if err != nil {
			return err
		}
		fmt.Fprintf(w, `<!doctype html><html><head><meta charset="utf-8"><link rel="stylesheet" href="%s">`, css)
		if err := d.Head.Render(ctx, w); err != nil {
			return err
		}
		fmt.Fprintf(w, `</head><body><a href="%s">home</a>`, gorgon.URL(ctx, "/"))
		if err := d.Main.Render(ctx, w); err != nil {
			return err
		}
		_, err = io.WriteString(w, `</body></html>`)
		return err
	})
}

// goroutines answers with how many there are.
func goroutines(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, strconv.Itoa(runtime.NumGoroutine()))
}
