// Headers of a page that are not sent.

package build

import (
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
)

// overruled says why the Cache-Control of a page is not sent; "" if it is.
func (b *builder) overruled(page *gorgon.Definition, e *pages.Entry) string {
	control := strings.Join(e.Header["Cache-Control"], ",")
	if control == "" || strings.Contains(control, "no-store") {
		return ""
	}
	asked := func(h pages.Hole) bool {
		d := b.renderer.Fragment(h.Fragment)
		return h.Kind == pages.HoleHTML && d != nil && d.RequestTime()
	}
	why := ""
	switch {
	case len(page.Guards) > 0:
		why = "it has guards"
	case slices.ContainsFunc(e.Holes, asked):
		why = "a fragment in it is made for every request"
	default:
		return ""
	}
	return "its Headers set Cache-Control, and " + why + ": it is still sent with \"private, no-store\"; remove the header"
}
