// Validation: every fault at once, each with its mend.

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

func paths(context.Context, gorgon.Input) ([]string, error) { return nil, nil }

type page = gorgon.Page[int]

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		name string
		page page
		want string // "" where it can work
	}{
		{"view alone", page{Path: "/", View: view}, ""},
		{"built", page{Path: "/", View: view, BuildState: state}, ""},
		{"built paths", page{Path: "/{x}", View: view, BuildState: state, BuildPaths: paths}, ""},
		{"paths and a view alone", page{Path: "/{x}", View: view, BuildPaths: paths}, ""},
		{"incremental", page{Path: "/{x}", View: view, BuildState: state, Incremental: true}, ""},
		{"both ways of revalidation", page{Path: "/", View: view, BuildState: state, RevalidateAfter: time.Second, ShouldRevalidate: func(context.Context, gorgon.Input, int, time.Time) (bool, error) { return true, nil }}, ""},
		{"request", page{Path: "/{x}", View: view, RequestState: request}, ""},
		{"amalgamated", page{Path: "/", View: view, BuildState: state, RequestState: request, Amalgamate: merge}, ""},

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
		{"wildcards and no paths", page{Path: "/{x}", View: view, BuildState: state}, "add BuildPaths, or set Incremental"},
		{"paths without wildcards", page{Path: "/x", View: view, BuildState: state, BuildPaths: paths}, "remove it"},
		{"incremental without wildcards", page{Path: "/x", View: view, BuildState: state, Incremental: true}, "remove Incremental"},
		{"incremental without state", page{Path: "/{x}", View: view, Incremental: true}, "add BuildState"},
		{"interval without state", page{Path: "/", View: view, RevalidateAfter: time.Second}, "add BuildState"},
		{"revalidation of a request", page{Path: "/", View: view, RequestState: request, RevalidateAfter: time.Second}, "add BuildState"},
		{"paths of a request", page{Path: "/{x}", View: view, RequestState: request, BuildPaths: paths}, "add BuildState"},
		{"both halves", page{Path: "/", View: view, BuildState: state, RequestState: request}, "add Amalgamate"},
		{"one half merged", page{Path: "/", View: view, BuildState: state, Amalgamate: merge}, "add BuildState and RequestState"},
		{"negative interval", page{Path: "/", View: view, BuildState: state, RevalidateAfter: -1}, "interval above zero"},
		{"nanoseconds", page{Path: "/", View: view, BuildState: state, RevalidateAfter: 60}, "counts nanoseconds"},
		{"tags of a request", page{Path: "/", View: view, RequestState: request, Tags: func(int) []string { return nil }}, "nothing of the page is"},
		{"negative timeout", page{Path: "/", View: view, Timeout: -1}, "Timeout is negative"},
		{"error view for 200", page{Path: "/", View: view, Errors: map[int]func(gorgon.Failure) gorgon.Component{200: nil}}, "400 to 599"},
		{"nil guard", page{Path: "/", View: view, Guards: []func(http.Handler) http.Handler{nil}}, "Guards[0]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := gorgon.App{Name: "test", Routes: []gorgon.Route{c.page}}.Validate()
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
		{"no name", gorgon.App{Routes: []gorgon.Route{ok}}, "Name"},
		{"bad name", gorgon.App{Name: "My Shop", Routes: []gorgon.Route{ok}}, "Name"},
		{"no routes", gorgon.App{Name: "x"}, "Routes"},
		{"nil route", gorgon.App{Name: "x", Routes: []gorgon.Route{nil, ok}}, "Routes[0]"},
		{"origin with a path", gorgon.App{Name: "x", Routes: []gorgon.Route{ok}, Origin: "https://a/b"}, "Origin"},
		{"origin without a scheme", gorgon.App{Name: "x", Routes: []gorgon.Route{ok}, Origin: "example.com"}, "Origin"},
		{"same pattern", gorgon.App{Name: "x", Routes: []gorgon.Route{ok, ok}}, "another page has the same pattern: remove one"},
		{"same slash", gorgon.App{Name: "x", Routes: []gorgon.Route{page{Path: "/a/", View: view}, page{Path: "/a/{$}", View: view}}}, "another page has the same pattern"},
		{"crossing patterns", gorgon.App{Name: "x", Routes: []gorgon.Route{
			page{Path: "/{a}/b", View: view, RequestState: request}, page{Path: "/a/{b}", View: view, RequestState: request}}}, "some paths match page /{a}/b too"},
		{"same locale", gorgon.App{Name: "x", Routes: []gorgon.Route{ok}, Locales: []string{"en", "en"}}, "twice"},
		{"locale as a segment", gorgon.App{Name: "x", Routes: []gorgon.Route{ok, page{Path: "/de/x", View: view}}, Locales: []string{"en", "de"}}, "also a locale"},
		{"same value", gorgon.App{Name: "x", Routes: []gorgon.Route{ok}, Values: []gorgon.Value{value, value}}, "rename one"},
		{"value without make", gorgon.App{Name: "x", Routes: []gorgon.Route{ok}, Values: []gorgon.Value{gorgon.BuildValue[int]{Name: "n"}}}, "Make"},
		{"nil handler", gorgon.App{Name: "x", Routes: []gorgon.Route{ok}, Handlers: map[string]http.Handler{"/h": nil}}, "nil"},
		{"bad handler pattern", gorgon.App{Name: "x", Routes: []gorgon.Route{ok}, Handlers: map[string]http.Handler{"h{": http.NotFoundHandler()}}, "handler h{"},
		{"nil middleware", gorgon.App{Name: "x", Routes: []gorgon.Route{ok}, Middleware: []func(http.Handler) http.Handler{nil}}, "Middleware[0]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.app.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want one that holds %q", err, c.want)
			}
		})
	}
}

