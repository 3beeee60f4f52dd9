// What an export overwrites, and what it does not.

package export_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/export"
)

func wantRefused(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("got %v, want it to say %q", err, part)
		}
	}
}

func write(t *testing.T, dir, name, data string) {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestForeignFilesStay(t *testing.T) {
	app := gorgon.App{Parts: []gorgon.Part{
		page{Path: "/", View: view, Load: path},
		page{Path: "/{x}", View: view, Load: path, Paths: paths("/1", "/2", "/3", "/4", "/5", "/6")},
	}}
	out := t.TempDir()
	write(t, out, "mine.txt", "mine")
	write(t, out, "robots.txt", "User-agent: *\nAllow: /\n") // as the export writes it
	for _, n := range []string{"1", "2", "3", "4", "5", "6"} {
		write(t, out, n+"/index.html", "mine")
	}
	_, err := exported(t, app, false, out)
	wantRefused(t, err, "1/index.html, 2/index.html, 3/index.html, 4/index.html, 5/index.html and 1 more", "--force")
	if _, err := os.Stat(filepath.Join(out, "index.html")); err == nil {
		t.Error("something was written")
	}
	for range 2 { // the second time they are our own
		if _, err := exportedWith(t, app, export.Config{Out: out, Force: true}); err != nil {
			t.Fatal(err)
		}
		if b, _ := os.ReadFile(filepath.Join(out, "6/index.html")); !strings.Contains(string(b), "page /6") {
			t.Errorf("it is %q", b)
		}
		write(t, out, "6/index.html", "edited")
	}
	if _, err := exported(t, app, false, out); err != nil {
		t.Error(err)
	}
	if b, _ := os.ReadFile(filepath.Join(out, "mine.txt")); string(b) != "mine" {
		t.Errorf("a file that is not in the way was touched: %q", b)
	}
}

func TestFoldersThatAreNoPlaceForAnExport(t *testing.T) {
	dist := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dist, link); err != nil {
		t.Fatal(err)
	}
	write(t, dist, "app.seed", "")
	file := filepath.Join(dist, "app.seed")
	root := filepath.VolumeName(dist) + string(filepath.Separator)
	for out, want := range map[string]string{
		root:                          "root of a file system",
		root + "./":                   "root of a file system",
		dist:                          "the folder of the seed",
		link:                          "the folder of the seed",
		file:                          "not a folder",
		filepath.Join(dist, "public"): "",
		t.TempDir():                   "",
	} {
		err := export.CheckFolder(out, file)
		if want == "" && err != nil {
			t.Errorf("%s: %v", out, err)
		} else if want != "" {
			wantRefused(t, err, want, "--out")
		}
	}
	app := gorgon.App{Name: "test", Parts: []gorgon.Part{page{Path: "/", View: view}}}
	s := built(t, app, "")
	if _, err := export.Run(t.Context(), export.Config{App: app, Seed: s, Out: filepath.Dir(s.Path()), Force: true}); err == nil {
		t.Error("it wrote beside the seed")
	}
}

