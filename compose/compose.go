// Package compose assembles what is sent: a page with its fragments, the
// payload of a navigation, or a fragment alone.
//
// It gets the parts from package cache, each with its own lifetime, and keeps a
// composed entry in memory as long as none of its parts has changed. A composed
// entry is as old as its oldest part, and is fresh no longer than the part that
// expires first.
package compose

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
)

// A Form is the part or the representation of a page that is wanted.
type Form uint8

const (
	Document Form = iota // the page as a whole
	Payload              // what navigation in the browser inserts in place of the previous page
	Bare                 // a fragment alone, for the browser to insert
	View                 // a document that shows a fragment
	Included             // the page with tags by which a proxy includes the fragments
	Stream               // what is new of the live parts of the page; not composed here
)

// Config configures a [Composer]. Cache and Renderer are required.
type Config struct {
	Cache    *cache.Cache
	Renderer *render.Renderer

	// Bytes limits the composed entries that are kept. Default: 64 MiB.
	Bytes int64

	// Prepare is called once for each composed entry that is kept; its result
	// comes with every answer. Default: nothing.
	Prepare func(*pages.Entry) any

	Log *slog.Logger // default: slog.Default()
}

// A Composer composes entries. It is safe for concurrent use.
type Composer struct {
	cache    *cache.Cache
	renderer *render.Renderer
	prepare  func(*pages.Entry) any
	wholes   *otter.Cache[id, *whole]
	log      *slog.Logger
	began    time.Time
	crowded  sync.Map // fragments of which it was logged that they read too much
}

// New returns a composer.
func New(config Config) (*Composer, error) {
	if config.Bytes <= 0 {
		config.Bytes = 64 << 20
	}
	wholes, err := otter.New(&otter.Options[id, *whole]{
		MaximumWeight: uint64(config.Bytes),
		Weigher:       func(k id, w *whole) uint32 { return uint32(min(len(k.path)+w.weight(), 1<<32-1)) },
	})
	if err != nil {
		return nil, &gorgon.Error{Op: "open composer", Err: err}
	}
	if config.Log == nil {
		config.Log = slog.Default()
	}
	return &Composer{
		cache: config.Cache, renderer: config.Renderer, prepare: config.Prepare, wholes: wholes,
		log: config.Log, began: config.Renderer.Time(),
	}, nil
}

// An Ask says what to compose.
type Ask struct {
	Page   *gorgon.Definition // or the fragment, for Bare and View
	Path   string
	Locale string
	Form   Form
	Demand cache.Demand

	// On is the page that a fragment is on, for Bare and View: its decoded path
	// without the locale, "" for none.
	On string

	// Request is the request for fragments that are made for every request.
	Request *http.Request

	// Plain says that the page is not an HTML document: nothing is written
	// around its fragments, and none of them can be deferred. Get sets it for
	// stored pages.
	Plain bool

	// Static leaves out the fragments that are made for every request, for
	// files, which are made for none.
	Static bool

	// Failed is called for each fragment that cannot be made, and returns what
	// to show in its place. Default: the fragment's error view.
	Failed func(fragment *gorgon.Definition, err error) gorgon.Failure
}

// id identifies a composed entry: a page in a form.
type id struct {
	page             *gorgon.Definition
	path, locale, on string
	form             Form
}

func (a *Ask) id() id { return id{a.Page, a.Path, a.Locale, a.On, a.Form} }

// at returns the page that deferred fragments are sealed for.
func (a *Ask) at() string {
	if a.Form == Bare || a.Form == View {
		return a.On
	}
	return a.Path
}

// A whole is a composed entry, and its parts.
type whole struct {
	parts    []part
	entry    *pages.Entry
	prepared any
}

type part struct {
	page         *gorgon.Definition
	path, locale string
	entry        *pages.Entry
}

func (w *whole) weight() int { return w.entry.Size() + 128*len(w.parts) + 1024 }

// An Answer is the result of a composition.
type Answer struct {
	cache.Answer

	// Broken says that a fragment could not be made and its error view is in
	// its place: the answer must not be stored.
	Broken bool

	// Requested is set if parts are rendered for this request. Entry is then the
	// stored part of the page.
	Requested *Requested
}

// Whole says whether an entry can be sent as a document without further
// changes.
func Whole(e *pages.Entry) bool { return !render.Open(e) }

