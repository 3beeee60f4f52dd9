// Tests of resources, tables of redirects, and parts of other packages.

package gorgon_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/plan"
)

// A feature is a part of a type that package gorgon does not know.
type feature struct{ prefix string }

func (f feature) Part() gorgon.Part {
	return gorgon.Group{Prefix: f.prefix, Parts: []gorgon.Part{
		gorgon.Page[string]{Path: "/", View: func(string) gorgon.Component { return gorgon.Text("from outside") }},
		inner{},
	}}
}

type inner struct{}

func (inner) Part() gorgon.Part {
	return gorgon.Handler{Pattern: "GET /inner", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "inner") })}
}

// An endless part never becomes one of package gorgon, and a lost one is none.
type (
	endless struct{}
	lost    struct{}
)

func (e endless) Part() gorgon.Part { return e }
func (lost) Part() gorgon.Part      { return nil }

func plainPage(path string) gorgon.Part {
	return gorgon.Page[string]{Path: path, View: func(string) gorgon.Component { return gorgon.Text("page " + path) }}
}

func TestPartsOfOtherPackages(t *testing.T) {
	site := gorgontest.Open(t, gorgon.App{Name: "parts", Parts: []gorgon.Part{plainPage("/"), feature{"/a"}, gorgon.Group{Prefix: "/deep", Parts: []gorgon.Part{feature{"/b"}}}}})
	site.Get("/a").Want(200, "from outside")
	site.Get("/deep/b").Want(200, "from outside")
	site.Get("/deep/b/inner").Want(200, "inner")
	for _, bad := range []gorgon.Part{endless{}, lost{}, nil} {
		if err := (gorgon.App{Name: "parts", Parts: []gorgon.Part{plainPage("/"), bad}}).Validate(); err == nil || !strings.Contains(err.Error(), "Parts[1]") {
			t.Errorf("%T: %v", bad, err)
		}
	}
}

func asked(site http.Handler, method, target string, header ...string) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	return w.Result()
}

func TestRedirects(t *testing.T) {
	app := gorgon.App{Name: "moved", Locales: gorgon.Locales{Tags: []string{"en", "de"}}, Navigation: &gorgon.Navigation{}, Parts: []gorgon.Part{
		plainPage("/"), plainPage("/new"), plainPage("/posts"),
		gorgon.Redirects{
			"/old":            "/new",
			"/old/query":      "/new?a=b#part",
			"/away":           "https://docs.example.com/x",
			"/blog/{slug}":    "/posts/{slug}",
			"/docs/{path...}": "https://docs.example.com/v2/{path...}",
			"/more/{path...}": "/posts/{path...}?from=more",
		},
		gorgon.Group{Prefix: "/shop", Parts: []gorgon.Part{gorgon.Redirects{"/old": "/new", "/": "/posts"}}},
	}}
	for _, base := range []string{"", "/base"} {
		site := gorgontest.Options{Base: base}.Open(t, app)
		for from, to := range map[string]string{
			"/old":                  "/new",
			"/old?q=1&r=":           "/new?q=1&r=",
			"/old/query":            "/new?a=b#part",
			"/old/query?q=1":        "/new?a=b&q=1#part",
			"/away":                 "https://docs.example.com/x",
			"/away?q=1":             "https://docs.example.com/x?q=1",
			"/blog/a%20b":           "/posts/a%20b",
			"/blog/%7Bslug%7D":      "/posts/%7Bslug%7D",
			"/docs/a/b":             "https://docs.example.com/v2/a/b",
			"/docs/https:/evil.com": "https://docs.example.com/v2/https:/evil.com",
			"/more/a%3Fb/c?d=e":     "/posts/a%3Fb/c?from=more&d=e",
			"/shop/old":             "/new",
			"/shop":                 "/posts",
		} {
			for _, locale := range []string{"", "/de"} {
				want := to
				if strings.HasPrefix(to, "/") {
					want = base + locale + to
				}
				for _, method := range []string{"GET", "HEAD"} {
					for range 2 { // made, and stored
						r := asked(site, method, base+locale+from)
						if r.StatusCode != 308 || r.Header.Get("Location") != want {
							t.Errorf("%s %s%s%s: %s %s, want %s", method, base, locale, from, r.Status, r.Header.Get("Location"), want)
						}
					}
				}
			}
		}
		if r := asked(site, "POST", base+"/old"); r.StatusCode != 405 {
			t.Errorf("POST: %s", r.Status)
		}
		if r := asked(site, "GET", base+"/blog/a/b"); r.StatusCode != 404 {
			t.Errorf("a path that is not in the table: %s", r.Status)
		}
	}
}

