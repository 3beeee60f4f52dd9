// Changing prices: behind a password. The commit purges the pages that show them.

package main

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/serve"
)

// guard lets those in who know the password. Use it over TLS: the browser
// sends the password with each request.
func (s shop) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.password == "" {
			serve.Fail(w, r, gorgon.NotFound())
			return
		}
		_, given, _ := r.BasicAuth()
		a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(s.password))
		if subtle.ConstantTimeCompare(a[:], b[:]) != 1 {
			w.Header().Set("WWW-Authenticate", `Basic realm="starter-shop", charset="UTF-8"`)
			serve.Fail(w, r, &gorgon.Error{Kind: gorgon.KindUnauthorized, Message: "This page wants a password."})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// A newPrice is a form with a product's id and its price.
type newPrice struct {
	ID    string `json:"id" check:"min=1,max=40"`
	Price string `json:"price" check:"max=12"`
}

// changePrice changes a price. When it has answered, the owner sees the new one
// on every page. Other visitors may get the old page once more, while the new
// one is made.
func (s shop) changePrice() api.Endpoint[newPrice, api.None] {
	return api.Endpoint[newPrice, api.None]{
		Path: "POST /admin/price", Name: "changePrice",
		Guards: []func(http.Handler) http.Handler{s.guard},
		Handle: func(ctx context.Context, in newPrice) (api.None, error) {
			price, ok := readPrice(in.Price)
			if !ok {
				return api.None{}, gorgon.Refuse("/price", "A price is a number such as 19.90.")
			}
			known, err := s.setPrice(ctx, in.ID, price)
			if err == nil && !known {
				err = gorgon.Refuse("/id", "There is no such product.")
			}
			return api.None{}, err
		},
		Then: func(newPrice, api.None) string { return "/admin" },
	}
}

func readPrice(s string) (cents, bool) {
	f, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
	if err != nil || !(f >= 0 && f < 1e6) {
		return 0, false
	}
	return cents(math.Round(f * 100)), true
}
