// Where fragments are in a stored page, and what is written around its parts.

package render_test

import (
	"bytes"
	"context"
	"html/template"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/wire"
)

type props struct{ N int }

func fragment(name string) gorgon.Fragment[props, state] {
	return gorgon.Fragment[props, state]{Name: name, View: text,
		Load: func(context.Context, gorgon.Input, props) (state, error) { return state{name}, nil }}
}

func all(parts ...gorgon.Component) gorgon.Component {
	return component(func(ctx context.Context, w io.Writer) error {
		for _, p := range parts {
			if err := p.Render(ctx, w); err != nil {
				return err
			}
		}
		return nil
	})
}

// throughTemplate writes a component as html/template does, through a string.
var around = template.Must(template.New("").Parse(`<b>{{.}}</b>`))

func throughTemplate(c gorgon.Component) gorgon.Component {
	return component(func(ctx context.Context, w io.Writer) error {
		var b bytes.Buffer
		if err := c.Render(ctx, &b); err != nil {
			return err
		}
		return around.Execute(w, template.HTML(b.String()))
	})
}

// shown writes an entry with ‹name› in its holes, and […] around head and main.
func shown(e *pages.Entry) string {
	var b strings.Builder
	for i := 0; i <= len(e.HTML); i++ {
		for _, h := range e.Holes {
			if h.At == i && h.Kind == pages.HoleHTML && h.In == "" {
				b.WriteString("‹" + h.Fragment + h.Props + "›")
			}
		}
		if i == e.Head.Start || i == e.Main.Start {
			b.WriteString("[")
		}
		for _, h := range e.Holes {
			if h.At == i && h.Kind == pages.HoleHTML && h.In != "" {
				b.WriteString("‹" + h.Fragment + h.Props + " in " + h.In + "›")
			}
		}
		if i == e.Head.End || i == e.Main.End {
			b.WriteString("]")
		}
		if i < len(e.HTML) {
			b.WriteByte(e.HTML[i])
		}
	}
	return b.String()
}

func TestHoles(t *testing.T) {
	one, two := fragment("one"), fragment("two")
	withFragments := func(r *render.Renderer) { r.App.Parts = append(r.App.Parts, one, two) }
	l := layout(func(d gorgon.Document) gorgon.Component {
		return all(gorgon.HTML("<html>"), d.Head, gorgon.HTML("|"), one.Use(props{1}), throughTemplate(d.Main), two.Use(props{2}), gorgon.HTML("</html>"))
	})
	for name, c := range map[string]struct {
		main gorgon.Component
		want string
	}{
		"none in main": {gorgon.Text("main"), `<html>[<title>t</title>]|‹one{"N":1}›<b>[main]</b>‹two{"N":2}›</html>`},
		"at its ends":  {all(one.Use(props{3}), gorgon.Text("main"), two.Use(props{4})), `<html>[<title>t</title>]|‹one{"N":1}›<b>[‹one{"N":3} in main›main‹two{"N":4} in main›]</b>‹two{"N":2}›</html>`},
		"alone":        {one.Use(props{3}), `<html>[<title>t</title>]|‹one{"N":1}›<b>[‹one{"N":3} in main›]</b>‹two{"N":2}›</html>`},
		"buffered":     {throughTemplate(all(gorgon.Text("x"), two.Use(props{5}))), `<html>[<title>t</title>]|‹one{"N":1}›<b>[<b>x‹two{"N":5} in main›</b>]</b>‹two{"N":2}›</html>`},
	} {
		t.Run(name, func(t *testing.T) {
			e := mustMake(t, renderer(l, withFragments), pageOf(func(p *gorgon.Page[state]) {
				p.View = func(state) gorgon.Component { return c.main }
				p.Head = func(state) gorgon.Head { return gorgon.Head{Title: "t"} }
			}))
			if got := shown(e); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			// Stored and read again it is the same.
			data, err := e.Encode()
			if err != nil {
				t.Fatal(err)
			}
			again, err := pages.Decode(data)
			if err != nil || shown(again) != c.want {
				t.Errorf("read again: %v %s", err, shown(again))
			}
			// The marks of navigation go around the parts with their content.
			r := renderer(withFragments, func(r *render.Renderer) {
				r.App.Navigation = &gorgon.Navigation{}
				r.Site.Assets.Paths = map[string]string{wire.Runtime: wire.Assets + "r.js"}
			})
			r.AddRuntime(e, true)
			got := shown(e)
			got = strings.NewReplacer("<!--gorgon:head-->[", "[", "]<!--/gorgon:head-->", "]", "<!--gorgon:main-->[", "[", "]<!--/gorgon:main-->", "]").Replace(got)
			before, rest, ok := strings.Cut(got, `<meta name="gorgon"`)
			_, after, ok2 := strings.Cut(rest, "</script>")
			if !ok || !ok2 || before+after != c.want {
				t.Errorf("with the runtime: %s", shown(e))
			}
		})
	}
}

