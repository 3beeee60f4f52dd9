// The fragments of what is kept: places left open, to be filled when it is sent.

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
)

// fragmentPrefix begins the paths that stand for fragments.
const fragmentPrefix = "/_gorgon/fragment/"

// A draft is HTML that is being rendered to be kept. It takes the fragments
// of its views as marks, whose places are found once all of it is there:
// views may write through buffers of their own, so a place cannot be told
// when it is written.
type draft struct {
	r            *Renderer
	of           *gorgon.Definition
	path, locale string

	uses  gorgon.Uses
	nonce string // "" until there is a mark
	holes []pages.Hole
	links []pages.Hole // deferred fragments whose URLs are in the HTML

	html       []byte
	head, main pages.Span
}

// begin is the context for the draft's views.
func (d *draft) begin(ctx context.Context) context.Context {
	return gorgon.WithSlots(gorgon.WithUses(d.r.siteFor(ctx, d.locale), &d.uses), d)
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
	if err := d.punch(); err != nil {
		return err
	}
	d.main = pages.Span{End: len(d.html)}
	return nil
}

// Fill leaves a place open.
func (d *draft) Fill(ctx context.Context, w io.Writer, s gorgon.Slot) error {
	def, err := d.r.fragment(s.Fragment)
	if err != nil {
		return err
	}
	if s.Deferred {
		return d.defers(ctx, w, s)
	}
	if def.RequestTime() && !d.of.AllowRequestTime {
		return &gorgon.Error{Op: "use fragment", Path: s.Fragment,
			Err:  fmt.Errorf("it is made for every request, and %s is kept", called(d.of)),
			Mend: "set AllowRequestTime on " + called(d.of) + ", or use the fragment's Defer",
		}
	}
	return d.mark(w, pages.HoleHTML, s)
}

// defers writes what the browser fetches a fragment by.
func (d *draft) defers(ctx context.Context, w io.Writer, s gorgon.Slot) error {
	d.uses.Runtime = true
	if d.of.Fragment == "" {
		d.links = append(d.links, pages.Hole{Kind: pages.HoleNone, Fragment: s.Fragment, Props: string(s.Props)})
		return d.r.WriteDeferred(ctx, w, s, d.locale, d.path)
	}
	// The same fragment stands on many pages, and a seal is for one.
	mark := func(kind string) func() error { return func() error { return d.mark(w, kind, s) } }
	return writeDeferred(ctx, w, s, mark(pages.HoleSrc), mark(pages.HoleHref))
}

// WriteDeferred writes the element by which a browser fetches a fragment of
// the page at a path.
func (r *Renderer) WriteDeferred(ctx context.Context, w io.Writer, s gorgon.Slot, locale, path string) error {
	url := func(bare bool) func() error {
		return func() error {
			_, err := io.WriteString(w, html.EscapeString(r.FragmentURL(s.Fragment, string(s.Props), locale, path, bare)))
			return err
		}
	}
	return writeDeferred(ctx, w, s, url(true), url(false))
}

func writeDeferred(ctx context.Context, w io.Writer, s gorgon.Slot, src, href func() error) error {
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

func (d *draft) mark(w io.Writer, kind string, s gorgon.Slot) error {
	if d.nonce == "" {
		d.nonce = rand.Text()
	}
	d.holes = append(d.holes, pages.Hole{Kind: kind, Fragment: s.Fragment, Props: string(s.Props)})
	_, err := io.WriteString(w, d.nonce+strconv.Itoa(len(d.holes)-1)+".")
	return err
}

// punch takes the marks out of the HTML and notes where they were. A mark
// that a view dropped is no place; one that it wrote twice is two.
func (d *draft) punch() error {
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
		// What lies behind the mark moves up.
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
	if d.html, d.head, d.main, err = d.r.document(d.begin(ctx), doc); err != nil {
		return err
	}
	return d.punch()
}

func (d *draft) needs() pages.Uses { return usesOf(&d.uses) }

// usesOf are uses as entries keep them.
func usesOf(u *gorgon.Uses) pages.Uses {
	return pages.Uses{Runtime: u.Runtime, Modules: u.Modules, Scripts: u.Scripts, Styles: u.Styles, Wasm: u.Wasm}
}

// Open says whether something is still to be put into what is kept.
func Open(e *pages.Entry) bool {
	for _, h := range e.Holes {
		if h.Kind != pages.HoleNone {
			return true
		}
	}
	return false
}

// called is how errors name a page or a fragment.
func called(d *gorgon.Definition) string {
	if d.Fragment != "" {
		return "fragment " + d.Fragment
	}
	return "page " + d.Path
}

// Outlines are the comments around a fragment, where there are to be any.
func (r *Renderer) Outlines(name, props string) (begin, end string) {
	if !r.Outline {
		return "", ""
	}
	// JSON may write a character by its number, and two dashes could end a
	// comment.
	props = strings.ReplaceAll(strings.ReplaceAll(props, "--", `-\u002d`), ">", `\u003e`)
	return "<!--gorgon-fragment " + name + " " + props + "-->", "<!--/gorgon-fragment-->"
}
