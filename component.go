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
// The parameter is an interface so that an app without html/template does
// not link it.
func Execute(t interface {
	Execute(w io.Writer, data any) error
}, data any) Component {
	return ComponentFunc(func(_ context.Context, w io.Writer) error { return t.Execute(w, data) })
}
