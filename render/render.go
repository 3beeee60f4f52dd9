// Package render turns one page and one input into one whole entry.
//
// It knows only the page: it uses no store, no cache and no network. It
// contains the faults of a page's functions: a panic is an error, a function
// that does not return in time is abandoned, and a page that grows without end
// is cut off.
package render

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/admission"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/sealed"
	"github.com/gorgon-go/gorgon/viewctx"
)

// A Renderer renders the pages of one app in one build. Set its fields before
// the first use and do not change them later. It is safe for concurrent use.
type Renderer struct {
	App    gorgon.App
	Build  string                         // the build that views are part of
	Site   viewctx.Site                   // where the app is served; Locale is set for each page
	Values func(name string) (any, error) // the build's values
	Effort compress.Effort                // how hard to compress. Default: Fast
	Limit  int                            // the size limit of HTML, and of state, in bytes. Default: 16 MiB
	Now    func() time.Time               // default: time.Now
	Lean   bool                           // leave out states that are not read again, and codings that are made of Brotli, as a seed does. Default: store all
	Seal   *sealed.Key                    // the key for data that travels through browsers. See [NewSeal]. Default: a key that can be derived from Build

	// Limits say how many renderings of one page's pattern run at once, and how
	// many may wait for them. Default: those of the type.
	Limits admission.Limits

	Outline bool // write comments around fragments, with which 'gorgon dev' shows them. Default: write none

	once      sync.Once
	fragments map[string]*gorgon.Definition
	seal      *sealed.Key
	popups    sync.Map // by locale: HTML

	gates   gates
	running atomic.Int64 // functions of pages, those that were abandoned included
}

const defaultLimit = 16 << 20

func (r *Renderer) limit() int {
	if r.Limit > 0 {
		return r.Limit
	}
	return defaultLimit
}

// Time returns the time by the renderer's clock.
func (r *Renderer) Time() time.Time { return r.now() }

func (r *Renderer) now() time.Time {
	if r.Now != nil {
		return r.Now()
	}
	return time.Now()
}

// A Task is one entry to make.
type Task struct {
	Page   *gorgon.Definition
	Path   string // decoded, without base path and locale
	Locale string
	Epoch  uint64       // the store's sequence, read before
	Old    *pages.Entry // the version it replaces; nil if there is none

	// Reads is where the loader notes what it reads. Default: a new one.
	Reads *dataflow.Reads

	// Load makes the value of a cache. Default: the cache's own, with the key
	// that the path has.
	Load func(ctx context.Context) (any, error)

	// Slot is one of the page's [Renderer.Gate], which the caller releases.
	// nil: wait for one as long as the page's Timeout allows, however many
	// wait.
	Slot *admission.Slot
}

// Key returns the identity of the task's entry.
func (t Task) Key() pages.Key {
	return pages.Key{Route: t.Page.Path, Path: t.Path, Locale: t.Locale}
}

// Make calls the page's loader and renders its state. A redirect is an entry;
// NotFound, Gone and every other result is an error. The error names the page;
// its cause is the loader's.
//
// If the HTML is identical to that of the old version, the new entry keeps its
// ETag, its time of modification and its compressed variants.
func (r *Renderer) Make(ctx context.Context, t Task) (*pages.Entry, error) {
	made := r.now()
	ctx = r.siteFor(ctx, t.Locale, pathOf(t.Page, t.Path)) // a state may contain URLs too
	in := t.Page.Input(t.Path, t.Locale, r.Values)
	if t.Reads == nil {
		t.Reads = new(dataflow.Reads)
	}
	ctx = dataflow.WithReads(ctx, t.Reads)
	return within(ctx, r, t.Page, r.slotOf(t), "make", t.Path, func(ctx context.Context) (*pages.Entry, error) {
		e, err := r.load(ctx, t, made, in)
		if err == nil {
			depends(e, t.Reads)
		}
		return e, err
	})
}