func TestValidateReportsEverythingAtOnce(t *testing.T) {
	err := gorgon.App{Name: "X", Routes: []gorgon.Route{
		page{Path: "/a"}, page{Path: "b", View: view}, page{Path: "/{x}", View: view, BuildState: state, RequestState: request},
	}}.Validate()
	if n := len(strings.Split(err.Error(), "\n")); n != 4 {
		t.Errorf("%d faults, want 4:\n%v", n, err)
	}
}

var value = gorgon.BuildValue[[]string]{Name: "words", Make: func(context.Context) ([]string, error) { return []string{"a"}, nil }}

func TestBuildValue(t *testing.T) {
	app := gorgon.App{Values: []gorgon.Value{value}}
	loads := 0
	values := gorgon.NewValues(app, func(string) ([]byte, error) { loads++; return []byte(`["a","b"]`), nil })
	p, _ := gorgon.ParsePattern("/")
	in := gorgon.NewInput(p, "/", "", values)
	for range 2 {
		if got, err := value.Get(in); err != nil || strings.Join(got, "") != "ab" {
			t.Fatalf("Get = %v, %v", got, err)
		}
	}
	if loads != 1 {
		t.Errorf("it was loaded %d times", loads)
	}
	if _, err := (gorgon.BuildValue[int]{Name: "other"}).Get(in); err == nil || !strings.Contains(err.Error(), "App.Values") {
		t.Errorf("a value that is not listed: %v", err)
	}
	if _, err := (gorgon.BuildValue[int]{Name: "words"}).Get(in); err == nil {
		t.Error("a value of another type was given out")
	}
	if _, err := value.Get(gorgon.Input{}); err == nil {
		t.Error("an input without values gave one out")
	}
}

// Patterns are decoded: what stands before a space in one is no method.
func TestPatternsWithSpaces(t *testing.T) {
	app := gorgon.App{Name: "test"}
	for _, path := range []string{"/a b", "/GET /x", "/b"} {
		app.Routes = append(app.Routes, gorgon.Page[int]{Path: path, View: view})
	}
	if err := app.Validate(); err != nil {
		t.Errorf("it is refused: %v", err)
	}
	app.Routes = append(app.Routes, app.Routes[0])
	if err := app.Validate(); err == nil || !strings.Contains(err.Error(), "page /a b: another page has the same pattern") {
		t.Errorf("twice the same: %v", err)
	}
}
