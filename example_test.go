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
		Routes: []gorgon.Route{
			gorgon.Page[Product]{
				Path:            "/products/{id}",
				BuildPaths:      func(context.Context, gorgon.Input) ([]string, error) { return []string{"/products/7"}, nil },
				BuildState:      loadProduct,
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

// All faults come at once, each with its mend.
func ExampleApp_Validate() {
	app := gorgon.App{
		Name: "shop",
		Routes: []gorgon.Route{
			gorgon.Page[Product]{Path: "/products/{id}", BuildState: loadProduct, View: productPage},
			gorgon.Page[Product]{Path: "/about"},
		},
	}
	fmt.Println(app.Validate())
	// Output:
	// page /products/{id}: the pattern has wildcards and nothing says which paths exist: add BuildPaths, or set Incremental, or use RequestState
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
