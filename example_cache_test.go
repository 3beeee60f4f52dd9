package gorgon_test

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/pages"
)

// A value is loaded once for all who ask, and a purge of its tag reaches the
// pages that were made of it.
func ExampleCache() {
	type pair struct{ From, To string }
	var loads atomic.Int64
	rates := gorgon.Cache[pair, string]{
		Name: "rates",
		Load: func(_ context.Context, p pair) (string, error) {
			return fmt.Sprintf("%s to %s, load %d", p.From, p.To, loads.Add(1)), nil
		},
		Tags: func(string) []string { return []string{"rates"} },
	}
	shown := gorgon.Page[string]{
		Path: "/", View: func(s string) gorgon.Component { return gorgon.Text(s) },
		Load: func(ctx context.Context, _ gorgon.Input) (string, error) {
			return rates.Get(ctx, pair{"EUR", "USD"})
		},
	}
	visit(func(site *gorgontest.Site) {
		look(site, "/")
		site.Purge(pages.Expire, pages.TagSubject("rates"))
		look(site, "/")
		rate, err := rates.Get(site.Context(), pair{"EUR", "USD"})
		fmt.Println(rate, err)
	}, rates, shown)
	// Output:
	// 200 EUR to USD, load 1
	// 200 EUR to USD, load 2
	// EUR to USD, load 2 <nil>
}