// load makes an entry of what the loader returns.
func (r *Renderer) load(ctx context.Context, t Task, made time.Time, in gorgon.Input) (*pages.Entry, error) {
	if t.Page.Cache != "" {
		return r.loadValue(ctx, t, made, in)
	}
	state, err := t.Page.Load(ctx, in)
	if location, status, ok := moved(err); ok {
		return r.redirect(ctx, t, made, location, status)
	}
	if err != nil {
		return nil, err
	}
	if r.Lean && !t.Page.Rereads() {
		return r.entry(ctx, t, made, state, nil)
	}
	data, err := r.encode(t.Page, state)
	if err != nil {
		return nil, err
	}
	return r.entry(ctx, t, made, state, data)
}

// depends has an entry depend on what was read to make it.
func depends(e *pages.Entry, reads *dataflow.Reads) {
	var stale bool
	if e.Epoch, stale = reads.Epoch(e.Epoch); stale {
		e.FreshUntil = e.MadeAt
	}
	if tags := reads.Tags(); len(tags) > 0 {
		e.Tags = cleanTags(append(tags, e.Tags...))
	}
	e.Doubts = reads.Doubts()
	e.Limits = pages.Limits(reads.Limits())
	limit(e)
}

// encode returns a state as it is stored.
func (r *Renderer) encode(page *gorgon.Definition, state any) ([]byte, error) {
	if exceeds(state, r.limit()) {
		return nil, tooLargeState(fmt.Errorf("its state has more than %d bytes", r.limit()))
	}
	data, err := page.Encode(state)
	if err != nil {
		return nil, fmt.Errorf("the state cannot be stored as JSON: %w", err)
	}
	if len(data) > r.limit() {
		return nil, tooLargeState(fmt.Errorf("its state has %d bytes, more than %d", len(data), r.limit()))
	}
	return data, nil
}

func tooLargeState(err error) error {
	return &gorgon.Error{Kind: gorgon.KindTooLarge, Message: "the page is too large", Err: err}
}

// Again renders the state of an entry from another build with this build's
// view, without calling its loader. The times stay, except the time of
// modification if the view shows something else, and so does the record of
// failed refreshes.
func (r *Renderer) Again(ctx context.Context, page *gorgon.Definition, old *pages.Entry) (*pages.Entry, error) {
	ctx = r.siteFor(ctx, old.Key.Locale, pathOf(page, old.Key.Path))
	t := Task{Page: page, Path: old.Key.Path, Locale: old.Key.Locale, Epoch: old.Epoch, Old: old}
	return within(ctx, r, page, r.gates.of(page, r.Limits).views.Enter, "render", t.Path, func(ctx context.Context) (_ *pages.Entry, err error) {
		if old, err = old.Unpack(); err != nil {
			return nil, err
		}
		t.Old = old
		switch {
		case old.State == nil && old.Status == http.StatusOK:
			return nil, fmt.Errorf("build %s stored no state of it", old.Build)
		case old.State == nil: // a redirect has no view
			again := *old
			again.Build = r.Build
			return &again, nil
		}
		e, err := r.again(ctx, t)
		if err != nil {
			return nil, err
		}
		if e.ETag != old.ETag {
			e.ModifiedAt = r.now()
		}
		for _, tag := range old.Tags {
			if strings.HasPrefix(tag, dataflow.Prefix) || old.Limits.Uses() { // some may be a value's
				e.Tags = append(e.Tags, tag)
			}
		}
		e.Tags, e.Doubts, e.Limits = cleanTags(e.Tags), old.Doubts, old.Limits
		e.FreshUntil, e.StaleUntil, e.ErrorUntil = old.FreshUntil, old.StaleUntil, old.ErrorUntil
		e.Failures, e.RetryAt, e.Failure = old.Failures, old.RetryAt, old.Failure
		return e, nil
	})
}

// again makes an entry of the state of the old one.
func (r *Renderer) again(ctx context.Context, t Task) (*pages.Entry, error) {
	if t.Page.Cache != "" {
		return r.againValue(ctx, t)
	}
	state, err := t.Page.Decode(t.Old.State)
	if err != nil {
		return nil, fmt.Errorf("the state of build %s does not decode: %w", t.Old.Build, err)
	}
	return r.entry(ctx, t, t.Old.MadeAt, state, t.Old.State)
}

