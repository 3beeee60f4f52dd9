// Validation: every fault at once, each with its hint.

package gorgon_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
)

func view(int) gorgon.Component { return gorgon.Text("x") }

func state(context.Context, gorgon.Input) (int, error) { return 1, nil }

func request(context.Context, gorgon.Input, *http.Request) (int, error) { return 1, nil }

func merge(_ context.Context, _ gorgon.Input, a, b int) (int, error) { return a + b, nil }

func listed(context.Context, gorgon.Input) ([]string, error) { return nil, nil }

type page = gorgon.Page[int]

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		name string
		page page
		want string // "" where it can work
	}{
		{"view alone", page{Path: "/", View: view}, ""},
		{"built", page{Path: "/", View: view, Load: state}, ""},
		{"built paths", page{Path: "/{x}", View: view, Load: state, Paths: listed}, ""},
		{"paths and a view alone", page{Path: "/{x}", View: view, Paths: listed}, ""},
		{"incremental", page{Path: "/{x}", View: view, Load: state, Incremental: true}, ""},
		{"both ways of revalidation", page{Path: "/", View: view, Load: state, RevalidateAfter: time.Second, ShouldRevalidate: func(context.Context, gorgon.Input, int, time.Time) (bool, error) { return true, nil }}, ""},
		{"request", page{Path: "/{x}", View: view, LoadRequest: request}, ""},
		{"merged", page{Path: "/", View: view, Load: state, LoadRequest: request, Merge: merge}, ""},

		{"head by more than the state", page{Path: "/", View: view, HeadFor: func(context.Context, gorgon.Input, int) (gorgon.Head, error) { return gorgon.Head{}, nil }}, ""},
		{"head twice", page{Path: "/", View: view, Head: func(int) gorgon.Head { return gorgon.Head{} }, HeadFor: func(context.Context, gorgon.Input, int) (gorgon.Head, error) { return gorgon.Head{}, nil }}, "Head and HeadFor are both set: remove one"},
		{"headers twice", page{Path: "/", View: view, Headers: func(int) http.Header { return nil }, HeadersFor: func(context.Context, gorgon.Input, int) (http.Header, error) { return nil, nil }}, "Headers and HeadersFor"},
		{"tags twice", page{Path: "/", View: view, Tags: func(int) []string { return nil }, TagsFor: func(context.Context, gorgon.Input, int) ([]string, error) { return nil, nil }}, "Tags and TagsFor"},
		{"no view", page{Path: "/"}, "add one, a func(int) gorgon.Component"},
		{"no path", page{View: view}, "starts with a slash"},
		{"method", page{Path: "GET /", View: view}, "methods and hosts"},
		{"half wildcard", page{Path: "/a{x}", View: view}, "whole segment"},
		{"rest in the middle", page{Path: "/{x...}/a", View: view}, "must be last"},
		{"same name twice", page{Path: "/{x}/{x}", View: view}, "twice"},
		{"percent", page{Path: "/k%C3%A4se", View: view}, "decoded"},
		{"dot segment", page{Path: "/a/../b", View: view}, "no path that is served"},
		{"empty segment", page{Path: "/a//b", View: view}, "no path that is served"},
		{"reserved", page{Path: "/_gorgon/x", View: view}, "framework's own"},
		{"wildcards and no paths", page{Path: "/{x}", View: view, Load: state}, "add Paths, or set Incremental"},
		{"paths without wildcards", page{Path: "/x", View: view, Load: state, Paths: listed}, "remove it"},
		{"incremental without wildcards", page{Path: "/x", View: view, Load: state, Incremental: true}, "remove Incremental"},
		{"incremental without state", page{Path: "/{x}", View: view, Incremental: true}, "add Load"},
		{"interval without state", page{Path: "/", View: view, RevalidateAfter: time.Second}, "add Load"},
		{"revalidation of a request", page{Path: "/", View: view, LoadRequest: request, RevalidateAfter: time.Second}, "add Load"},
		{"paths of a request", page{Path: "/{x}", View: view, LoadRequest: request, Paths: listed}, "add Load"},
		{"both halves", page{Path: "/", View: view, Load: state, LoadRequest: request}, "add Merge"},
		{"one half merged", page{Path: "/", View: view, Load: state, Merge: merge}, "add Load and LoadRequest"},
		{"negative interval", page{Path: "/", View: view, Load: state, RevalidateAfter: -1}, "interval above zero"},
		{"nanoseconds", page{Path: "/", View: view, Load: state, RevalidateAfter: 60}, "counts nanoseconds"},
		{"tags of a request", page{Path: "/", View: view, LoadRequest: request, Tags: func(int) []string { return nil }}, "nothing of this page is"},
		{"negative timeout", page{Path: "/", View: view, Timeout: -1}, "Timeout is negative"},
		{"error view for 200", page{Path: "/", View: view, Errors: map[int]func(gorgon.Failure) gorgon.Component{200: nil}}, "400 to 599"},
		{"nil guard", page{Path: "/", View: view, Guards: []func(http.Handler) http.Handler{nil}}, "Guards[0]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := gorgon.App{Name: "test", Parts: []gorgon.Part{c.page}}.Validate()
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want one that holds %q", err, c.want)
			case err != nil && !strings.Contains(err.Error(), "page "+c.page.Path):
				t.Errorf("%v does not name the page", err)
			}
		})
	}
}

