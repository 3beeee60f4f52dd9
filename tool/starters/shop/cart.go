// The cart: in a cookie of the visitor's, so that no server has to remember it.

package main

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/listen"
)

const (
	cartCookie  = "cart"
	cartFor     = 30 * 24 * 60 * 60 // seconds
	maxLines    = 20
	maxQuantity = 99
)

// A cart is what a visitor wants to buy.
type cart struct {
	Lines []cartLine
	Total cents
	Guest bool // who has to sign in to order
}

type cartLine struct {
	product
	Quantity int
}

// Sum is the price of the line.
func (l cartLine) Sum() cents { return l.Price * cents(l.Quantity) }

// A line is a product's ID with how many of it, as the cookie has them.
type line struct {
	ID       string
	Quantity int
}

// readCart reads the cookie; what makes no sense in it is left out.
func readCart(r *http.Request) []line {
	cookie, err := r.Cookie(cartCookie)
	if err != nil {
		return nil
	}
	values, err := url.ParseQuery(cookie.Value)
	if err != nil {
		return nil
	}
	var lines []line
	for id := range values {
		n, err := strconv.Atoi(values.Get(id))
		if err == nil && n > 0 && n <= maxQuantity {
			lines = append(lines, line{id, n})
		}
	}
	slices.SortFunc(lines, func(a, b line) int { return strings.Compare(a.ID, b.ID) })
	return lines[:min(len(lines), maxLines)]
}

func writeCart(ctx context.Context, lines []line) {
	values := url.Values{}
	for _, l := range lines {
		values.Set(l.ID, strconv.Itoa(l.Quantity))
	}
	api.SetCookie(ctx, &http.Cookie{
		Name: cartCookie, Value: values.Encode(), Path: "/", MaxAge: cartFor,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: listen.Scheme(api.Request(ctx)) == "https",
	})
}

// cart is what the cookie says, at today's prices.
func (s shop) cart(ctx context.Context, _ gorgon.Input, r *http.Request) (cart, error) {
	_, err := s.people.Who(ctx)
	c := cart{Guest: err != nil}
	for _, l := range readCart(r) {
		p, ok, err := s.one(ctx, s.db.SQL(), l.ID)
		if err != nil {
			return c, err
		}
		if !ok {
			continue // it is no longer sold
		}
		c.Lines = append(c.Lines, cartLine{p, l.Quantity})
		c.Total += c.Lines[len(c.Lines)-1].Sum()
	}
	return c, nil
}

// A change is a form with a product's id, and either how many more of it or how
// many in all; 0 takes the product out.
type change struct {
	ID       string `json:"id" check:"min=1,max=40"`
	Add      int    `json:"add,omitempty" check:"min=0,max=99"`
	Quantity *int   `json:"quantity,omitempty" check:"min=0,max=99"`
}

func (s shop) changeCart() api.Endpoint[change, api.None] {
	return api.Endpoint[change, api.None]{
		Path: "POST /cart", Name: "changeCart",
		Handle: func(ctx context.Context, in change) (api.None, error) {
			_, ok, err := s.one(ctx, s.db.SQL(), in.ID)
			if err == nil && !ok {
				err = refuse(ctx, "/id", "errors.product", nil)
			}
			if err != nil {
				return api.None{}, err
			}
			lines, err := changed(ctx, readCart(api.Request(ctx)), in)
			if err == nil {
				writeCart(ctx, lines)
			}
			return api.None{}, err
		},
		Then: func(change, api.None) string { return "/cart" },
	}
}

// changed is a cart after a change.
func changed(ctx context.Context, lines []line, in change) ([]line, error) {
	i := slices.IndexFunc(lines, func(l line) bool { return l.ID == in.ID })
	if i < 0 {
		if i = len(lines); i == maxLines {
			return nil, refuse(ctx, "/id", "errors.full", nil)
		}
		lines = append(lines, line{ID: in.ID})
	}
	n := lines[i].Quantity + in.Add
	if in.Quantity != nil {
		n = *in.Quantity
	} else if in.Add == 0 || n > maxQuantity {
		return nil, refuse(ctx, "/quantity", "errors.quantity", nil)
	}
	if lines[i].Quantity = n; n == 0 {
		lines = slices.Delete(lines, i, i+1)
	}
	return lines, nil
}
