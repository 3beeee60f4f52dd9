// From the catalogue to pages: what each shows, and what it is tagged with.

package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
)

// A shop makes the states of its pages.
type shop struct {
	products *catalog
	password string
}

// A shelf is some of the products.
type shelf struct {
	Title    string
	Products []product
	Version  string // of the catalogue
}

func (s shop) shelf(title string, on func(product) bool) (shelf, error) {
	products, version, err := s.products.all()
	l := shelf{Title: title, Version: version}
	for _, p := range products {
		if on(p) {
			l.Products = append(l.Products, p)
		}
	}
	return l, err
}

func every(product) bool { return true }

func (s shop) featured(context.Context, gorgon.Input) (shelf, error) {
	return s.shelf("Best sellers", func(p product) bool { return p.Featured })
}

func (s shop) all(context.Context, gorgon.Input) (shelf, error) {
	return s.shelf("All products", every)
}

func (s shop) prices(context.Context, gorgon.Input, *http.Request) (shelf, error) {
	return s.shelf("Prices", every)
}

// changed says whether the catalogue is another than the one a shelf shows.
func (s shop) changed(_ context.Context, _ gorgon.Input, l shelf, _ time.Time) (bool, error) {
	_, version, err := s.products.all()
	return version != l.Version, err
}

func (s shop) bestSellers(context.Context, gorgon.Input) ([]string, error) {
	l, err := s.shelf("", func(p product) bool { return p.Featured })
	var paths []string
	for _, p := range l.Products {
		paths = append(paths, "/products/"+p.ID)
	}
	return paths, err
}

func (s shop) product(_ context.Context, in gorgon.Input) (product, error) {
	p, ok, err := s.products.one(in.PathValue("id"))
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

func (s shop) offers(context.Context, gorgon.Input) (offers, error) {
	l, err := s.shelf("", func(p product) bool { return p.Offer })
	return offers{Products: l.Products}, err
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

func (s shop) search(_ context.Context, _ gorgon.Input, r *http.Request) (search, error) {
	q := strings.TrimSpace(r.URL.Query().Get("q"))
	if len(q) > 100 {
		return search{}, &gorgon.Error{Kind: gorgon.KindInvalid, Message: "Search for something shorter."}
	}
	found := search{Query: q}
	if q == "" {
		return found, nil
	}
	l, err := s.shelf("", func(p product) bool {
		return strings.Contains(strings.ToLower(p.Name+" "+p.Text), strings.ToLower(q))
	})
	found.Found = l.Products
	return found, err
}

// A purge of "product-7" reaches every page that shows product 7; the pages
// that list products are reached by "catalog".
func productTags(p product) []string { return []string{tagOf(p.ID)} }
func shelfTags(shelf) []string       { return []string{"catalog"} }
func offersTags(offers) []string     { return []string{"catalog"} }
func tagOf(id string) string         { return "product-" + id }

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
