// Assets in a build: which function makes them, and their further paths.

package build_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/build"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/seed"
	"github.com/gorgon-go/gorgon/viewctx"
)

func TestAliases(t *testing.T) {
	app := numbered(1)
	app.Assets.Files = fstest.MapFS{"icon.svg": {Data: []byte("<svg/>")}, "both.txt": {Data: []byte("asset")}}
	app.Assets.Static = fstest.MapFS{"both.txt": {Data: []byte("static")}, "old/a.txt": {Data: []byte("a")}}
	app.Assets.Aliases = map[string]string{"/favicon.ico": "icon.svg", "/both": "both.txt", "/a": "old/a.txt", "/robots.txt": "old/a.txt"}
	out := filepath.Join(t.TempDir(), "s")
	run(t, build.Config{Bundle: bundle.Bundler{}.Bundle, App: app, Out: out})
	s, err := seed.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for at, want := range map[string]string{
		"/favicon.ico": "image/svg+xml <svg/>", "/both": "text/plain; charset=utf-8 asset", "/both.txt": "text/plain; charset=utf-8 static",
		"/a": "text/plain; charset=utf-8 a", "/robots.txt": "text/plain; charset=utf-8 a",
	} {
		f, err := s.File(at)
		if got := f.ContentType + " " + string(f.Data); err != nil || got != want || f.Immutable || f.Path != at {
			t.Errorf("%s is %q (%+v), %v, want %q", at, got, f, err, want)
		}
	}
	for want, aliases := range map[string]map[string]string{
		"there is no asset and no static file gone": {"/x": "gone"},
		"there is a static file at /old/a.txt":      {"/old/a.txt": "icon.svg"},
	} {
		app.Assets.Aliases = aliases
		if _, err := build.Run(t.Context(), build.Config{Bundle: bundle.Bundler{}.Bundle, App: app, Out: out}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestAssetsNeedABundler(t *testing.T) {
	out := filepath.Join(t.TempDir(), "s")
	if _, err := build.Run(t.Context(), build.Config{App: numbered(1), Out: out}); err == nil || !strings.Contains(err.Error(), "set Bundler: bundle.Bundler{} in command.Config") {
		t.Errorf("got %v", err)
	}
	astray := func(context.Context, gorgon.App, string) (viewctx.Assets, map[string][]byte, error) {
		return viewctx.Assets{}, map[string][]byte{"/index.html": nil}, nil
	}
	if _, err := build.Run(t.Context(), build.Config{App: numbered(1), Out: out, Bundle: astray}); err == nil || !strings.Contains(err.Error(), "/index.html would be served outside of /_gorgon/assets/") {
		t.Errorf("got %v", err)
	}
	app := numbered(1)
	app.Assets.Files = nil
	run(t, build.Config{App: app, Out: out}) // none are needed
}
