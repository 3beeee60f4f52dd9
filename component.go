// Components: values that render themselves as HTML.

package gorgon

import (
	"context"
	"html"
	"io"
)

// A Component renders itself as HTML. Every templ component is a Component.
type Component interface {
	Render(ctx context.Context, w io.Writer) error
}

// View converts a function that returns a specific component type into one
// that returns a Component, as [Page.View] requires:
//
//	View: gorgon.View(productPage), // a templ component: func(Product) templ.Component
func View[S any, C Component](view func(S) C) func(S) Component {
	return func(s S) Component { return view(s) }
}

// ComponentFunc is an adapter that makes a function a [Component].
type ComponentFunc func(ctx context.Context, w io.Writer) error

// Render calls f.
func (f ComponentFunc) Render(ctx context.Context, w io.Writer) error { return f(ctx, w) }

// Text is a component of plain text; characters with a meaning in HTML are
// escaped.
type Text string

// Render writes the escaped text.
func (t Text) Render(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, html.EscapeString(string(t)))
	return err
}

// HTML is a component of trusted markup, written without escaping.
type HTML string

// Render writes the markup.
func (h HTML) Render(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, string(h))
	return err
}

// Execute returns a component that executes a template with data, for
// html/template:
//
//	gorgon.Execute(tmpl.Lookup("product.html"), product)
//
// A template that writes URLs needs the context; give it the functions of the
// page being rendered:
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

// Funcs returns the functions "url", "page", "file" and "asset" for a
// template; they call [URL], [PathURL], [FileURL] and [Asset] with ctx. To
// parse a template, use Funcs(context.Background()), so that the names are
// defined.
func Funcs(ctx context.Context) map[string]any {
	return map[string]any{
		"url":   func(reference string) string { return URL(ctx, reference) },
		"page":  func(path string) string { return PathURL(ctx, path) },
		"file":  func(path string) string { return FileURL(ctx, path) },
		"asset": func(name string) (string, error) { return Asset(ctx, name) },
	}
}
