// Pages that could never be reached are refused, and the app's own handlers and
// files win.

package build_test

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/build"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/seed"
)

func plain(path string) gorgon.Part {
	return gorgon.Page[int]{Path: path, View: func(int) gorgon.Component { return gorgon.Text("page " + path) }}
}

// listing is a page of a pattern that lists paths.
func listing(pattern string, paths ...string) gorgon.Part {
	return gorgon.Page[int]{Path: pattern, View: func(int) gorgon.Component { return gorgon.Text("listed") },
		Paths: func(context.Context, gorgon.Input) ([]string, error) { return paths, nil }}
}

// try validates and builds an app, as every command does before it serves or
// exports.
func try(t *testing.T, app gorgon.App, base string) (*seed.Seed, error) {
	t.Helper()
	app.Name = "test"
	out := filepath.Join(t.TempDir(), "s")
	if _, err := build.Run(t.Context(), build.Config{App: app, Out: out, Base: base, Bundle: bundle.Bundler{}.Bundle, Effort: compress.None}); err != nil {
		return nil, err
	}
	s, err := seed.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, nil
}

func TestPagesAndFilesThatNothingCouldReachAreRefused(t *testing.T) {
	handler := http.NotFoundHandler()
	handlers := func(patterns ...string) (all []gorgon.Part) {
		for _, p := range patterns {
			all = append(all, gorgon.Handler{Pattern: p, Handler: handler})
		}
		return all
	}
	static := func(names ...string) fstest.MapFS {
		all := fstest.MapFS{}
		for _, name := range names {
			all[name] = &fstest.MapFile{Data: []byte("file")}
		}
		return all
	}
	routes := func(r ...gorgon.Part) []gorgon.Part { return append(r, plain("/")) }
	locales := []string{"en", "de"}
	for name, c := range map[string]struct {
		app  gorgon.App
		want []string // what the fault names; nil if the app is valid
	}{
		"a health check":                     {gorgon.App{Parts: routes(plain("/livez"))}, []string{"page /livez", "health check", "another path"}},
		"another":                            {gorgon.App{Parts: routes(plain("/readyz"), plain("/startupz"))}, []string{"page /readyz", "page /startupz"}},
		"a listed one":                       {gorgon.App{Parts: routes(listing("/{s}", "/livez"))}, []string{"page /{s}", `"/livez"`, "health check"}},
		"in all languages":                   {gorgon.App{Parts: routes(plain("/livez")), Locales: gorgon.Locales{Tags: locales, PrefixDefault: true}}, nil},
		"the framework":                      {gorgon.App{Parts: routes(plain("/_gorgon/x"))}, []string{"page /_gorgon/x", "framework"}},
		"the framework, listed":              {gorgon.App{Parts: routes(listing("/{a}/{b}", "/_gorgon/x"))}, []string{"page /{a}/{b}", `"/_gorgon/x"`, "framework"}},
		"a static file":                      {gorgon.App{Parts: routes(plain("/logo.txt")), Assets: gorgon.Assets{Static: static("logo.txt")}}, []string{"page /logo.txt", "static file logo.txt", "rename"}},
		"a static file, listed":              {gorgon.App{Parts: routes(listing("/x/{n}", "/x/a#b")), Assets: gorgon.Assets{Static: static("x/a#b")}}, []string{"page /x/{n}", "static file x/a#b"}},
		"a static file in a language":        {gorgon.App{Parts: routes(plain("/a")), Assets: gorgon.Assets{Static: static("de/a")}, Locales: gorgon.Locales{Tags: locales}}, []string{"page /a", "static file de/a", "/de/a"}},
		"a static file beside a language":    {gorgon.App{Parts: routes(plain("/a")), Assets: gorgon.Assets{Static: static("a")}, Locales: gorgon.Locales{Tags: locales, PrefixDefault: true}}, nil},
		"an alias":                           {gorgon.App{Parts: routes(plain("/a")), Assets: gorgon.Assets{Static: static("b"), Aliases: map[string]string{"/a": "b"}}}, []string{"page /a", "alias /a"}},
		"an alias of an asset":               {gorgon.App{Parts: routes(listing("/{n}", "/icon")), Assets: gorgon.Assets{Files: static("i.txt"), Aliases: map[string]string{"/icon": "i.txt"}}}, []string{"page /{n}", "alias /icon"}},
		"a handler":                          {gorgon.App{Parts: append(handlers("GET /a"), routes(plain("/a"))...)}, []string{"page /a", "handler GET /a", "remove"}},
		"a handler of all below":             {gorgon.App{Parts: append(handlers("/a/"), routes(plain("/a/b"))...)}, []string{"page /a/b", "handler /a/"}},
		"a handler of a language":            {gorgon.App{Parts: append(handlers("/de/a"), routes(plain("/a"))...), Locales: gorgon.Locales{Tags: locales}}, []string{"page /a", "handler /de/a"}},
		"a handler of everything":            {gorgon.App{Parts: append(handlers("/"), routes()...)}, []string{"page /", "handler /"}},
		"a handler of the whole pattern":     {gorgon.App{Parts: append(handlers("GET /a/{y...}"), routes(gorgon.Page[int]{Path: "/a/{x...}", LoadRequest: func(context.Context, gorgon.Input, *http.Request) (int, error) { return 0, nil }, View: func(int) gorgon.Component { return gorgon.Text("") }})...)}, []string{"page /a/{x...}", "handler GET /a/{y...}", "all its paths"}},
		"a handler of one segment":           {gorgon.App{Parts: append(handlers("GET /a/{y}"), routes(listing("/a/{x...}", "/a/b/c"))...)}, nil},
		"a handler of a listed path":         {gorgon.App{Parts: append(handlers("GET /a/b"), routes(listing("/a/{x}", "/a/b", "/a/c"))...)}, []string{"page /a/{x}", `"/a/b"`, "handler GET /a/b"}},
		"a handler of another method":        {gorgon.App{Parts: append(handlers("POST /a", "DELETE /a"), routes(plain("/a"))...)}, nil},
		"a handler of another host":          {gorgon.App{Parts: append(handlers("other.example/a"), routes(plain("/a"))...)}, nil},
		"a handler's redirect":               {gorgon.App{Parts: append(handlers("/a/"), routes(plain("/a"))...)}, nil},
		"a handler at a health check":        {gorgon.App{Parts: append(handlers("/livez"), routes()...)}, []string{"handler /livez", "health check"}},
		"a handler that changes something":   {gorgon.App{Parts: append(handlers("POST /livez"), routes()...)}, nil},
		"a handler at the framework's":       {gorgon.App{Parts: append(handlers("POST /_gorgon/purge"), routes()...)}, []string{"handler POST /_gorgon/purge", "framework"}},
		"a file behind a handler":            {gorgon.App{Parts: append(handlers("GET /{x}"), routes()...), Assets: gorgon.Assets{Static: static("a.txt")}}, []string{"a.txt", "handler GET /{x}"}},
		"a file at a health check":           {gorgon.App{Parts: routes(), Assets: gorgon.Assets{Static: static("livez")}}, []string{"livez", "health check"}},
		"a file at the framework's":          {gorgon.App{Parts: routes(), Assets: gorgon.Assets{Static: static("_gorgon/a.js")}}, []string{"_gorgon/a.js", "framework"}},
		"an alias behind a handler":          {gorgon.App{Parts: append(handlers("/b"), routes()...), Assets: gorgon.Assets{Static: static("a"), Aliases: map[string]string{"/b": "a"}}}, []string{"alias /b", "handler /b"}},
		"an alias at a health check":         {gorgon.App{Parts: routes(), Assets: gorgon.Assets{Static: static("a"), Aliases: map[string]string{"/readyz": "a"}}}, []string{"alias /readyz", "health check"}},
		"an alias at a file":                 {gorgon.App{Parts: routes(), Assets: gorgon.Assets{Static: static("a", "b"), Aliases: map[string]string{"/b": "a"}}}, []string{"static file at /b"}},
		"a locale":                           {gorgon.App{Parts: routes(plain("/de/x")), Locales: gorgon.Locales{Tags: locales}}, []string{"page /de/x", "locale"}},
		"a locale, listed":                   {gorgon.App{Parts: routes(listing("/{s}", "/de")), Locales: gorgon.Locales{Tags: locales}}, []string{"page /{s}", `"/de"`, "page / in locale de"}},
		"a locale, listed with a page below": {gorgon.App{Parts: routes(listing("/{s}/{t}", "/de/x")), Locales: gorgon.Locales{Tags: locales}}, []string{"page /{s}/{t}", "page /x in locale de"}},
		"the same pattern":                   {gorgon.App{Parts: routes(plain("/a"), plain("/a"))}, []string{"page /a", "another page"}},
		"a more specific page":               {gorgon.App{Parts: routes(plain("/a"), listing("/{s}", "/a"))}, []string{"page /{s}", `"/a"`, "page of /a"}},
		"too long with its locale":           {gorgon.App{Parts: routes(listing("/{s}", "/"+strings.Repeat("a", paths.MaxLength-2))), Locales: gorgon.Locales{Tags: locales}}, []string{"page /{s}", "2048 bytes"}},
		"robots.txt twice":                   {gorgon.App{Parts: routes(plain("/robots.txt")), Robots: "x"}, []string{"page /robots.txt", "App.Robots"}},
		"robots.txt as a file too":           {gorgon.App{Parts: routes(), Assets: gorgon.Assets{Static: static("robots.txt")}, Robots: "x"}, []string{"robots.txt", "App.Robots"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := try(t, c.app, "")
			if c.want == nil && err != nil {
				t.Error(err)
			}
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("it does not say %q: %v", want, err)
				}
			}
		})
	}
	if _, err := try(t, gorgon.App{Parts: routes(listing("/{s}", "/"+strings.Repeat("a", paths.MaxLength-3)))}, "/docs"); err == nil || !strings.Contains(err.Error(), "2048 bytes") {
		t.Errorf("a path that is too long with the base path: %v", err)
	}
	if _, err := try(t, gorgon.App{Parts: routes(listing("/{s}", "/livez"))}, "/docs"); err != nil {
		t.Errorf("below a base path no health check is in the way: %v", err)
	}
}

