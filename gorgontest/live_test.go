// Following live parts, as tests do.

package gorgontest_test

import (
	"context"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/gorgontest"
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
