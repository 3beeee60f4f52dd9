// Which file a page becomes, and what happens if two pages want one file.

package export_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/export"
)

func TestCollidingNamesAreRefusedBeforeAnythingIsWritten(t *testing.T) {
	for name, c := range map[string]struct {
		app  gorgon.App
		want []string
	}{
		"the home page": {gorgon.App{Parts: []gorgon.Part{
			page{Path: "/", View: view},
			page{Path: "/{s}", View: view, Load: path, Paths: paths("/about", "/index.html")},
		}}, []string{"page / is", "page /index.html", "index.html/index.html"}},
		"the not found page": {gorgon.App{Parts: []gorgon.Part{page{Path: "/{s}", View: view, Load: path, Paths: paths("/about", "/404.html")}}}, []string{"page 404.html", "page /404.html"}},
		"in a language": {gorgon.App{Locales: gorgon.Locales{Tags: []string{"en", "de"}}, Parts: []gorgon.Part{
			page{Path: "/", View: view},
			page{Path: "/index.html", View: view},
		}}, []string{"page / (de)", "page /index.html (de)"}},
		"with a slash": {gorgon.App{Parts: []gorgon.Part{
			page{Path: "/a", View: view},
			page{Path: "/a/", View: view},
		}}, []string{"page /a ", "page /a/ ", "a/index.html"}},
		"a file in a page":  {gorgon.App{Assets: gorgon.Assets{Static: fstest.MapFS{"a/index.html": {Data: []byte("x")}}}, Parts: []gorgon.Part{page{Path: "/a", View: view}}}, []string{"page /a ", "file /a/index.html"}},
		"a page in a file":  {gorgon.App{Assets: gorgon.Assets{Static: fstest.MapFS{"a": {Data: []byte("x")}}}, Parts: []gorgon.Part{page{Path: "/a/b", View: view}}}, []string{"page /a/b", "file /a "}},
		"the export's list": {gorgon.App{Parts: []gorgon.Part{page{Path: "/.gorgon-export.json", View: view}}}, []string{"page /.gorgon-export.json"}},
		"a name of 256":     {gorgon.App{Parts: []gorgon.Part{page{Path: "/{s}", View: view, Load: path, Paths: paths("/" + strings.Repeat("ü", 128))}}}, []string{"256 bytes"}},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			_, err := exported(t, c.app, false, out)
			wantRefused(t, err, c.want...)
			if left, _ := os.ReadDir(out); len(left) > 0 {
				t.Errorf("%d files were written: %v", len(left), err)
			}
		})
	}
}

func TestPagesOfOtherTypesHaveTheirOwnNames(t *testing.T) {
	of := func(kind string) func(string) http.Header {
		return func(string) http.Header { return http.Header{"Content-Type": {kind}} }
	}
	app := gorgon.App{Origin: "https://example.com", Locales: gorgon.Locales{Tags: []string{"en", "de"}}, Parts: []gorgon.Part{
		page{Path: "/", View: view},
		page{Path: "/feed.xml", View: view, Load: path, Headers: of("application/atom+xml")},
		page{Path: "/robots.txt", View: view, Load: path, Headers: of("text/plain; charset=utf-8")},
		page{Path: "/data", View: view, Load: path, Headers: of("application/json")},
		page{Path: "/page.html", View: view, Load: path, Headers: of("text/html")},
	}}
	out := t.TempDir()
	report, err := exported(t, app, false, out)
	if err != nil {
		t.Fatal(err)
	}
	want := "404.html data de/404.html de/data de/feed.xml de/index.html de/page.html/index.html de/robots.txt feed.xml index.html page.html/index.html robots.txt sitemap.xml"
	if got := strings.Join(files(t, out), " "); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	for _, f := range report.Files {
		if strings.HasSuffix(f.Name, "feed.xml") && (f.ContentType != "application/atom+xml" || !strings.HasSuffix(f.Path, "/feed.xml")) {
			t.Errorf("%+v", f)
		}
	}
	if data, _ := os.ReadFile(filepath.Join(out, "de", "feed.xml")); string(data) != "page /feed.xml" {
		t.Errorf("the feed is %s", data)
	}
	sitemap, _ := os.ReadFile(filepath.Join(out, "sitemap.xml"))
	if strings.Contains(string(sitemap), "feed.xml") || !strings.Contains(string(sitemap), "page.html") {
		t.Errorf("the sitemap: %s", sitemap)
	}
}

func TestFilesOfOtherTypesEndInNoSlash(t *testing.T) {
	for _, at := range []string{"/", "/data/"} {
		out := filepath.Join(t.TempDir(), "out")
		_, err := exported(t, gorgon.App{Parts: []gorgon.Part{page{Path: at, View: view, Headers: func(string) http.Header {
			return http.Header{"Content-Type": {"application/json"}}
		}}}}, false, out)
		wantRefused(t, err, "page "+at, "ends in a slash")
	}
}

func TestEveryExportedPageIsLinked(t *testing.T) {
	odd := []string{"/p/C#", "/p/what?", "/p/100%", "/p/a b", "/p/käse", "/p/a:b"}
	app := gorgon.App{Origin: "https://example.com", Locales: gorgon.Locales{Tags: []string{"en", "de"}}, Parts: []gorgon.Part{
		page{Path: "/p/{s}", Paths: paths(odd...), Load: func(_ context.Context, in gorgon.Input) (string, error) { return in.Path, nil },
			View: func(path string) gorgon.Component {
				return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
					_, err := w.Write([]byte(`<a href="` + gorgon.PathURL(ctx, path) + `">`))
					return err
				})
			}},
	}}
	for _, base := range []string{"", "/d c"} {
		built := built(t, app, base)
		out := t.TempDir()
		report, err := exportedWith(t, app, export.Config{Seed: built, Out: out})
		if err != nil {
			t.Fatal(err)
		}
		if report.DeadLinks.Links > 0 {
			t.Errorf("%q: dead links: %+v", base, report.DeadLinks)
		}
		for _, path := range odd {
			data, err := os.ReadFile(filepath.Join(out, "de", filepath.FromSlash(path), "index.html"))
			if err != nil || !strings.Contains(string(data), `rel="alternate" hreflang="en"`) {
				t.Errorf("%q: %v", path, err)
			}
		}
	}
}
