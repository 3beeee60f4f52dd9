// A page: which paths, which state, which view.

package gorgon

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/gorgon-go/gorgon/paths"
)

// A Page is a view and its state, for every path that its pattern matches. S
// is the type of the state. State is stored as JSON, so its exported fields
// must hold everything that the view needs.
//
// The functions are called concurrently.
type Page[S any] struct {
	// Path is the pattern: "/", "/products/{id}", "/docs/{path...}".
	Path string

	// Paths lists the decoded paths to generate at build, for the locale of
	// its input, whose Path is empty. It is required if Path has wildcards,
	// unless Incremental or LoadRequest is set.
	Paths func(ctx context.Context, in Input) ([]string, error)

	// Load loads the state at build, and again according to the fields below.
	// Default: the state is the zero S.
	Load func(ctx context.Context, in Input) (S, error)

	// Incremental generates paths that Paths does not list on their first
	// request.
	Incremental bool

	// RevalidateAfter is the age, plus or minus a tenth, after which the state
	// is loaded again. Default: no limit.
	RevalidateAfter time.Duration

	// ShouldRevalidate decides whether a state that was loaded at the given
	// time must be loaded again. It is called when RevalidateAfter has passed
	// or, if that is not set, for every request. It runs in the background:
	// the visitor does not wait for it.
	ShouldRevalidate func(ctx context.Context, in Input, state S, made time.Time) (bool, error)

	// StaleFor limits how long a stale page may still be served while it is
	// revalidated in the background; after that, visitors wait. Default: no
	// limit.
	StaleFor time.Duration

	// ErrorFor limits how long a stale page is still served while its
	// revalidation fails. Default: no limit.
	ErrorFor time.Duration

	// LoadRequest loads the state for every request.
	LoadRequest func(ctx context.Context, in Input, r *http.Request) (S, error)

	// Merge combines the states that Load and LoadRequest returned.
	Merge func(ctx context.Context, in Input, built, requested S) (S, error)

	// AllowRequestTime lets a stored page use fragments that are rendered for
	// every request. The stored part of the page is then sent first, and no
	// shared cache may store the page. Default: using such a fragment is an
	// error.
	AllowRequestTime bool

	// Live keeps the page up to date in open browsers, as [Fragment.Live] does
	// for a part of it: they get a new main part and new regions of the layout,
	// with all that the page's fragments show. It is for pages without LoadRequest;
	// a fragment in them can have it.
	Live bool

	// Timeout limits the time to load and render the page. Default: 30 s.
	Timeout time.Duration

	// View renders the state.
	View func(S) Component

	// Head returns the page's part of the document's head. Default: empty.
	Head func(S) Head

	// Headers returns additional response headers. A stored page cannot set
	// cookies. Default: none.
	Headers func(S) http.Header

	// Tags returns names of what the page shows, so that a purge of a tag
	// reaches the page. Default: none.
	Tags func(S) []string

	// HeadFor, HeadersFor and TagsFor replace Head, Headers and Tags if these
	// depend on more than the state. They receive the context of views, so a
	// head may contain a translated title, or the URL of an asset, made
	// absolute by [AbsoluteURL]. An error fails the page. Default: Head,
	// Headers and Tags.
	HeadFor    func(ctx context.Context, in Input, state S) (Head, error)
	HeadersFor func(ctx context.Context, in Input, state S) (http.Header, error)
	TagsFor    func(ctx context.Context, in Input, state S) ([]string, error)

	// Errors are error views by status, with 0 for every other status.
	// Default: the app's.
	Errors map[int]func(Failure) Component

	// Guards run before anything is read or rendered, for every URL of the
	// page; the first one is outermost. Default: none.
	Guards []func(http.Handler) http.Handler

	// Needs lists what the page's functions require of the target they run on,
	// beyond what the fields above imply. Default: nothing.
	Needs []Need
}

