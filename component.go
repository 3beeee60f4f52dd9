// What can be rendered: the one method that templ components already have.

package gorgon

import (
	"context"
	"html"
	"io"
)

// A Component writes itself as HTML. A templ component is one as it stands.
type Component interface {
	Render(ctx context.Context, w io.Writer) error
}

// View turns a function that returns some kind of component into one that
// returns a Component, which is what [Page.View] takes:
//
//	View: gorgon.View(productPage), // a templ component: func(Product) templ.Component
func View[S any, C Component](view func(S) C) func(S) Component {
	return func(s S) Component { return view(s) }
}

// ComponentFunc is a function that is a [Component].
type ComponentFunc func(ctx context.Context, w io.Writer) error

// Render calls f.
func (f ComponentFunc) Render(ctx context.Context, w io.Writer) error { return f(ctx, w) }

// Text is a component of plain text; what HTML would read as markup is escaped.
type Text string

// Render writes the escaped text.
func (t Text) Render(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, html.EscapeString(string(t)))
	return err
}

// HTML is a component of markup that is trusted and written as it stands.
type HTML string

// Render writes the markup.
func (h HTML) Render(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, string(h))
	return err
}

// Execute makes a component of a template and its data, for html/template:
//
//	gorgon.Execute(tmpl.Lookup("product.html"), product)
//
// A template that makes addresses needs the context; give it the functions
// of the page that is rendered:
//
//	gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
//		t, err := tmpl.Clone()
//		if err != nil {
//			return err
//		}
//		return t.Funcs(gorgon.Funcs(ctx)).Execute(w, product)
//	})
//
// The parameter is an interface so that an app without html/template does
// not link it.
func Execute(t interface {
	Execute(w io.Writer, data any) error
}, data any) Component {
	return ComponentFunc(func(_ context.Context, w io.Writer) error { return t.Execute(w, data) })
}

// Funcs are the functions "url" and "asset" for a template, as [URL] and
// [Asset] are for other views. Parse templates with those of
// context.Background(), so that the names are known.
func Funcs(ctx context.Context) map[string]any {
	return map[string]any{
		"url":   func(path string) string { return URL(ctx, path) },
		"asset": func(name string) (string, error) { return Asset(ctx, name) },
	}
}
