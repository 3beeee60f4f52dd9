// The parts of a page, gathered and inserted.

package compose

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"slices"
	"sync"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/viewctx"
)

// maxDepth is how deep fragments may be nested.
const maxDepth = 16

// A node is a page or fragment with the nodes in its holes.
type node struct {
	def       *gorgon.Definition
	hole      pages.Hole
	answer    cache.Answer
	err       error
	error     []byte // its error view, if it failed
	requested bool   // it is made for this request
	own       bool   // it was
	has       string // the version that the visitor has of it, if it was

	within []*node // by hole of the entry; nil for holes that are not filled by the fragment itself
}

func (n *node) path(a *Ask) string {
	if n.hole.Fragment == "" {
		return a.Path
	}
	return viewctx.FragmentPath(n.hole.Fragment, []byte(n.hole.Props))
}

func (n *node) walk(fn func(*node)) {
	fn(n)
	for _, w := range n.within {
		if w != nil {
			w.walk(fn)
		}
	}
}

// uses joins the needs of everything within.
func (n *node) uses(into *pages.Uses) {
	n.walk(func(w *node) {
		if w != n && w.answer.Entry != nil {
			*into = render.Join(*into, w.answer.Entry.Uses)
		}
	})
}

// gather finds or makes everything in a node's holes, concurrently.
func (c *Composer) gather(ctx context.Context, a *Ask, n *node, above []pages.Hole) {
	entry := n.answer.Entry
	if entry == nil || len(entry.Holes) == 0 {
		return
	}
	n.within = make([]*node, len(entry.Holes))
	var missing []int
	for i, h := range entry.Holes {
		if h.Kind != pages.HoleHTML {
			continue
		}
		w := &node{hole: h, def: c.renderer.Fragment(h.Fragment)}
		n.within[i] = w
		switch {
		case w.def == nil:
			w.def = &gorgon.Definition{Fragment: h.Fragment}
			w.err = &gorgon.Error{Op: "use fragment", Path: h.Fragment, Err: fmt.Errorf("there is no such fragment in App.Parts")}
		case len(above) >= maxDepth || slices.ContainsFunc(above, func(o pages.Hole) bool { return o.Fragment == h.Fragment && o.Props == h.Props }):
			w.err = &gorgon.Error{Op: "use fragment", Path: h.Fragment, Err: fmt.Errorf("it contains itself, or is nested %d deep", maxDepth), Hint: "stop the recursion"}
		case w.def.PerRequest():
			w.requested = true
		default:
			missing = append(missing, i)
		}
	}
	one := func(i int) {
		w := n.within[i]
		w.answer, w.err = c.get(ctx, a, w.def, w.path(a))
		if w.err == nil && w.answer.Entry.Status != 200 {
			w.answer, w.err = cache.Answer{}, errMoved(w.def)
		}
		if w.err == nil {
			c.gather(ctx, a, w, append(slices.Clip(above), w.hole))
		}
	}
	if len(missing) == 1 {
		one(missing[0])
	} else {
		var all sync.WaitGroup
		for _, i := range missing {
			all.Go(func() { one(i) })
		}
		all.Wait()
	}
	for _, w := range n.within {
		if w != nil && w.err != nil && w.error == nil {
			w.error = c.failed(ctx, a, w.def, w.err)
		}
	}
}

// failed returns what to show in place of a fragment that cannot be made.
func (c *Composer) failed(ctx context.Context, a *Ask, def *gorgon.Definition, err error) []byte {
	var f gorgon.Failure
	if a.Failed != nil {
		f = a.Failed(def, err)
	} else {
		f = failure.Of(err, a.at(), a.Locale)
	}
	f.Position, f.Locale = gorgon.InFragment, a.Locale
	html, err := c.renderer.Failure(ctx, def, f)
	if err != nil && a.Failed != nil {
		a.Failed(def, err)
	}
	return html
}

// A filling is HTML with its holes filled, and the new positions of its parts.
type filling struct {
	html       []byte
	head, main pages.Span
}

// fill inserts everything.
func (c *Composer) fill(a *Ask, n *node) filling {
	if n.err != nil {
		return filling{html: n.error}
	}
	e := n.answer.Entry
	f := filling{head: e.Head, main: e.Main}
	var out bytes.Buffer
	out.Grow(2 * len(e.HTML))
	from := 0
	for i, h := range e.Holes {
		if h.Kind == pages.HoleNone {
			continue
		}
		out.Write(e.HTML[from:h.At])
		from = h.At
		before := out.Len()
		c.hole(a, n, i, &out)
		f.moved(h, e, out.Len()-before)
	}
	out.Write(e.HTML[from:])
	f.html = out.Bytes()
	return f
}

// hole writes the content of one hole.
func (c *Composer) hole(a *Ask, n *node, i int, out *bytes.Buffer) {
	h := n.answer.Entry.Holes[i]
	switch {
	case h.Kind == pages.HoleSrc, h.Kind == pages.HoleHref:
		out.WriteString(html.EscapeString(c.renderer.FragmentURL(h.Fragment, h.Props, a.Locale, a.at(), h.Kind == pages.HoleSrc)))
	case h.Kind == pages.HoleLive:
		if !a.Static {
			begin, end := c.renderer.LiveTags(c.renderer.PayloadURL(a.Path, a.Locale), n.version())
			out.WriteString(begin + end)
		}
	case a.Form == Included:
		out.WriteString(`<esi:include src="` + html.EscapeString(c.renderer.FragmentURL(h.Fragment, h.Props, a.Locale, a.at(), true)) + `" onerror="continue"/>`)
	case n.within[i].err != nil:
		out.Write(n.within[i].error)
	default:
		begin, end := c.around(a, h.Fragment, h.Props, n.within[i].shown())
		out.WriteString(begin)
		out.Write(c.fill(a, n.within[i]).html)
		out.WriteString(end)
	}
}

// moved records that content of a length was put into a hole.
func (f *filling) moved(h pages.Hole, e *pages.Entry, length int) {
	for _, s := range []struct {
		name     string
		was, now *pages.Span
	}{{"head", &e.Head, &f.head}, {"main", &e.Main, &f.main}} {
		switch {
		case h.In == s.name:
			s.now.End += length
		case h.At <= s.was.Start:
			s.now.Start += length
			s.now.End += length
		}
	}
}
