// Pages with parts that are rendered for one request: sent in order, as the
// parts become available.

package compose

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/viewctx"
)

// Requested is a page with parts that are rendered for one request.
type Requested struct {
	Entry *pages.Entry // its stored entry, with holes

	c    *Composer
	ask  *Ask
	root *node
}

// Version is that of the fragment in it that is stored, if it is live.
func (l *Requested) Version() string { return l.root.shown() }

// A Flusher sends what was written so far.
type Flusher interface{ FlushError() error }

// pending is a part that is being rendered.
type pending struct {
	done chan struct{}
	html []byte
	uses pages.Uses
	has  string // the version of it, if it is live
}

// WriteTo sends the page: stored HTML at once, and each part in its place when
// it is available. It starts all parts at the same time.
func (l *Requested) WriteTo(ctx context.Context, w io.Writer) error {
	if l.ask.Form == Payload {
		e, err := l.entry(ctx)
		if err != nil {
			return err
		}
		_, err = w.Write(l.c.renderer.Payload(e).HTML)
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	said := l.Entry.Uses
	return l.send(ctx, w, l.root, l.Entry, l.begin(ctx), &said)
}

// begin starts every part.
func (l *Requested) begin(ctx context.Context) map[*node]*pending {
	parts := map[*node]*pending{}
	l.root.walk(func(n *node) {
		if !n.requested {
			return
		}
		p := &pending{done: make(chan struct{})}
		parts[n] = p
		go func() { // ends with its loader's deadline
			defer close(p.done)
			p.html, p.uses, p.has = l.c.made(ctx, l.ask, n.def, n.path(l.ask))
		}()
	})
	return parts
}

// send writes a node and the content of its holes.
func (l *Requested) send(ctx context.Context, w io.Writer, n *node, e *pages.Entry, parts map[*node]*pending, said *pages.Uses) error {
	from := 0
	for i, h := range e.Holes {
		if h.Kind == pages.HoleNone {
			continue
		}
		if _, err := w.Write(e.HTML[from:h.At]); err != nil {
			return err
		}
		from = h.At
		inner := n.within[i]
		var err error
		switch {
		case inner != nil && inner.requested:
			if err = wait(ctx, w, parts[inner]); err == nil {
				err = l.outlined(w, h, parts[inner].has, func() error { return l.made(ctx, w, parts[inner], said) })
			}
		case inner != nil && inner.err == nil:
			err = l.outlined(w, h, inner.shown(), func() error { return l.send(ctx, w, inner, inner.answer.Entry, parts, said) })
		default:
			var out bytes.Buffer
			l.c.hole(l.ask, n, i, &out)
			_, err = w.Write(out.Bytes())
		}
		if err != nil {
			return err
		}
	}
	_, err := w.Write(e.HTML[from:])
	return err
}

// outlined writes what is around a fragment.
func (l *Requested) outlined(w io.Writer, h pages.Hole, version string, write func() error) error {
	begin, end := l.c.around(l.ask, h.Fragment, h.Props, version)
	_, err := io.WriteString(w, begin)
	if err == nil {
		err = write()
	}
	if err == nil {
		_, err = io.WriteString(w, end)
	}
	return err
}

// wait waits for a part. Everything before it is sent first.
func wait(ctx context.Context, w io.Writer, p *pending) error {
	select {
	case <-p.done:
		return nil
	default:
	}
	if f, ok := w.(Flusher); ok {
		if err := f.FlushError(); err != nil {
			return err
		}
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// made writes a part that is available.
func (l *Requested) made(ctx context.Context, w io.Writer, p *pending, said *pages.Uses) error {
	if _, err := w.Write(p.html); err != nil {
		return err
	}
	u := viewctx.UsesOf(ctx) // for the policy, if it is not sent yet
	u.Scripts, u.Styles = append(u.Scripts, p.uses.Scripts...), append(u.Styles, p.uses.Styles...)
	u.Wasm = u.Wasm || p.uses.Wasm
	tags := ""
	if !l.ask.Plain {
		tags = l.c.renderer.More(*said, p.uses, l.ask.Locale)
	}
	*said = render.Join(*said, p.uses)
	_, err := io.WriteString(w, tags)
	return err
}

// entry returns the page with every part in it, once they are all available.
func (l *Requested) entry(ctx context.Context) (*pages.Entry, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	parts := l.begin(ctx)
	for n, p := range parts {
		select {
		case <-p.done:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		// Like a stored fragment, but visible to this request only.
		n.requested, n.own, n.has = false, true, p.has
		n.answer = cache.Answer{Entry: &pages.Entry{HTML: p.html, Uses: p.uses}}
	}
	e := *l.root.answer.Entry
	l.root.uses(&e.Uses)
	f := l.c.fill(l.ask, l.root)
	e.HTML, e.Head, e.Main, e.Holes = f.html, f.head, f.main, nil
	return &e, nil
}

// made is a fragment rendered for a request: its HTML, or that of its error
// view, and its version, if it is live.
func (c *Composer) made(ctx context.Context, a *Ask, def *gorgon.Definition, path string) (html []byte, uses pages.Uses, version string) {
	if a.Static {
		return nil, pages.Uses{}, ""
	}
	inner := *a
	inner.Page, inner.Path, inner.Form, inner.On = def, path, Bare, a.at()
	e, version, err := c.Make(ctx, &inner)
	if err != nil && ctx.Err() != nil && strings.Contains(err.Error(), context.Canceled.Error()) {
		return nil, pages.Uses{}, "" // it ended because the page did, as with HEAD or a visitor who left
	}
	if err != nil {
		return c.failed(ctx, a, def, err), pages.Uses{}, version
	}
	return e.HTML, e.Uses, version
}

type depthKey struct{}

// Make renders the fragment of a.Page for a.Request. The version is for one that
// is live, also if it fails: "" for others, and for one that cannot be followed.
func (c *Composer) Make(ctx context.Context, a *Ask) (e *pages.Entry, version string, err error) {
	if !a.Page.Live || a.Static {
		e, err = c.make(ctx, a)
		return e, "", err
	}
	ctx, noted := c.note(ctx, a)
	e, err = c.make(ctx, a)
	return e, noted.version(), err
}

func (c *Composer) make(ctx context.Context, a *Ask) (e *pages.Entry, err error) {
	def, path, noted := a.Page, a.Path, notingOf(ctx)
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("fragment %s: panic: %v\n%s", def.Fragment, p, debug.Stack())
		}
	}()
	if noted != nil && noted.ask != a {
		noted.part(a)
	}
	if a.Request == nil {
		return nil, fmt.Errorf("fragment %s is made for every request, and there is none", def.Fragment)
	}
	var built *pages.Entry
	if def.Kept() {
		half, known := *a, c.cache.Coherence().Now().Known
		half.Demand.Renew = half.Demand.Renew || noted != nil
		answer, err := c.get(ctx, &half, def, path)
		if err != nil {
			return nil, err
		}
		if noted != nil {
			noted.answer(answer, known)
		}
		if built = answer.Entry; built.Status != http.StatusOK {
			return nil, errMoved(def)
		}
	}
	ctx = c.cache.Context(ctx)
	res, err := c.renderer.Request(ctx, def, path, a.Locale, a.Request, built)
	if err != nil {
		return nil, err
	}
	if res.Status != http.StatusOK {
		return nil, errMoved(def)
	}
	if noted != nil {
		noted.tags(res.Tags)
	}
	depth, _ := ctx.Value(depthKey{}).(int)
	return res.Whole(viewctx.WithSlots(ctx, &filler{c: c, ask: a, depth: depth}))
}

// Around makes the document that shows a fragment alone that was rendered for a
// request.
func (c *Composer) Around(ctx context.Context, a *Ask, e *pages.Entry) (*pages.Entry, error) {
	return c.view(ctx, a, e)
}

// WithFiller returns a context in which views have their fragments filled while
// they render, for pages made for one request.
func (c *Composer) WithFiller(ctx context.Context, a *Ask, flush Flusher) context.Context {
	return viewctx.WithSlots(c.cache.Context(ctx), &filler{c: c, ask: a, flush: flush})
}

// A filler fills the fragments of a page for one request.
type filler struct {
	c     *Composer
	ask   *Ask
	flush Flusher // nil if nothing is sent before everything is available
	depth int
}

// Fill writes the fragment, or its error view.
func (f *filler) Fill(ctx context.Context, w io.Writer, s viewctx.Slot) error {
	def := f.c.renderer.Fragment(s.Fragment)
	if def == nil {
		return &gorgon.Error{Op: "use fragment", Path: s.Fragment, Err: fmt.Errorf("there is no such fragment in App.Parts"), Hint: "list it there"}
	}
	if f.ask.Static && def.PerRequest() {
		return nil
	}
	uses := viewctx.UsesOf(ctx)
	if s.Deferred {
		if f.ask.Plain {
			return render.CannotDefer(s.Fragment)
		}
		uses.Runtime = true
		return f.c.renderer.WriteDeferred(ctx, w, s, f.ask.Locale, f.ask.at())
	}
	if f.depth >= maxDepth {
		return &gorgon.Error{Op: "use fragment", Path: s.Fragment, Err: fmt.Errorf("it is nested %d deep", maxDepth), Hint: "stop the recursion"}
	}
	inner := *f.ask
	inner.Page, inner.Path, inner.Form, inner.On = def, s.Path(), Bare, f.ask.at()
	e, version, err := f.piece(ctx, w, &inner)
	if err != nil {
		_, err = w.Write(f.c.failed(ctx, f.ask, def, err))
		return err
	}
	if version != "" && !f.ask.Plain {
		f.c.renderer.UseLive(uses)
	}
	uses.Runtime = uses.Runtime || e.Uses.Runtime
	uses.Wasm = uses.Wasm || e.Uses.Wasm
	for _, m := range e.Uses.Modules {
		uses.Module(m)
	}
	uses.Scripts, uses.Styles = append(uses.Scripts, e.Uses.Scripts...), append(uses.Styles, e.Uses.Styles...)
	begin, end := f.c.around(f.ask, s.Fragment, string(s.Props), version)
	for _, part := range [...][]byte{[]byte(begin), e.HTML, []byte(end)} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}

func (f *filler) piece(ctx context.Context, w io.Writer, a *Ask) (e *pages.Entry, version string, err error) {
	if a.Page.PerRequest() {
		f.hurry(w)
		return f.c.Make(context.WithValue(ctx, depthKey{}, f.depth+1), a)
	}
	noted := notingOf(ctx)
	a.Demand.Renew = a.Demand.Renew || noted != nil
	if found, ok := f.c.Found(a, f.c.renderer.Time()); ok && !a.Page.Live && noted == nil {
		return found.Entry, "", nil
	}
	f.hurry(w)
	known := f.c.cache.Coherence().Now().Known
	root, answer, err := f.c.find(ctx, a)
	if root != nil {
		answer, err = f.c.put(ctx, a, root)
	}
	if err != nil {
		return nil, "", err
	}
	if root != nil {
		version = root.shown()
	}
	if noted != nil && version == "" && root != nil {
		noted.node(root, known)
	}
	if answer.Requested != nil {
		e, err = answer.Requested.entry(ctx)
		return e, version, err
	}
	return answer.Entry, version, nil
}

// hurry sends what was written before the wait.
func (f *filler) hurry(w io.Writer) {
	if f.flush == nil {
		return
	}
	if b, ok := w.(interface{ Flush() error }); ok {
		_ = b.Flush() // the next write fails as well
	}
	_ = f.flush.FlushError()
}
