package viewctx_test

import (
	"context"
	"fmt"

	"github.com/gorgon-go/gorgon/viewctx"
)

// A test of a component renders it with the context of a site.
func ExampleWithSite() {
	ctx := viewctx.WithSite(context.Background(), &viewctx.Site{Base: "/docs", Locale: "de", Locales: []string{"en", "de"}})
	site := viewctx.SiteOf(ctx)
	fmt.Println(site.PathURL(site.Locale, "/about"))
	// Output: /docs/de/about
}

func ExampleSite_Location() {
	site := &viewctx.Site{Base: "/docs"}
	fmt.Println(site.Location("", "/search?q=1"))
	_, err := site.Location("", "//evil.example")
	fmt.Println(err != nil)
	// Output:
	// /docs/search?q=1 <nil>
	// true
}

func ExampleFragmentPath() {
	path := viewctx.FragmentPath("stock", []byte(`{"id":7}`))
	fmt.Println(viewctx.SplitFragmentPath(path))
	// Output: stock {"id":7} true
}

func ExampleUses_Module() {
	uses := &viewctx.Uses{}
	ctx := viewctx.WithUses(context.Background(), uses)
	viewctx.UsesOf(ctx).Module("/_gorgon/assets/counter.js")
	fmt.Println(uses.Modules)
	// Output: [/_gorgon/assets/counter.js]
}