func TestValidateApp(t *testing.T) {
	ok := page{Path: "/", View: view}
	for _, c := range []struct {
		name string
		app  gorgon.App
		want string
	}{
		{"no name", gorgon.App{Parts: []gorgon.Part{ok}}, "Name"},
		{"bad name", gorgon.App{Name: "My Shop", Parts: []gorgon.Part{ok}}, "Name"},
		{"no pages", gorgon.App{Name: "x"}, "Parts"},
		{"nil part", gorgon.App{Name: "x", Parts: []gorgon.Part{nil, ok}}, "Parts[0]"},
		{"origin with a path", gorgon.App{Name: "x", Parts: []gorgon.Part{ok}, Origin: "https://a/b"}, "Origin"},
		{"origin without a scheme", gorgon.App{Name: "x", Parts: []gorgon.Part{ok}, Origin: "example.com"}, "Origin"},
		{"same pattern", gorgon.App{Name: "x", Parts: []gorgon.Part{ok, ok}}, "another page has the same pattern: remove one"},
		{"same slash", gorgon.App{Name: "x", Parts: []gorgon.Part{page{Path: "/a/", View: view}, page{Path: "/a/{$}", View: view}}}, "another page has the same pattern"},
		{"crossing patterns", gorgon.App{Name: "x", Parts: []gorgon.Part{
			page{Path: "/{a}/b", View: view, LoadRequest: request}, page{Path: "/a/{b}", View: view, LoadRequest: request}}}, "some paths match page /{a}/b too"},
		{"same locale", gorgon.App{Name: "x", Parts: []gorgon.Part{ok}, Locales: gorgon.Locales{Tags: []string{"en", "en"}}}, "twice"},
		{"locale as a segment", gorgon.App{Name: "x", Parts: []gorgon.Part{
			ok,
			page{Path: "/de/x", View: view},
		}, Locales: gorgon.Locales{Tags: []string{"en", "de"}}}, "also a locale"},
		{"same value", gorgon.App{Name: "x", Parts: []gorgon.Part{ok, value, value}}, "rename one"},
		{"value without make", gorgon.App{Name: "x", Parts: []gorgon.Part{ok, gorgon.BuildValue[int]{Name: "n"}}}, "Make"},
		{"nil handler", gorgon.App{Name: "x", Parts: []gorgon.Part{ok, gorgon.Handler{Pattern: "/h", Handler: nil}}}, "handler /h: there is no Handler"},
		{"bad handler pattern", gorgon.App{Name: "x", Parts: []gorgon.Part{ok, gorgon.Handler{Pattern: "h{", Handler: http.NotFoundHandler()}}}, "handler h{"},
		{"nil middleware", gorgon.App{Name: "x", Parts: []gorgon.Part{ok}, Middleware: []func(http.Handler) http.Handler{nil}}, "Middleware[0]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.app.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want one that holds %q", err, c.want)
			}
		})
	}
}