func TestTheAppsOwnSitemapAndRobotsWin(t *testing.T) {
	for _, at := range []string{"/sitemap.xml", "/robots.txt"} {
		for name, app := range map[string]gorgon.App{
			"a page":        {Parts: []gorgon.Part{plain(at)}},
			"a listed page": {Parts: []gorgon.Part{listing("/{s}", at)}},
			"for each request": {Parts: []gorgon.Part{gorgon.Page[int]{Path: at, View: func(int) gorgon.Component { return gorgon.Text("") },
				LoadRequest: func(context.Context, gorgon.Input, *http.Request) (int, error) { return 0, nil }}}},
			"a file":   {Parts: []gorgon.Part{plain("/")}, Assets: gorgon.Assets{Static: fstest.MapFS{at[1:]: {Data: []byte("own")}}}},
			"an alias": {Parts: []gorgon.Part{plain("/")}, Assets: gorgon.Assets{Static: fstest.MapFS{"x": {Data: []byte("own")}}, Aliases: map[string]string{at: "x"}}},
		} {
			app.Origin = "https://example.com"
			s, err := try(t, app, "")
			if err != nil {
				t.Errorf("%s at %s: %v", name, at, err)
				continue
			}
			f, err := s.File(at)
			if own := app.Assets.Static != nil; (err == nil) != own || own && string(f.Data) != "own" {
				t.Errorf("%s at %s: the file there is %q, %v", name, at, f.Data, err)
			}
		}
	}
	s, err := try(t, gorgon.App{Origin: "https://example.com", Locales: gorgon.Locales{Tags: []string{"en", "de"}, PrefixDefault: true}, Parts: []gorgon.Part{plain("/sitemap.xml")}}, "")
	if err != nil {
		t.Fatal(err)
	}
	if f, err := s.File("/sitemap.xml"); err != nil || !strings.Contains(string(f.Data), "https://example.com/de/sitemap.xml") {
		t.Errorf("a page that has a locale in its path is another one: %v %s", err, f.Data)
	}
}

