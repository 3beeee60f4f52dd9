// The fragments of a stored page: holes, to be filled when the page is sent.

package render

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html"
	"io"
	"strconv"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/viewctx"
)

// A draft is HTML that is being rendered to be stored. Fragments of its views
// become marks, whose positions are located once all of it is written: views
// may write through buffers of their own, so a position is not known when the
// mark is written.
type draft struct {
	r            *Renderer
	of           *gorgon.Definition
	path, locale string
	bare         bool // it is not an HTML document

	uses  viewctx.Uses
	nonce string // "" until there is a mark
	holes []pages.Hole
	links []pages.Hole // deferred fragments, whose URLs are in the HTML

	html       []byte
	head, main pages.Span
}

// begin returns the context for the draft's views.
func (d *draft) begin(ctx context.Context) context.Context {
	return viewctx.WithSlots(viewctx.WithUses(d.r.siteFor(ctx, d.locale, pathOf(d.of, d.path)), &d.uses), d)
}

// piece renders a fragment.
func (d *draft) piece(ctx context.Context, view gorgon.Component) error {
	if view == nil {
		return errors.New("the view is nil")
	}
	ctx = d.begin(ctx)
	buf := buffers.Get().(*bounded)
	defer buffers.Put(buf)
	buf.buf.Reset()
	buf.limit = d.r.limit()
	if err := view.Render(ctx, buf); err != nil {
		return d.r.tooLarge(err)
	}
	d.html = bytes.Clone(buf.buf.Bytes())
	d.main.End = len(d.html)
	if err := d.removeMarks(); err != nil {
		return err
	}
	d.main = pages.Span{End: len(d.html)}
	return nil
}

// Fill leaves a hole.
func (d *draft) Fill(ctx context.Context, w io.Writer, s viewctx.Slot) error {
	def, err := d.r.fragment(s.Fragment)
	if err != nil {
		return err
	}
	if s.Deferred {
		return d.defers(ctx, w, s)
	}
	if def.RequestTime() && !d.of.AllowRequestTime {
		return &gorgon.Error{Op: "use fragment", Path: s.Fragment,
			Err:  fmt.Errorf("it is made for every request, but %s is stored", called(d.of)),
			Hint: "set AllowRequestTime on " + called(d.of) + ", or on the App if its layout uses the fragment, or use the fragment's Defer",
		}
	}
	if def.Live && !d.bare {
		d.r.UseLive(&d.uses)
	}
	return d.mark(w, pages.HoleHTML, s)
}

// defers writes the element by which the browser fetches a fragment.
func (d *draft) defers(ctx context.Context, w io.Writer, s viewctx.Slot) error {
	if d.bare {
		return CannotDefer(s.Fragment)
	}
	d.uses.Runtime = true
	if d.of.Fragment == "" {
		d.links = append(d.links, pages.Hole{Kind: pages.HoleNone, Fragment: s.Fragment, Props: string(s.Props)})
		return d.r.WriteDeferred(ctx, w, s, d.locale, d.path)
	}
	// The same fragment is on many pages, and a seal is valid for one.
	mark := func(kind string) func() error { return func() error { return d.mark(w, kind, s) } }
	return writeDeferred(ctx, w, s, mark(pages.HoleSrc), mark(pages.HoleHref))
}

// CannotDefer is the error of a page that is not an HTML document and defers a
// fragment, since only a script in a browser could fill it in.
func CannotDefer(fragment string) error {
	return &gorgon.Error{Op: "defer fragment", Path: fragment, Err: errors.New("the page is not an HTML document, so no browser would fetch it"), Hint: "use the fragment's Use"}
}

// WriteDeferred writes the element by which a browser fetches a fragment of
// the page at a path.
func (r *Renderer) WriteDeferred(ctx context.Context, w io.Writer, s viewctx.Slot, locale, path string) error {
	url := func(bare bool) func() error {
		return func() error {
			_, err := io.WriteString(w, html.EscapeString(r.FragmentURL(s.Fragment, string(s.Props), locale, path, bare)))
			return err
		}
	}
	return writeDeferred(ctx, w, s, url(true), url(false))
}

