// How long a client may take for an answer, where the server's own limit is not enough.

package listen

import (
	"net/http"
	"time"
)

const (
	large = 1 << 20  // bytes; what is smaller has the server's write timeout alone
	pace  = 64 << 10 // bytes a second that every client must manage
)

// Grant gives a client the server's write timeout, and time beside it for the
// size of a large body. A connection that cannot do this keeps its deadline.
func Grant(w http.ResponseWriter, r *http.Request, size int) {
	if size <= large {
		return
	}
	if d := WriteTimeout(r); d > 0 {
		d += time.Duration(size/pace) * time.Second
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(d))
	}
}

// WriteTimeout is that of the server the request came to; 0 for none.
func WriteTimeout(r *http.Request) time.Duration {
	if server, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok {
		return server.WriteTimeout
	}
	return 0
}
