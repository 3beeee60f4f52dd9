// Examples of the parts of an app, each visited through package gorgontest.

package gorgon_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/gorgontest"
)

// A program stands in for *testing.T, which examples do not have.
type program struct {
	testing.TB
	cleanups []func()
}

func (*program) Helper()                           {}
func (*program) Context() context.Context          { return context.Background() }
func (p *program) Cleanup(f func())                { p.cleanups = append(p.cleanups, f) }
func (*program) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }
func (*program) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (*program) Fatal(args ...any)                 { panic(fmt.Sprint(args...)) }

func (p *program) TempDir() string {
	dir, err := os.MkdirTemp("", "gorgon")
	if err != nil {
		panic(err)
	}
	p.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// visit opens an app of these parts for a few requests.
func visit(do func(*gorgontest.Site), parts ...gorgon.Part) {
	p := &program{}
	do(gorgontest.Open(p, gorgon.App{Name: "shop", Parts: parts}))
	for len(p.cleanups) > 0 {
		last := len(p.cleanups) - 1
		p.cleanups[last]()
		p.cleanups = p.cleanups[:last]
	}
}

// look prints the status and the text of a page.
func look(site *gorgontest.Site, path string) {
	res := site.Get(path)
	fmt.Println(res.Status, res.Text("body"))
}

func home(text string) gorgon.Page[struct{}] {
	return gorgon.Page[struct{}]{Path: "/", View: func(struct{}) gorgon.Component { return gorgon.Text(text) }}
}

// The build generates the listed paths; others are generated on their first
// request, and all of them again after an hour.
func ExamplePage_incremental() {
	var loads atomic.Int64
	products := gorgon.Page[string]{
		Path:  "/products/{id}",
		Paths: func(context.Context, gorgon.Input) ([]string, error) { return []string{"/products/1"}, nil },
		Load: func(_ context.Context, in gorgon.Input) (string, error) {
			return fmt.Sprintf("product %s, load %d", in.PathValue("id"), loads.Add(1)), nil
		},
		Incremental:     true,
		RevalidateAfter: time.Hour,
		View:            func(s string) gorgon.Component { return gorgon.Text(s) },
	}
	visit(func(site *gorgontest.Site) {
		look(site, "/products/1")
		look(site, "/products/2")
		look(site, "/products/2")
		site.Advance(2 * time.Hour)
		look(site, "/products/2") // stale, and revalidated in the background
		look(site, "/products/2")
	}, products)
	// Output:
	// 200 product 1, load 1
	// 200 product 2, load 2
	// 200 product 2, load 2
	// 200 product 2, load 2
	// 200 product 2, load 3
}

// A page that is rendered for every request.
func ExamplePage_loadRequest() {
	search := gorgon.Page[string]{
		Path: "/search",
		LoadRequest: func(_ context.Context, _ gorgon.Input, r *http.Request) (string, error) {
			return r.FormValue("q"), nil
		},
		View: func(q string) gorgon.Component { return gorgon.Text("results for " + q) },
	}
	visit(func(site *gorgontest.Site) { look(site, "/search?q=mirrors") }, search)
	// Output: 200 results for mirrors
}

// Load runs once, LoadRequest on every request; Merge combines the states.
func ExamplePage_merge() {
	type state struct{ Price, Visitor string }
	page := gorgon.Page[state]{
		Path: "/",
		Load: func(context.Context, gorgon.Input) (state, error) { return state{Price: "9 EUR"}, nil },
		LoadRequest: func(_ context.Context, _ gorgon.Input, r *http.Request) (state, error) {
			return state{Visitor: r.FormValue("name")}, nil
		},
		Merge: func(_ context.Context, _ gorgon.Input, built, own state) (state, error) {
			return state{built.Price, own.Visitor}, nil
		},
		View: func(s state) gorgon.Component { return gorgon.Text(s.Visitor + " pays " + s.Price) },
	}
	visit(func(site *gorgontest.Site) {
		look(site, "/?name=Ada")
		look(site, "/?name=Bob")
	}, page)
	// Output:
	// 200 Ada pays 9 EUR
	// 200 Bob pays 9 EUR
}

func greeting() gorgon.Fragment[string, string] {
	return gorgon.Fragment[string, string]{
		Name: "greeting",
		Load: func(_ context.Context, _ gorgon.Input, name string) (string, error) { return "Hello, " + name, nil },
		View: func(s string) gorgon.Component { return gorgon.Text(s) },
	}
}

// A fragment is a part of the page with its own state.
func ExampleFragment_Use() {
	greeting := greeting()
	page := gorgon.Page[struct{}]{Path: "/", View: func(struct{}) gorgon.Component { return greeting.Use("Ada") }}
	visit(func(site *gorgontest.Site) { look(site, "/") }, greeting, page)
	// Output: 200 Hello, Ada
}

// The browser fetches a deferred fragment after the page.
func ExampleFragment_Defer() {
	greeting := greeting()
	page := gorgon.Page[struct{}]{Path: "/", View: func(struct{}) gorgon.Component { return greeting.Defer("Ada") }}
	visit(func(site *gorgontest.Site) {
		res := site.Get("/")
		fmt.Println(res.Text("body"))
		fmt.Println(res.Filled().Text("body"))
	}, greeting, page)
	// Output:
	// greeting
	// Hello, Ada
}

// A feature of an app as one part, with a prefix and a guard.
func ExampleGroup() {
	members := gorgon.Group{
		Prefix: "/members",
		Guards: []func(http.Handler) http.Handler{func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.FormValue("key") != "open" {
					http.Error(w, "members only", http.StatusForbidden)
					return
				}
				next.ServeHTTP(w, r)
			})
		}},
		Parts: []gorgon.Part{home("the club room")},
	}
	visit(func(site *gorgontest.Site) {
		fmt.Println(site.Get("/members").Status)
		look(site, "/members?key=open")
	}, members)
	// Output:
	// 403
	// 200 the club room
}