func writeDeferred(ctx context.Context, w io.Writer, s viewctx.Slot, src, href func() error) error {
	for _, part := range []any{`<gorgon-fragment src="`, src, `"><a href="`, href, `">`, s.Fallback, `</a></gorgon-fragment>`} {
		var err error
		switch p := part.(type) {
		case string:
			_, err = io.WriteString(w, p)
		case func() error:
			err = p()
		case gorgon.Component:
			err = p.Render(ctx, w)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *draft) mark(w io.Writer, kind string, s viewctx.Slot) error {
	if d.nonce == "" {
		d.nonce = rand.Text()
	}
	d.holes = append(d.holes, pages.Hole{Kind: kind, Fragment: s.Fragment, Props: string(s.Props)})
	_, err := io.WriteString(w, d.nonce+strconv.Itoa(len(d.holes)-1)+".")
	return err
}

// removeMarks removes the marks from the HTML and records their positions. A mark
// that a view dropped leaves no hole; one that it wrote twice leaves two.
func (d *draft) removeMarks() error {
	if d.nonce == "" {
		d.holes = d.links
		return nil
	}
	var out []byte
	var holes []pages.Hole
	head, main := d.head, d.main
	rest, at := d.html, 0
	for {
		i := bytes.Index(rest, []byte(d.nonce))
		if i < 0 {
			break
		}
		digits, after, ok := bytes.Cut(rest[i+len(d.nonce):], []byte("."))
		n, err := strconv.Atoi(string(digits))
		if !ok || err != nil || n < 0 || n >= len(d.holes) {
			return errors.New("a view changed what a fragment wrote: write it as it renders")
		}
		length := len(rest) - i - len(after)
		out = append(out, rest[:i]...)
		hole := d.holes[n]
		hole.At = len(out)
		at += i
		// Positions after the mark move back.
		for _, s := range []struct {
			name     string
			was, now *pages.Span
		}{{"head", &d.head, &head}, {"main", &d.main, &main}} {
			if at < s.was.Start {
				s.now.Start -= length
			}
			if at < s.was.End {
				s.now.End -= length
				if at >= s.was.Start {
					hole.In = s.name
				}
			}
		}
		holes = append(holes, hole)
		at += length
		rest = after
	}
	d.html, d.head, d.main = append(out, rest...), head, main
	d.holes = append(d.links, holes...)
	return nil
}

// document renders a page.
func (d *draft) document(ctx context.Context, doc gorgon.Document) (err error) {
	if main := doc.Main; d.of.Live && d.of.Fragment == "" && main != nil {
		doc.Main = gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			if err := main.Render(ctx, w); err != nil {
				return err
			}
			d.r.UseLive(&d.uses)
			return d.mark(w, pages.HoleLive, viewctx.Slot{})
		})
	}
	if d.html, d.head, d.main, err = d.r.document(d.begin(ctx), doc); err != nil {
		return err
	}
	return d.removeMarks()
}

func (d *draft) needs() pages.Uses { return usesOf(&d.uses) }

// usesOf converts uses to the form of entries.
func usesOf(u *viewctx.Uses) pages.Uses {
	return pages.Uses{Runtime: u.Runtime, Modules: u.Modules, Scripts: u.Scripts, Styles: u.Styles, Wasm: u.Wasm}
}

// Open says whether the stored page still has holes to fill.
func Open(e *pages.Entry) bool {
	for _, h := range e.Holes {
		if h.Kind != pages.HoleNone {
			return true
		}
	}
	return false
}

// called returns the name of a page or a fragment in errors.
func called(d *gorgon.Definition) string {
	if d.Fragment != "" {
		return "fragment " + d.Fragment
	}
	return "page " + d.Path
}

// Outlines returns the comments around a fragment, if they are enabled.
func (r *Renderer) Outlines(name, props string) (begin, end string) {
	if !r.Outline {
		return "", ""
	}
	// JSON may write a character as its number, and two dashes could end a
	// comment.
	props = strings.ReplaceAll(strings.ReplaceAll(props, "--", `-\u002d`), ">", `\u003e`)
	return "<!--gorgon-fragment " + name + " " + props + "-->", "<!--/gorgon-fragment-->"
}
