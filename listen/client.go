// Who sent a request.

package listen

import (
	"net/http"
	"net/netip"
)

// forwarded is what a trusted proxy said of a request.
type forwarded struct {
	scheme string // that the visitor used; "" where it is not said
	id     string // "" where it is not said
}

type forwardedKey struct{}

func forwardedOf(r *http.Request) forwarded {
	if said, ok := r.Context().Value(forwardedKey{}).(*forwarded); ok {
		return *said
	}
	return forwarded{}
}

// RequestID is the X-Request-Id of a trusted proxy; "" for none.
func RequestID(r *http.Request) string { return forwardedOf(r).id }

// Client is the address of the visitor: that of the connection, or behind a
// trusted proxy the one the proxy names. It is not valid where the connection
// has no IP address.
func Client(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap()
}

// Scheme is "https" where the visitor's connection is encrypted, as far as is
// known: by this server, or as a trusted proxy says. Otherwise it is "http".
func Scheme(r *http.Request) string {
	if said := forwardedOf(r).scheme; said != "" {
		return said
	}
	if r.TLS != nil {
		return "https"
	}
	return "http"
}
