// What is known of a request beside itself.

package serve

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net/http"
	"sync"

	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/metrics"
)

// A record goes with a request, by its context. Not every request has one:
// that would cost the hot path.
type record struct {
	route string // the pattern that answers; "" while none is known
	cache string // what the cache did, in a word of package metrics; "" for nothing

	request *http.Request // before it carried this record

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
	rec := &record{id: listen.RequestID(r), request: r}
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

// identifier names one request. It need not be secret, so it needs no system
// call: 80 bits do not repeat in a log.
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
