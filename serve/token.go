// Tokens: what a visitor knows to have been purged.

package serve

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/wire"
)

// A token is the epoch of a purge. A request that carries one is never
// answered with what that purge declared out of date, by any instance.
const tokenFor = time.Minute // how long a browser carries one: by then every instance has heard

// giveToken has the visitor's browser carry a token.
func giveToken(w http.ResponseWriter, r *http.Request, base string, epoch uint64) {
	http.SetCookie(w, &http.Cookie{
		Name: wire.CookieToken, Value: strconv.FormatUint(epoch, 10), Path: base + "/",
		MaxAge: int(tokenFor / time.Second), HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: listen.Scheme(r) == "https",
	})
}

// tokenOf is the token that a request carries, 0 for none. A text that is not
// a number counts as none: a token can only require a newer version.
func tokenOf(header http.Header) uint64 {
	var token uint64
	if values := header[wire.HeaderToken]; len(values) > 0 {
		token, _ = strconv.ParseUint(values[0], 10, 53)
	}
	if header["Cookie"] == nil {
		return token
	}
	for _, c := range (&http.Request{Header: header}).CookiesNamed(wire.CookieToken) {
		if n, err := strconv.ParseUint(c.Value, 10, 53); err == nil {
			token = max(token, n)
		}
	}
	return token
}
