// What makes a page live in browsers is there whatever else the app has.

package gorgontest_test

import (
	"context"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/gorgontest"
)

// A page that is live loads the runtime, and the runtime is served, in an app
// that has nothing else which needs it. A page that is not loads nothing.
func TestLivePartsBringTheirScripts(t *testing.T) {
	load := func(context.Context, gorgon.Input) (int, error) { return 1, nil }
	text := func(int) gorgon.Component { return gorgon.HTML("<p>text</p>") }
	fragment := gorgon.Fragment[string, int]{
		Name: "part", Live: true, View: text,
		Load: func(context.Context, gorgon.Input, string) (int, error) { return 1, nil },
	}
	for name, row := range map[string]struct {
		parts []gorgon.Part
		loads bool
	}{
		"a live page":     {[]gorgon.Part{gorgon.Page[int]{Path: "/", Live: true, Load: load, View: text}}, true},
		"a live fragment": {[]gorgon.Part{gorgon.Page[int]{Path: "/", Load: load, View: func(int) gorgon.Component { return fragment.Use("a") }}, fragment}, true},
		"neither":         {[]gorgon.Part{gorgon.Page[int]{Path: "/", Load: load, View: text}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			site := gorgontest.Open(t, gorgon.App{Name: "alone", Parts: row.parts})
			page := site.Get("/").Want(200, "<p>text</p>")
			runtime := page.Find(`script[type="module"]`)
			if got := runtime.Length() == 1; got != row.loads {
				t.Fatalf("%d scripts in\n%s", runtime.Length(), page.Body)
			}
			for _, script := range runtime.EachIter() {
				src, _ := script.Attr("src")
				site.Get(src).Want(200)
			}
			for _, island := range page.Find("gorgon-island").EachIter() {
				src, _ := island.Attr("src")
				site.Get(src).Want(200)
			}
		})
	}
}
