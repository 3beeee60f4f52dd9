// What is known of a request beside itself.

package serve

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"sync"

	"github.com/gorgon-go/gorgon/metrics"
)

// A record goes with a request, by its context. Not every request has one:
// that would cost the hot path.
type record struct {
	scheme string // that the visitor used, as a trusted proxy says; "" for the connection's
	route  string // the pattern that answers; "" while none is known
	cache  string // what the cache did, in a word of package metrics; "" for nothing

	mu sync.Mutex
	id string // made when it is first asked for
}

type recordKey struct{}

func recordOf(r *http.Request) *record {
	rec, _ := r.Context().Value(recordKey{}).(*record)
	return rec
}

// recorded is the request with a record.
func recorded(r *http.Request) (*http.Request, *record) {
	if rec := recordOf(r); rec != nil {
		return r, rec
	}
	rec := new(record)
	return r.WithContext(context.WithValue(r.Context(), recordKey{}, rec)), rec
}

// RequestID is the name of a request in the log and, where it fails, in the
// error view: the X-Request-Id of a trusted proxy, and otherwise one of our
// own. It is the same wherever the request is asked for it within an app's
// handlers, guards, middleware and request-time generators, and "" outside.
func RequestID(r *http.Request) string {
	if rec := recordOf(r); rec != nil {
		return rec.name()
	}
	return ""
}

func (rec *record) name() string {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if rec.id == "" {
		rec.id = identifier()
	}
	return rec.id
}

// cached says what the cache did.
func (rec *record) cached() string { return cmp.Or(rec.cache, metrics.None) }

// identifier names one request. It is no secret, so it needs no system call:
// 80 bits, which are not met twice in a log.
func identifier() string {
	const letters = "abcdefghijklmnopqrstuvwxyz234567"
	var id [16]byte
	low, high := rand.Uint64(), rand.Uint64()
	for i := range id {
		if i == 8 {
			low = high
		}
		id[i] = letters[low%32]
		low /= 32
	}
	return string(id[:])
}

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
	if rec := recordOf(r); rec != nil && rec.scheme != "" {
		return rec.scheme
	}
	if r.TLS != nil {
		return "https"
	}
	return "http"
}
