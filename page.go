// A page: which paths, which state, which view.

package gorgon

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// A Page is a view plus state for every path that its pattern matches. S is
// the type of the state; what is kept of it is kept as JSON, so its exported
// fields must say everything that the view needs.
//
// The functions are called from many goroutines at once.
type Page[S any] struct {
	// Path is the pattern: "/", "/products/{id}", "/docs/{path...}".
	Path string

	// BuildPaths lists the decoded paths to make at build, for the locale of
	// its input, which has no path yet. Needed where Path has wildcards,
	// unless Incremental or RequestState.
	BuildPaths func(ctx context.Context, in Input) ([]string, error)

	// BuildState makes the state at build, and again as the fields below
	// say. Default: the zero S, made at build and never again.
	BuildState func(ctx context.Context, in Input) (S, error)

	// Incremental makes paths that the build did not list on their first request.
	Incremental bool

	// RevalidateAfter makes the state again when it is older than this,
	// give or take a tenth. Default: never.
	RevalidateAfter time.Duration

	// ShouldRevalidate is asked whether the state, made at that time, is to
	// be made again: once RevalidateAfter has passed, or, where that is not
	// set, at every request. The visitor does not wait for its answer.
	ShouldRevalidate func(ctx context.Context, in Input, state S, made time.Time) (bool, error)

	// StaleFor bounds how long after it went stale a page may still be
	// served while it is made again; then visitors wait. Default: for ever.
	StaleFor time.Duration

	// ErrorFor bounds how long after it went stale a page is still served
	// when making it again fails. Default: for ever.
	ErrorFor time.Duration

	// RequestState makes the state for every request.
	RequestState func(ctx context.Context, in Input, r *http.Request) (S, error)

	// Amalgamate merges what BuildState and RequestState made.
	Amalgamate func(ctx context.Context, in Input, built, requested S) (S, error)

	// AllowRequestTime lets a page that is kept use fragments that are made
	// for every request. The page is then sent as far as it is kept, and no
	// cache in between may keep it. Default: a page that uses one cannot be made.
	AllowRequestTime bool

	// Timeout bounds one making of a page. Default: 30 s.
	Timeout time.Duration

	// View shows the state.
	View func(S) Component

	// Head is the page's part of the document's head. Default: empty.
	Head func(S) Head

	// Headers are further response headers. A page that is kept cannot set
	// cookies. Default: none.
	Headers func(S) http.Header

	// Tags name what the page shows, so that a purge of a tag reaches it.
	// Default: none.
	Tags func(S) []string

	// Errors are error views by status, with 0 for every other status.
	// Default: the app's.
	Errors map[int]func(Failure) Component

	// Guards run before anything is read or made, the first one outermost,
	// whichever URL led to the page.
	Guards []func(http.Handler) http.Handler

	// Needs are what the page's functions ask of the place they run in,
	// beyond what the fields above say. Default: nothing.
	Needs []Need
}

// A Route is what can stand in [App.Routes]: a [Page] of any state.
type Route interface {
	// Definition is the route with its type erased.
	Definition() *Definition
}

// A Definition is a [Page] or a [Fragment] with its types erased: what the
// machines read. Its functions are nil where the page has none; the states they take
// are those that they, or Decode, returned.
type Definition struct {
	Fragment         string   // the name of a fragment; "" for a page
	Path             string   // as written
	Pattern          *Pattern // nil where Path cannot be parsed
	BuildPaths       func(ctx context.Context, in Input) ([]string, error)
	BuildState       func(ctx context.Context, in Input) (any, error)
	Incremental      bool
	RevalidateAfter  time.Duration
	ShouldRevalidate func(ctx context.Context, in Input, state any, made time.Time) (bool, error)
	StaleFor         time.Duration
	ErrorFor         time.Duration
	RequestState     func(ctx context.Context, in Input, r *http.Request) (any, error)
	Amalgamate       func(ctx context.Context, in Input, built, requested any) (any, error)
	AllowRequestTime bool
	Timeout          time.Duration
	View             func(any) Component
	Head             func(any) Head
	Headers          func(any) http.Header
	Tags             func(any) []string
	Errors           map[int]func(Failure) Component
	Guards           []func(http.Handler) http.Handler
	Needs            []Need

	Encode func(state any) ([]byte, error)
	Decode func(data []byte) (any, error)

	faults []string
}

