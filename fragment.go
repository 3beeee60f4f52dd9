// A fragment: a part of pages that has a state of its own.

package gorgon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// A Fragment is a view plus state for a part of pages: what is in stock, who
// is signed in, the headlines of the day. It is kept, made again and purged by
// itself, so that a page need not be made again because one part of it has
// changed. P is the type of what its users give it, its props; S is the type
// of its state. Both are kept as JSON.
//
// A view uses it as it uses any component:
//
//	@stock.Use(StockProps{Product: p.ID})
//
// It must be listed in [App.Fragments]. Fragments may use other fragments.
type Fragment[P, S any] struct {
	// Name names the fragment: lower-case letters, digits and dashes.
	Name string

	// BuildState makes the state for some props: at build where a page that
	// is made at build uses them, otherwise when they are first asked for; and
	// again as the fields below say.
	BuildState func(ctx context.Context, in Input, props P) (S, error)

	// RevalidateAfter, ShouldRevalidate, StaleFor and ErrorFor are those of
	// a [Page].
	RevalidateAfter  time.Duration
	ShouldRevalidate func(ctx context.Context, in Input, props P, state S, made time.Time) (bool, error)
	StaleFor         time.Duration
	ErrorFor         time.Duration

	// RequestState makes the state for every request. A page that is kept
	// may use the fragment only if it says [Page.AllowRequestTime], or where
	// the fragment is deferred.
	RequestState func(ctx context.Context, in Input, props P, r *http.Request) (S, error)

	// Amalgamate merges what BuildState and RequestState made.
	Amalgamate func(ctx context.Context, in Input, props P, built, requested S) (S, error)

	// AllowRequestTime lets a fragment that is kept use fragments that are
	// made for every request; whoever uses it must then allow it too.
	AllowRequestTime bool

	// Timeout bounds one making. Default: 30 s.
	Timeout time.Duration

	// View shows the state.
	View func(S) Component

	// Fallback is shown where the fragment is deferred, until it arrives, in
	// the text of a link that leads to it. Default: the fragment's name.
	Fallback func(P) Component

	// Tags name what the fragment shows, so that a purge of a tag reaches it.
	// Default: none.
	Tags func(S) []string

	// Errors are error views by status, with 0 for every other status; their
	// Failure.Position is [InFragment]. Default: the app's.
	Errors map[int]func(Failure) Component

	// Needs are what the fragment's functions ask of the place they run in,
	// beyond what the fields above say. Default: nothing.
	Needs []Need
}

// A FragmentRoute is what can stand in [App.Fragments]: a [Fragment] of any types.
type FragmentRoute interface {
	Route
	fragment()
}

func (f Fragment[P, S]) fragment() {}

// FragmentPath is the decoded path that stands for a fragment with some props
// in keys and purges. No URL leads to it: what travels through browsers is
// sealed.
func FragmentPath(name string, props []byte) string {
	return "/_gorgon/fragment/" + name + "/" + string(props)
}

