// Package render turns one page and one input into one whole entry.
//
// It knows the page and asks nobody: no store, no cache, no network. What a
// page's functions may do to it is its business: a panic is an error, a
// function that does not return in time is left behind, and a page that
// grows without end is cut off.
package render

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/sealed"
)

// A Renderer renders the pages of one app in one build. Its fields are set
// before its first use and not changed after. It is safe for concurrent use.
type Renderer struct {
	App    gorgon.App
	Build  string           // the build that views are part of
	Site   gorgon.Site      // where the app is served from; Locale is set for each page
	Values *gorgon.Values   // the build's values
	Effort compress.Effort  // how hard to compress. Default: Fast
	Limit  int              // bytes of HTML, and of state, that a page may have. Default: 16 MiB
	Width  int              // how many makings of one page's pattern may run at once. Default: 64
	Now    func() time.Time // default: time.Now
	Lean   bool             // leave out states that nothing reads again, as a seed does. Default: keep them all
	Seal   *sealed.Key      // of what travels through browsers. See [NewSeal]. Default: a key that whoever knows Build can make

	Outline bool // write comments around fragments, by which 'gorgon dev' shows them. Default: write none

	once      sync.Once
	fragments map[string]*gorgon.Definition
	seal      *sealed.Key
	popups    sync.Map // by locale: HTML

	mu    sync.Mutex
	slots map[*gorgon.Definition]chan struct{}
}

const (
	defaultLimit = 16 << 20
	defaultWidth = 64
)

func (r *Renderer) limit() int {
	if r.Limit > 0 {
		return r.Limit
	}
	return defaultLimit
}

// Time is the time by the renderer's clock.
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
	Old    *pages.Entry // the version it replaces; nil where there is none
}

// Key is the identity of the task's entry.
func (t Task) Key() pages.Key {
	return pages.Key{Route: t.Page.Path, Path: t.Path, Locale: t.Locale}
}

// Make calls the page's generator and renders its state. A redirect is an
// entry; NotFound, Gone and every other answer is an error. The error says
// which page; its cause is the generator's.
//
// Where the HTML is that of the old version to the byte, the new entry keeps
// its ETag, its time of modification and its compressed twins.
func (r *Renderer) Make(ctx context.Context, t Task) (*pages.Entry, error) {
	made := r.now()
	ctx = r.siteFor(ctx, t.Locale) // a state may hold URLs too
	in := gorgon.NewInput(t.Page.Pattern, t.Path, t.Locale, r.Values)
	return within(ctx, r, t.Page, "make", t.Path, func(ctx context.Context) (*pages.Entry, error) {
		state, err := t.Page.BuildState(ctx, in)
		if location, status, ok := moved(err); ok {
			return r.redirect(ctx, t, made, location, status)
		}
		if err != nil {
			return nil, err
		}
		if r.Lean && !t.Page.Rereads() {
			return r.entry(ctx, t, made, state, nil)
		}
		data, err := t.Page.Encode(state)
		if err != nil {
			return nil, fmt.Errorf("the state cannot be kept as JSON: %w", err)
		}
		if len(data) > r.limit() {
			return nil, &gorgon.Error{Kind: gorgon.TooLarge, Message: "the page is too large", Err: fmt.Errorf("its state has %d bytes, more than %d", len(data), r.limit())}
		}
		return r.entry(ctx, t, made, state, data)
	})
}

