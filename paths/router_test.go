// Routing: that it is ServeMux's, where both have the pattern.

package paths_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/paths"
)

func router(t testing.TB, patterns ...string) *paths.Router[*paths.Pattern] {
	var all []*paths.Pattern
	for _, text := range patterns {
		p, err := paths.ParsePattern(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return paths.NewRouter(all, func(p *paths.Pattern) *paths.Pattern { return p })
}

var patterns = []string{
	"/", "/about", "/docs/", "/a/{x}", "/a/b", "/a/b/{y}", "/a/{x}/{z}", "/b/{rest...}", "/b/{x}/y", "/b/z",
	"/käse/{name}", "/p/{y}/end", "/deep/{a}/{b}/{c...}",
}

func TestRouter(t *testing.T) {
	router := router(t, patterns...)
	for path, want := range map[string]string{
		"/": "/", "/about": "/about", "/about/": "", "/docs": "", "/docs/": "/docs/", "/docs/x": "",
		"/a/b": "/a/b", "/a/x": "/a/{x}", "/a/x/c": "/a/{x}/{z}", "/a/b/c": "/a/b/{y}", "/a/b/d": "/a/b/{y}",
		"/a": "", "/a/": "", "/b": "", "/b/": "", "/b/q": "/b/{rest...}", "/b/q/r/s": "/b/{rest...}", "/b/q/": "",
		"/b/q/y": "/b/{x}/y", "/b/z": "/b/z", "/b/z/k": "/b/{rest...}", "/About": "",
		"/käse/gouda": "/käse/{name}", "/p/q/end": "/p/{y}/end", "/deep/1/2": "", "/deep/1/2/3/4": "/deep/{a}/{b}/{c...}",
		"": "", "x": "",
	} {
		got := ""
		if d := router.Match(path); d != nil {
			got = d.String()
		}
		if got != want {
			t.Errorf("Match(%q) = %q, want %q", path, got, want)
		}
	}
	for path, want := range map[string]string{"/about/": "/about", "/docs": "/docs/", "/b/q/": "/b/q", "/nope": "", "/nope/": "", "/": ""} {
		got, ok := router.Redirect(path)
		if !ok {
			got = ""
		}
		if got != want {
			t.Errorf("Redirect(%q) = %q, want %q", path, got, want)
		}
	}
}

func TestValue(t *testing.T) {
	for _, c := range []struct{ pattern, path, name, want string }{
		{"/a/{x}", "/a/7", "x", "7"},
		{"/a/{x}", "/a/7", "y", ""},
		{"/a/{x}/c/{y}", "/a/7/c/ü", "y", "ü"},
		{"/b/{rest...}", "/b/net/http", "rest", "net/http"},
		{"/{a}/{b...}", "/1/2/3", "b", "2/3"},
		{"/", "/", "x", ""},
	} {
		p, err := paths.ParsePattern(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Value(c.path, c.name); got != c.want {
			t.Errorf("%s at %s: Value(%q) = %q, want %q", c.pattern, c.path, c.name, got, c.want)
		}
	}
}

func TestRouterAllocatesNothing(t *testing.T) {
	router := router(t, patterns...)
	for _, path := range []string{"/", "/a/x/c", "/b/q/r/s", "/nope/nope"} {
		if n := testing.AllocsPerRun(100, func() { router.Match(path) }); n != 0 {
			t.Errorf("Match(%q) allocates %v times", path, n)
		}
	}
}

// FuzzRouter holds the router against ServeMux for every path that is served.
func FuzzRouter(f *testing.F) {
	router := router(f, patterns...)
	mux := http.NewServeMux()
	for _, p := range patterns {
		if strings.HasSuffix(p, "/") {
			p += "{$}"
		}
		mux.Handle(p, http.NotFoundHandler())
	}
	for _, p := range []string{"/", "/a/b/c", "/b/x/y", "/b/", "/b/x/", "/docs", "/käse/x", "/p/q/end"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if paths.Check(path) != nil {
			return
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.URL = &url.URL{Path: path}
		_, want := mux.Handler(r)
		want = strings.TrimSuffix(want, "{$}")
		got := ""
		if d := router.Match(path); d != nil {
			got = d.String()
		}
		// The one difference: a page's {rest...} has at least one segment and
		// no trailing slash, and ServeMux's redirects are not matches.
		if strings.HasSuffix(path, "/") && strings.HasSuffix(want, "...}") || !strings.HasSuffix(path, "/") && router.Match(path) == nil {
			return
		}
		if got != want {
			t.Fatalf("%q: page %q, ServeMux %q", path, got, want)
		}
	})
}
