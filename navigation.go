// Navigation in the browser without loading a new document.

package gorgon

import (
	"fmt"
	"time"
)

// Navigation configures how links and forms within the site change the page in
// browsers that run scripts. A click fetches only the head and the main part of
// the next page and replaces the old ones; the layout and its scripts stay. If
// anything unexpected happens, the browser loads the whole page. A form of an
// endpoint is submitted in place; see docs/navigation.md.
type Navigation struct {
	// Prefetch decides when the next page is fetched before the click:
	// "intent", when the pointer or the focus reaches its link; "view", when
	// the link comes into view; "none", never. A link can override it with the
	// attribute data-gorgon-prefetch. Default: "intent".
	Prefetch string

	// Timeout is how long the browser waits for the next page before it loads
	// it as a whole document. Default: 10 s.
	Timeout time.Duration

	// Transitions shows the change as a view transition in browsers that
	// support it.
	Transitions bool
}

func (n *Navigation) validate() []error {
	if n == nil {
		return nil
	}
	var faults []error
	switch n.Prefetch {
	case "", "intent", "view", "none":
	default:
		faults = append(faults, fmt.Errorf("app: Navigation.Prefetch %q: use \"intent\", \"view\" or \"none\"", n.Prefetch))
	}
	if n.Timeout < 0 || n.Timeout > 0 && n.Timeout < time.Millisecond {
		faults = append(faults, fmt.Errorf("app: Navigation.Timeout is %v: give a millisecond at least, or none for 10 s", n.Timeout))
	}
	return faults
}