// ShouldRevalidate asks the page of a task whether to regenerate its old entry.
func (r *Renderer) ShouldRevalidate(ctx context.Context, t Task) (bool, error) {
	page, e := t.Page, t.Old
	in := page.Input(e.Key.Path, e.Key.Locale, r.Values)
	return within(ctx, r, page, r.slotOf(t), "ask whether to revalidate", e.Key.Path, func(ctx context.Context) (bool, error) {
		e, err := e.Unpack()
		if err != nil {
			return true, nil // as below
		}
		state, err := page.Decode(e.State)
		if err != nil {
			return true, nil // it cannot be asked about, so it is regenerated
		}
		return page.ShouldRevalidate(ctx, in, state, e.MadeAt)
	})
}

// within takes a slot, calls fn under the page's deadline, turns a panic into
// an error, and names the page in every error. The deadline starts with the
// slot. A function that outlives its deadline is abandoned, but keeps its slot
// until it returns, so that a page that hangs can use up only its own slots.
func within[T any](ctx context.Context, r *Renderer, page *gorgon.Definition, enter func(context.Context) (*admission.Slot, error), op, path string, fn func(context.Context) (T, error)) (T, error) {
	var zero T
	fail := func(err error) (T, error) {
		e := &gorgon.Error{Op: op, Path: path, Kind: failure.Kind(err), Status: failure.Status(err), Err: err}
		if f := failure.Of(err, path, ""); f.Message != "" {
			e.Message = f.Message
		}
		return zero, e
	}
	slot, err := enter(ctx)
	if err != nil {
		return fail(notAdmitted(page, err))
	}
	ctx, cancel := context.WithTimeout(ctx, page.Timeout)
	defer cancel()
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	r.running.Add(1)
	go func() {
		defer r.running.Add(-1)
		res := result{err: errors.New("the function ended its goroutine")} // runtime.Goexit
		defer func() {
			if p := recover(); p != nil {
				res = result{err: fmt.Errorf("panic: %v\n%s", p, debug.Stack())}
			}
			slot.Free()
			done <- res
		}()
		res.value, res.err = fn(ctx)
	}()
	select {
	case res := <-done:
		if res.err != nil {
			return fail(res.err)
		}
		return res.value, nil
	case <-ctx.Done():
		// A result that came at the same instant still counts as late.
		return fail(context.Cause(ctx))
	}
}

// Settled waits until no function of a page runs any more, those that outlived their
// deadlines included, and says whether it is so in time. Until then, what the entries
// of a seed consist of may still be read.
func (r *Renderer) Settled(within time.Duration) bool {
	for end := time.Now().Add(within); r.running.Load() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// siteFor returns the context in which the views of a page render.
func (r *Renderer) siteFor(ctx context.Context, locale, path string) context.Context {
	site := r.App.SiteIn(r.Site, locale)
	site.Path = path
	if caches := viewctx.SiteOf(ctx).Caches; caches != nil {
		site.Caches = caches
	}
	return viewctx.WithSite(ctx, site)
}

// pathOf is the path of a page, as its views may know it: a fragment is on many
// pages.
func pathOf(d *gorgon.Definition, path string) string {
	if d.Fragment != "" || d.Cache != "" {
		return ""
	}
	return path
}

// headerFor checks the headers that a page sets.
func headerFor(ctx context.Context, page *gorgon.Definition, in gorgon.Input, state any, kept bool) (http.Header, error) {
	header := http.Header{"Content-Type": {"text/html; charset=utf-8"}}
	if page.Headers == nil {
		return header, nil
	}
	own, err := page.Headers(ctx, in, state)
	if err != nil {
		return nil, fmt.Errorf("Headers: %w", err)
	}
	for name, values := range own {
		name = http.CanonicalHeaderKey(name)
		if err := checkHeader(name, values, kept); err != nil {
			return nil, err
		}
		header[name] = values
	}
	return header, nil
}
