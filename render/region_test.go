// Regions of the layout: what navigation exchanges in addition to head and
// main.

package render_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/wire"
)

// framed is a layout of components before and after the document's parts.
func framed(before, after func(gorgon.Document) gorgon.Component) func(*render.Renderer) {
	return func(r *render.Renderer) {
		r.App.Navigation = &gorgon.Navigation{}
		r.Site.Assets.Paths = map[string]string{wire.Runtime: wire.Assets + "gorgon.js"}
		r.App.Layout = func(d gorgon.Document) gorgon.Component {
			return sequence{gorgon.HTML("<html><head>"), d.Head, gorgon.HTML("</head><body>"), before(d), gorgon.HTML("<main>"), d.Main, gorgon.HTML("</main>"), after(d), gorgon.HTML("</body></html>")}
		}
	}
}

func region(name, text string) func(gorgon.Document) gorgon.Component {
	return func(d gorgon.Document) gorgon.Component {
		return gorgon.Region{Name: name, Content: gorgon.HTML(text + " " + d.Path)}
	}
}

type payload struct {
	Reload bool
	Parts  json.RawMessage
}

func payloadOf(t *testing.T, r *render.Renderer, e *pages.Entry) (p payload) {
	t.Helper()
	if err := json.Unmarshal(r.Payload(e).HTML, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPayloadsHaveTheRegionsInOrder(t *testing.T) {
	r := renderer(framed(region("menu", "at"), region("trail", "below")))
	want := `{"head":"","menu":"at /p/1","main":"hello","trail":"below /p/1"}`
	e := mustMake(t, r, pageOf())
	if !strings.Contains(string(e.HTML), "<!--gorgon:menu-->at /p/1<!--/gorgon:menu-->") {
		t.Errorf("%s", e.HTML)
	}
	if p := payloadOf(t, r, e); string(p.Parts) != want {
		t.Errorf("kept: %s, want %s", p.Parts, want)
	}
	page := pageOf(func(p *gorgon.Page[state]) {
		p.Load = nil
		p.LoadRequest = func(_ context.Context, _ gorgon.Input, _ *http.Request) (state, error) { return state{"hello"}, nil }
	})
	res, err := r.Request(t.Context(), page, "/p/1", "", request(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := res.Whole(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if p := payloadOf(t, r, whole); string(p.Parts) != want {
		t.Errorf("for one request: %s, want %s", p.Parts, want)
	}
	if got := body(t, res); !strings.Contains(got, "<!--gorgon:trail-->below /p/1<!--/gorgon:trail-->") {
		t.Errorf("streamed: %s", got)
	}
}

func TestRegionsAreTheirContentElsewhere(t *testing.T) {
	inView := pageOf(func(p *gorgon.Page[state]) {
		p.View = func(state) gorgon.Component { return gorgon.Region{Name: "menu", Content: gorgon.HTML("mine")} }
	})
	without := renderer(framed(region("menu", "at"), region("trail", "below")), func(r *render.Renderer) { r.App.Navigation = nil })
	nested := func(gorgon.Document) gorgon.Component {
		return gorgon.Region{Name: "outer", Content: gorgon.Region{Name: "menu", Content: gorgon.HTML("mine")}}
	}
	for law, e := range map[string]*pages.Entry{
		"in a view":          mustMake(t, renderer(framed(region("one", ""), region("two", ""))), inView),
		"without navigation": mustMake(t, without, pageOf()),
		"within another":     mustMake(t, renderer(framed(nested, region("two", ""))), pageOf()),
	} {
		if got := string(e.HTML); strings.Contains(got, "gorgon:menu") {
			t.Errorf("%s it has marks: %s", law, got)
		}
	}
}

func TestRegionsAreRefused(t *testing.T) {
	for law, c := range map[string]struct {
		before func(gorgon.Document) gorgon.Component
		says   string
	}{
		"twice":       {region("trail", "again"), `two regions with the name "trail"`},
		"no name":     {region("", ""), "lower-case letters"},
		"main's name": {region("main", ""), "neither head nor main"},
		"a comment":   {region("a--><script>", ""), "lower-case letters"},
		"nothing":     {func(gorgon.Document) gorgon.Component { return gorgon.Region{Name: "menu"} }, "content is nil"},
	} {
		if _, err := makePage(t, renderer(framed(c.before, region("trail", "below"))), pageOf()); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", law, err)
		}
	}
	within := renderer(func(r *render.Renderer) {
		r.App.Navigation = &gorgon.Navigation{}
		r.App.Layout = func(d gorgon.Document) gorgon.Component {
			return sequence{d.Head, gorgon.Region{Name: "menu", Content: d.Main}}
		}
	})
	if _, err := makePage(t, within, pageOf()); err == nil || !strings.Contains(err.Error(), "put it outside") {
		t.Errorf("Main in a region: %v", err)
	}
}

// The policy of the document that stays allows the code of its layout, and of
// no other page.
func TestInlineCodeOfTheLayoutHindersNoNavigation(t *testing.T) {
	script := func(gorgon.Document) gorgon.Component { return gorgon.Script("theme()") }
	r := renderer(framed(script, region("trail", "below")))
	if p := payloadOf(t, r, mustMake(t, r, pageOf())); p.Reload {
		t.Error("a script of the layout")
	}
	r = renderer(framed(region("menu", "at"), func(d gorgon.Document) gorgon.Component {
		return gorgon.Region{Name: "trail", Content: script(d)}
	}))
	if p := payloadOf(t, r, mustMake(t, r, pageOf())); !p.Reload {
		t.Error("a script of a region is not allowed, and the page does not say so")
	}
	r = renderer(framed(region("menu", "at"), region("trail", "below")))
	page := pageOf(func(p *gorgon.Page[state]) {
		p.View = func(state) gorgon.Component { return gorgon.Style("p { color: red }") }
	})
	if p := payloadOf(t, r, mustMake(t, r, page)); !p.Reload {
		t.Error("a style of a page is not allowed, and the page does not say so")
	}
	// Markup that an app writes by itself is allowed by the app's own policy,
	// or there is no policy.
	page = pageOf(func(p *gorgon.Page[state]) {
		p.View = func(state) gorgon.Component {
			return gorgon.HTML("<svg><style>path { fill: red }</style></svg><script>ran()</script>")
		}
	})
	if p := payloadOf(t, r, mustMake(t, r, page)); p.Reload {
		t.Error("a page is loaded whole for markup of its own")
	}
}

// A sequence is one component after another.
type sequence []gorgon.Component

func (s sequence) Render(ctx context.Context, w io.Writer) error {
	for _, c := range s {
		if err := c.Render(ctx, w); err != nil {
			return err
		}
	}
	return nil
}