func TestStaticFilesMayBeLinks(t *testing.T) {
	dir := t.TempDir()
	make := func(name, data string) {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	link := func(to, name string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	make("real/deep/a.txt", "a")
	make("static/b.txt", "b")
	link("../real", "static/folder")
	link("../real/deep", "static/other")
	link("b.txt", "static/c.txt")
	app := gorgon.App{Parts: []gorgon.Part{plain("/")}, Assets: gorgon.Assets{Static: os.DirFS(filepath.Join(dir, "static"))}}
	s, err := try(t, app, "")
	if err != nil {
		t.Fatal(err)
	}
	for at, data := range map[string]string{"/folder/deep/a.txt": "a", "/other/a.txt": "a", "/b.txt": "b", "/c.txt": "b"} {
		if f, err := s.File(at); err != nil || string(f.Data) != data {
			t.Errorf("%s: %v %q", at, err, f.Data)
		}
	}
	for name, to := range map[string]string{"round": ".", "far": "../static", "broken": "../nothing", "self": "self"} {
		link(to, "static/"+name)
		if _, err := try(t, app, ""); err == nil || !strings.Contains(err.Error(), "Assets.Static: "+name+" is a symbolic link") || !strings.Contains(err.Error(), "remove it") {
			t.Errorf("a link to %s: %v", to, err)
		}
		if err := os.Remove(filepath.Join(dir, "static", name)); err != nil {
			t.Fatal(err)
		}
	}
	app.Assets.Static = fstest.MapFS{"pipe": {Mode: fs.ModeNamedPipe}}
	if _, err := try(t, app, ""); err == nil || !strings.Contains(err.Error(), "pipe is neither a file nor a folder") {
		t.Errorf("a pipe: %v", err)
	}
}

func TestSitemapsSayWhenPagesChanged(t *testing.T) {
	when := map[string]time.Time{"/day": time.Date(2026, 5, 6, 0, 0, 0, 0, time.UTC), "/moment": time.Date(2026, 5, 7, 8, 9, 10, 11, time.FixedZone("", 7200))}
	s, err := try(t, gorgon.App{Origin: "https://example.com", Parts: []gorgon.Part{gorgon.Page[string]{
		Path: "/{x}", View: func(string) gorgon.Component { return gorgon.Text("") },
		Paths: func(context.Context, gorgon.Input) ([]string, error) {
			return []string{"/day", "/moment", "/unsaid"}, nil
		},
		Load: func(_ context.Context, in gorgon.Input) (string, error) { return in.Path, nil },
		Head: func(path string) gorgon.Head { return gorgon.Head{Modified: when[path]} },
	}}}, "")
	if err != nil {
		t.Fatal(err)
	}
	f, err := s.File("/sitemap.xml")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"<loc>https://example.com/day</loc><lastmod>2026-05-06</lastmod></url>",
		"<loc>https://example.com/moment</loc><lastmod>2026-05-07T08:09:10+02:00</lastmod></url>",
		"<loc>https://example.com/unsaid</loc></url>",
	} {
		if !strings.Contains(string(f.Data), want) {
			t.Errorf("%s is missing: %s", want, f.Data)
		}
	}
}

func TestSitemapsFitByBytes(t *testing.T) {
	if testing.Short() {
		t.Skip("it lists 4,000 pages of long paths in four languages")
	}
	const n = 1000
	var paths []string
	for i := range n {
		paths = append(paths, fmt.Sprintf("/%s/%d", strings.Repeat("ქ", 650), i))
	}
	changed := time.Date(2026, 5, 6, 0, 0, 0, 0, time.UTC)
	s, err := try(t, gorgon.App{Origin: "https://example.com", Locales: gorgon.Locales{Tags: []string{"en", "de", "fr", "pl"}}, Parts: []gorgon.Part{gorgon.Page[int]{
		Path: "/{x}/{n}", View: func(int) gorgon.Component { return gorgon.Text("") },
		Paths: func(context.Context, gorgon.Input) ([]string, error) { return paths, nil },
		Head:  func(int) gorgon.Head { return gorgon.Head{Modified: changed} },
	}}}, "/docs")
	if err != nil {
		t.Fatal(err)
	}
	index, err := s.File("/sitemap.xml")
	if err != nil {
		t.Fatal(err)
	}
	listed := 0
	for i := 1; ; i++ {
		at := fmt.Sprintf("/sitemap-%d.xml", i)
		f, err := s.File(at)
		if err != nil {
			if i < 3 {
				t.Errorf("there are %d parts", i-1)
			}
			break
		}
		if len(f.Data) > 52_428_800 {
			t.Errorf("%s has %d bytes", at, len(f.Data))
		}
		if !strings.HasSuffix(string(f.Data), "</url>\n</urlset>\n") || !strings.Contains(string(index.Data), "<loc>https://example.com/docs"+at+"</loc><lastmod>2026-05-06</lastmod></sitemap>") {
			t.Errorf("%s is cut, or not in %s", at, index.Data)
		}
		listed += strings.Count(string(f.Data), "<url>")
	}
	if listed != 4*n {
		t.Errorf("%d pages are listed, want %d", listed, 4*n)
	}
}

// Sitemaps list pages: no documents for programs, and no redirects.
func TestSitemapsListPagesAlone(t *testing.T) {
	s, err := try(t, gorgon.App{Origin: "https://example.com", Parts: []gorgon.Part{
		plain("/a"), gorgon.Resource[int]{Path: "/feed.json"}, gorgon.Redirects{"/old": "/a"},
	}}, "")
	if err != nil {
		t.Fatal(err)
	}
	f, err := s.File("/sitemap.xml")
	if err != nil {
		t.Fatal(err)
	}
	if text := string(f.Data); !strings.Contains(text, "/a<") || strings.Contains(text, "feed.json") || strings.Contains(text, "/old") {
		t.Errorf("the sitemap is %s", text)
	}
}