func ExampleHandler() {
	ping := gorgon.Handler{Pattern: "GET /ping", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "pong")
	})}
	visit(func(site *gorgontest.Site) { fmt.Println(site.Get("/ping").Body) }, home("Home"), ping)
	// Output: pong
}

// The value is computed once per build; every loader can read it.
func ExampleBuildValue() {
	catalog := gorgon.BuildValue[[]string]{
		Name: "catalog",
		Make: func(context.Context) ([]string, error) { return []string{"mirror", "lamp"}, nil },
	}
	page := gorgon.Page[int]{
		Path: "/",
		Load: func(_ context.Context, in gorgon.Input) (int, error) {
			names, err := catalog.Get(in)
			return len(names), err
		},
		View: func(n int) gorgon.Component { return gorgon.Text(fmt.Sprint(n, " products")) },
	}
	visit(func(site *gorgontest.Site) { look(site, "/") }, catalog, page)
	// Output: 200 2 products
}

// A scheduled job.
func ExampleService() {
	app := gorgon.App{Name: "shop", Parts: []gorgon.Part{home("Home"), gorgon.Service{
		Name:  "import",
		Run:   func(context.Context) error { return nil },
		Every: time.Millisecond,
	}}}
	fmt.Println(app.Validate())
	// Output: service import: Every is 1ms: use a second or more
}

// What a loader can return instead of a state.
func ExampleError() {
	page := gorgon.Page[string]{
		Path: "/{name}", Incremental: true,
		Load: func(_ context.Context, in gorgon.Input) (string, error) {
			switch in.PathValue("name") {
			case "old":
				return "", gorgon.Redirect("/new")
			case "new":
				return "the new page", nil
			case "sold":
				return "", gorgon.Gone()
			case "busy":
				return "", &gorgon.Error{Kind: gorgon.KindUnavailable, Message: "We are closed"}
			}
			return "", gorgon.NotFound()
		},
		View: func(s string) gorgon.Component { return gorgon.Text(s) },
	}
	visit(func(site *gorgontest.Site) {
		for _, path := range []string{"/new", "/sold", "/unknown", "/busy"} {
			fmt.Println(path, site.Get(path).Status)
		}
	}, page)
	fmt.Println(gorgon.Redirect("/new"))
	// Output:
	// /new 200
	// /sold 410
	// /unknown 404
	// /busy 503
	// moved to /new
}

func ExampleKind_Status() {
	fmt.Println(gorgon.KindNotFound.Status(), gorgon.KindTimeout.Status())
	// Output: 404 504
}