// DefaultTimeout bounds one making of a page that declares no Timeout.
const DefaultTimeout = 30 * time.Second

// Definition erases the type of the state.
func (p Page[S]) Definition() *Definition {
	d := &Definition{
		Path: p.Path, BuildPaths: p.BuildPaths, Incremental: p.Incremental,
		RevalidateAfter: p.RevalidateAfter, StaleFor: p.StaleFor, ErrorFor: p.ErrorFor,
		AllowRequestTime: p.AllowRequestTime,
		Timeout:          p.Timeout, Errors: p.Errors, Guards: p.Guards, Needs: p.Needs,
		Encode: func(state any) ([]byte, error) { return json.Marshal(state) },
		Decode: func(data []byte) (any, error) {
			var s S
			err := json.Unmarshal(data, &s)
			return s, err
		},
	}
	if d.Timeout == 0 {
		d.Timeout = DefaultTimeout
	}
	var err error
	if d.Pattern, err = ParsePattern(p.Path); err != nil {
		d.faults = append(d.faults, err.Error())
	}
	if p.View == nil {
		d.faults = append(d.faults, fmt.Sprintf("there is no View: add one, a func(%s) gorgon.Component", typeName[S]()))
	}
	if err := checkNeeds(p.Needs); err != nil {
		d.faults = append(d.faults, err.Error())
	}
	// A state whose S is an interface may be nil, which no assertion to S passes.
	as := func(state any) S { s, _ := state.(S); return s }

	if p.View != nil {
		d.View = func(s any) Component { return p.View(as(s)) }
	}
	switch {
	case p.BuildState != nil:
		d.BuildState = func(ctx context.Context, in Input) (any, error) { return p.BuildState(ctx, in) }
	case p.RequestState == nil:
		d.BuildState = func(context.Context, Input) (any, error) { var zero S; return zero, nil }
	}
	if p.BuildState == nil {
		d.faults = append(d.faults, p.withoutBuildState()...)
	}
	if p.ShouldRevalidate != nil {
		d.ShouldRevalidate = func(ctx context.Context, in Input, s any, made time.Time) (bool, error) {
			return p.ShouldRevalidate(ctx, in, as(s), made)
		}
	}
	if p.RequestState != nil {
		d.RequestState = func(ctx context.Context, in Input, r *http.Request) (any, error) {
			return p.RequestState(ctx, in, r)
		}
	}
	if p.Amalgamate != nil {
		d.Amalgamate = func(ctx context.Context, in Input, built, requested any) (any, error) {
			return p.Amalgamate(ctx, in, as(built), as(requested))
		}
	}
	if p.Head != nil {
		d.Head = func(s any) Head { return p.Head(as(s)) }
	}
	if p.Headers != nil {
		d.Headers = func(s any) http.Header { return p.Headers(as(s)) }
	}
	if p.Tags != nil {
		d.Tags = func(s any) []string { return p.Tags(as(s)) }
	}
	return d
}

// withoutBuildState lists what a page without BuildState declares for nothing.
func (p Page[S]) withoutBuildState() []string {
	var faults []string
	for _, f := range []struct {
		set  bool
		name string
	}{
		{p.BuildPaths != nil && p.RequestState != nil, "BuildPaths"},
		{p.Incremental, "Incremental"},
		{p.RevalidateAfter != 0, "RevalidateAfter"},
		{p.ShouldRevalidate != nil, "ShouldRevalidate"},
	} {
		if f.set {
			faults = append(faults, f.name+" needs a BuildState to call: add BuildState, or remove "+f.name)
		}
	}
	return faults
}