// freshness says how long what is stored of a page, fragment or cache is good,
// and how long making it may take. Page, Fragment, Cache and Definition describe
// it by these fields.
type freshness struct {
	RevalidateAfter time.Duration
	StaleFor        time.Duration
	ErrorFor        time.Duration
	Timeout         time.Duration // never 0 in a Definition
}

// defaultTimeout is the Timeout of a page that declares none.
const defaultTimeout = 30 * time.Second

func (f freshness) withDefaults() freshness {
	if f.Timeout == 0 {
		f.Timeout = defaultTimeout
	}
	return f
}

func (f freshness) validate() []string {
	var faults []string
	for _, d := range []struct {
		name  string
		value time.Duration
		hint  string
	}{
		{"RevalidateAfter", f.RevalidateAfter, "give an interval above zero"},
		{"StaleFor", f.StaleFor, "give a duration above zero, or none for no bound"},
		{"ErrorFor", f.ErrorFor, "give a duration above zero, or none for no bound"},
		{"Timeout", f.Timeout, "give a duration above zero, or none for 30 s"},
	} {
		if d.value < 0 {
			faults = append(faults, d.name+" is negative: "+d.hint)
		}
	}
	if f.RevalidateAfter > 0 && f.RevalidateAfter < time.Millisecond {
		faults = append(faults, fmt.Sprintf("RevalidateAfter is %v: a number alone counts nanoseconds; write 60 * time.Second", f.RevalidateAfter))
	}
	return faults
}

// A Definition is a [Page], a [Fragment] or a [Cache] with its types erased, for
// the packages that build and serve an app. Functions that the page does not
// declare are nil. Functions that take a state take only states that Load,
// LoadRequest, Merge or Decode returned.
type Definition struct {
	Fragment string         // the name of a fragment; "" for a page
	Cache    string         // the name of a cache; "" for a page
	Resource bool           // it is a Resource: a document without layout
	About    any            // of the Resource
	Target   string         // of an entry of [Redirects]: where it leads
	Path     string         // as written
	Pattern  *paths.Pattern // nil where Path cannot be parsed
	Paths    func(ctx context.Context, in Input) ([]string, error)
	Load     func(ctx context.Context, in Input) (any, error)

	freshness
	Incremental      bool
	ShouldRevalidate func(ctx context.Context, in Input, state any, made time.Time) (bool, error)

	LoadRequest      func(ctx context.Context, in Input, r *http.Request) (any, error)
	Merge            func(ctx context.Context, in Input, built, requested any) (any, error)
	AllowRequestTime bool
	Live             bool

	View    func(any) Component
	Head    func(ctx context.Context, in Input, state any) (Head, error)
	Headers func(ctx context.Context, in Input, state any) (http.Header, error)
	Tags    func(ctx context.Context, in Input, state any) ([]string, error)
	Errors  map[int]func(Failure) Component
	Guards  []func(http.Handler) http.Handler
	Needs   []Need

	Encode func(state any) ([]byte, error)
	Decode func(data []byte) (any, error)

	// Of a cache, whose states are its values.
	Local       bool // values are not stored
	Priority    bool // values have memory of their own
	NegativeFor time.Duration
	LoadKey     func(ctx context.Context, key any) (any, error)
	Size        func(value any) int
	NewPaths    func() any // what finds the paths of keys

	faults []string
}

// Definition returns the page with the type of its state erased.
func (p Page[S]) Definition() *Definition { return p.definition(scope{}) }

