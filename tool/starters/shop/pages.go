// From the catalogue to pages: what each shows.

package main

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/database"
)

// A shop makes the states of its pages. Queries are given the context that a
// function is called with: that is how it becomes known what a page reads.
type shop struct {
	db       *database.DB
	password string
}

// A shelf is some of the products.
type shelf struct {
	Title    string
	Products []product
}

func (s shop) featured(ctx context.Context, _ gorgon.Input) (shelf, error) {
	products, err := s.list(ctx, "featured")
	return shelf{"Best sellers", products}, err
}

func (s shop) all(ctx context.Context, _ gorgon.Input) (shelf, error) {
	products, err := s.list(ctx, "true")
	return shelf{"All products", products}, err
}

func (s shop) prices(ctx context.Context, _ gorgon.Input, _ *http.Request) (shelf, error) {
	products, err := s.list(ctx, "true")
	return shelf{"Prices", products}, err
}

func (s shop) bestSellers(ctx context.Context, _ gorgon.Input) ([]string, error) {
	products, err := s.list(ctx, "featured")
	var paths []string
	for _, p := range products {
		paths = append(paths, "/products/"+p.ID)
	}
	return paths, err
}

func (s shop) product(ctx context.Context, in gorgon.Input) (product, error) {
	p, ok, err := s.one(ctx, in.PathValue("id"))
	if err == nil && !ok {
		err = gorgon.NotFound()
	}
	return p, err
}

// offers are what is cheap today: the same for everybody, less what a visitor
// has in the cart.
type offers struct {
	Products []product
	InCart   []string
}

func (s shop) offers(ctx context.Context, _ gorgon.Input) (offers, error) {
	products, err := s.list(ctx, "offer")
	return offers{Products: products}, err
}

func (s shop) inCart(_ context.Context, _ gorgon.Input, r *http.Request) (offers, error) {
	var o offers
	for _, l := range readCart(r) {
		o.InCart = append(o.InCart, l.ID)
	}
	return o, nil
}

func notInCart(_ context.Context, _ gorgon.Input, built, requested offers) (offers, error) {
	left := slices.DeleteFunc(slices.Clone(built.Products), func(p product) bool {
		return slices.Contains(requested.InCart, p.ID)
	})
	return offers{left, requested.InCart}, nil
}

// A search is a query and what was found.
type search struct {
	Query string
	Found []product
}

func (s shop) search(ctx context.Context, _ gorgon.Input, r *http.Request) (search, error) {
	q := strings.TrimSpace(r.URL.Query().Get("q"))
	if len(q) > 100 {
		return search{}, &gorgon.Error{Kind: gorgon.KindInvalid, Message: "Search for something shorter."}
	}
	if q == "" {
		return search{}, nil
	}
	pattern := "%" + literally.Replace(q) + "%"
	found, err := s.list(ctx, `lower(name || ' ' || text) like lower($1) escape '\'`, pattern)
	return search{q, found}, err
}

// literally writes what is searched for as a part of a pattern.
var literally = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

func homeView(l shelf) gorgon.Component      { return view("home.html", l) }
func shelfView(l shelf) gorgon.Component     { return view("shelf.html", l) }
func productView(p product) gorgon.Component { return view("product.html", p) }
func offersView(o offers) gorgon.Component   { return view("offers.html", o) }
func searchView(s search) gorgon.Component   { return view("search.html", s) }
func cartView(c cart) gorgon.Component       { return view("cart.html", c) }
func adminView(l shelf) gorgon.Component     { return view("admin.html", l) }

func titled(title string) gorgon.Head { return gorgon.Head{Title: title + " · " + name} }
func shelfHead(l shelf) gorgon.Head   { return titled(l.Title) }
func offersHead(offers) gorgon.Head   { return titled("Offers") }
func searchHead(search) gorgon.Head   { return titled("Search") }
func cartHead(cart) gorgon.Head       { return titled("Your cart") }
func adminHead(shelf) gorgon.Head     { return titled("Prices") }

// productHead also says what others show where they link to the product, and
// what search engines read.
func productHead(p product) gorgon.Head {
	h := titled(p.Name)
	h.Description, h.Canonical = p.Text, "/products/"+p.ID
	h.Meta = []gorgon.Meta{
		{Property: "og:type", Content: "product"}, {Property: "og:title", Content: p.Name},
		{Property: "og:description", Content: p.Text},
	}
	h.Extra = view("product-data.html", p)
	return h
}
