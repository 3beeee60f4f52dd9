// Pages that show whether a release works.

package terraform

import (
	"regexp"
	"strings"
)

// fixed is a page's path that is the same for all visitors of all languages,
// and that a shell takes as it stands.
var fixed = regexp.MustCompile(`^/[A-Za-z0-9/._~-]*$`)

// Smoke are the paths of some pages, at most three, that a release has to answer
// before it gets more visitors. Pages that are loaded for each request are left
// out: they may want a parameter, or a visitor who is known.
func (k Stack) Smoke() []string {
	var some []string
	for _, p := range k.Site.App.Parts {
		path, page := strings.CutPrefix(p.Name, "page ")
		if !page || !fixed.MatchString(path) || strings.Contains(p.How, "request") {
			continue
		}
		if some = append(some, k.Site.Package.Base+path); len(some) == 3 {
			break
		}
	}
	return some
}
