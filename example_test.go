// Examples for the package's documentation.

package gorgon_test

import (
	"context"
	"fmt"
	"html/template"
	"os"
	"time"

	"github.com/gorgon-go/gorgon"
)

type Product struct{ ID, Name string }

func loadProduct(_ context.Context, in gorgon.Input) (Product, error) {
	if in.PathValue("id") != "7" {
		return Product{}, gorgon.NotFound()
	}
	return Product{ID: "7", Name: "Mirror"}, nil
}

func productPage(p Product) gorgon.Component { return gorgon.Text(p.Name) }

// A page of which some are built and the others made on their first request.
func ExamplePage() {
	app := gorgon.App{
		Name: "shop",
		Parts: []gorgon.Part{
			gorgon.Page[Product]{
				Path:            "/products/{id}",
				Paths:           func(context.Context, gorgon.Input) ([]string, error) { return []string{"/products/7"}, nil },
				Load:            loadProduct,
				Incremental:     true,
				RevalidateAfter: time.Hour,
				Tags:            func(p Product) []string { return []string{"product-" + p.ID} },
				Head:            func(p Product) gorgon.Head { return gorgon.Head{Title: p.Name} },
				View:            productPage,
			},
		},
	}
	fmt.Println(app.Validate())
	fmt.Println(app.Definitions()[0].Strategy())
	// Output:
	// <nil>
	// [built incremental revalidated after 1h0m0s]
}

// All faults come at once, each with its hint.
func ExampleApp_Validate() {
	app := gorgon.App{
		Name: "shop",
		Parts: []gorgon.Part{
			gorgon.Page[Product]{Path: "/products/{id}", Load: loadProduct, View: productPage},
			gorgon.Page[Product]{Path: "/about"},
		},
	}
	fmt.Println(app.Validate())
	// Output:
	// page /products/{id}: the pattern has wildcards, and no field says which paths exist: add Paths, or set Incremental, or use LoadRequest
	// page /about: there is no View: add one, a func(gorgon_test.Product) gorgon.Component
}

// A template of html/template is a component with its data.
func ExampleExecute() {
	tmpl := template.Must(template.New("product").Parse("<h1>{{.Name}}</h1>\n"))
	view := func(p Product) gorgon.Component { return gorgon.Execute(tmpl, p) }
	_ = view(Product{Name: "<Mirror>"}).Render(context.Background(), os.Stdout)
	// Output: <h1>&lt;Mirror&gt;</h1>
}

// State for a script, that no value can break out of.
func ExampleJSON() {
	_ = gorgon.JSON("state", Product{Name: "</script>"}).Render(context.Background(), os.Stdout)
	// Output: <script type="application/json" id="state">{"ID":"","Name":"\u003c/script\u003e"}</script>
}

// A feed of JSON: it is stored as a page is, and has no layout.
func ExampleResource() {
	feed := gorgon.Resource[[]Product]{
		Path:        "/products.json",
		Load:        func(context.Context, gorgon.Input) ([]Product, error) { return []Product{{"7", "Mirror"}}, nil },
		Tags:        func([]Product) []string { return []string{"products"} },
		ContentType: "application/feed+json",
	}
	app := gorgon.App{Name: "shop", Parts: []gorgon.Part{feed}}
	fmt.Println(app.Validate())
	d := app.Definitions()[0]
	fmt.Println(d.Word(), d.Path, d.Strategy())
	// Output:
	// <nil>
	// resource /products.json [built]
}

// Paths that have moved. A target that is moved on itself is a fault.
func ExampleRedirects() {
	app := gorgon.App{Name: "shop", Parts: []gorgon.Part{gorgon.Redirects{
		"/about-us":       "/about",
		"/blog/{slug}":    "/posts/{slug}",
		"/docs/{path...}": "https://docs.example.com/{path...}",
		"/old":            "/about-us",
	}}}
	fmt.Println(app.Validate())
	// Output: redirect /old: it leads to /about-us, which is redirected to /about: name the last target
}

// An error for one field of an input, which a form shows at that field.
func ExampleRefuse() {
	err := gorgon.Refuse("/title", "a recipe of this name exists")
	fmt.Println(err)
	fmt.Println(err.(*gorgon.Error).Kind.Status())
	// Output:
	// refused: /title a recipe of this name exists
	// 422
}
