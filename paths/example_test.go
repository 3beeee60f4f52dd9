package paths_test

import (
	"errors"
	"fmt"

	"github.com/gorgon-go/gorgon/paths"
)

func ExampleParse() {
	fmt.Println(paths.Parse("/k%C3%A4se"))
	_, err := paths.Parse("/a%2Fb")
	fmt.Println(err)
	// Output:
	// /käse <nil>
	// the path holds an encoded slash
}

func ExampleCheck() {
	fmt.Println(paths.Check("/tags/C#"))
	fmt.Println(errors.Is(paths.Check("/a/../b"), paths.ErrInvalid), errors.Is(paths.Check("/a//b"), paths.ErrNotFound))
	// Output:
	// <nil>
	// true true
}

func ExampleEscape() {
	fmt.Println(paths.Escape("/tags/C#"))
	// Output: /tags/C%23
}

func ExampleSplitReference() {
	path, rest := paths.SplitReference("/search?q=two words#results")
	fmt.Println(path, rest)
	// Output: /search ?q=two%20words#results
}

func pattern(text string) *paths.Pattern {
	p, err := paths.ParsePattern(text)
	if err != nil {
		panic(err)
	}
	return p
}

func ExamplePattern_Path() {
	fmt.Println(pattern("/shops/{shop}/{path...}").Path("7", "a/b"))
	// Output: /shops/7/a/b <nil>
}

func ExamplePattern_Value() {
	fmt.Println(pattern("/products/{id}").Value("/products/7", "id"))
	// Output: 7
}

// The most specific pattern wins; a slash too many can be redirected.
func ExampleRouter() {
	router := paths.NewRouter([]string{"/products/{id}", "/products/new", "/docs/{path...}"}, pattern)
	fmt.Println(router.Match("/products/7"), router.Match("/products/new"), router.Match("/docs/a/b"))
	fmt.Println(router.Redirect("/products/7/"))
	// Output:
	// /products/{id} /products/new /docs/{path...}
	// /products/7 true
}

func ExamplePrefixes() {
	p := paths.Prefixes{Locales: []string{"en", "de"}}
	fmt.Println(p.Path("en", "/about"), p.Path("de", "/about"))
	fmt.Println(p.Split("/de/about"))
	fmt.Println(p.URL("/docs", "de", "/tags/C#"))
	// Output:
	// /about /de/about
	// /about de true
	// /docs/de/tags/C%23
}

func ExampleConflicts() {
	for _, c := range paths.Conflicts([]*paths.Pattern{pattern("/{a}/x"), pattern("/y/{b}"), pattern("/z")}) {
		fmt.Println(c.Pattern, c.Other, c.Same)
	}
	// Output: /y/{b} /{a}/x false
}

// A handler of the app hides the page.
func ExampleClaims() {
	claims := paths.NewClaims("", paths.Prefixes{}, []string{"/feed.xml"}, func(string) string { return "" })
	fmt.Println(claims.Page("/about", ""))
	fmt.Println(claims.Page("/feed.xml", ""))
	// Output:
	// <nil>
	// handler /feed.xml answers at /feed.xml: remove one of the two, or give the handler another method than GET
}
