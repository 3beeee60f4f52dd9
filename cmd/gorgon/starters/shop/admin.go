// Changing prices: behind a password, with a purge of the pages that show them.

package main

import (
	"crypto/sha256"
	"crypto/subtle"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
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
			serve.Fail(w, r, &gorgon.Error{Kind: gorgon.Unauthorized, Message: "This page wants a password."})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// changePrice takes a form with an id and a price. When it has answered, no
// server that shares the store shows the old one.
func (s shop) changePrice(w http.ResponseWriter, r *http.Request) {
	id := r.PostFormValue("id")
	price, ok := readPrice(r.PostFormValue("price"))
	if !ok {
		serve.Fail(w, r, &gorgon.Error{Kind: gorgon.Invalid, Message: "A price is a number such as 19.90."})
		return
	}
	_, known, err := s.products.one(id)
	if err == nil && !known {
		err = &gorgon.Error{Kind: gorgon.Invalid, Message: "There is no such product."}
	}
	if err == nil {
		if err = s.products.setPrice(id, price); err != nil {
			err = &gorgon.Error{Op: "set price", Path: s.products.file, Kind: gorgon.Unavailable, Message: "Prices cannot be changed here.", Err: err, Mend: "name a file that can be written with SHOP_DATA"}
		}
	}
	if err == nil {
		// Not Stale, with which the next visitor would still see the old price.
		_, err = serve.Purge(w, r, pages.Expire, pages.TagSubject(tagOf(id)), pages.TagSubject("catalog"))
	}
	if err != nil {
		serve.Fail(w, r, err)
		return
	}
	seeOther(w, r, "/admin")
}

func readPrice(s string) (cents, bool) {
	f, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
	if err != nil || !(f >= 0 && f < 1e6) {
		return 0, false
	}
	return cents(math.Round(f * 100)), true
}
