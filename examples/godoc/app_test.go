// The whole app on the Go that runs the test: it can work, it builds, and what
// is asked for in vain is not there.

package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/build"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/examples/godoc/library"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/seed"
)

func TestApp(t *testing.T) {
	lib, err := library.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	app := app(lib)
	if err := app.Validate(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "godoc.seed")
	report, err := build.Run(t.Context(), build.Config{App: app, Bundle: bundle.Bundler{}.Bundle, Out: file, Effort: compress.None})
	if err != nil {
		t.Fatal(err)
	}
	if report.Pages < 200 || len(report.Warnings) > 0 {
		t.Errorf("%d pages, with warnings %q", report.Pages, report.Warnings)
	}
	s, err := seed.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	e, err := s.Entry(pages.Key{Route: "/pkg/{path...}", Path: "/pkg/net/http"})
	if err == nil {
		e, err = e.Unpack()
	}
	if err != nil || !strings.Contains(string(e.HTML), "ListenAndServe") {
		t.Errorf("the page of net/http: %v", err)
	}

	g := asker{t, app, app.ReadValues(s.Value)}
	for _, path := range []string{
		"/pkg/nonsense", "/pkg/net/http/", "/pkg/net/http/internal", "/pkg/cmd",
		"/sym/net/http", "/sym/net/http.Nonsense", "/sym/nonsense.Nonsense", "/sym/net/http.Server.Nonsense",
		"/src/net/http/nonsense.go", "/src/nonsense", "/src/net/http/server", "/src/net/http/testdata/x.go",
		"/mod/nonsense", "/mod/example.com/nonsense", "/mod/example.com/nonsense@v1.0.0", "/mod/golang.org/x/mod@nonsense", "/mod/golang.org/x/mod@v0.0.1/x", "/mod/@", "/mod/@v1.0.0",
		"/msrc/nonsense", "/msrc/example.com/nonsense@v1.0.0/x.go", "/msrc/golang.org/x/mod/semver/semver.go",
	} {
		if err := g.ask(path); failure.Kind(err) != gorgon.KindNotFound {
			t.Errorf("%s: got %v, want that there is no such page", path, err)
		}
	}
	newest := strings.TrimPrefix(lib.PageOf("golang.org/x/mod/semver"), "/mod/") // this module needs it
	for path, want := range map[string]string{
		"/src/net/http":                "/pkg/net/http",
		"/src/cmd/go":                  "/pkg/cmd/go",
		"/msrc/" + newest:              "/mod/" + newest,
		"/mod/golang.org/x/mod/semver": "/mod/" + newest,
		"/mod/golang.org/x/mod":        "/mod/" + strings.TrimSuffix(newest, "/semver"),
	} {
		e, ok := g.ask(path).(*gorgon.Error)
		if !ok || e.Kind != gorgon.KindRedirect || e.Location != want {
			t.Errorf("%s: got %v, want to be sent to %s", path, e, want)
		}
	}
	for _, path := range []string{"/mod/" + newest, "/msrc/" + newest + "/semver.go", "/src/net/http/server.go", "/sym/net/http.Server"} {
		if err := g.ask(path); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// An asker makes the states of pages as the machines do.
type asker struct {
	t      *testing.T
	app    gorgon.App
	values func(name string) (any, error)
}

func (a asker) ask(path string) error {
	a.t.Helper()
	page := paths.NewRouter(a.app.Definitions(), (*gorgon.Definition).PathPattern).Match(path)
	if page == nil {
		return gorgon.NotFound()
	}
	_, err := page.Load(context.Background(), page.Input(path, "", a.values))
	return err
}
