// Tokens: what a visitor knows to have been purged.

package serve

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gorgon-go/gorgon/wire"
)

// A token is the epoch of a purge. A request that carries one is never
// answered with what that purge declared out of date, by any instance.
const tokenFor = time.Minute // how long a browser carries one: by then every instance has heard

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
