// What an export overwrites, and what it does not.

package export_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
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

func TestDeadLinks(t *testing.T) {
	link := func(to ...string) func(string) gorgon.Component {
		return func(string) gorgon.Component {
			var b strings.Builder
			for _, at := range to {
				b.WriteString(`<a class="x" href="` + at + `">`)
			}
			return gorgon.HTML(b.String())
		}
	}
	app := gorgon.App{
		Name: "test", Locales: gorgon.Locales{Tags: []string{"en"}},
		Parts: []gorgon.Part{
			page{Path: "/", View: link("/docs/", "/docs/cheese", "/docs/%63heese/?a=b&amp;c#d", "/docs/robots.txt", "/else", "https://example.com/docs/x", "//docs/x", "#x", "x")},
			page{Path: "/cheese", View: link("/docs/search?q=1", "/docs/search?q=2", "/docs/late/1")},
			page{Path: "/late/{x}", View: view, Load: path, Incremental: true},
			page{Path: "/more", View: link("/docs/a", "/docs/b", "/docs/%2f")},
		},
	}
	report, err := exportedWith(t, app, export.Config{Seed: built(t, app, "/docs"), Out: t.TempDir(), Partial: true})
	if err != nil {
		t.Fatal(err)
	}
	if d := report.DeadLinks; d.Links != 6 || d.Pages != 2 || strings.Join(d.Examples, " ") != "/search /late/1 /a" {
		t.Errorf("%+v", d)
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