// Again renders the state of an entry that another build rendered with this
// build's view, without calling its generator. The times stay, but for that
// of modification where the view shows something else, and so does what is
// known of failed refreshes.
func (r *Renderer) Again(ctx context.Context, page *gorgon.Definition, old *pages.Entry) (*pages.Entry, error) {
	t := Task{Page: page, Path: old.Key.Path, Locale: old.Key.Locale, Epoch: old.Epoch, Old: old}
	return within(ctx, r, page, "render", t.Path, func(ctx context.Context) (*pages.Entry, error) {
		switch {
		case old.State == nil && old.Status == http.StatusOK:
			return nil, fmt.Errorf("build %s kept no state of it", old.Build)
		case old.State == nil: // a redirect shows nothing
			again := *old
			again.Build = r.Build
			return &again, nil
		}
		state, err := page.Decode(old.State)
		if err != nil {
			return nil, fmt.Errorf("the state of build %s does not decode: %w", old.Build, err)
		}
		e, err := r.entry(ctx, t, old.MadeAt, state, old.State)
		if err != nil {
			return nil, err
		}
		if e.ETag != old.ETag {
			e.ModifiedAt = r.now()
		}
		e.FreshUntil, e.StaleUntil, e.ErrorUntil = old.FreshUntil, old.StaleUntil, old.ErrorUntil
		e.Failures, e.RetryAt, e.Failure = old.Failures, old.RetryAt, old.Failure
		return e, nil
	})
}

// ShouldRevalidate asks the page whether an entry is to be made again.
func (r *Renderer) ShouldRevalidate(ctx context.Context, page *gorgon.Definition, e *pages.Entry) (bool, error) {
	in := gorgon.NewInput(page.Pattern, e.Key.Path, e.Key.Locale, r.Values)
	return within(ctx, r, page, "ask whether to revalidate", e.Key.Path, func(ctx context.Context) (bool, error) {
		state, err := page.Decode(e.State)
		if err != nil {
			return true, nil // it cannot be asked about, so it is made again
		}
		return page.ShouldRevalidate(ctx, in, state, e.MadeAt)
	})
}

// within calls fn under the page's deadline, turns a panic into an error,
// and names the page in every error. A function that outlives its deadline
// is left behind, but keeps its slot until it ends, so that a page that hangs
// can use up no more than its own slots.
func within[T any](ctx context.Context, r *Renderer, page *gorgon.Definition, op, path string, fn func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, page.Timeout)
	defer cancel()
	var zero T
	fail := func(err error) (T, error) {
		e := &gorgon.Error{Op: op, Path: path, Kind: gorgon.KindOf(err), Status: gorgon.StatusOf(err), Err: err}
		if f := gorgon.FailureOf(err, path, ""); f.Message != "" {
			e.Message = f.Message
		}
		return zero, e
	}
	slots := r.slotsOf(page)
	select {
	case slots <- struct{}{}:
	case <-ctx.Done():
		return fail(&gorgon.Error{Kind: gorgon.Unavailable, Err: fmt.Errorf("%d makings of %s are still running: %w", cap(slots), page.Path, context.Cause(ctx))})
	}
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		res := result{err: errors.New("the function ended its goroutine")} // runtime.Goexit
		defer func() {
			if p := recover(); p != nil {
				res = result{err: fmt.Errorf("panic: %v\n%s", p, debug.Stack())}
			}
			<-slots
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
		// An answer that came in the same instant still counts as late.
		return fail(context.Cause(ctx))
	}
}

func (r *Renderer) slotsOf(page *gorgon.Definition) chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	slots := r.slots[page]
	if slots == nil {
		width := r.Width
		if width <= 0 {
			width = defaultWidth
		}
		if r.slots == nil {
			r.slots = map[*gorgon.Definition]chan struct{}{}
		}
		slots = make(chan struct{}, width)
		r.slots[page] = slots
	}
	return slots
}

// siteFor is the context in which views of one locale render.
func (r *Renderer) siteFor(ctx context.Context, locale string) context.Context {
	return gorgon.WithSite(ctx, r.Site.In(r.App, locale))
}

// headerFor checks the headers that a page's state asks for.
func headerFor(page *gorgon.Definition, state any, kept bool) (http.Header, error) {
	header := http.Header{"Content-Type": {"text/html; charset=utf-8"}}
	if page.Headers == nil {
		return header, nil
	}
	for name, values := range page.Headers(state) {
		name = http.CanonicalHeaderKey(name)
		if err := checkHeader(name, values, kept); err != nil {
			return nil, err
		}
		header[name] = values
	}
	return header, nil
}
