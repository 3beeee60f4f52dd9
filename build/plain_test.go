// Pages that are not HTML documents.

package build_test

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/build"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/seed"
)

func TestPagesOfOtherTypesAreInNoSitemap(t *testing.T) {
	out := filepath.Join(t.TempDir(), "s")
	run(t, build.Config{Out: out, App: gorgon.App{Name: "test", Origin: "https://example.com", Parts: []gorgon.Part{
		gorgon.Page[int]{Path: "/", View: func(int) gorgon.Component { return gorgon.Text("home") }},
		gorgon.Page[int]{Path: "/feed.xml", View: func(int) gorgon.Component { return gorgon.HTML("<feed/>") },
			Headers: func(int) http.Header { return http.Header{"Content-Type": {"application/atom+xml"}} }},
	}}})
	s, err := seed.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	e, err := s.Entry(pages.Key{Route: "/feed.xml", Path: "/feed.xml"})
	if err != nil || string(e.HTML) != "<feed/>" || pages.IsHTML(e.Header) {
		t.Errorf("the feed: %v %q", err, e.HTML)
	}
	sitemap, err := s.File("/sitemap.xml")
	if err != nil || !strings.Contains(string(sitemap.Data), "<loc>https://example.com/</loc>") || strings.Contains(string(sitemap.Data), "feed") {
		t.Errorf("sitemap: %v\n%s", err, sitemap.Data)
	}
}

func TestAPageIsToldThatItsHeadersAreNotSent(t *testing.T) {
	public := func(int) http.Header { return http.Header{"Cache-Control": {"public, max-age=300"}} }
	never := func(int) http.Header { return http.Header{"Cache-Control": {"no-store"}} }
	guards := []func(http.Handler) http.Handler{func(next http.Handler) http.Handler { return next }}
	view := func(int) gorgon.Component { return gorgon.Text("x") }
	who := gorgon.Fragment[int, int]{Name: "who", View: view,
		LoadRequest: func(context.Context, gorgon.Input, int, *http.Request) (int, error) { return 0, nil }}
	report := run(t, build.Config{Out: filepath.Join(t.TempDir(), "s"), App: gorgon.App{Name: "test", Locales: gorgon.Locales{Tags: []string{"en", "de"}}, Parts: []gorgon.Part{
		who,
		gorgon.Page[int]{Path: "/open", View: view, Headers: public},
		gorgon.Page[int]{Path: "/guarded", View: view, Headers: public, Guards: guards},
		gorgon.Page[int]{Path: "/never", View: view, Headers: never, Guards: guards},
		gorgon.Page[int]{Path: "/live", View: func(int) gorgon.Component { return who.Use(1) }, Headers: public, AllowRequestTime: true},
		gorgon.Page[int]{Path: "/may", View: view, Headers: public, AllowRequestTime: true},
	}}})
	all := strings.Join(report.Warnings, "\n")
	if len(report.Warnings) != 2 || !strings.Contains(all, "page /guarded: its Headers set Cache-Control, and it has guards") || !strings.Contains(all, "page /live: ") {
		t.Errorf("warnings: %s", all)
	}
}