func TestValidateReportsEverythingAtOnce(t *testing.T) {
	err := gorgon.App{Name: "X", Parts: []gorgon.Part{
		page{Path: "/a"}, page{Path: "b", View: view}, page{Path: "/{x}", View: view, Load: state, LoadRequest: request},
	}}.Validate()
	if n := len(strings.Split(err.Error(), "\n")); n != 4 {
		t.Errorf("%d faults, want 4:\n%v", n, err)
	}
}

var value = gorgon.BuildValue[[]string]{Name: "words", Make: func(context.Context) ([]string, error) { return []string{"a"}, nil }}

func TestBuildValue(t *testing.T) {
	app := gorgon.App{Parts: []gorgon.Part{value}}
	loads := 0
	values := app.ReadValues(func(string) ([]byte, error) { loads++; return []byte(`["a","b"]`), nil })
	in := page{Path: "/"}.Definition().Input("/", "", values)
	for range 2 {
		if got, err := value.Get(in); err != nil || strings.Join(got, "") != "ab" {
			t.Fatalf("Get = %v, %v", got, err)
		}
	}
	if loads != 1 {
		t.Errorf("it was loaded %d times", loads)
	}
	if _, err := (gorgon.BuildValue[int]{Name: "other"}).Get(in); err == nil || !strings.Contains(err.Error(), "App.Parts") {
		t.Errorf("a value that is not listed: %v", err)
	}
	if _, err := (gorgon.BuildValue[int]{Name: "words"}).Get(in); err == nil {
		t.Error("a value of another type was given out")
	}
	if _, err := value.Get(gorgon.Input{}); err == nil {
		t.Error("an input without values gave one out")
	}
}

// Patterns are decoded: what stands before a space in one is not a method.
func TestPatternsWithSpaces(t *testing.T) {
	app := gorgon.App{Name: "test"}
	for _, path := range []string{"/a b", "/GET /x", "/b"} {
		app.Parts = append(app.Parts, gorgon.Page[int]{Path: path, View: view})
	}
	if err := app.Validate(); err != nil {
		t.Errorf("it is refused: %v", err)
	}
	app.Parts = append(app.Parts, app.Parts[0])
	if err := app.Validate(); err == nil || !strings.Contains(err.Error(), "page /a b: another page has the same pattern") {
		t.Errorf("twice the same: %v", err)
	}
}

// What the layout of all pages uses is allowed for all of them at once.
func TestAllowRequestTimeForAll(t *testing.T) {
	kept := gorgon.Page[string]{Path: "/", View: func(s string) gorgon.Component { return gorgon.Text(s) }}
	asked := kept
	asked.Path, asked.LoadRequest = "/asked", func(context.Context, gorgon.Input, *http.Request) (string, error) { return "", nil }
	app := gorgon.App{Name: "a", AllowRequestTime: true, Parts: []gorgon.Part{kept, asked}}
	if err := app.Validate(); err != nil {
		t.Fatal(err)
	}
	if d := app.Definitions(); !d[0].AllowRequestTime || d[1].AllowRequestTime {
		t.Errorf("the kept page %v, the one per request %v", d[0].AllowRequestTime, d[1].AllowRequestTime)
	}
	app.AllowRequestTime = false
	if app.Definitions()[0].AllowRequestTime {
		t.Error("it is allowed without being said")
	}
}
