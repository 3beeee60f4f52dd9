// Following live parts, as tests do.

package gorgontest_test

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
)

func TestFollow(t *testing.T) {
	var left atomic.Int64
	left.Store(5)
	load := func(context.Context, gorgon.Input, string) (int, error) { return int(left.Load()), nil }
	stock := gorgon.Fragment[string, int]{
		Name: "stock", Live: true, Load: load, Tags: func(int) []string { return []string{"stock"} },
		View: func(n int) gorgon.Component { return gorgon.Text(strconv.Itoa(n) + " in stock") },
	}
	site := gorgontest.Options{Base: "/shop"}.Open(t, gorgon.App{Name: "shop", Parts: []gorgon.Part{
		stock,
		gorgon.Page[int]{Path: "/", View: func(int) gorgon.Component { return stock.Use("a") }},
		gorgon.Page[int]{
			Path: "/all", Live: true, Load: func(context.Context, gorgon.Input) (int, error) { return int(left.Load()), nil },
			Tags: func(int) []string { return []string{"stock"} },
			View: func(n int) gorgon.Component { return gorgon.Text(strconv.Itoa(n) + " of all") },
		},
		gorgon.Page[int]{Path: "/closed", View: func(int) gorgon.Component { return stock.Use("b") }, Guards: []func(http.Handler) http.Handler{func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					http.Error(w, "no", http.StatusForbidden)
					return
				}
				next.ServeHTTP(w, r)
			})
		}}},
	}})
	shop, all := site.Get("/shop/").Want(200, "5 in stock").Follow(), site.Get("/shop/all").Want(200, "5 of all").Follow()
	for _, n := range []string{"4", "3", "2"} {
		left.Add(-1)
		site.Purge(pages.Stale, pages.TagSubject("stock"))
		shop.Want(n + " in stock")
		all.Want(n + " of all")
	}
	if closed := site.Get("/shop/closed").Want(200, "in stock").Follow(); closed.Status != http.StatusForbidden || closed.Next() != "" {
		t.Errorf("the guard let it through: %d", closed.Status)
	}
}

// What each visitor sees differently is got with the visitor's own cookies.
func TestFollowOwn(t *testing.T) {
	var mu sync.Mutex
	carts := map[string]int{}
	cart := gorgon.Fragment[string, string]{
		Name: "cart", Live: true, Tags: func(name string) []string { return []string{name} },
		LoadRequest: func(_ context.Context, _ gorgon.Input, _ string, r *http.Request) (string, error) {
			if c, err := r.Cookie("name"); err == nil {
				return c.Value, nil
			}
			return "", nil
		},
		View: func(name string) gorgon.Component {
			mu.Lock()
			defer mu.Unlock()
			return gorgon.Text(name + " has " + strconv.Itoa(carts[name]))
		},
	}
	site := gorgontest.Options{Base: "/shop"}.Open(t, gorgon.App{Name: "shop", Parts: []gorgon.Part{
		cart,
		gorgon.Page[int]{Path: "/", AllowRequestTime: true, View: func(int) gorgon.Component { return cart.Use("a") }},
		gorgon.Handler{Pattern: "POST /as/{name}", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "name", Value: r.PathValue("name"), Path: "/"})
		})},
	}})
	follow := func(name string) *gorgontest.Followed {
		visitor := site.Visitor()
		visitor.Post("/shop/as/"+name, nil)
		return visitor.Get("/shop/").Want(200, name+" has 0").Follow()
	}
	ann, ben := follow("ann"), follow("ben")
	for n := 1; n < 4; n++ {
		for name, visitor := range map[string]*gorgontest.Followed{"ann": ann, "ben": ben} {
			mu.Lock()
			carts[name] = n
			mu.Unlock()
			site.Purge(pages.Stale, pages.TagSubject(name))
			visitor.Want(name + " has " + strconv.Itoa(n))
		}
	}
}

// A page of an account is followed by who has signed in: its stream is asked for
// by a page of the site, as a guard of sessions wants it.
func TestFollowSignedIn(t *testing.T) {
	people := auth.New(auth.Options{Store: mem.NewSessions()})
	var sent atomic.Bool
	progress := gorgon.Fragment[string, bool]{
		Name: "progress", Live: true, Tags: func(bool) []string { return []string{"order"} },
		LoadRequest: func(context.Context, gorgon.Input, string, *http.Request) (bool, error) { return sent.Load(), nil },
		View:        func(sent bool) gorgon.Component { return gorgon.Text("sent: " + strconv.FormatBool(sent)) },
	}
	site := gorgontest.Options{Auth: people}.Open(t, gorgon.App{Name: "shop", Parts: []gorgon.Part{
		progress,
		gorgon.Page[int]{
			Path: "/order", AllowRequestTime: true, Guards: []func(http.Handler) http.Handler{people.SignedIn},
			View: func(int) gorgon.Component { return progress.Use("a") },
		},
	}})
	order := site.SignIn("ada").Get("/order").Want(200, "sent: false").Follow()
	if order.Status != http.StatusOK {
		t.Fatalf("the stream has status %d", order.Status)
	}
	sent.Store(true)
	site.Purge(pages.Stale, pages.TagSubject("order"))
	order.Want("sent: true")
}