// A table that cannot work is refused, with what is wrong with it.
func TestRedirectFaults(t *testing.T) {
	handler := gorgon.Handler{Pattern: "GET /a", Handler: http.NotFoundHandler()}
	for want, parts := range map[string][]gorgon.Part{
		"redirect /a: another page has":    {plainPage("/a"), gorgon.Redirects{"/a": "/b"}},
		"neither is more specific":         {gorgon.Redirects{"/{a}/x": "/b", "/y/{b}": "/c"}},
		"name the last target":             {gorgon.Redirects{"/a": "/b", "/b": "/c"}},
		"redirect /a: it leads to /a":      {gorgon.Redirects{"/a": "/a"}},
		"redirect /a: it leads to /b/1":    {gorgon.Redirects{"/a": "/b/1"}, gorgon.Redirects{"/b/{id}": "/c"}},
		"redirect /x/{p...}: it leads":     {gorgon.Redirects{"/x/{p...}": "/x/y/{p...}"}},
		"redirect /g/a: it leads to /g/a?": {gorgon.Group{Prefix: "/g", Parts: []gorgon.Part{gorgon.Redirects{"/a": "/g/a?x=y"}}}},
		"its target has {slug}":            {gorgon.Redirects{"/a": "/posts/{slug}"}},
		"whose host is given":              {gorgon.Redirects{"/a/{h}": "https://{h}/"}},
		"to about: write a path":           {gorgon.Redirects{"/a": "about"}},
		"to : write a path":                {gorgon.Redirects{"/a": ""}},
		"to //evil.example: write":         {gorgon.Redirects{"/a": "//evil.example"}},
		"to javascript:alert(1): write":    {gorgon.Redirects{"/a": "javascript:alert(1)"}},
		"to /../x: write a path":           {gorgon.Redirects{"/a": "/../x"}},
		"also a locale":                    {gorgon.Redirects{"/de/a": "/b"}},
	} {
		app := gorgon.App{Name: "moved", Locales: gorgon.Locales{Tags: []string{"en", "de"}}, Parts: append([]gorgon.Part{plainPage("/")}, parts...)}
		if err := app.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	app := gorgon.App{Name: "moved", Parts: []gorgon.Part{plainPage("/"), handler, gorgon.Redirects{"/a": "/"}}}
	if err := app.Claims("", nil).Page("/a", ""); err == nil || !strings.Contains(err.Error(), "handler GET /a") {
		t.Errorf("a redirect that a handler hides: %v", err)
	}
}

func TestResources(t *testing.T) {
	long := strings.Repeat("<entry>long</entry>", 200)
	version := 1
	app := gorgon.App{Name: "feeds", Locales: gorgon.Locales{Tags: []string{"en", "de"}}, Navigation: &gorgon.Navigation{}, Parts: []gorgon.Part{
		plainPage("/"),
		gorgon.Resource[string]{Path: "/feed.xml", Name: "feed", ContentType: "application/atom+xml",
			Load:    func(_ context.Context, in gorgon.Input) (string, error) { return fmt.Sprint(in.Locale, version), nil },
			Write:   func(_ context.Context, w io.Writer, s string) error { _, err := io.WriteString(w, s+long); return err },
			Tags:    func(string) []string { return []string{"posts"} },
			Headers: func(string) http.Header { return http.Header{"content-type": {"text/html"}, "X-Feed": {"yes"}} }},
		gorgon.Resource[[]int]{Path: "/numbers", Load: func(context.Context, gorgon.Input) ([]int, error) { return []int{1, 2}, nil }},
		gorgon.Resource[string]{Path: "/note.txt", ContentType: "text/plain"},
		gorgon.Resource[string]{Path: "/now", ContentType: "text/plain", LoadRequest: func(_ context.Context, _ gorgon.Input, r *http.Request) (string, error) {
			if r.URL.RawQuery == "broken" {
				return "", errors.New("broken")
			}
			return r.URL.RawQuery, nil
		}},
	}}
	site := gorgontest.Open(t, app)
	for _, path := range []string{"/feed.xml", "/de/feed.xml"} {
		r := asked(site, "GET", path, "Accept-Encoding", "identity")
		body, _ := io.ReadAll(r.Body)
		if r.StatusCode != 200 || r.Header.Get("Content-Type") != "application/atom+xml" || r.Header.Get("X-Feed") != "yes" || r.Header.Get("Etag") == "" || !strings.HasSuffix(string(body), long) || strings.HasPrefix(string(body), "de") != (path != "/feed.xml") {
			t.Errorf("%s: %s %v %.20s", path, r.Status, r.Header, body)
		}
		if again := asked(site, "GET", path, "If-None-Match", r.Header.Get("Etag")); again.StatusCode != 304 {
			t.Errorf("%s again: %s", path, again.Status)
		}
		if head := asked(site, "HEAD", path); head.Header.Get("Content-Length") != fmt.Sprint(len(body)) {
			t.Errorf("HEAD %s: %v", path, head.Header)
		}
		if payload := asked(site, "GET", "/_gorgon/page"+path+".json"); payload.StatusCode < 400 {
			t.Errorf("the payload of %s: %s", path, payload.Status)
		}
	}
	version = 2
	site.Purge(pages.Expire, pages.TagSubject("posts"))
	if r := site.Get("/feed.xml"); !strings.HasPrefix(r.Body, "en2") {
		t.Errorf("after a purge: %.20s", r.Body)
	}
	site.Get("/numbers").Want(200, "[1,2]").WantHeader("Content-Type", "application/json")
	site.Get("/note.txt").Want(200, `""`).WantHeader("Content-Type", "text/plain; charset=utf-8")
	site.Get("/now?a").Want(200, `"a"`).WantHeader("Cache-Control", "private, no-store")
	if r := asked(site, "GET", "/now?broken", "Accept", "application/json"); r.StatusCode != 500 || r.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("a resource that fails: %s %v", r.Status, r.Header)
	}
	for want, bad := range map[string]gorgon.Part{
		"is not a media type":             gorgon.Resource[int]{Path: "/x", ContentType: "xml"},
		"ContentType is text/html":        gorgon.Resource[int]{Path: "/x", ContentType: "text/html; charset=utf-8"},
		"Headers and HeadersFor are":      gorgon.Resource[int]{Path: "/x", Headers: func(int) http.Header { return nil }, HeadersFor: func(context.Context, gorgon.Input, int) (http.Header, error) { return nil, nil }},
		"resource /feed.xml: another":     gorgon.Resource[int]{Path: "/feed.xml"},
		`have the name "feed"`:            gorgon.Resource[int]{Path: "/x", Name: "feed"},
		"resource /x/{y}: the pattern":    gorgon.Resource[int]{Path: "/x/{y}"},
		"Tags apply to stored pages":      gorgon.Resource[int]{Path: "/x", LoadRequest: func(context.Context, gorgon.Input, *http.Request) (int, error) { return 1, nil }, Tags: func(int) []string { return nil }},
		"there is no Merge to combine":    gorgon.Resource[int]{Path: "/x", Load: func(context.Context, gorgon.Input) (int, error) { return 1, nil }, LoadRequest: func(context.Context, gorgon.Input, *http.Request) (int, error) { return 1, nil }},
		"Guards[0] is nil":                gorgon.Resource[int]{Path: "/x", Guards: []func(http.Handler) http.Handler{nil}},
		"need \"magic\" is not known":     gorgon.Resource[int]{Path: "/x", Needs: []gorgon.Need{"magic"}},
		"RevalidateAfter needs a Load to": gorgon.Resource[int]{Path: "/x", RevalidateAfter: 1e9},
	} {
		broken := app
		broken.Parts = append(append([]gorgon.Part{}, app.Parts...), bad)
		if err := broken.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

// Lists of an app's parts call each by its name.
func TestPartsHaveNames(t *testing.T) {
	app := gorgon.App{Name: "names", Parts: []gorgon.Part{
		plainPage("/"), gorgon.Redirects{"/old": "/"}, gorgon.Resource[int]{Path: "/feed"},
		api.Read[int]{Path: "GET /read", Load: func(context.Context, gorgon.Input) (int, error) { return 1, nil }},
		api.Endpoint[api.None, api.None]{Path: "POST /call", Handle: func(context.Context, api.None) (api.None, error) { return api.None{}, nil }},
		gorgon.Handler{Pattern: "GET /plain", Handler: http.NotFoundHandler()},
	}}
	if err := app.Validate(); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range plan.Parts(app) {
		names = append(names, p.Name)
	}
	if got, want := strings.Join(names, ", "), "page /, redirect /old, resource /feed, read /read, endpoint POST /call, handler GET /plain"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
