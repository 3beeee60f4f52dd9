// From the catalogue to pages: what each shows.

package main

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon"
)

func (s shop) featured(ctx context.Context, _ gorgon.Input) ([]product, error) {
	return s.list(ctx, "featured")
}

func (s shop) all(ctx context.Context, _ gorgon.Input) ([]product, error) { return s.list(ctx, "true") }

func (s shop) bestSellers(ctx context.Context, _ gorgon.Input) ([]string, error) {
	products, err := s.list(ctx, "featured")
	var paths []string
	for _, p := range products {
		paths = append(paths, "/products/"+p.ID)
	}
	return paths, err
}

func (s shop) product(ctx context.Context, in gorgon.Input) (product, error) {
	p, ok, err := s.one(ctx, s.db.SQL(), in.PathValue("id"))
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
		return search{}, &gorgon.Error{Kind: gorgon.KindInvalid, Message: say(ctx, "search.long", nil)}
	}
	if q == "" {
		return search{}, nil
	}
	locale, pattern := language(ctx), "%"+literally.Replace(q)+"%"
	found, err := s.list(ctx, "lower(name_"+locale+" || ' ' || text_"+locale+`) like lower($1) escape '\'`, pattern)
	return search{q, found}, err
}

// literally writes what is searched for as a part of a pattern.
var literally = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// headed is the head of a page whose title is the message of its name. A page
// for search engines has a path; the others are for its visitor alone.
func headed[S any](page, path string) func(context.Context, gorgon.Input, S) (gorgon.Head, error) {
	return func(ctx context.Context, _ gorgon.Input, _ S) (gorgon.Head, error) {
		title, err := messages.Text(ctx, page+".title", nil)
		head := gorgon.Head{Title: title + " · " + name, Canonical: path}
		if path == "" {
			head.Robots = "noindex"
		} else if err == nil {
			head.Description, err = messages.Text(ctx, "home.lead", nil)
		}
		return head, err
	}
}

// productHead also says what others show where they link to the product, and
// what search engines read.
func productHead(ctx context.Context, _ gorgon.Input, p product) (gorgon.Head, error) {
	head := gorgon.Head{
		Title: p.Name + " · " + name, Description: p.Text, Canonical: "/products/" + p.ID,
		Meta: []gorgon.Meta{
			{Property: "og:type", Content: "product"}, {Property: "og:title", Content: p.Name},
			{Property: "og:description", Content: p.Text},
		},
		Extra: view("product-data.html", p),
	}
	if p.Picture.Src == "" {
		return head, nil
	}
	at, err := gorgon.AbsoluteURL(ctx, p.Picture.Src)
	head.Meta = append(head.Meta, gorgon.Meta{Property: "og:image", Content: at})
	return head, err
}

// shows is a view that is a template.
func shows[S any](name string) func(S) gorgon.Component {
	return func(s S) gorgon.Component { return view(name, s) }
}

// still is a page that is only a template, made at build.
func still(path, page string) gorgon.Part {
	return gorgon.Page[struct{}]{
		Path: path, HeadFor: headed[struct{}](page, ""), View: shows[struct{}](page + ".html"),
		// A code may be in the fragment of its URL; the rest is told to no other site, too.
		Headers: func(struct{}) http.Header { return http.Header{"Referrer-Policy": {"same-origin"}} },
	}
}
