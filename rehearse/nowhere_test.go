// A path that an app has no part for, in apps that have a part for most.

package rehearse

import (
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/plan"
)

func TestNowhereIsNoPage(t *testing.T) {
	for _, row := range []struct {
		parts    []string
		segments int // of the path; 0 for none
	}{
		{nil, 1},
		{[]string{"page /", "page /about", "service mailer", "fragment stock"}, 1},
		{[]string{"page /{name}"}, 2},
		{[]string{"page /{name}", "page /{year}/{month}", "page /{a}/{b}/{c}"}, 4},
		{[]string{"page /{path...}"}, 0},
		{[]string{"page /docs/{path...}"}, 1},
		{[]string{"handler /"}, 0},
		{[]string{"handler GET /{path...}"}, 0},
		{[]string{"handler POST /cart", "handler GET /{$}"}, 1},
		{[]string{"handler GET /{name}", "page /"}, 2},
	} {
		r := &rehearsal{manifest: pack.Manifest{Build: "b1"}}
		for _, name := range row.parts {
			r.manifest.Parts = append(r.manifest.Parts, plan.Part{Name: name})
		}
		path, err := r.nowhere()
		if err != nil || strings.Count(path, "/") != row.segments {
			t.Errorf("%v: %q, %v; want %d segments", row.parts, path, err, row.segments)
		}
	}
}
