// Islands: interactive parts of a page.

package gorgon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"html"
	"io"

	"github.com/gorgon-go/gorgon/viewctx"
)

// On says when an island's module is loaded.
type On string

// Moments at which an island's module is loaded.
const (
	OnLoad    On = "load"    // with the page
	OnIdle    On = "idle"    // when the browser is idle
	OnVisible On = "visible" // when the island becomes visible
	OnMedia   On = "media"   // when Media matches
)

// An Island is a component that the server renders and a module of
// [Assets.Files] makes interactive in the browser. The browser calls the
// module's default export with the element and the props; it may return a
// function to call when the island leaves the page. Without JavaScript the
// server's HTML stays.
//
//	gorgon.Island{Module: "counter.ts", On: gorgon.OnVisible, Props: Counter{Start: 3}, View: counter(3)}
//
// For modules loaded with the page or when idle, the page's head lists all
// that they import, so that the browser fetches them in parallel. Other
// modules are not preloaded, since they may never be needed.
type Island struct {
	Module string    // the name of an asset
	On     On        // default: OnLoad, or OnMedia if Media is set
	Media  string    // a media query, "(min-width: 40em)"; for OnMedia only
	Props  any       // passed to the module as JSON. Default: null
	View   Component // the HTML before the module loads. Default: none
	Wasm   bool      // the module compiles WebAssembly, which the page's Content-Security-Policy then allows
}

// Render writes the island and records what the page needs for it.
func (i Island) Render(ctx context.Context, w io.Writer) error {
	on := i.On
	switch {
	case on == "" && i.Media != "":
		on = OnMedia
	case on == "":
		on = OnLoad
	}
	src, err := Asset(ctx, i.Module)
	fail := func(err error, hint string) error {
		return &Error{Op: "island", Path: i.Module, Err: err, Hint: hint}
	}
	switch {
	case err != nil:
		return err
	case on != OnLoad && on != OnIdle && on != OnVisible && on != OnMedia:
		return fail(errors.New("On is "+string(on)), "use OnLoad, OnIdle, OnVisible or OnMedia")
	case (on == OnMedia) != (i.Media != ""):
		return fail(errors.New("OnMedia and Media belong together"), "set both, or neither")
	}
	props, err := json.Marshal(i.Props)
	if err != nil {
		return fail(err, "use Props that encoding/json can write")
	}
	uses := viewctx.UsesOf(ctx)
	uses.Runtime = true
	uses.Wasm = uses.Wasm || i.Wasm
	if on == OnLoad || on == OnIdle {
		site := viewctx.SiteOf(ctx)
		uses.Module(src)
		for _, path := range site.Assets.Imports[i.Module] {
			uses.Module(site.FileURL(path))
		}
	}
	var b bytes.Buffer
	b.WriteString(`<gorgon-island src="` + html.EscapeString(src) + `" on="` + string(on) + `"`)
	if i.Media != "" {
		b.WriteString(` media="` + html.EscapeString(i.Media) + `"`)
	}
	b.WriteString(">")
	if _, err := w.Write(b.Bytes()); err != nil {
		return err
	}
	if i.View != nil {
		if err := i.View.Render(ctx, w); err != nil {
			return err
		}
	}
	b.Reset()
	b.WriteString(`<script type="application/json">`)
	json.HTMLEscape(&b, props)
	b.WriteString("</script></gorgon-island>")
	_, err = w.Write(b.Bytes())
	return err
}