// definition erases the type of the state of a page in a group. A program
// compiles it for each of its states, so what does not need the type is in
// functions of Definition.
func (p *Page[S]) definition(in scope) *Definition {
	d := &Definition{
		Path: in.path(p.Path), Paths: in.paths(p.Paths), Incremental: p.Incremental,
		freshness:        freshness{p.RevalidateAfter, p.StaleFor, p.ErrorFor, p.Timeout}.withDefaults(),
		AllowRequestTime: p.AllowRequestTime, Live: p.Live,
		Errors: p.Errors, Guards: in.guarded(p.Guards), Needs: p.Needs,
		Encode: json.Marshal, Decode: decode[S],
	}
	if p.View != nil {
		d.View = func(s any) Component { return p.View(as[S](s)) }
	}
	if p.Load != nil {
		d.Load = func(ctx context.Context, in Input) (any, error) { return p.Load(ctx, in) }
	}
	if p.ShouldRevalidate != nil {
		d.ShouldRevalidate = func(ctx context.Context, in Input, s any, made time.Time) (bool, error) {
			return p.ShouldRevalidate(ctx, in, as[S](s), made)
		}
	}
	if p.LoadRequest != nil {
		d.LoadRequest = func(ctx context.Context, in Input, r *http.Request) (any, error) { return p.LoadRequest(ctx, in, r) }
	}
	if p.Merge != nil {
		d.Merge = func(ctx context.Context, in Input, built, requested any) (any, error) {
			return p.Merge(ctx, in, as[S](built), as[S](requested))
		}
	}
	d.Head = described(p.Head, p.HeadFor)
	d.Headers = described(p.Headers, p.HeadersFor)
	d.Tags = described(p.Tags, p.TagsFor)
	d.check(reflect.TypeFor[S]())
	d.both("Head", p.Head != nil && p.HeadFor != nil)
	d.both("Headers", p.Headers != nil && p.HeadersFor != nil)
	d.both("Tags", p.Tags != nil && p.TagsFor != nil)
	if d.Load == nil && d.LoadRequest == nil {
		d.Load = func(context.Context, Input) (any, error) { var zero S; return zero, nil }
	}
	return d
}

// as is a state. One whose S is an interface may be nil, which no assertion to S
// passes.
func as[S any](state any) S { s, _ := state.(S); return s }

func decode[S any](data []byte) (any, error) {
	var s S
	err := json.Unmarshal(data, &s)
	return s, err
}

// described is what a page says about itself, by the one of two functions that it
// has; nil for neither.
func described[S, T any](plain func(S) T, full func(context.Context, Input, S) (T, error)) func(context.Context, Input, any) (T, error) {
	if plain == nil && full == nil {
		return nil
	}
	return func(ctx context.Context, in Input, state any) (T, error) {
		if full != nil {
			return full(ctx, in, as[S](state))
		}
		return plain(as[S](state)), nil
	}
}

// both is a fault where a page has a function and the one that replaces it.
func (d *Definition) both(name string, set bool) {
	if set {
		d.faults = append(d.faults, fmt.Sprintf("%s and %sFor are both set: remove one", name, name))
	}
}

// check lists what is wrong with a page as it was declared.
func (d *Definition) check(state reflect.Type) {
	fault := func(bad bool, text string) {
		if bad {
			d.faults = append(d.faults, text)
		}
	}
	var err error
	if d.Pattern, err = paths.ParsePattern(d.Path); err != nil {
		d.faults = append(d.faults, err.Error())
	}
	fault(d.View == nil, fmt.Sprintf("there is no View: add one, a func(%s) gorgon.Component", state))
	if err := checkNeeds(d.Needs); err != nil {
		d.faults = append(d.faults, err.Error())
	}
	fault(d.Live && d.LoadRequest != nil,
		"Live needs a state that all visitors share: remove LoadRequest, or Live, or make what differs a Fragment, which can have both")
	if d.Load != nil {
		return
	}
	idle := func(set bool, name string) {
		fault(set, name+" needs a Load to call: add Load, or remove "+name)
	}
	idle(d.Paths != nil && d.LoadRequest != nil, "Paths")
	idle(d.Incremental, "Incremental")
	idle(d.RevalidateAfter != 0, "RevalidateAfter")
	idle(d.ShouldRevalidate != nil, "ShouldRevalidate")
}

// Word is what the definition is called in lists of the parts of an app:
// "page", "fragment", "cache", "redirect", "resource", or what another package calls the
// resource that it made: "read".
func (d *Definition) Word() string {
	switch {
	case d.Fragment != "":
		return "fragment"
	case d.Cache != "":
		return "cache"
	case d.Target != "":
		return "redirect"
	case d.Resource:
		return wordOf(d.About, "resource")
	}
	return "page"
}