// Definition erases the types of props and state.
func (f Fragment[P, S]) Definition() *Definition {
	props := func(in Input) (p P, err error) {
		text := strings.TrimPrefix(in.Path, FragmentPath(f.Name, nil))
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			return p, &Error{Kind: Invalid, Err: fmt.Errorf("the props %.100q are not those of fragment %s: %w", text, f.Name, err)}
		}
		return p, nil
	}
	page := Page[S]{
		Path:            "/_gorgon/fragment/" + f.Name + "/{props...}",
		RevalidateAfter: f.RevalidateAfter, StaleFor: f.StaleFor, ErrorFor: f.ErrorFor,
		Timeout: f.Timeout, View: f.View, Tags: f.Tags, Errors: f.Errors, Needs: f.Needs,
		AllowRequestTime: f.AllowRequestTime,
		Incremental:      f.BuildState != nil, // wherever a view may name them, they are
	}
	if f.BuildState != nil {
		page.BuildState = func(ctx context.Context, in Input) (s S, err error) {
			p, err := props(in)
			if err != nil {
				return s, err
			}
			return f.BuildState(ctx, in, p)
		}
	}
	if f.ShouldRevalidate != nil {
		page.ShouldRevalidate = func(ctx context.Context, in Input, state S, made time.Time) (bool, error) {
			p, err := props(in)
			if err != nil {
				return false, err
			}
			return f.ShouldRevalidate(ctx, in, p, state, made)
		}
	}
	if f.RequestState != nil {
		page.RequestState = func(ctx context.Context, in Input, r *http.Request) (s S, err error) {
			p, err := props(in)
			if err != nil {
				return s, err
			}
			return f.RequestState(ctx, in, p, r)
		}
	}
	if f.Amalgamate != nil {
		page.Amalgamate = func(ctx context.Context, in Input, built, requested S) (s S, err error) {
			p, err := props(in)
			if err != nil {
				return s, err
			}
			return f.Amalgamate(ctx, in, p, built, requested)
		}
	}
	d := page.Definition()
	d.Fragment = f.Name
	if f.Name == "" || strings.Trim(f.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		d.faults = append(d.faults, fmt.Sprintf("Name %q: use lower-case letters, digits and dashes, such as \"in-stock\"", f.Name))
	}
	if f.BuildState == nil && f.RequestState == nil {
		d.faults = append(d.faults, "it has no state: add BuildState or RequestState, or use its view as the component that it is")
	}
	return d
}

// Use is the fragment in a view, for some props.
func (f Fragment[P, S]) Use(props P) Component { return f.use(props, false) }

// Defer is the fragment in a view, to be fetched by the browser once it has
// the page: it costs the page nothing, whatever its strategy. Without
// JavaScript it is a link to a page that shows it.
func (f Fragment[P, S]) Defer(props P) Component { return f.use(props, true) }

func (f Fragment[P, S]) use(props P, deferred bool) Component {
	return ComponentFunc(func(ctx context.Context, w io.Writer) error {
		slots, ok := ctx.Value(slotsKey{}).(Slots)
		if !ok {
			return &Error{Op: "use fragment", Path: f.Name, Err: errors.New("nobody here fills fragments"), Mend: "use it in the view of a page, a layout or another fragment"}
		}
		data, err := json.Marshal(props)
		if err != nil {
			return &Error{Op: "use fragment", Path: f.Name, Err: fmt.Errorf("its props cannot be kept as JSON: %w", err)}
		}
		slot := Slot{Fragment: f.Name, Props: data, Deferred: deferred}
		if deferred {
			slot.Fallback = Text(f.Name)
			if f.Fallback != nil {
				slot.Fallback = f.Fallback(props)
			}
		}
		return slots.Fill(ctx, w, slot)
	})
}

// A Slot is a place in a view that a fragment is to fill.
type Slot struct {
	Fragment string
	Props    []byte // as JSON
	Deferred bool
	Fallback Component // where it is deferred
}

// Path is [FragmentPath] of the slot.
func (s Slot) Path() string { return FragmentPath(s.Fragment, s.Props) }

// Slots fill the places that fragments have in a view, or note them to be
// filled later. The machines put them into the context of the views they
// render.
type Slots interface {
	Fill(ctx context.Context, w io.Writer, s Slot) error
}

type slotsKey struct{}

// WithSlots returns a context whose views have their fragments filled by slots.
func WithSlots(ctx context.Context, slots Slots) context.Context {
	return context.WithValue(ctx, slotsKey{}, slots)
}

// FragmentDefinitions are the fragments with their types erased, in order.
func (a App) FragmentDefinitions() []*Definition {
	definitions := make([]*Definition, 0, len(a.Fragments))
	for _, f := range a.Fragments {
		if f != nil {
			definitions = append(definitions, f.Definition())
		}
	}
	return definitions
}

// RequestTime says whether something of what a page or fragment shows is, or
// may be, made for every request: it then has no version that could be kept
// as a whole.
func (d *Definition) RequestTime() bool { return d.PerRequest() || d.AllowRequestTime }

// validateFragments lists the faults of the app's fragments.
func (a App) validateFragments() []error {
	var faults []error
	names := map[string]bool{}
	for i, f := range a.Fragments {
		if f == nil {
			faults = append(faults, fmt.Errorf("app: Fragments[%d] is nil: remove it", i))
			continue
		}
		d := f.Definition()
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
