// Islands: parts of a page that a module brings to life.

package gorgon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"html"
	"io"
)

// On says when an island's module is loaded.
type On string

// Moments at which an island's module is loaded.
const (
	OnLoad    On = "load"    // with the page
	OnIdle    On = "idle"    // once the browser has nothing better to do
	OnVisible On = "visible" // once the island is seen
	OnMedia   On = "media"   // once Media matches
)

// An Island is a component whose HTML is the server's, and which a module of
// [App.Assets] takes over in the browser: its default export is called with
// the element and the props, and may return a function that is called when
// the island leaves the page. Without JavaScript the server's HTML stays.
//
//	gorgon.Island{Module: "counter.ts", On: gorgon.OnVisible, Props: Counter{Start: 3}, View: counter(3)}
//
// What is loaded with the page or when it is idle is announced in the page's
// head with all that it imports, so that nothing is fetched in series. What
// may never be needed is not fetched ahead.
type Island struct {
	Module string    // the name of an asset
	On     On        // default: OnLoad, or OnMedia where there is a Media
	Media  string    // a media query, "(min-width: 40em)"; for OnMedia alone
	Props  any       // for the module, as JSON. Default: null
	View   Component // the HTML until then. Default: none
	Wasm   bool      // the module compiles WebAssembly, which the page's Content-Security-Policy then allows
}

// Render writes the island and notes what the page needs for it.
func (i Island) Render(ctx context.Context, w io.Writer) error {
	on := i.On
	switch {
	case on == "" && i.Media != "":
		on = OnMedia
	case on == "":
		on = OnLoad
	}
	src, err := Asset(ctx, i.Module)
	fail := func(err error, mend string) error {
		return &Error{Op: "island", Path: i.Module, Err: err, Mend: mend}
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
	uses := UsesOf(ctx)
	uses.Runtime = true
	uses.Wasm = uses.Wasm || i.Wasm
	if on == OnLoad || on == OnIdle {
		site := siteOf(ctx)
		uses.Module(src)
		for _, path := range site.Assets.Imports[i.Module] {
			uses.Module(site.Base + EscapePath(path))
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
