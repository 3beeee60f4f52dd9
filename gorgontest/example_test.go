// Examples for the package's documentation. In a test, t is its *testing.T.

package gorgontest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/serve"
)

// A page that is revalidated after a minute: the visitor who finds it stale
// gets the old version at once, and the next one the new version.
func Example() {
	var visits int
	app := gorgon.App{
		Name: "news",
		Parts: []gorgon.Part{gorgon.Page[int]{
			Path:            "/",
			Load:            func(context.Context, gorgon.Input) (int, error) { visits++; return visits, nil },
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
		Name: "stock",
		Load: func(context.Context, gorgon.Input, string) (int, error) { return inStock, nil },
		Tags: func(int) []string { return []string{"stock"} },
		View: func(n int) gorgon.Component { return gorgon.Text(fmt.Sprint(n, " in stock")) },
	}
	app := gorgon.App{
		Name: "shop",
		Parts: []gorgon.Part{stock, gorgon.Page[struct{}]{
			Path: "/mirror",
			Load: func(context.Context, gorgon.Input) (s struct{}, err error) { made.Add(1); return s, nil },
			View: func(struct{}) gorgon.Component { return stock.Use("mirror") },
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

// A page with a guard, and the form that opens it. Another visitor has other
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

// Call and JSON are for endpoints that programs call.
func ExampleSite_Call() {
	site := gorgontest.Open(t, gorgon.App{Name: "sum", Parts: []gorgon.Part{
		gorgon.Handler{Pattern: "POST /sum", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var numbers []int
			if err := json.NewDecoder(r.Body).Decode(&numbers); err != nil {
				serve.Fail(w, r, &gorgon.Error{Kind: gorgon.KindInvalid})
				return
			}
			sum := 0
			for _, n := range numbers {
				sum += n
			}
			_ = json.NewEncoder(w).Encode(sum)
		})},
	}})
	var sum int
	site.Call("POST", "/sum", []int{1, 2, 3}).JSON(&sum)
	fmt.Println(sum)

	var problem serve.Problem
	site.Call("POST", "/sum", "three").JSON(&problem)
	fmt.Println(problem.Status, problem.Title)
	// Output:
	// 6
	// 400 Bad Request
}

// A navigation fetches what differs in the next page, and says why if the
// browser has to load the whole page.
func ExampleResponse_Navigate() {
	app := gorgon.App{
		Name:       "site",
		Navigation: &gorgon.Navigation{},
		Parts: []gorgon.Part{
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
		Path: "/", Load: text(""), View: func(state) gorgon.Component { return stock.Defer("mirror") },
	})
	app.Parts = append(app.Parts, stock)
	res := gorgontest.Open(t, app).Get("/")
	fmt.Println(res.Fragment("stock").Body)
	fmt.Println(res.Text("gorgon-fragment"), "→", res.Filled().Text("gorgon-fragment"))
	// Output:
	// <b>3 in stock</b>
	// stock → 3 in stock
}

// Why reports where a page is stored, how fresh it is and what comes next.
func ExampleSite_Why() {
	app := app(gorgon.Page[state]{Path: "/", Load: text("Home"), RevalidateAfter: time.Hour, View: view})
	site := gorgontest.Open(t, app)
	site.Get("/")
	site.Advance(2 * time.Hour)
	why := site.Why("/")
	fmt.Println(why.Serves, why.Phase, strings.TrimSpace(why.Next))
	// Output: memory stale serves it, and revalidates the page in the background
}

// A job that a request adds is run when the test says so.
func ExampleSite_Work() {
	queue := mem.NewJobs()
	receipt := jobs.Job[string]{Name: "receipt", Run: func(ctx context.Context, to string) error {
		fmt.Println("a receipt for", to, "leads to", gorgon.URL(ctx, "/orders"))
		return nil
	}}
	app := gorgon.App{
		Name: "shop",
		Parts: []gorgon.Part{receipt, api.Endpoint[api.None, api.None]{
			Path: "POST /orders",
			Handle: func(ctx context.Context, _ api.None) (none api.None, err error) {
				_, err = receipt.Add(ctx, queue, "ada@example.com")
				return none, err
			},
		}},
	}
	site := gorgontest.Options{Jobs: queue, Base: "/shop"}.Open(t, app)
	site.Call("POST", "/shop/orders", nil).Want(204)
	for _, job := range site.Work() {
		fmt.Println(job.Kind, "was run", job.Attempt, "time", job.Err == "")
	}
	fmt.Println(len(site.Work()), "jobs are due")
	// Output:
	// a receipt for ada@example.com leads to /shop/orders
	// receipt was run 1 time true
	// 0 jobs are due
}
