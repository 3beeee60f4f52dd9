// Where head and main are in a document, whatever the layout is written in.

package render_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"html/template"
	"io"
	"strings"
	"testing"

	"github.com/a-h/templ"
	templruntime "github.com/a-h/templ/runtime"

	"github.com/gorgon-go/gorgon"
)

// templComponent writes like the code that templ generates: through a buffer of
// its own, unless it is given one.
func templComponent(body func(ctx context.Context, w *templruntime.Buffer) error) templ.Component {
	return templruntime.GeneratedTemplate(func(in templruntime.GeneratedComponentInput) (err error) {
		buffer, existing := templruntime.GetBuffer(in.Writer)
		if !existing {
			defer func() {
				if e := templruntime.ReleaseBuffer(buffer); err == nil {
					err = e
				}
			}()
		}
		return body(in.Context, buffer)
	})
}

// inOrder is a layout that places text and parts in order, through a writer.
func inOrder(wrap func(io.Writer) (io.Writer, func() error), order func(gorgon.Document) []any) func(gorgon.Document) gorgon.Component {
	return func(d gorgon.Document) gorgon.Component {
		return component(func(ctx context.Context, w io.Writer) error {
			w, end := wrap(w)
			for _, part := range order(d) {
				switch p := part.(type) {
				case string:
					if _, err := io.WriteString(w, p); err != nil {
						return err
					}
				case gorgon.Component:
					if err := p.Render(ctx, w); err != nil {
						return err
					}
				}
			}
			return end()
		})
	}
}

var page = template.Must(template.New("").Parse(`<html lang="{{.Locale}}"><head>a {{.Head}}</head><body>hello <main>{{.Main}}</main></body></html>`))

func TestSpans(t *testing.T) {
	direct := func(w io.Writer) (io.Writer, func() error) { return w, func() error { return nil } }
	buffered := func(w io.Writer) (io.Writer, func() error) { b := bufio.NewWriter(w); return b, b.Flush }
	held := func(w io.Writer) (io.Writer, func() error) {
		var b bytes.Buffer
		return &b, func() error { _, err := b.WriteTo(w); return err }
	}
	heldAndFlushed := func(w io.Writer) (io.Writer, func() error) {
		var b bytes.Buffer
		f := bufio.NewWriter(&b)
		return f, func() error { f.Flush(); _, err := b.WriteTo(w); return err }
	}
	usual := func(d gorgon.Document) []any {
		return []any{"<html><head>a ", d.Head, "</head><body>hello <main>", d.Main, "</main></body></html>"}
	}
	// The text of main also occurs before it, so that searching for it is
	// wrong.
	turned := func(d gorgon.Document) []any {
		return []any{"<html><body>hello <main>", d.Main, "</main></body><head>a ", d.Head, "</head></html>"}
	}
	mixed := func(first, second func(io.Writer) (io.Writer, func() error)) func(gorgon.Document) gorgon.Component {
		return func(d gorgon.Document) gorgon.Component {
			return component(func(ctx context.Context, w io.Writer) error {
				one := inOrder(first, func(gorgon.Document) []any { return []any{"hello a ", d.Main, "-"} })
				two := inOrder(second, func(gorgon.Document) []any { return []any{"+", d.Head, "!"} })
				if err := one(d).Render(ctx, w); err != nil {
					return err
				}
				return two(d).Render(ctx, w)
			})
		}
	}
	layouts := map[string]func(gorgon.Document) gorgon.Component{
		"none":             nil,
		"direct":           inOrder(direct, usual),
		"direct, turned":   inOrder(direct, turned),
		"buffered":         inOrder(buffered, usual),
		"buffered, turned": inOrder(buffered, turned),
		"held":             inOrder(held, usual),
		"held, turned":     inOrder(held, turned),
		"held and flushed": inOrder(heldAndFlushed, turned),
		"held, direct":     mixed(held, direct),
		"direct, held":     mixed(direct, held),
		"templ": func(d gorgon.Document) gorgon.Component {
			return templComponent(func(ctx context.Context, w *templruntime.Buffer) error {
				return inOrder(direct, usual)(d).Render(ctx, w)
			})
		},
		"templ in templ": func(d gorgon.Document) gorgon.Component {
			return templComponent(func(ctx context.Context, w *templruntime.Buffer) error {
				inner := templComponent(func(ctx context.Context, w *templruntime.Buffer) error {
					return inOrder(direct, turned)(d).Render(ctx, w)
				})
				return inner.Render(ctx, w)
			})
		},
		"html/template": func(d gorgon.Document) gorgon.Component {
			return component(func(ctx context.Context, w io.Writer) error {
				var data struct {
					Locale     string
					Head, Main template.HTML
				}
				for _, p := range []struct {
					from gorgon.Component
					to   *template.HTML
				}{{d.Head, &data.Head}, {d.Main, &data.Main}} {
					var b strings.Builder
					if err := p.from.Render(ctx, &b); err != nil {
						return err
					}
					*p.to = template.HTML(b.String())
				}
				return gorgon.Execute(page, data).Render(ctx, w)
			})
		},
		"templ.ToGoHTML": func(d gorgon.Document) gorgon.Component {
			return component(func(ctx context.Context, w io.Writer) error {
				html, err := templ.ToGoHTML(ctx, templComponent(func(ctx context.Context, w *templruntime.Buffer) error {
					return inOrder(direct, turned)(d).Render(ctx, w)
				}))
				if err != nil {
					return err
				}
				_, err = io.WriteString(w, string(html))
				return err
			})
		},
	}
	mains := map[string]gorgon.Component{
		"hello": gorgon.Text("hello"), "a": gorgon.Text("a"), "": gorgon.Text(""),
		"<b>hello</b>": templComponent(func(_ context.Context, w *templruntime.Buffer) error {
			_, err := w.WriteString("<b>hello</b>")
			return err
		}),
		"<i>7</i>": gorgon.Execute(template.Must(template.New("").Parse("<i>{{.}}</i>")), 7),
	}
	for name, l := range layouts {
		for want, main := range mains {
			for _, title := range []string{"", "a", "hello"} {
				t.Run(fmt.Sprintf("%s/%s/%s", name, want, title), func(t *testing.T) {
					def := pageOf(func(p *gorgon.Page[state]) {
						p.View = func(state) gorgon.Component { return main }
						p.Head = func(state) gorgon.Head { return gorgon.Head{Title: title} }
					})
					e := mustMake(t, renderer(layout(l)), def)
					if got := string(e.Main.Of(e.HTML)); got != want {
						t.Errorf("main is %q, want %q", got, want)
					}
					head := ""
					if title != "" {
						head = "<title>" + title + "</title>"
					}
					if got := string(e.Head.Of(e.HTML)); got != head {
						t.Errorf("head is %q, want %q", got, head)
					}
					if strings.Contains(string(e.HTML), "gorgon-") {
						t.Errorf("a mark is left: %s", e.HTML)
					}
					for _, s := range []struct {
						at     int
						before string
					}{{e.Main.Start, "<main>"}, {e.Head.Start, "<head>a "}} {
						if name != "none" && !strings.HasPrefix(name, "held, d") && !strings.HasPrefix(name, "direct, h") && !strings.HasSuffix(string(e.HTML[:s.at]), s.before) {
							t.Errorf("at %d of %q does not come after %q", s.at, e.HTML, s.before)
						}
					}
				})
			}
		}
	}
}