// wordOf is what a value of another package calls itself.
func wordOf(of any, otherwise string) string {
	if w, ok := of.(interface{ Word() string }); ok {
		return w.Word()
	}
	return otherwise
}

// Kept reports whether anything of the page is stored: whether it has a built
// half.
func (d *Definition) Kept() bool { return d.Load != nil }

// Revalidates reports whether the built half is ever revalidated without a
// purge.
func (d *Definition) Revalidates() bool { return d.RevalidateAfter > 0 || d.ShouldRevalidate != nil }

// Rereads reports whether a stored state is ever read again: by
// ShouldRevalidate, to merge it, or to render it with another build's view.
func (d *Definition) Rereads() bool { return d.Revalidates() || d.Incremental || d.PerRequest() }

// PerRequest reports whether the page is rendered for every request.
func (d *Definition) PerRequest() bool { return d.LoadRequest != nil }

// Strategy returns the page's strategies, named after its fields.
func (d *Definition) Strategy() []string {
	var words []string
	for _, w := range []struct {
		set  bool
		word string
	}{
		{d.Load != nil && d.Cache == "", "built"},
		{d.Cache != "", "loaded when asked"},
		{d.Incremental && d.Fragment == "" && d.Cache == "", "incremental"},
		{d.RevalidateAfter > 0, "revalidated after " + d.RevalidateAfter.String()},
		{d.ShouldRevalidate != nil, "revalidated when asked"},
		{d.LoadRequest != nil, "per request"},
		{d.Merge != nil, "merged"},
		{d.AllowRequestTime, "with parts per request"},
		{d.Local, "local"},
		{d.Priority, "priority"},
	} {
		if w.set {
			words = append(words, w.word)
		}
	}
	return slices.Clip(words)
}

// validate lists the faults of the declaration, each with a hint.
func (d *Definition) validate() []string {
	faults := slices.Clone(d.faults)
	fault := func(bad bool, text string) {
		if bad {
			faults = append(faults, text)
		}
	}
	if d.Pattern != nil && len(d.Pattern.Wildcards()) > 0 {
		fault(d.Paths == nil && !d.Incremental && d.LoadRequest == nil,
			"the pattern has wildcards, and no field says which paths exist: add Paths, or set Incremental, or use LoadRequest")
	} else if d.Pattern != nil {
		fault(d.Paths != nil, "the pattern has no wildcards, so Paths has nothing to list: remove it")
		fault(d.Incremental, "the pattern has no wildcards, so its one path is made at build: remove Incremental")
	}
	faults = append(faults, ownFaults(d.About)...)
	both := d.Load != nil && d.LoadRequest != nil
	fault(both && d.Merge == nil, "Load and LoadRequest both return a state, and there is no Merge to combine them: add Merge, or remove one")
	fault(!both && d.Merge != nil, "Merge needs two states to merge: add Load and LoadRequest, or remove it")
	faults = append(faults, d.freshness.validate()...)
	fault(d.Load == nil && (d.StaleFor > 0 || d.ErrorFor > 0 || d.Tags != nil && !d.Live),
		"StaleFor, ErrorFor and Tags apply to stored pages, and nothing of this page is stored: remove them, or add Load")
	fault(d.AllowRequestTime && d.Load == nil,
		"AllowRequestTime applies to stored pages, and this one is rendered for every request: remove it")
	for status := range d.Errors {
		fault(status != 0 && (status < 400 || status > 599), fmt.Sprintf("Errors has a view for status %d: use 400 to 599, or 0 for every other", status))
	}
	for i, g := range d.Guards {
		fault(g == nil, fmt.Sprintf("Guards[%d] is nil: remove it", i))
	}
	return faults
}

// PathPattern returns the page's pattern, for [paths.NewRouter].
func (d *Definition) PathPattern() *paths.Pattern { return d.Pattern }
