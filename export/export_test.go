// What can be a file, and what is refused.

package export_test

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/build"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/export"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/seed"
)

type page = gorgon.Page[string]

func view(s string) gorgon.Component { return gorgon.Text(s) }

func path(_ context.Context, in gorgon.Input) (string, error) {
	switch in.Path {
	case "/moved":
		return "", gorgon.Redirect("/")
	}
	return "page " + in.Path, nil
}

func paths(list ...string) func(context.Context, gorgon.Input) ([]string, error) {
	return func(context.Context, gorgon.Input) ([]string, error) { return list, nil }
}

// built is the seed of an app.
func built(t *testing.T, app gorgon.App, base string) *seed.Seed {
	t.Helper()
	app.Name = "test"
	file := filepath.Join(t.TempDir(), "seed")
	if _, err := build.Run(t.Context(), build.Config{App: app, Bundle: bundle.Bundler{}.Bundle, Out: file, Base: base}); err != nil {
		t.Fatal(err)
	}
	s, err := seed.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// exported builds an app and exports it.
func exported(t *testing.T, app gorgon.App, partial bool, out string) (export.Report, error) {
	t.Helper()
	return exportedWith(t, app, export.Config{Out: out, Partial: partial})
}

func exportedWith(t *testing.T, app gorgon.App, c export.Config) (export.Report, error) {
	t.Helper()
	app.Name = "test"
	if c.Seed == nil {
		c.Seed = built(t, app, "")
	}
	m := c.Seed.Manifest()
	c.App, c.Renderer = app, &render.Renderer{
		App: app, Build: m.Build, Seal: render.NewSeal(m.Binary, m.Build),
		Site: c.Seed.Site(app),
	}
	return export.Run(t.Context(), c)
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasPrefix(d.Name(), ".") {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestCheck(t *testing.T) {
	guard := func(h http.Handler) http.Handler { return h }
	request := func(context.Context, gorgon.Input, *http.Request) (string, error) { return "", nil }
	app := gorgon.App{
		Parts: []gorgon.Part{
			page{Path: "/still", View: view},
			page{Path: "/built/{x}", View: view, Load: path, Paths: paths("/built/1")},
			page{Path: "/late/{x}", View: view, Load: path, Incremental: true},
			page{Path: "/both/{x}", View: view, Load: path, Paths: paths(), Incremental: true},
			page{Path: "/again", View: view, Load: path, RevalidateAfter: time.Hour},
			page{Path: "/now", View: view, LoadRequest: request},
			page{Path: "/secret", View: view, Guards: []func(http.Handler) http.Handler{guard}},
			gorgon.Handler{Pattern: "/z", Handler: http.NotFoundHandler()},
			gorgon.Handler{Pattern: "/api/", Handler: http.NotFoundHandler()},
		},
	}
	var got []string
	for _, r := range export.Check(app) {
		got = append(got, r.Page)
		if r.Why == "" || r.Hint == "" {
			t.Errorf("%s comes without why or hint", r.Page)
		}
	}
	want := []string{"/late/{x}", "/both/{x}", "/again", "/now", "/secret", "/z", "/api/"}
	if !slices.Equal(got, want) {
		t.Errorf("refused %q, want %q", got, want)
	}
}

func TestFiles(t *testing.T) {
	app := gorgon.App{
		Locales: gorgon.Locales{Tags: []string{"en", "de"}}, Origin: "https://example.com",
		Assets: gorgon.Assets{Static: fstest.MapFS{"robots.txt": {Data: []byte("mine")}, "a/b.txt": {Data: []byte("b")}}},
		Parts: []gorgon.Part{
			page{Path: "/", View: view, Load: path},
			page{Path: "/käse/{x...}", View: view, Load: path, Paths: paths("/käse/alt/gouda")},
			page{Path: "/list/", View: view, Load: path},
		},
	}
	out := t.TempDir()
	if _, err := exported(t, app, false, out); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"404.html", "a/b.txt", "de/404.html", "de/index.html", "de/käse/alt/gouda/index.html", "de/list/index.html",
		"index.html", "käse/alt/gouda/index.html", "list/index.html", "robots.txt", "sitemap.xml",
	}
	if got := files(t, out); !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
	if b, _ := os.ReadFile(filepath.Join(out, "robots.txt")); string(b) != "mine" {
		t.Errorf("robots.txt is %q", b)
	}
	if b, _ := os.ReadFile(filepath.Join(out, "404.html")); !strings.Contains(string(b), "Not Found") {
		t.Errorf("404.html is %q", b)
	}
}

func TestWhatOnlyShowsInTheSeedIsRefusedToo(t *testing.T) {
	app := gorgon.App{Parts: []gorgon.Part{page{Path: "/moved", View: view, Load: path}, page{Path: "/moved/", View: view}}}
	out := filepath.Join(t.TempDir(), "out")
	_, err := exported(t, app, false, out)
	refused, ok := errors.AsType[export.Refused](err)
	if !ok || len(refused) != 1 || refused[0].Page != "/moved" {
		t.Fatalf("got %v", err)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("something was written")
	}
	report, err := exported(t, app, true, out)
	if err != nil || len(report.Left) != 1 {
		t.Errorf("partial: %+v, %v", report, err)
	}
}

func TestNamesThatDoNotFit(t *testing.T) {
	for name, app := range map[string]gorgon.App{
		"another page": {Parts: []gorgon.Part{page{Path: "/a", View: view}, page{Path: "/a/", View: view}}},
		"255":          {Parts: []gorgon.Part{page{Path: "/{x}", View: view, Load: path, Paths: paths("/" + strings.Repeat("n", 300))}}},
	} {
		_, err := exported(t, app, false, t.TempDir())
		if err == nil {
			t.Errorf("%s: it was written", name)
		}
	}
}

func TestUnchangedFilesAreNotTouched(t *testing.T) {
	app := gorgon.App{Parts: []gorgon.Part{page{Path: "/", View: view, Load: path}}}
	out := t.TempDir()
	if _, err := exported(t, app, false, out); err != nil {
		t.Fatal(err)
	}
	old := time.Unix(1_000_000_000, 0)
	index := filepath.Join(out, "index.html")
	if err := os.Chtimes(index, old, old); err != nil {
		t.Fatal(err)
	}
	report, err := exported(t, app, false, out)
	if err != nil || report.Written != 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	if info, _ := os.Stat(index); !info.ModTime().Equal(old) {
		t.Error("it was written again")
	}
}

// Without a host that has rules, a redirect is a page that leads on; it has no
// place where its file is another page's.
func TestRedirectsArePagesThatLeadOn(t *testing.T) {
	app := gorgon.App{
		Origin: "https://example.com", Locales: gorgon.Locales{Tags: []string{"en", "de"}},
		Parts: []gorgon.Part{
			page{Path: "/", View: view},
			gorgon.Redirects{"/old": "/", "/old.html": "/", "/away/": "https://example.org/?a=b&c"},
			page{Path: "/moved", View: view, Load: path}, // for a while
		},
	}
	out := t.TempDir()
	report, err := exportedWith(t, app, export.Config{Out: out, Seed: built(t, app, "/docs")})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Redirects) != 8 || report.DeadLinks.Links > 0 {
		t.Errorf("redirects %+v, dead links %+v", report.Redirects, report.DeadLinks)
	}
	for name, want := range map[string]struct {
		to        string
		permanent bool
	}{
		"old/index.html": {"/docs/", true}, "de/old/index.html": {"/docs/de", true}, "old.html": {"/docs/", true}, "de/old.html": {"/docs/de", true},
		"away/index.html": {"https://example.org/?a=b&amp;c", true}, "moved/index.html": {"/docs/", false},
	} {
		data, err := os.ReadFile(filepath.Join(out, filepath.FromSlash(name)))
		if err != nil {
			t.Error(err)
			continue
		}
		html := string(data)
		canonical := `<link rel="canonical" href="https://example.` // this site's, or another one's
		if !strings.Contains(html, `content="0; url=`+want.to+`"`) || !strings.Contains(html, `<a href="`+want.to+`">`) || !strings.Contains(html, "noindex") ||
			strings.Contains(html, canonical) != want.permanent || strings.HasPrefix(name, "de/") != strings.Contains(html, `lang="de"`) {
			t.Errorf("%s: %s", name, html)
		}
	}
	if data, err := os.ReadFile(filepath.Join(out, "sitemap.xml")); err != nil || strings.Contains(string(data), "old") {
		t.Errorf("the sitemap lists redirects: %s %v", data, err)
	}

	app.Parts = append(app.Parts, page{Path: "/old/", View: view})
	_, err = exportedWith(t, app, export.Config{Out: t.TempDir(), Seed: built(t, app, "")})
	wantRefused(t, err, "redirect /old: its file would be that of page /old/")
}

func TestRedirectsAreHandedOutWhereTheHostHasRules(t *testing.T) {
	app := gorgon.App{
		Locales: gorgon.Locales{Tags: []string{"en", "de"}},
		Assets:  gorgon.Assets{Files: fstest.MapFS{"a.css": {Data: []byte("p{}")}}},
		Parts: []gorgon.Part{
			page{Path: "/moved", View: view, Load: path},
			page{Path: "/käse", View: view, Headers: func(string) http.Header { return http.Header{"X-Robots-Tag": {"none"}} }},
		},
	}
	out := filepath.Join(t.TempDir(), "out")
	report, err := exportedWith(t, app, export.Config{Out: out, Redirects: true, Seed: built(t, app, "/docs")})
	if err != nil {
		t.Fatal(err)
	}
	want := []export.Redirect{
		{From: "/docs/de/moved", To: "/docs/de", Status: 302, File: "de/moved/index.html", Locale: "de"},
		{From: "/docs/moved", To: "/docs/", Status: 302, File: "moved/index.html", Locale: "en"},
	}
	if !slices.Equal(report.Redirects, want) || len(report.Left) > 0 {
		t.Errorf("redirects %+v, left %+v", report.Redirects, report.Left)
	}
	var got []string
	for _, f := range report.Files {
		got = append(got, f.Path)
		if info, err := os.Stat(filepath.Join(out, f.Name)); err != nil || info.Size() != int64(f.Size) {
			t.Errorf("%+v: %v", f, err)
		}
		if f.Page != (f.Header.Get("X-Robots-Tag") == "none") || f.Immutable != strings.HasSuffix(f.Name, ".css") || f.ContentType == "" {
			t.Errorf("file %+v", f)
		}
	}
	if len(got) != 6 || got[0] != "" || got[1] == "" || got[2] != "" || got[3] != "/docs/de/k%C3%A4se" || got[4] != "/docs/k%C3%A4se" || got[5] != "/docs/robots.txt" {
		t.Errorf("paths %q", got)
	}
}
