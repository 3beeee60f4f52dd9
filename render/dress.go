// What the document around a page's parts says to the browser runtime.

package render

import (
	"bytes"
	"context"
	"encoding/json"
	"html"
	"net/http"
	"slices"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
)

// RuntimeAsset is the name of the browser runtime among a site's assets.
const RuntimeAsset = "_gorgon/runtime.js"

// Marks around the parts that navigation replaces.
const (
	headMark, headEnd = "<!--gorgon:head-->", "<!--/gorgon:head-->"
	mainMark, mainEnd = "<!--gorgon:main-->", "<!--/gorgon:main-->"
)

// runtime says whether a document carries the browser runtime.
func (r *Renderer) runtime(u pages.Uses) bool {
	return (r.App.Navigation != nil || u.Runtime) && r.Site.Assets.Paths[RuntimeAsset] != ""
}

// Dress writes into a document what the browser needs beside its parts, where
// it needs anything, and the policy for what is inline. A document is dressed
// once, when it is known all that is put into it.
// It is kept by browsers for the way back, unless it is made for a request.
func (r *Renderer) Dress(e *pages.Entry, kept bool) {
	uses := &gorgon.Uses{Scripts: e.Uses.Scripts, Styles: e.Uses.Styles, Wasm: e.Uses.Wasm}
	if policy := Policy(r.App.Headers, uses); policy != nil && e.Header["Content-Security-Policy"] == nil {
		e.Header = e.Header.Clone()
		e.Header["Content-Security-Policy"] = policy
	}
	if r.runtime(e.Uses) {
		insert(e, r.tags(e.Uses, e.Key.Locale, kept), r.popup(e.Key.Locale))
	}
}

// insert puts the marks around head and main, tags behind the head, and the
// popup behind the main part.
func insert(e *pages.Entry, tags, popup string) {
	type edit struct {
		at    int
		text  string
		part  string
		end   bool
		empty bool // of the part
	}
	edits := []edit{
		{e.Head.Start, headMark, "head", false, false}, {e.Head.End, headEnd + tags, "head", true, e.Head.Start == e.Head.End},
		{e.Main.Start, mainMark, "main", false, false}, {e.Main.End, mainEnd + popup, "main", true, e.Main.Start == e.Main.End},
	}
	slices.SortStableFunc(edits, func(a, b edit) int { return a.at - b.at })
	holes := slices.Clone(e.Holes)
	for i, h := range e.Holes {
		for _, edit := range edits {
			within := h.In == edit.part
			if edit.at < h.At || edit.at == h.At && (!edit.end && within || edit.end && !within && !edit.empty) {
				holes[i].At += len(edit.text)
			}
		}
	}
	var out bytes.Buffer
	out.Grow(len(e.HTML) + len(tags) + 80)
	from := 0
	head, main := e.Head, e.Main
	for _, edit := range edits {
		out.Write(e.HTML[from:edit.at])
		from = edit.at
		span := &head
		if edit.part == "main" {
			span = &main
		}
		if edit.end {
			span.End = out.Len()
		}
		out.WriteString(edit.text)
		if !edit.end {
			span.Start = out.Len()
		}
	}
	out.Write(e.HTML[from:])
	e.HTML, e.Head, e.Main, e.Holes = out.Bytes(), head, main, holes
}

// popup is what the browser shows over a page that stays as it is, when the
// next one cannot be fetched: the app's error view, in a dialog that is closed
// until then. An error view that fails is left out: then the browser says it.
func (r *Renderer) popup(locale string) string {
	if r.App.Navigation == nil {
		return ""
	}
	if made, ok := r.popups.Load(locale); ok {
		return made.(string)
	}
	html, err := r.failure(context.Background(), r.App, nil, gorgon.Failure{
		Status: http.StatusServiceUnavailable, Title: http.StatusText(http.StatusServiceUnavailable), Locale: locale, Position: gorgon.InPopup,
	})
	text := ""
	if err == nil {
		text = `<dialog id="gorgon-error">` + string(html) + `<form method="dialog"><button>OK</button></form></dialog>`
	}
	r.popups.Store(locale, text)
	return text
}

// More are the tags for what needs more than a document has said already.
func (r *Renderer) More(said, more pages.Uses, locale string) string {
	if r.runtime(said) || !r.runtime(more) {
		return ""
	}
	return r.tags(more, locale, false)
}

// tags are the elements that start the runtime.
func (r *Renderer) tags(u pages.Uses, locale string, kept bool) string {
	type config struct {
		Build       string `json:"build"`
		Base        string `json:"base"`
		Navigate    bool   `json:"navigate"`
		Prefetch    string `json:"prefetch,omitempty"`
		Timeout     int64  `json:"timeout,omitempty"`
		Transitions bool   `json:"transitions,omitempty"`
		Locale      string `json:"locale,omitempty"` // of the layout: another one loads another document
		Keep        bool   `json:"keep,omitempty"`   // the document, for the way back
	}
	c := config{Build: r.Build, Base: r.Site.Base, Locale: locale, Keep: kept}
	if n := r.App.Navigation; n != nil {
		c.Navigate, c.Prefetch, c.Timeout, c.Transitions = true, "intent", 10_000, n.Transitions
		if n.Prefetch != "" {
			c.Prefetch = n.Prefetch
		}
		if n.Timeout > 0 {
			c.Timeout = int64(n.Timeout / time.Millisecond)
		}
	}
	data, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings, numbers and truth
	}
	b := `<meta name="gorgon" content="` + html.EscapeString(string(data)) + `">` +
		`<script type="module" src="` + html.EscapeString(r.asset(RuntimeAsset)) + `"></script>`
	for _, m := range u.Modules {
		b += `<link rel="modulepreload" href="` + html.EscapeString(m) + `">`
	}
	return b
}

func (r *Renderer) asset(name string) string {
	return r.Site.Base + gorgon.EscapePath(r.Site.Assets.Paths[name])
}

// Join adds what another piece of HTML needs.
func Join(a, b pages.Uses) pages.Uses {
	add := func(to []string, more []string) []string {
		to = slices.Clip(to)
		for _, m := range more {
			if !slices.Contains(to, m) {
				to = append(to, m)
			}
		}
		return to
	}
	return pages.Uses{
		Runtime: a.Runtime || b.Runtime, Wasm: a.Wasm || b.Wasm,
		Modules: add(a.Modules, b.Modules), Scripts: add(a.Scripts, b.Scripts), Styles: add(a.Styles, b.Styles),
	}
}
