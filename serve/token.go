// Tokens: what a visitor knows to have been purged.

package serve

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
)

// A token is the epoch of a purge. A request that carries one is never
// answered with what that purge declared out of date, by any instance.
const (
	tokenHeader = "Gorgon-Token"
	tokenCookie = "gorgon-token"
	tokenFor    = time.Minute // how long a browser carries one: by then every instance has heard
)

// Purge declares subjects out of date, from within one of the app's own
// handlers, and returns the purge's epoch. The visitor gets it as a token, in
// a cookie of a minute: whatever instance answers the next request, who has
// changed something sees it changed. The subjects are as in package pages:
// [pages.TagSubject], [pages.PathSubject], [pages.RouteSubject], [pages.All].
//
// It fails with [gorgon.Unavailable] where the store cannot be told; the
// purge then holds for this instance alone.
func Purge(w http.ResponseWriter, r *http.Request, verb pages.Verb, subjects ...string) (uint64, error) {
	v, ok := r.Context().Value(visitKey{}).(visit)
	if !ok || v.h.cache == nil {
		return 0, &gorgon.Error{Op: "purge", Err: errors.New("the request does not come from a gorgon handler that keeps pages: call it from a handler, guard or middleware of the app")}
	}
	epoch, err := v.h.cache.Purge(context.WithoutCancel(r.Context()), verb, subjects...)
	if epoch > 0 {
		http.SetCookie(w, &http.Cookie{
			Name: tokenCookie, Value: strconv.FormatUint(epoch, 10), Path: v.h.base + "/",
			MaxAge: int(tokenFor / time.Second), HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil,
		})
	}
	return epoch, err
}

// tokenOf is the token that a request carries, 0 for none. What is no number
// is none: a token only ever asks for something newer.
func tokenOf(header http.Header) uint64 {
	var token uint64
	if values := header[tokenHeader]; len(values) > 0 {
		token, _ = strconv.ParseUint(values[0], 10, 53)
	}
	if header["Cookie"] == nil {
		return token
	}
	for _, c := range (&http.Request{Header: header}).CookiesNamed(tokenCookie) {
		if n, err := strconv.ParseUint(c.Value, 10, 53); err == nil {
			token = max(token, n)
		}
	}
	return token
}