// Found answers from memory, with a composed and fresh entry. If it returns
// false, call [Composer.Get].
func (c *Composer) Found(a *Ask, now time.Time) (cache.Answer, bool) {
	w, ok := c.wholes.GetIfPresent(a.id())
	if !ok {
		return cache.Answer{}, false
	}
	degraded := false
	for i := range w.parts {
		p := &w.parts[i]
		found, ok := c.cache.Found(p.page, p.path, p.locale, now)
		if !ok || found.Entry != p.entry {
			return cache.Answer{}, false
		}
		degraded = degraded || found.Degraded
	}
	return cache.Answer{Entry: w.entry, Prepared: w.prepared, Degraded: degraded}, true
}

// Get returns a page in a form, and makes the parts that are missing. The error
// is that of the page; fragments that fail are shown as such.
func (c *Composer) Get(ctx context.Context, a *Ask) (Answer, error) {
	root, answer, err := c.find(ctx, a)
	if root == nil {
		return answer, err
	}
	return c.put(ctx, a, root)
}

// find gathers a page and its fragments. Where there is nothing to put together,
// the node is nil.
func (c *Composer) find(ctx context.Context, a *Ask) (*node, Answer, error) {
	first, err := c.get(ctx, a, a.Page, a.Path)
	if err != nil {
		return nil, Answer{}, err
	}
	if first.Entry.Status >= 300 && first.Entry.Status <= 399 {
		if a.Form == Bare || a.Form == View {
			return nil, Answer{}, errMoved(a.Page)
		}
		if a.Form == Payload {
			first.Entry, first.Prepared = c.renderer.Payload(first.Entry), nil
		}
		return nil, Answer{Answer: first}, nil
	}
	a.Plain = !pages.IsHTML(first.Entry.Header)
	if a.Plain && a.Form == Payload {
		return nil, Answer{}, ErrNoPayload
	}
	root := &node{def: a.Page, answer: first}
	if a.Form != Included {
		c.gather(ctx, a, root, nil)
	}
	return root, Answer{}, nil
}

// get returns a page or fragment as it is stored.
func (c *Composer) get(ctx context.Context, a *Ask, page *gorgon.Definition, path string) (cache.Answer, error) {
	return c.cache.Get(ctx, page, path, a.Locale, a.Demand)
}

// ErrNoPayload is the error for the payload of a page that is not an HTML
// document.
var ErrNoPayload error = &gorgon.Error{Op: "compose", Kind: gorgon.KindNotFound, Err: errors.New("the page is not an HTML document, and has no payload")}

// around returns what is written around a fragment: in development comments, and
// around a live one the element that keeps it up to date. A version of "" is for
// one that is not live here.
func (c *Composer) around(a *Ask, fragment, props, version string) (begin, end string) {
	if a.Plain {
		return "", ""
	}
	begin, end = c.renderer.Outlines(fragment, props)
	if version != "" && !a.Static {
		open, close := c.renderer.LiveTags(c.renderer.FragmentURL(fragment, props, a.Locale, a.at(), true), version)
		begin, end = begin+open, close+end
	}
	return begin, end
}

func errMoved(d *gorgon.Definition) error {
	return &gorgon.Error{Op: "compose", Path: d.Fragment, Err: errors.New("a fragment cannot redirect")}
}

// put composes the gathered parts, or returns the entry if it was composed
// before.
func (c *Composer) put(ctx context.Context, a *Ask, root *node) (Answer, error) {
	answer := Answer{Answer: root.answer}
	requested := false
	var parts []part
	root.walk(func(n *node) {
		requested = requested || n.requested
		answer.Broken = answer.Broken || n.err != nil
		if n.requested || n.err != nil {
			return
		}
		parts = append(parts, part{n.def, n.path(a), a.Locale, n.answer.Entry})
		if n != root {
			join(&answer.Answer, n.answer)
		}
	})
	if requested {
		// The part that is sent first contains what is needed by the parts
		// known by then.
		e := *root.answer.Entry
		root.uses(&e.Uses)
		if a.Form == Document && !a.Plain {
			uses := e.Uses
			e.Uses.Scripts, e.Uses.Styles, e.Uses.Wasm = nil, nil, false // the policy is made for the request
			c.renderer.AddRuntime(&e, false)
			e.Uses = uses
		}
		answer.Entry, answer.Prepared = &e, nil
		answer.Requested = &Requested{Entry: &e, c: c, ask: a, root: root}
		return answer, nil
	}
	before, _ := c.wholes.GetIfPresent(a.id())
	if before != nil && !answer.Broken && slices.Equal(before.parts, parts) {
		answer.Entry, answer.Prepared = before.entry, before.prepared
		return answer, nil
	}
	entry, err := c.assemble(ctx, a, root)
	if err != nil {
		return Answer{}, err
	}
	var old *pages.Entry
	if before != nil {
		old = before.entry
	}
	if answer.Broken {
		entry.ETag, entry.ModifiedAt = "", time.Time{}
	} else {
		c.renderer.Finish(entry, old, true)
	}
	w := &whole{parts: parts, entry: entry}
	if c.prepare != nil {
		w.prepared = c.prepare(entry)
	}
	if !answer.Broken {
		c.wholes.Set(a.id(), w)
	}
	answer.Entry, answer.Prepared = w.entry, w.prepared
	return answer, nil
}

