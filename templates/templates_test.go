// Views of html/template.

package templates_test

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/templates"
)

func files(pairs ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return m
}

func Example() {
	views := &templates.Set{
		Files:    files("views/page.html", `<h1>{{.}}</h1>{{template "foot.html"}}`, "views/foot.html", `<a href="{{url "/about"}}">About</a>`),
		Patterns: []string{"views/*.html"},
	}
	_ = views.View("page.html", "Tom & Jerry").Render(context.Background(), os.Stdout)
	// Output: <h1>Tom &amp; Jerry</h1><a href="/about">About</a>
}

type localeKey struct{}

// Each rendering uses the page that it is for, also nested and concurrently,
// and after failures.
func TestFunctionsAskTheirOwnPage(t *testing.T) {
	set := &templates.Set{
		Files: files("page.html", `{{where}}:{{render .Inner}}:{{where}}{{if .Fail}}{{.Nope}}{{end}}`, "inner.html", `<{{where}}>`),
		Funcs: func(ctx context.Context) template.FuncMap {
			return template.FuncMap{"where": func() string { return ctx.Value(localeKey{}).(string) }}
		},
	}
	type data struct {
		Inner gorgon.Component
		Fail  bool
	}
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for i := range 100 {
				locale := fmt.Sprintf("%d-%d", n, i)
				ctx := context.WithValue(t.Context(), localeKey{}, locale)
				var out bytes.Buffer
				err := set.View("page.html", data{set.View("inner.html", nil), i%3 == 0}).Render(ctx, &out)
				want := fmt.Sprintf("%s:<%s>:%[1]s", locale, locale)
				if want = strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(want); i%3 == 0 != (err != nil) {
					t.Errorf("%s: %v", locale, err)
				}
				if got := strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(out.String()); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
		})
	}
	all.Wait()
}

// A fault names the template and its line, whether it is in the syntax or in
// the data, and a fault in the syntax fails every view.
func TestFaultsNameTheLine(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"syntax":       {"<p>\n{{if}}", "template: page.html:2: missing value for if"},
		"no such data": {"<p>\n\n{{.Nope}}", "template: page.html:3:2: executing"},
		"no function":  {"\n{{nope}}", `template: page.html:2: function "nope" not defined`},
	} {
		set := &templates.Set{Files: files("page.html", c.text, "other.html", "well")}
		for _, view := range []string{"page.html", "page.html"} {
			if err := set.View(view, struct{ Yes int }{}).Render(t.Context(), new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: got %v, want %s", name, err, c.want)
			}
		}
		err := set.View("other.html", nil).Render(t.Context(), new(bytes.Buffer))
		if broken := err != nil; broken == (name == "no such data") {
			t.Errorf("%s: the other view: %v", name, err)
		}
	}
	if err := new(templates.Set).View("x", nil).Render(t.Context(), new(bytes.Buffer)); err == nil {
		t.Error("a set without files renders")
	}
}

func TestAttributes(t *testing.T) {
	set := &templates.Set{Files: files("page.html", `<input {{attributes .}}>`)}
	var out bytes.Buffer
	err := set.View("page.html", map[string]any{"value": `"><b>`, "max": 7, "required": true, "checked": false}).Render(t.Context(), &out)
	if want := `<input max="7" required value="&#34;&gt;&lt;b&gt;">`; err != nil || out.String() != want {
		t.Errorf("got %s, %v; want %s", out.String(), err, want)
	}
}

// BenchmarkView is a page in a layout; BenchmarkClone is the same with the
// templates copied for each rendering.
func BenchmarkView(b *testing.B) {
	set := benchmarkSet()
	for b.Loop() {
		if err := set.View("layout.html", set.View("page.html", rows)).Render(b.Context(), new(bytes.Buffer)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkClone(b *testing.B) {
	functions := func(ctx context.Context) template.FuncMap {
		f := template.FuncMap(gorgon.Funcs(ctx))
		f["render"] = func(c gorgon.Component) (template.HTML, error) {
			var b bytes.Buffer
			err := c.Render(ctx, &b)
			return template.HTML(b.String()), err
		}
		return f
	}
	parsed := template.Must(template.New("").Funcs(functions(b.Context())).ParseFS(benchmarkSet().Files, "*.html"))
	view := func(name string, data any) gorgon.Component {
		return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			t, err := parsed.Clone()
			if err != nil {
				return err
			}
			return t.Funcs(functions(ctx)).ExecuteTemplate(w, name, data)
		})
	}
	for b.Loop() {
		if err := view("layout.html", view("page.html", rows)).Render(b.Context(), new(bytes.Buffer)); err != nil {
			b.Fatal(err)
		}
	}
}

var rows = strings.Fields(strings.Repeat("word ", 50))

func benchmarkSet() *templates.Set {
	return &templates.Set{Files: files("layout.html", `<!doctype html><body><a href="{{url "/"}}">Home</a>{{render .}}</body>`, "page.html", `<ul>{{range .}}<li>{{.}}</li>{{end}}</ul>`)}
}
