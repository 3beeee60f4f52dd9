// Pages that could not be made, and how they are reported.

package build

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// A Failure is one page or fragment that could not be made.
type Failure struct {
	Page  string // its path, with the locale if there are several
	Route string // its pattern or fragment
	User  string // for a fragment: the page that uses it; "" otherwise
	Err   error

	listing bool // its route's paths could not be listed; there is no page
}

func (f Failure) Error() string {
	what := "page " + f.Page
	switch {
	case f.User != "":
		what = f.Page + ", which " + f.User + " uses"
	case f.listing, f.Page == f.Route:
	default:
		what += " (of " + f.Route + ")"
	}
	return fmt.Sprintf("%s: %v", what, f.Err)
}

func (f Failure) Unwrap() error { return f.Err }

// MarshalJSON writes the error as text.
func (f Failure) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Page  string `json:"page"`
		Route string `json:"route"`
		User  string `json:"user,omitempty"`
		Error string `json:"error"`
	}{f.Page, f.Route, f.User, f.Err.Error()})
}

// Failures are all the pages that could not be made. As an error they are
// grouped by cause: a mistake that all pages share is reported once.
type Failures struct {
	Pages []Failure

	// Untried is how many pages were not tried, because the first ones all
	// failed for one cause. Default: all were tried.
	Untried int
}

func (f *Failures) Unwrap() []error {
	all := make([]error, len(f.Pages))
	for i, p := range f.Pages {
		all[i] = p
	}
	return all
}

// examples is how many pages of a route are named for one cause.
const examples = 3

func (f *Failures) Error() string {
	var b strings.Builder
	for _, g := range f.grouped() {
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		if g.count == 1 {
			b.WriteString(g.first.Error())
			continue
		}
		fmt.Fprintf(&b, "%d pages: %v", g.count, g.first.Err)
		for _, r := range g.routes {
			fmt.Fprintf(&b, "\n  %d of %s: %s", r.count, r.route, strings.Join(r.pages, ", "))
			if more := r.count - len(r.pages); more > 0 {
				fmt.Fprintf(&b, ", and %d more", more)
			}
		}
	}
	if f.Untried > 0 {
		fmt.Fprintf(&b, "\nThe first %d pages all failed for this cause, so the other %d were not tried.", len(f.Pages), f.Untried)
	}
	return b.String()
}

// A group is the failures with one cause.
type group struct {
	first  Failure
	count  int
	routes []*groupRoute
}

type groupRoute struct {
	route string
	count int
	pages []string // the first few
}

// grouped groups failures by cause, in the order of the first of each.
func (f *Failures) grouped() []*group {
	var all []*group
	byCause := map[string]*group{}
	for _, p := range f.Pages {
		cause := p.cause()
		g := byCause[cause]
		if g == nil {
			g = &group{first: p}
			byCause[cause] = g
			all = append(all, g)
		}
		g.count++
		i := slices.IndexFunc(g.routes, func(r *groupRoute) bool { return r.route == p.Route })
		if i < 0 {
			i = len(g.routes)
			g.routes = append(g.routes, &groupRoute{route: p.Route})
		}
		r := g.routes[i]
		if r.count++; len(r.pages) < examples {
			r.pages = append(r.pages, p.Page)
		}
	}
	return all
}

// cause returns the text of the error without the parts that differ for each
// page: its path, the segments of it, and numbers.
func (p Failure) cause() string {
	text := strings.SplitN(p.Err.Error(), "\n", 2)[0]
	path, _, _ := strings.Cut(p.Page, " (")
	text = strings.ReplaceAll(text, path, "…")
	declared := strings.Split(p.Route, "/")
	for segment := range strings.SplitSeq(path, "/") {
		if len(segment) > 1 && !slices.Contains(declared, segment) {
			text = strings.ReplaceAll(text, segment, "…")
		}
	}
	return digits(text)
}

// digits replaces each number by one sign.
func digits(s string) string {
	var b strings.Builder
	within := false
	for _, r := range s {
		number := r >= '0' && r <= '9'
		if !number || !within {
			if number {
				r = '#'
			}
			b.WriteRune(r)
		}
		within = number
	}
	return b.String()
}

// enough is the number of pages after which a build gives up, if all of them
// failed for one cause.
const enough = 100

// hopeless says whether all pages so far failed for one cause.
func (b *builder) hopeless() bool {
	pages := b.failures.Pages
	if len(pages) < enough || b.report.Pages+b.report.Fragments > 0 {
		return false
	}
	cause := pages[0].cause()
	return !slices.ContainsFunc(pages, func(p Failure) bool { return p.cause() != cause })
}
