// Fragments: parts of pages that have a state of their own.

package gorgon

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/viewctx"
)

// A Fragment is a view plus state for a part of pages: what is in stock, who
// is signed in, the headlines of the day. It is stored, revalidated and purged
// on its own, so that a change in one part of a page does not require
// rendering the whole page again. P is the type of its props, the values that
// a view passes to it; S is the type of its state. Both are stored as JSON.
//
// A view uses it like any component:
//
//	@stock.Use(StockProps{Product: p.ID})
//
// It must be listed in [App.Parts]. Fragments may use other fragments. The
// prefix and guards of a [Group] do not apply to it; the guards of the pages
// that use it do.
type Fragment[P, S any] struct {
	// Name names the fragment: lower-case letters, digits and dashes.
	Name string

	// Load loads the state for the given props: at build, if a page generated
	// at build uses them, otherwise on the first request for them; and again
	// according to the fields below.
	Load func(ctx context.Context, in Input, props P) (S, error)

	// RevalidateAfter, ShouldRevalidate, StaleFor and ErrorFor are as in
	// [Page].
	RevalidateAfter  time.Duration
	ShouldRevalidate func(ctx context.Context, in Input, props P, state S, made time.Time) (bool, error)
	StaleFor         time.Duration
	ErrorFor         time.Duration

	// LoadRequest loads the state for every request. A stored page may use the
	// fragment only if it sets [Page.AllowRequestTime], or if the fragment is
	// deferred.
	LoadRequest func(ctx context.Context, in Input, props P, r *http.Request) (S, error)

	// Merge combines the states that Load and LoadRequest returned.
	Merge func(ctx context.Context, in Input, props P, built, requested S) (S, error)

	// AllowRequestTime lets a stored fragment use fragments that are rendered
	// for every request; the pages and fragments that use it must then allow
	// it too.
	AllowRequestTime bool

	// Live keeps the fragment up to date in open browsers: when a purge or a
	// commit concerns it, or RevalidateAfter has passed, they get its new HTML.
	// With LoadRequest, each browser fetches it, with the visitor's own cookies;
	// what Tags name and what LoadRequest reads with its context concerns it.
	// Guards of the page that end their requests' contexts end that. Without
	// JavaScript the page stays as it was. Default: visitors reload the page.
	Live bool

	// Timeout bounds loading and rendering the fragment once. Default: 30 s.
	Timeout time.Duration

	// View renders the state.
	View func(S) Component

	// Fallback is shown in place of a deferred fragment until it arrives, as
	// the text of a link to it. Default: the fragment's name.
	Fallback func(P) Component

	// Tags name what the fragment shows, so that a purge of a tag reaches it.
	// Default: none.
	Tags func(S) []string

	// TagsFor replaces Tags if the tags depend on more than the state, as
	// [Page.TagsFor] does. Default: Tags.
	TagsFor func(ctx context.Context, in Input, props P, state S) ([]string, error)

	// Errors are error views by status, with 0 for every other status; their
	// Failure.Position is [InFragment]. Default: the app's.
	Errors map[int]func(Failure) Component

	// Needs lists what the fragment's functions require of the target they run
	// on, beyond what the fields above imply. Default: nothing.
	Needs []Need
}

// calledPath is a path as errors name it. That of a fragment holds its props,
// and that of a value of a cache its key, which may be one visitor's: a digest
// stands in their place, the one that logs name its entry by.
func calledPath(path string) string {
	word := "fragment "
	name, private, ok := viewctx.SplitFragmentPath(path)
	if !ok {
		word = "cache "
		name, private, ok = viewctx.SplitCachePath(path)
	}
	if !ok {
		return path
	}
	sum := sha256.Sum256([]byte(private))
	return word + name + " #" + hex.EncodeToString(sum[:4])
}

// Definition returns the fragment with the types of props and state erased.
func (f Fragment[P, S]) Definition() *Definition { return f.definition() }