func TestFragmentFaults(t *testing.T) {
	listed, unlisted := fragment("listed"), fragment("unlisted")
	live := gorgon.Fragment[props, state]{Name: "live", View: text,
		LoadRequest: func(context.Context, gorgon.Input, props, *http.Request) (state, error) { return state{}, nil }}
	r := renderer(func(r *render.Renderer) { r.App.Parts = append(r.App.Parts, listed, live) })
	using := func(c gorgon.Component, change ...func(*gorgon.Page[state])) *gorgon.Definition {
		return pageOf(append(change, func(p *gorgon.Page[state]) { p.View = func(state) gorgon.Component { return c } })...)
	}
	_, err := makePage(t, r, using(unlisted.Use(props{})))
	wantFault(t, err, "/p/1", "unlisted", "App.Parts", "list it there")
	_, err = makePage(t, r, using(unlisted.Defer(props{})))
	wantFault(t, err, "unlisted", "App.Parts")
	_, err = makePage(t, r, using(live.Use(props{})))
	wantFault(t, err, "/p/1", "fragment live", "made for every request", "page /p/{id}", "AllowRequestTime", "Defer")
	if e := mustMake(t, r, using(live.Use(props{}), func(p *gorgon.Page[state]) { p.AllowRequestTime = true })); len(e.Holes) != 1 {
		t.Errorf("holes %v", e.Holes)
	}
	if e := mustMake(t, r, using(live.Defer(props{}))); !strings.Contains(string(e.HTML), "<gorgon-fragment") || render.Open(e) {
		t.Errorf("%s", e.HTML)
	}
	upper := component(func(ctx context.Context, w io.Writer) error {
		var b strings.Builder
		if err := listed.Use(props{}).Render(ctx, &b); err != nil {
			return err
		}
		_, err := io.WriteString(w, strings.ReplaceAll(b.String(), ".", "!"))
		return err
	})
	_, err = makePage(t, r, using(upper))
	wantFault(t, err, "/p/1", "changed what a fragment wrote")
	// Outside of a page there is no code to fill it.
	wantFault(t, listed.Use(props{}).Render(t.Context(), io.Discard), "listed", "use it in the view")
}

func TestPropsDecideTheVersion(t *testing.T) {
	f := fragment("one")
	n := 1
	r := renderer(func(r *render.Renderer) { r.App.Parts = append(r.App.Parts, f) })
	page := pageOf(func(p *gorgon.Page[state]) { p.View = func(state) gorgon.Component { return f.Use(props{n}) } })
	first := mustMake(t, r, page)
	n = 2
	second, err := r.Make(t.Context(), render.Task{Page: page, Path: "/p/1", Old: first})
	if err != nil {
		t.Fatal(err)
	}
	if string(first.HTML) != string(second.HTML) || first.ETag == second.ETag {
		t.Errorf("%s %s, %q %q", first.HTML, second.HTML, first.ETag, second.ETag)
	}
}

func TestPayloadPaths(t *testing.T) {
	for path, at := range map[string]string{
		"/": "/_gorgon/folder.json", "/a": "/_gorgon/page/a.json", "/a/": "/_gorgon/folder/a.json",
		"/de/a/b.json": "/_gorgon/page/de/a/b.json.json", "/page": "/_gorgon/page/page.json",
	} {
		if got := render.PayloadPath(path); got != at {
			t.Errorf("the payload of %s lies at %s, want %s", path, got, at)
		}
	}
	for _, at := range []string{"", "/", "/_gorgon/page", "/_gorgon/page.json", "/_gorgon/page/.json", "/_gorgon/folder/a/.json", "/_gorgon/pages/a.json", "/_gorgon/folders.json", "/a.json"} {
		if page, ok := render.PayloadOf(at); ok {
			t.Errorf("%s is the payload of %q", at, page)
		}
	}
}

func FuzzPayloadPath(f *testing.F) {
	f.Add("/a/b")
	f.Fuzz(func(t *testing.T, path string) {
		if path == "" || path[0] != '/' || strings.HasSuffix(path, "//") {
			return
		}
		if page, ok := render.PayloadOf(render.PayloadPath(path)); !ok || page != path {
			t.Errorf("%q becomes %q, which is that of %q", path, render.PayloadPath(path), page)
		}
	})
}
