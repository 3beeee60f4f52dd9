// What the parts of a page ask of the document around them.

package viewctx

import (
	"context"
	"slices"
)

// Uses are what the views of one document turn out to need around them. The
// machines put one into the context of every document they render, and write
// what it says into the document's head once all of it is rendered: so a page
// carries no script that nothing on it needs. A document is rendered by one
// goroutine.
type Uses struct {
	Runtime bool     // the browser runtime: an island, or a deferred fragment
	Modules []string // URLs of modules that will be loaded, to be fetched with the document
	Scripts []string // digests of inline scripts, as Content-Security-Policy writes them: "sha256-…"
	Styles  []string // the same of inline styles
	Wasm    bool     // a module compiles WebAssembly
	Form    bool     // a form that may be refused, and shown again with what was typed
	// Regions are those of the layout so far, by name; nil while there can be
	// none: a view is rendered, or nothing exchanges them.
	Regions map[string]bool
	Nonce   string // what inline scripts and styles are let in by, where the document is for one request alone; "" for digests
}

type usesKey struct{}

// WithUses returns a context whose views note in uses what they need.
func WithUses(ctx context.Context, uses *Uses) context.Context {
	return context.WithValue(ctx, usesKey{}, uses)
}

// UsesOf is what the document of a view uses; outside of a document, what is
// noted in it is dropped.
func UsesOf(ctx context.Context) *Uses {
	if u, ok := ctx.Value(usesKey{}).(*Uses); ok {
		return u
	}
	return new(Uses)
}

// Module notes a module that will be loaded.
func (u *Uses) Module(url string) {
	u.Runtime = true
	if !slices.Contains(u.Modules, url) {
		u.Modules = append(u.Modules, url)
	}
}

// RegionMarks are the comments around a region of the layout, by which the
// browser finds it.
func RegionMarks(name string) (begin, end string) {
	return "<!--gorgon:" + name + "-->", "<!--/gorgon:" + name + "-->"
}
