// Rendering a document, and locating its parts in it.

package render

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/viewctx"
)

var errTooLarge = errors.New("more than the limit")

// A bounded buffer refuses to grow beyond its limit. The buffer is a field and
// not embedded, since a writer may look for further methods, such as ReadFrom,
// that ignore the limit.
type bounded struct {
	buf   bytes.Buffer
	limit int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.buf.Len()+len(p) > b.limit {
		return 0, errTooLarge
	}
	return b.buf.Write(p)
}

func (b *bounded) WriteString(s string) (int, error) {
	if b.buf.Len()+len(s) > b.limit {
		return 0, errTooLarge
	}
	return b.buf.WriteString(s)
}

var buffers = sync.Pool{New: func() any { return new(bounded) }}

// document renders a whole document and locates its head and main. They are
// rendered first, so that a view that fails does not leave half a page. The
// context's Slots fill its fragments.
func (r *Renderer) document(ctx context.Context, doc gorgon.Document) (html []byte, head, main pages.Span, err error) {
	var buf [3]*bounded
	for i := range buf {
		buf[i] = buffers.Get().(*bounded)
		buf[i].buf.Reset()
		buf[i].limit = r.limit()
		defer buffers.Put(buf[i])
	}
	whole := buf[2]
	parts := [2]*part{{html: &buf[0].buf, whole: whole}, {html: &buf[1].buf, whole: whole}}
	for i, c := range []gorgon.Component{doc.Head, doc.Main} {
		if c == nil {
			return nil, head, main, errors.New("the view is nil")
		}
		if err := c.Render(ctx, buf[i]); err != nil {
			return nil, head, main, r.tooLarge(err)
		}
	}
	doc.Head, doc.Main = parts[0], parts[1]
	if r.App.Navigation != nil {
		viewctx.UsesOf(ctx).Regions = map[string]bool{}
	}
	if err := r.App.LayoutOf(doc).Render(ctx, whole); err != nil {
		return nil, head, main, r.tooLarge(err)
	}
	html = bytes.Clone(whole.buf.Bytes())
	for i, name := range [...]string{"Head", "Main"} {
		if html, err = parts[i].find(html, name, parts[:]); err != nil {
			return nil, head, main, err
		}
	}
	head, main = parts[0].span, parts[1].span
	if len(viewctx.UsesOf(ctx).Regions) > 0 {
		if _, ok := sectionsOf(html, head, main); !ok {
			return nil, head, main, errors.New("the layout puts the document's Head or Main into a region: put it outside")
		}
	}
	return html, head, main, nil
}

func (r *Renderer) tooLarge(err error) error {
	if errors.Is(err, errTooLarge) {
		return &gorgon.Error{Kind: gorgon.KindTooLarge, Message: "the page is too large", Err: fmt.Errorf("it has more than %d bytes", r.limit())}
	}
	return err
}

// A part is head or main, rendered, which records where the layout places it.
type part struct {
	html   *bytes.Buffer
	whole  *bounded
	placed int    // how often the layout placed it
	mark   []byte // put around it in the document if the position was not seen
	span   pages.Span
}

// Render writes the part. If the layout writes through a buffer of its own,
// marks are put around the part, to be located and removed later; if the buffer
// can be flushed into the document, the first mark shows the position at once.
func (p *part) Render(_ context.Context, w io.Writer) error {
	p.placed++
	flush := func() error { return nil }
	if f, ok := w.(interface{ Flush() error }); ok {
		flush = f.Flush
	}
	if err := flush(); err != nil {
		return err
	}
	start := p.whole.buf.Len()
	p.mark = []byte("gorgon-" + rand.Text())
	if _, err := w.Write(p.mark); err != nil {
		return err
	}
	if err := flush(); err != nil {
		return err
	}
	if p.whole.buf.Len() == start+len(p.mark) {
		p.whole.buf.Truncate(start)
		p.mark, p.span.Start = nil, start
	}
	_, err := w.Write(slices.Concat(p.html.Bytes(), p.mark))
	return err
}

// find locates the part in the document, and removes its marks, which moves the
// other parts.
func (p *part) find(html []byte, name string, all []*part) ([]byte, error) {
	if p.placed != 1 {
		return nil, fmt.Errorf("the layout placed the document's %s %d times: place it once", name, p.placed)
	}
	marked := slices.Concat(p.mark, p.html.Bytes(), p.mark)
	start := p.span.Start
	if p.mark != nil {
		start = bytes.Index(html, marked)
	}
	if start < 0 || start > len(html) || !bytes.HasPrefix(html[start:], marked) {
		return nil, fmt.Errorf("the layout changed the document's %s: write it as it renders", name)
	}
	if p.mark != nil {
		html = slices.Concat(html[:start], p.html.Bytes(), html[start+len(marked):])
		for _, other := range all {
			if other != p && other.span.Start > start {
				other.span.Start -= 2 * len(p.mark)
				other.span.End -= 2 * len(p.mark)
			}
		}
	}
	p.span = pages.Span{Start: start, End: start + p.html.Len()}
	return html, nil
}

// A section is the part of a document between two marks.
type section struct{ name, html string }

// sectionsOf locates head and main of a document and the regions of its layout,
// in order; not ok if a region does not end before another part begins.
func sectionsOf(html []byte, head, main pages.Span) (found sections, ok bool) {
	type named struct {
		name string
		pages.Span
	}
	spans := []named{{"head", head}, {"main", main}, {"", pages.Span{Start: len(html), End: len(html)}}}
	if main.Start < head.Start {
		spans[0], spans[1] = spans[1], spans[0]
	}
	from := 0
	for _, s := range spans {
		rest := string(html[from:s.Start])
		for {
			_, after, more := strings.Cut(rest, "<!--gorgon:")
			name, after, closed := strings.Cut(after, "-->")
			if !more || !closed {
				break
			}
			if rest = after; name == "head" || name == "main" {
				continue
			}
			_, end := viewctx.RegionMarks(name)
			within, after, ends := strings.Cut(rest, end)
			if !ends {
				return nil, false
			}
			found = append(found, section{name, within})
			rest = after
		}
		if s.name != "" {
			found = append(found, section{s.name, string(s.Of(html))})
		}
		from = s.End
	}
	return found, true
}
