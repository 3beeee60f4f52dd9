// Groups: prefixes, guards, and what is wrong with them.

package gorgon_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
)

// named is a guard that says that it was there.
func named(name string, seen *[]string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			*seen = append(*seen, name)
			next.ServeHTTP(w, r)
		})
	}
}

func TestGroup(t *testing.T) {
	var seen []string
	guards := func(names ...string) (all []func(http.Handler) http.Handler) {
		for _, n := range names {
			all = append(all, named(n, &seen))
		}
		return all
	}
	h := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen = append(seen, "handler") })
	numbers := func(context.Context, gorgon.Input) ([]string, error) { return []string{"/n/1", "/n/2"}, nil }
	app := gorgon.App{Name: "test", Parts: []gorgon.Part{
		page{Path: "/", View: view},
		gorgon.Group{Prefix: "/admin", Guards: guards("outer"), Parts: []gorgon.Part{
			page{Path: "/", View: view},
			page{Path: "/docs/", View: view, Guards: guards("own")},
			page{Path: "/n/{x}", View: view, Paths: numbers},
			gorgon.Handler{Pattern: "POST /save", Handler: h},
			gorgon.Handler{Pattern: "example.com/hook", Handler: h},
			gorgon.Group{Prefix: "/deep", Guards: guards("inner"), Parts: []gorgon.Part{
				page{Path: "/{rest...}", View: view, Load: state, Incremental: true},
				gorgon.Handler{Pattern: "/raw/", Handler: h, Guards: guards("last")},
				gorgon.Service{Name: "tick", Run: func(context.Context) error { return nil }},
			}},
		}},
	}}
	if err := app.Validate(); err != nil {
		t.Fatal(err)
	}
	var paths, patterns []string
	var counts []int
	for _, d := range app.Definitions() {
		paths, counts = append(paths, d.Path), append(counts, len(d.Guards))
	}
	for _, h := range app.Handlers() {
		patterns = append(patterns, h.Pattern)
	}
	if want := []string{"/", "/admin", "/admin/docs/", "/admin/n/{x}", "/admin/deep/{rest...}"}; !slices.Equal(paths, want) {
		t.Errorf("pages %q, want %q", paths, want)
	}
	if want := []int{0, 1, 2, 1, 2}; !slices.Equal(counts, want) {
		t.Errorf("guards %v, want %v", counts, want)
	}
	if want := []string{"POST /admin/save", "example.com/admin/hook", "/admin/deep/raw/"}; !slices.Equal(patterns, want) {
		t.Errorf("handlers %q, want %q", patterns, want)
	}
	if n := len(app.Services()); n != 1 {
		t.Errorf("%d services", n)
	}
	if listed, err := app.Definitions()[3].Paths(t.Context(), gorgon.Input{}); err != nil || fmt.Sprint(listed) != "[/admin/n/1 /admin/n/2]" {
		t.Errorf("it lists %v, %v", listed, err)
	}
	app.Handlers()[2].Guarded().ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	if got := strings.Join(seen, " "); got != "outer inner last handler" {
		t.Errorf("the order is %s", got)
	}
}

// What one request has of a page's list must not change what the next has.
func TestGroupDoesNotChangeWhatPathsReturns(t *testing.T) {
	list := []string{"/a"}
	app := gorgon.App{Name: "test", Parts: []gorgon.Part{gorgon.Group{Prefix: "/g", Parts: []gorgon.Part{
		page{Path: "/{x}", View: view, Paths: func(context.Context, gorgon.Input) ([]string, error) { return list, nil }},
	}}}}
	for range 2 {
		if listed, _ := app.Definitions()[0].Paths(t.Context(), gorgon.Input{}); listed[0] != "/g/a" {
			t.Errorf("it lists %v", listed)
		}
	}
}

func TestGroupsThatCannotWork(t *testing.T) {
	for want, part := range map[string]gorgon.Part{
		"Parts[0]: Prefix \"admin\"":        gorgon.Group{Prefix: "admin", Parts: []gorgon.Part{page{Path: "/", View: view}}},
		"Parts[0]: Prefix \"/admin/\"":      gorgon.Group{Prefix: "/admin/", Parts: []gorgon.Part{page{Path: "/", View: view}}},
		"Parts[0]: Prefix \"/{team}\"":      gorgon.Group{Prefix: "/{team}", Parts: []gorgon.Part{page{Path: "/", View: view}}},
		"Parts[0]: Guards[0] is nil":        gorgon.Group{Guards: []func(http.Handler) http.Handler{nil}},
		"Parts[0].Parts[1] is nil":          gorgon.Group{Parts: []gorgon.Part{page{Path: "/", View: view}, nil}},
		"page /a: another page has":         gorgon.Group{Prefix: "/a", Parts: []gorgon.Part{page{Path: "/", View: view}, page{Path: "/", View: view}}},
		"page /_gorgon/x: /_gorgon is":      gorgon.Group{Prefix: "/_gorgon", Parts: []gorgon.Part{page{Path: "/x", View: view}}},
		"handler /livez: the server's":      gorgon.Group{Parts: []gorgon.Part{gorgon.Handler{Pattern: "/livez", Handler: http.NotFoundHandler()}}},
		"handler /g/x: Guards[0] is nil":    gorgon.Group{Prefix: "/g", Parts: []gorgon.Part{gorgon.Handler{Pattern: "/x", Handler: http.NotFoundHandler(), Guards: []func(http.Handler) http.Handler{nil}}}},
		"handler GET /g/x: need \"rocket\"": gorgon.Group{Prefix: "/g", Parts: []gorgon.Part{gorgon.Handler{Pattern: "GET /x", Handler: http.NotFoundHandler(), Needs: []gorgon.Need{"rocket"}}}},
	} {
		err := gorgon.App{Name: "test", Parts: []gorgon.Part{part}}.Validate()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