// Kept says whether anything of the page is kept: whether it has a built half.
func (d *Definition) Kept() bool { return d.BuildState != nil }

// Revalidates says whether the built half is ever made again by itself.
func (d *Definition) Revalidates() bool { return d.RevalidateAfter > 0 || d.ShouldRevalidate != nil }

// Rereads says whether a state that the build made is ever read again: to ask
// whether it is still good, to be merged, or to be shown by another build's
// view.
func (d *Definition) Rereads() bool { return d.Revalidates() || d.Incremental || d.PerRequest() }

// PerRequest says whether the page is rendered for every request.
func (d *Definition) PerRequest() bool { return d.RequestState != nil }

// Strategy names what the page declares, in the words of its fields.
func (d *Definition) Strategy() []string {
	var words []string
	for _, w := range []struct {
		set  bool
		word string
	}{
		{d.BuildState != nil, "built"},
		{d.Incremental && d.Fragment == "", "incremental"},
		{d.RevalidateAfter > 0, "revalidated after " + d.RevalidateAfter.String()},
		{d.ShouldRevalidate != nil, "revalidated when asked"},
		{d.RequestState != nil, "per request"},
		{d.Amalgamate != nil, "amalgamated"},
		{d.AllowRequestTime, "with parts per request"},
	} {
		if w.set {
			words = append(words, w.word)
		}
	}
	return slices.Clip(words)
}

// validate lists what can never work, each with its mend.
func (d *Definition) validate() []string {
	faults := slices.Clone(d.faults)
	fault := func(bad bool, text string) {
		if bad {
			faults = append(faults, text)
		}
	}
	if d.Pattern != nil && len(d.Pattern.Wildcards()) > 0 {
		fault(d.BuildPaths == nil && !d.Incremental && d.RequestState == nil,
			"the pattern has wildcards and nothing says which paths exist: add BuildPaths, or set Incremental, or use RequestState")
	} else if d.Pattern != nil {
		fault(d.BuildPaths != nil, "the pattern has no wildcards, so BuildPaths has nothing to list: remove it")
		fault(d.Incremental, "the pattern has no wildcards, so its one path is made at build: remove Incremental")
	}
	both := d.BuildState != nil && d.RequestState != nil
	fault(both && d.Amalgamate == nil, "BuildState and RequestState both make a state and nothing merges them: add Amalgamate, or remove one")
	fault(!both && d.Amalgamate != nil, "Amalgamate needs two states to merge: add BuildState and RequestState, or remove it")
	fault(d.RevalidateAfter < 0, "RevalidateAfter is negative: give an interval above zero")
	fault(d.RevalidateAfter > 0 && d.RevalidateAfter < time.Millisecond,
		fmt.Sprintf("RevalidateAfter is %v: a number alone counts nanoseconds; write 60 * time.Second", d.RevalidateAfter))
	fault(d.BuildState == nil && (d.StaleFor > 0 || d.ErrorFor > 0 || d.Tags != nil),
		"StaleFor, ErrorFor and Tags are about what is kept, and nothing of the page is: remove them, or add BuildState")
	fault(d.AllowRequestTime && d.BuildState == nil,
		"AllowRequestTime is for what is kept, and this is made for every request: remove it")
	fault(d.StaleFor < 0, "StaleFor is negative: give a duration above zero, or none for no bound")
	fault(d.ErrorFor < 0, "ErrorFor is negative: give a duration above zero, or none for no bound")
	fault(d.Timeout < 0, "Timeout is negative: give a duration above zero, or none for 30 s")
	for status := range d.Errors {
		fault(status != 0 && (status < 400 || status > 599), fmt.Sprintf("Errors has a view for status %d: use 400 to 599, or 0 for every other", status))
	}
	for i, g := range d.Guards {
		fault(g == nil, fmt.Sprintf("Guards[%d] is nil: remove it", i))
	}
	return faults
}
