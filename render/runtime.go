// What the document around a page's parts contains for the browser runtime.

package render

import (
	"bytes"
	"context"
	"encoding/json"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/viewctx"
	"github.com/gorgon-go/gorgon/wire"
)

// Marks around the parts that navigation replaces.
const (
	headMark, headEnd = "<!--gorgon:head-->", "<!--/gorgon:head-->"
	mainMark, mainEnd = "<!--gorgon:main-->", "<!--/gorgon:main-->"
)

// runtime says whether a document contains the browser runtime.
func (r *Renderer) runtime(u pages.Uses) bool {
	return (r.App.Navigation != nil || u.Runtime) && r.Site.Assets.Paths[wire.Runtime] != ""
}

// AddRuntime writes into a document what the browser needs in addition to its
// parts, if it needs anything, and the policy for inline code. It is called once
// for a document, when everything in it is known. Browsers keep the document for
// going back if kept is set.
func (r *Renderer) AddRuntime(e *pages.Entry, kept bool) {
	uses := &viewctx.Uses{Scripts: e.Uses.Scripts, Styles: e.Uses.Styles, Wasm: e.Uses.Wasm}
	if policy := Policy(r.App.Headers, uses); policy != nil && e.Header["Content-Security-Policy"] == nil {
		e.Header = e.Header.Clone()
		e.Header["Content-Security-Policy"] = policy
	}
	if r.runtime(e.Uses) {
		insert(e, r.tags(e.Uses, e.Key.Locale, e.Header, kept))
	}
}

// insert puts the marks around head and main, and the tags after the head.
func insert(e *pages.Entry, tags string) {
	type edit struct {
		at    int
		text  string
		part  string
		end   bool
		empty bool // of the part
	}
	edits := []edit{
		{e.Head.Start, headMark, "head", false, false}, {e.Head.End, headEnd + tags, "head", true, e.Head.Start == e.Head.End},
		{e.Main.Start, mainMark, "main", false, false}, {e.Main.End, mainEnd, "main", true, e.Main.Start == e.Main.End},
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

// unreachable is what the browser shows over the current page when the next one
// cannot be fetched: the app's error view, without headings of its own, since
// it becomes part of a page that has one.
func (r *Renderer) unreachable(locale string) string {
	if made, ok := r.popups.Load(locale); ok {
		return made.(string)
	}
	f := gorgon.Failure{Status: http.StatusServiceUnavailable, Title: http.StatusText(http.StatusServiceUnavailable), Locale: locale, Position: gorgon.InPopup}
	view, err := r.failure(context.Background(), r.App, nil, f)
	if err != nil {
		view = []byte("<p>" + html.EscapeString(f.Title) + "</p>")
	}
	text := headings.ReplaceAllString(string(view), "<${1}p")
	if !strings.Contains(text, `method="dialog"`) {
		text += `<form method="dialog"><button>OK</button></form>`
	}
	r.popups.Store(locale, text)
	return text
}

var headings = regexp.MustCompile(`(?i)<(/?)h[1-6]\b`)

// own says whether a header governs the whole document, so that the page can
// neither be put into another document nor stay for the next page.
func (r *Renderer) own(e pages.Uses, header http.Header) bool {
	for _, name := range []string{
		"Content-Disposition", "Content-Security-Policy-Report-Only", "Cross-Origin-Embedder-Policy", "Cross-Origin-Opener-Policy",
		"Document-Policy", "Origin-Agent-Cluster", "Permissions-Policy", "Referrer-Policy", "Refresh",
	} {
		if len(header[name]) > 0 {
			return true
		}
	}
	if policy := header["Content-Security-Policy"]; policy != nil &&
		!slices.Equal(policy, Policy(r.App.Headers, &viewctx.Uses{Scripts: e.Scripts, Styles: e.Styles, Wasm: e.Wasm})) {
		return true
	}
	kind, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	return kind != "" && !strings.EqualFold(strings.TrimSpace(kind), "text/html")
}

// More returns the tags for what is needed beyond what a document already has.
func (r *Renderer) More(said, more pages.Uses, locale string) string {
	if r.runtime(said) || !r.runtime(more) {
		return ""
	}
	return r.tags(more, locale, nil, false)
}

// tags are the elements that start the runtime.
func (r *Renderer) tags(u pages.Uses, locale string, header http.Header, kept bool) string {
	type config struct {
		Build       string `json:"build"`
		Base        string `json:"base"`
		Navigate    bool   `json:"navigate"`
		Prefetch    string `json:"prefetch,omitempty"`
		Timeout     int64  `json:"timeout,omitempty"`
		Transitions bool   `json:"transitions,omitempty"`
		Failed      string `json:"failed,omitempty"` // HTML for when the server cannot be reached
		Locale      string `json:"locale,omitempty"` // the layout's id: for another one the browser loads another document
		Keep        bool   `json:"keep,omitempty"`   // keep the document, for going back
	}
	c := config{Build: r.Build, Base: gorgon.EscapePath(r.Site.Base), Locale: locale, Keep: kept}
	if n := r.App.Navigation; n != nil && !r.own(u, header) {
		c.Failed = r.unreachable(locale)
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
		panic(err) // strings, numbers and booleans
	}
	b := `<meta name="gorgon" content="` + html.EscapeString(string(data)) + `">` +
		`<script type="module" src="` + html.EscapeString(r.asset(wire.Runtime)) + `"></script>`
	for _, m := range u.Modules {
		b += `<link rel="modulepreload" href="` + html.EscapeString(m) + `">`
	}
	return b
}

// LiveTags are the element around a live part, after one that loads the module for
// it. The src is where a browser gets the part, and the version that of its
// content.
func (r *Renderer) LiveTags(src, version string) (open, close string) {
	return `<gorgon-island src="` + html.EscapeString(r.asset(wire.LiveRuntime)) + `" hidden></gorgon-island>` +
		`<gorgon-live src="` + html.EscapeString(src) + `" data-version="` + version + `">`, "</gorgon-live>"
}

// UseLive notes that a document has a live part.
func (r *Renderer) UseLive(uses *viewctx.Uses) { uses.Module(r.asset(wire.LiveRuntime)) }

// PayloadURL is where a browser gets the payload of a page.
func (r *Renderer) PayloadURL(path, locale string) string {
	return gorgon.EscapePath(r.Site.Base + PayloadPath(r.App.Prefixes().Path(locale, path)))
}

func (r *Renderer) asset(name string) string {
	return gorgon.EscapePath(r.Site.Base + r.Site.Assets.Paths[name])
}

// Join adds the needs of another piece of HTML.
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