// A reference is dead if a host finds nothing at it: links, images, relative ones,
// those with the site's own origin; and no others.
func TestDeadLinks(t *testing.T) {
	pages := map[string]string{ // what each refers to in which attribute
		"/":          `<p>href="/docs/in-text"</p>`,
		"/cheese":    "",
		"/made/of/":  "",
		"/with/none": "",
	}
	for _, c := range []struct {
		on, html string
		dead     bool
	}{
		{on: "/", html: `<a class="x" href="/docs/">`},
		{on: "/", html: `<a href="/docs">`},
		{on: "/", html: `<a href="/docs/cheese">`},
		{on: "/", html: `<a href='/docs/%63heese/?a=b&amp;c#d'>`},
		{on: "/", html: "<a\n\thref=\"/docs/robots.txt\">"},
		{on: "/", html: `<a href="/else">`}, // another site below the same host
		{on: "/", html: `<a href="/docsearch">`},
		{on: "/", html: `<a href="https://other.example/docs/x">`},
		{on: "/", html: `<a href="https://example.company/docs/x">`},
		{on: "/", html: `<a href="//docs/x">`},
		{on: "/", html: `<a href="mailto:x@example.com">`},
		{on: "/", html: `<img src="data:image/png;base64,AA==">`},
		{on: "/", html: `<a href="#x">`},
		{on: "/", html: `<a href="?page=2">`},
		{on: "/", html: `<a href="">`},
		{on: "/", html: `<a href=" cheese ">`},
		{on: "/", html: `<a href="https://example.com/docs/cheese">`},
		{on: "/", html: `<a data-href="/docs/x">`},
		{on: "/", html: `<code>&lt;a href=&#34;/docs/x&#34;&gt;</code>`},
		{on: "/", html: `<img srcset="/docs/robots.txt 1x, robots.txt 2x">`},
		{on: "/made/of/", html: `<a href="../../cheese">`},
		{on: "/made/of/", html: `<a href="/docs/made/of">`},
		{on: "/cheese", html: `<a href="/docs/old">`}, // a redirect

		{dead: true, on: "/", html: `<a href="/docs/x">`},
		{dead: true, on: "/", html: `<a href="/docs/search?q=1">`},
		{dead: true, on: "/", html: `<a href="/docs/%2f">`},
		{dead: true, on: "/", html: `<a href="x">`},
		{dead: true, on: "/", html: `<a href="%zz">`},
		{dead: true, on: "/", html: `<A HREF="/docs/x">`},
		{dead: true, on: "/", html: `<a href='/docs/x'>`},
		{dead: true, on: "/", html: `<img src="/docs/x.png">`},
		{dead: true, on: "/", html: `<video poster="/docs/x.png">`},
		{dead: true, on: "/", html: `<img srcset="/docs/robots.txt, /docs/x.png 2x">`},
		{dead: true, on: "/", html: `<a href="https://example.com/docs/x">`},
		{dead: true, on: "/", html: `<a href="/docs/late/1">`},
		{dead: true, on: "/cheese", html: `<a href="robots.txt">`}, // at /docs/cheese/ it is another path
		{dead: true, on: "/made/of/", html: `<a href="cheese">`},
	} {
		t.Run(c.html+" on "+c.on, func(t *testing.T) {
			app := gorgon.App{Name: "test", Origin: "https://example.com", Locales: gorgon.Locales{Tags: []string{"en"}}}
			for path, text := range pages {
				if path == c.on {
					text += c.html
				}
				app.Parts = append(app.Parts, page{Path: path, View: func(string) gorgon.Component { return gorgon.HTML(text) }})
			}
			slices.SortFunc(app.Parts, func(a, b gorgon.Part) int { return strings.Compare(a.(page).Path, b.(page).Path) })
			app.Parts = append(app.Parts, page{Path: "/late/{x}", View: view, Load: path, Incremental: true},
				page{Path: "/old", View: view, Load: func(context.Context, gorgon.Input) (string, error) { return "", gorgon.Redirect("/cheese") }})
			report, err := exportedWith(t, app, export.Config{Seed: built(t, app, "/docs"), Out: t.TempDir(), Partial: true, Redirects: true})
			if err != nil {
				t.Fatal(err)
			}
			d := report.DeadLinks
			want := export.DeadLinks{}
			if c.dead {
				want.Links, want.Pages, want.Examples = 1, 1, d.Examples
			}
			if !reflect.DeepEqual(d, want) || c.dead && (len(d.Examples) != 1 || d.Examples[0].Page != "/docs"+c.on || !strings.Contains(c.html, d.Examples[0].Link)) {
				t.Errorf("%+v", d)
			}
		})
	}
}

// Dead links are counted, on all pages, and the first ones are named.
func TestDeadLinksAreCounted(t *testing.T) {
	links := func(targets ...string) func(string) gorgon.Component {
		return func(string) gorgon.Component {
			return gorgon.HTML(`<a href="` + strings.Join(targets, `"><a href="`) + `">`)
		}
	}
	app := gorgon.App{Name: "test", Locales: gorgon.Locales{Tags: []string{"en"}}, Parts: []gorgon.Part{
		page{Path: "/", View: links("/a", "/b", "/a", "/more")},
		page{Path: "/more", View: links("/b", "/c")},
		page{Path: "/none", View: links("/")},
	}}
	report, err := exportedWith(t, app, export.Config{Seed: built(t, app, ""), Out: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	want := export.DeadLinks{Links: 5, Pages: 2, Examples: []export.DeadLink{{"/", "/a"}, {"/", "/b"}, {"/more", "/c"}}}
	if !reflect.DeepEqual(report.DeadLinks, want) {
		t.Errorf("%+v", report.DeadLinks)
	}
}

func TestSitemapIsOfWhatIsExported(t *testing.T) {
	guard := func(h http.Handler) http.Handler { return h }
	request := func(context.Context, gorgon.Input, *http.Request) (string, error) { return "", nil }
	merge := func(context.Context, gorgon.Input, string, string) (string, error) { return "", nil }
	app := gorgon.App{Origin: "https://example.com", Parts: []gorgon.Part{
		page{Path: "/", View: view},
		page{Path: "/moved", View: view, Load: path},
		page{Path: "/secret", View: view, Guards: []func(http.Handler) http.Handler{guard}},
		page{Path: "/now", View: view, LoadRequest: request},
		page{Path: "/both", View: view, Load: path, LoadRequest: request, Merge: merge},
		page{Path: "/hidden", View: view, Head: func(string) gorgon.Head { return gorgon.Head{Robots: "noindex"} }},
		page{Path: "/again", View: view, Load: path, RevalidateAfter: time.Hour},
		page{Path: "/late/{x}", View: view, Load: path, Incremental: true, Paths: paths("/late/1")},
	}}
	out := t.TempDir()
	if _, err := exported(t, app, true, out); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(out, "sitemap.xml"))
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for part := range strings.SplitSeq(string(b), "<loc>https://example.com") {
		at, _, ok := strings.Cut(part, "</loc>")
		if !ok {
			continue
		}
		listed = append(listed, at)
		if _, err := os.Stat(filepath.Join(out, at, "index.html")); err != nil {
			t.Errorf("%s is listed: %v", at, err)
		}
	}
	if got := strings.Join(listed, " "); got != "/ /again /late/1" {
		t.Errorf("listed are %s", got)
	}
}
