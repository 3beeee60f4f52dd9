// Navigation in the browser: from page to page without another document.

package gorgon

import (
	"fmt"
	"time"
)

// Navigation says how links within the site change the page in browsers that
// run scripts. A click fetches the next page's head and main part alone and
// puts them in the place of the old ones; layout and its scripts stay as they
// are. Whatever is unexpected loads the page as a whole, as it would without.
type Navigation struct {
	// Prefetch says when the next page is fetched ahead of the click: "intent",
	// when the pointer or the focus comes to its link; "view", when the link
	// comes into view; "none". A link says otherwise for itself with the
	// attribute data-gorgon-prefetch. Default: "intent".
	Prefetch string

	// Timeout is how long the next page is waited for until it is loaded as a
	// whole. Default: 10 s.
	Timeout time.Duration

	// Transitions shows the change as a view transition, where browsers have them.
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
