// Patterns that cannot stand beside each other, by the rules of net/http.ServeMux.

package paths

import (
	"fmt"
	"net/http"
	"strings"
)

// A Conflict is a pair of patterns that ServeMux would not take beside each
// other: neither is more specific than the other, and some path matches both.
type Conflict struct {
	Pattern, Other *Pattern
	Same           bool // they match the same paths
}

// Conflicts lists the conflicts between patterns, in their order.
func Conflicts(patterns []*Pattern) []Conflict {
	all := http.NewServeMux()
	clash := false
	for _, p := range patterns {
		clash = Handle(all, p.servemux(), http.NotFoundHandler()) != nil || clash
	}
	if !clash {
		return nil
	}
	var found []Conflict
	for i, p := range patterns {
		for _, other := range patterns[:i] {
			mux := http.NewServeMux()
			mux.Handle(other.servemux(), http.NotFoundHandler())
			if Handle(mux, p.servemux(), http.NotFoundHandler()) != nil {
				found = append(found, Conflict{Pattern: p, Other: other, Same: p.servemux() == other.servemux()})
			}
		}
	}
	return found
}

// Handle is [http.ServeMux.Handle] with an error in place of its panic for a
// pattern that it does not take.
func Handle(mux *http.ServeMux, pattern string, h http.Handler) (err error) {
	defer func() {
		if r := recover(); r != nil {
			text, _, _ := strings.Cut(fmt.Sprint(r), "\n")
			err = fmt.Errorf("%s", strings.TrimSuffix(text, ":"))
		}
	}()
	mux.Handle(pattern, h)
	return nil
}