func (f *Fragment[P, S]) definition() *Definition {
	page := Page[S]{
		Path:            viewctx.FragmentPath(f.Name, nil) + "{props...}",
		RevalidateAfter: f.RevalidateAfter, StaleFor: f.StaleFor, ErrorFor: f.ErrorFor,
		Timeout: f.Timeout, View: f.View, Tags: f.Tags, Errors: f.Errors, Needs: f.Needs,
		AllowRequestTime: f.AllowRequestTime,
		Incremental:      f.Load != nil, // wherever a view may name them, they are
	}
	if f.Load != nil {
		page.Load = func(ctx context.Context, in Input) (s S, err error) {
			var p P
			if err := readProps(f.Name, in, &p); err != nil {
				return s, err
			}
			return f.Load(ctx, in, p)
		}
	}
	if f.TagsFor != nil {
		page.TagsFor = func(ctx context.Context, in Input, state S) ([]string, error) {
			var p P
			if err := readProps(f.Name, in, &p); err != nil {
				return nil, err
			}
			return f.TagsFor(ctx, in, p, state)
		}
	}
	if f.ShouldRevalidate != nil {
		page.ShouldRevalidate = func(ctx context.Context, in Input, state S, made time.Time) (bool, error) {
			var p P
			if err := readProps(f.Name, in, &p); err != nil {
				return false, err
			}
			return f.ShouldRevalidate(ctx, in, p, state, made)
		}
	}
	if f.LoadRequest != nil {
		page.LoadRequest = func(ctx context.Context, in Input, r *http.Request) (s S, err error) {
			var p P
			if err := readProps(f.Name, in, &p); err != nil {
				return s, err
			}
			return f.LoadRequest(ctx, in, p, r)
		}
	}
	if f.Merge != nil {
		page.Merge = func(ctx context.Context, in Input, built, requested S) (s S, err error) {
			var p P
			if err := readProps(f.Name, in, &p); err != nil {
				return s, err
			}
			return f.Merge(ctx, in, p, built, requested)
		}
	}
	d := page.definition(scope{})
	d.Fragment, d.Live = f.Name, f.Live
	d.checkFragment(f.Load == nil && f.LoadRequest == nil)
	return d
}

// readProps reads the props of a fragment from the path that stands for it.
func readProps(name string, in Input, props any) error {
	text := strings.TrimPrefix(in.Path, viewctx.FragmentPath(name, nil))
	if err := json.Unmarshal([]byte(text), props); err != nil {
		return &Error{Kind: KindInvalid, Err: fmt.Errorf("the props are not those of fragment %s: they do not decode", name)}
	}
	return nil
}

// checkFragment lists what is wrong with a fragment besides its page.
func (d *Definition) checkFragment(stateless bool) {
	if d.Fragment == "" || strings.Trim(d.Fragment, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		d.faults = append(d.faults, fmt.Sprintf("Name %q: use lower-case letters, digits and dashes, such as \"in-stock\"", d.Fragment))
	}
	if stateless {
		d.faults = append(d.faults, "it has no state: add Load or LoadRequest, or use its view as a plain component")
	}
}

// Use returns the component that shows the fragment for the given props.
func (f Fragment[P, S]) Use(props P) Component { return useOf{name: f.Name, props: props} }

// Defer returns a component that shows the fragment's fallback and lets the
// browser fetch the fragment after the page. It costs the page nothing,
// whatever its strategy. Without JavaScript it is a link to a page that shows
// the fragment.
func (f Fragment[P, S]) Defer(props P) Component {
	fallback := func() Component { return Text(f.Name) }
	if f.Fallback != nil {
		fallback = func() Component { return f.Fallback(props) }
	}
	return useOf{f.Name, props, fallback}
}

// A useOf is a fragment in a view.
type useOf struct {
	name     string
	props    any
	fallback func() Component // of a deferred fragment
}

// Render puts the fragment into the page that is being rendered.
func (u useOf) Render(ctx context.Context, w io.Writer) error {
	slots, ok := viewctx.SlotsOf(ctx)
	if !ok {
		return &Error{Op: "use fragment", Path: u.name, Err: errors.New("no page is being rendered here"), Hint: "use it in the view of a page, a layout or another fragment"}
	}
	data, err := json.Marshal(u.props)
	if err != nil {
		return &Error{Op: "use fragment", Path: u.name, Err: fmt.Errorf("its props cannot be encoded as JSON: %w", err)}
	}
	slot := viewctx.Slot{Fragment: u.name, Props: data, Deferred: u.fallback != nil}
	if slot.Deferred {
		slot.Fallback = u.fallback()
	}
	return slots.Fill(ctx, w, slot)
}

// FragmentDefinitions returns the fragments with their types erased, in order.
func (a App) FragmentDefinitions() []*Definition { return a.contents().fragments }

// RequestTime reports whether a page or fragment shows, or may show, anything
// that is rendered for every request. No complete version of it can then be
// stored.
func (d *Definition) RequestTime() bool { return d.PerRequest() || d.AllowRequestTime }

// validateFragments lists the faults of the app's fragments.
func (c *contents) validateFragments() []error {
	var faults []error
	names := map[string]bool{}
	for _, d := range c.fragments {
		for _, text := range d.validate() {
			faults = append(faults, fmt.Errorf("fragment %s: %s", d.Fragment, text))
		}
		if names[d.Fragment] {
			faults = append(faults, fmt.Errorf("fragment %s: two have this name: rename one", d.Fragment))
		}
		names[d.Fragment] = true
	}
	return faults
}
