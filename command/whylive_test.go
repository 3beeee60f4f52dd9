// What why says of live pages and fragments.

package command_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
)

func TestWhySaysWhatIsLive(t *testing.T) {
	t.Chdir(t.TempDir())
	load := func(context.Context, gorgon.Input, int) (int, error) { return 1, nil }
	view := func(int) gorgon.Component { return gorgon.Text("x") }
	stock := gorgon.Fragment[int, int]{Name: "stock", Live: true, Load: load, View: view, RevalidateAfter: time.Hour}
	still := gorgon.Fragment[int, int]{Name: "still", Load: load, View: view}
	cart := gorgon.Fragment[int, int]{Name: "cart", Live: true, View: view, LoadRequest: func(context.Context, gorgon.Input, int, *http.Request) (int, error) { return 1, nil }}
	all := func(int) gorgon.Component {
		return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			for _, c := range []gorgon.Component{stock.Use(1), still.Use(1), cart.Use(1)} {
				if err := c.Render(ctx, w); err != nil {
					return err
				}
			}
			return nil
		})
	}
	app := gorgon.App{Name: "site", Parts: []gorgon.Part{
		stock, still, cart,
		gorgon.Page[int]{Path: "/", AllowRequestTime: true, View: all},
		gorgon.Page[int]{Path: "/whole", Live: true, View: view},
	}}
	if code, said := runs(t, app, time.Minute, "build"); code != 0 {
		t.Fatal(said)
	}
	_, root := runs(t, app, time.Minute, "why", "/", "--store", "none")
	_, whole := runs(t, app, time.Minute, "why", "/whole", "--store", "none")
	_, asJSON := runs(t, app, time.Minute, "why", "/whole", "--store", "none", "--json")
	for text, parts := range map[string][]string{
		root: {
			"live  ", "its route, its path and its tags; while any does, it is made again after 1h0m0s", "what LoadRequest has read, and Tags",
		},
		whole:  {"live  ", "browsers that show it follow its route, its path and its tags, and those of its fragments"},
		asJSON: {`"live": "browsers that show it follow`},
	} {
		for _, part := range parts {
			if !strings.Contains(text, part) {
				t.Errorf("why does not say %q:\n%s", part, text)
			}
		}
	}
	if n := strings.Count(root, "follow"); n != 2 {
		t.Errorf("%d parts of the page are live, say 2:\n%s", n, root)
	}
}