// join applies the times of a part to the answer.
func join(a *cache.Answer, part cache.Answer) {
	if a.State == cache.Fresh || part.State == cache.Stale {
		a.State = part.State
	}
	a.Degraded = a.Degraded || part.Degraded
	a.Stored = a.Stored && part.Stored
	a.Work = cache.Both(a.Work, part.Work)
}

// assemble makes one entry of the gathered parts.
func (c *Composer) assemble(ctx context.Context, a *Ask, root *node) (*pages.Entry, error) {
	unpacked, err := root.answer.Entry.Unpack()
	if err != nil {
		return nil, err
	}
	e := *unpacked
	e.Gzip, e.Brotli, e.Zstd, e.State, e.Packed = nil, nil, nil, nil, nil
	root.walk(func(n *node) {
		if n == root || n.answer.Entry == nil {
			return
		}
		part := n.answer.Entry
		e.Uses = render.Join(e.Uses, part.Uses)
		// A CDN also knows the page by the subjects that purge its fragments:
		// as tags, which use the same words.
		e.Tags = slices.Compact(slices.Sorted(slices.Values(slices.Concat(e.Tags, part.Tags,
			[]string{pages.RouteSubject(part.Key.Route), pages.PathSubject(part.Key.Path)}))))
		if part.MadeAt.Before(e.MadeAt) {
			e.MadeAt = part.MadeAt
		}
		if part.ModifiedAt.After(e.ModifiedAt) {
			e.ModifiedAt = part.ModifiedAt
		}
		e.FreshUntil = earlier(e.FreshUntil, part.FreshUntil)
		e.StaleUntil = earlier(e.StaleUntil, part.StaleUntil)
		e.ErrorUntil = earlier(e.ErrorUntil, part.ErrorUntil)
	})
	open := render.Open(&e)
	if open {
		filled := c.fill(a, root)
		e.HTML, e.Head, e.Main = filled.html, filled.head, filled.main
		e.Holes = nil
	}
	switch a.Form {
	case Payload:
		return c.renderer.Payload(&e), nil
	case Bare:
		e.Header = http.Header{"Content-Type": e.Header["Content-Type"], "X-Robots-Tag": {"noindex"}}
		return &e, nil
	case View:
		return c.view(ctx, a, &e)
	}
	if open && !a.Plain {
		c.renderer.AddRuntime(&e, len(a.Page.Guards) == 0)
	}
	return &e, nil
}

// view makes the document around a fragment, whose layout may have fragments.
func (c *Composer) view(ctx context.Context, a *Ask, e *pages.Entry) (*pages.Entry, error) {
	view, err := c.renderer.View(ctx, a.Page.Fragment, a.Locale, e)
	if err != nil {
		return nil, err
	}
	view.Header = http.Header{"Content-Type": e.Header["Content-Type"], "X-Robots-Tag": {"noindex"}}
	around := &node{def: a.Page, answer: cache.Answer{Entry: view}}
	c.gather(ctx, a, around, nil)
	around.uses(&view.Uses)
	around.walk(func(n *node) {
		if n.requested { // of the layout, which a document of its own can do without
			n.requested, n.err = false, errMoved(n.def)
		}
	})
	filled := c.fill(a, around)
	view.HTML, view.Head, view.Main, view.Holes = filled.html, filled.head, filled.main, nil
	c.renderer.AddRuntime(view, false)
	return view, nil
}
