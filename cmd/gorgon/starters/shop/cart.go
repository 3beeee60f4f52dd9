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
	"github.com/gorgon-go/gorgon/serve"
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

func writeCart(w http.ResponseWriter, r *http.Request, lines []line) {
	values := url.Values{}
	for _, l := range lines {
		values.Set(l.ID, strconv.Itoa(l.Quantity))
	}
	http.SetCookie(w, &http.Cookie{
		Name: cartCookie, Value: values.Encode(), Path: "/", MaxAge: cartFor,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil,
	})
}

// cart is what the cookie says, at today's prices.
func (s shop) cart(_ context.Context, _ gorgon.Input, r *http.Request) (cart, error) {
	var c cart
	for _, l := range readCart(r) {
		p, ok, err := s.products.one(l.ID)
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

// changeCart takes a form with an id and either add, for one more, or a
// quantity, 0 to take the product out.
func (s shop) changeCart(w http.ResponseWriter, r *http.Request) {
	id := r.PostFormValue("id")
	_, ok, err := s.products.one(id)
	if err == nil && !ok {
		err = &gorgon.Error{Kind: gorgon.Invalid, Message: "There is no such product."}
	}
	if err != nil {
		serve.Fail(w, r, err)
		return
	}
	lines := readCart(r)
	i := slices.IndexFunc(lines, func(l line) bool { return l.ID == id })
	if i < 0 {
		if i = len(lines); i == maxLines {
			serve.Fail(w, r, &gorgon.Error{Kind: gorgon.Invalid, Message: "The cart is full."})
			return
		}
		lines = append(lines, line{ID: id})
	}
	n := lines[i].Quantity + 1
	if r.PostFormValue("add") == "" {
		n, err = strconv.Atoi(r.PostFormValue("quantity"))
	}
	if err != nil || n < 0 || n > maxQuantity {
		serve.Fail(w, r, &gorgon.Error{Kind: gorgon.Invalid, Message: "Between 0 and 99 of one product, please."})
		return
	}
	if lines[i].Quantity = n; n == 0 {
		lines = slices.Delete(lines, i, i+1)
	}
	writeCart(w, r, lines)
	seeOther(w, r, "/cart")
}

// seeOther sends the visitor of a form to a page.
func seeOther(w http.ResponseWriter, r *http.Request, path string) {
	serve.Fail(w, r, &gorgon.Error{Kind: gorgon.Moved, Status: http.StatusSeeOther, Location: path})
}

// sameOrigin refuses forms that another site sent.
func sameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serve.Fail(w, r, &gorgon.Error{Kind: gorgon.Forbidden, Message: "This form came from another site."})
	}))
	return protection.Handler(next)
}
