// Examples for the package's documentation. In a test, t is its *testing.T.

package gorgontest_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/pages"
)

// A page that is made again after a minute: the visitor who finds it stale
// gets the old version at once, and the next one the new.
func Example() {
	var visits int
	app := gorgon.App{
		Name: "news",
		Routes: []gorgon.Route{gorgon.Page[int]{
			Path:            "/",
			BuildState:      func(context.Context, gorgon.Input) (int, error) { visits++; return visits, nil },
			RevalidateAfter: time.Minute,
			View:            func(n int) gorgon.Component { return gorgon.Text(fmt.Sprint("version ", n)) },
		}},
	}
	site := gorgontest.Options{Lazy: true}.Open(t, app)
	look := func() {
		res := site.Get("/").Want(200)
		fmt.Println(res.Cache().State, res.Text("body"))
	}
	look()
	look()
	site.Advance(2 * time.Minute)
	look()
	look()
	// Output:
	// made version 1
	// hit version 1
	// stale version 1
	// hit version 2
}

// A fragment that is purged by its tag changes; the page around it is not made
// again.
func ExampleSite_Purge() {
	inStock := 3
	var made atomic.Int64
	stock := gorgon.Fragment[string, int]{
		Name:       "stock",
		BuildState: func(context.Context, gorgon.Input, string) (int, error) { return inStock, nil },
		Tags:       func(int) []string { return []string{"stock"} },
		View:       func(n int) gorgon.Component { return gorgon.Text(fmt.Sprint(n, " in stock")) },
	}
	app := gorgon.App{
		Name:      "shop",
		Fragments: []gorgon.FragmentRoute{stock},
		Routes: []gorgon.Route{gorgon.Page[struct{}]{
			Path:       "/mirror",
			BuildState: func(context.Context, gorgon.Input) (s struct{}, err error) { made.Add(1); return s, nil },
			View:       func(struct{}) gorgon.Component { return stock.Use("mirror") },
		}},
	}
	site := gorgontest.Open(t, app)
	fmt.Println(site.Get("/mirror").Text("body"))
	inStock = 2
	site.Purge(pages.Expire, pages.TagSubject("stock"))
	fmt.Println(site.Get("/mirror").Text("body"))
	fmt.Println("the page was made", made.Load(), "time")
	// Output:
	// 3 in stock
	// 2 in stock
	// the page was made 1 time
}

// A page behind a guard, and the form that opens it. Another visitor has other
// cookies.
func ExampleResponse_Submit() {
	site := gorgontest.Open(t, club())
	fmt.Println(site.Get("/members").Status)
	fmt.Println(site.Get("/join").Submit("Join", url.Values{"name": {"Medusa"}}).Text("h1"))
	fmt.Println(site.Get("/members").Status, site.Visitor().Get("/members").Status)
	// Output:
	// 401
	// Welcome
	// 200 401
}

// A navigation fetches what differs of the next page, and says why where the
// browser has to load it whole.
func ExampleResponse_Navigate() {
	app := gorgon.App{
		Name:       "site",
		Navigation: &gorgon.Navigation{},
		Routes: []gorgon.Route{
			page("/", `<a href="/about">About</a>`),
			page("/about", "<h1>About us</h1>"),
		},
	}
	home := gorgontest.Open(t, app).Get("/")
	about := home.Navigate("/about")
	fmt.Println(about.Text("h1"), len(about.Payload.Body) < len(about.Body))
	fmt.Println(home.Navigate("/nowhere").Whole)
	// Output:
	// About us true
	// its payload has status 404
}

// A deferred fragment, alone and in its place.
func ExampleResponse_Filled() {
	stock := stock(map[string]int{"mirror": 3})
	app := app(gorgon.Page[state]{
		Path: "/", BuildState: text(""), View: func(state) gorgon.Component { return stock.Defer("mirror") },
	})
	app.Fragments = []gorgon.FragmentRoute{stock}
	res := gorgontest.Open(t, app).Get("/")
	fmt.Println(res.Fragment("stock").Body)
	fmt.Println(res.Text("gorgon-fragment"), "→", res.Filled().Text("gorgon-fragment"))
	// Output:
	// <b>3 in stock</b>
	// stock → 3 in stock
}

// Why says where a page is kept, how fresh it is and what comes next.
func ExampleSite_Why() {
	app := app(gorgon.Page[state]{Path: "/", BuildState: text("Home"), RevalidateAfter: time.Hour, View: view})
	site := gorgontest.Open(t, app)
	site.Get("/")
	site.Advance(2 * time.Hour)
	why := site.Why("/")
	fmt.Println(why.Serves, why.Phase, strings.TrimSpace(why.Next))
	// Output: memory stale serves it, and makes the page again behind
}