func TestLayoutPlacesPartsOnce(t *testing.T) {
	direct := func(w io.Writer) (io.Writer, func() error) { return w, func() error { return nil } }
	for name, c := range map[string]struct {
		order func(gorgon.Document) []any
		says  []string
	}{
		"no main":   {func(d gorgon.Document) []any { return []any{d.Head} }, []string{"Main", "0 times"}},
		"no head":   {func(d gorgon.Document) []any { return []any{d.Main} }, []string{"Head", "0 times"}},
		"two mains": {func(d gorgon.Document) []any { return []any{d.Head, d.Main, "and", d.Main} }, []string{"Main", "2 times"}},
		"two heads": {func(d gorgon.Document) []any { return []any{d.Head, d.Head, d.Main} }, []string{"Head", "2 times"}},
		"nothing":   {func(d gorgon.Document) []any { return nil }, []string{"0 times"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := makePage(t, renderer(layout(inOrder(direct, c.order))), pageOf())
			wantFault(t, err, append(c.says, "/p/1", "place it once")...)
		})
	}
	t.Run("changed", func(t *testing.T) {
		_, err := makePage(t, renderer(layout(func(d gorgon.Document) gorgon.Component {
			return component(func(ctx context.Context, w io.Writer) error {
				var b strings.Builder
				_ = d.Head.Render(ctx, &b)
				_ = d.Main.Render(ctx, &b)
				_, err := io.WriteString(w, strings.ToUpper(b.String()))
				return err
			})
		})), pageOf())
		wantFault(t, err, "/p/1", "layout changed")
	})
	t.Run("fails", func(t *testing.T) {
		_, err := makePage(t, renderer(layout(func(gorgon.Document) gorgon.Component {
			return component(func(context.Context, io.Writer) error { return fmt.Errorf("no ink") })
		})), pageOf())
		wantFault(t, err, "/p/1", "no ink")
	})
}
