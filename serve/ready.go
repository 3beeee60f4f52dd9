// Whether this instance should be sent visitors.

package serve

import "net/http"

// readyPath is asked by balancers and orchestrators.
const readyPath = "/readyz"

// ready answers that requests can be taken. Without its store an instance can,
// and says so; with Config.RequireStore it is not ready then. The reason is
// for the log: the answer may be seen by anyone.
func (h *Handler) ready(w http.ResponseWriter, r *http.Request) {
	status, body := http.StatusOK, "ready\n"
	if h.cache != nil {
		if degraded, _ := h.cache.Degraded(); degraded {
			body = "ready, degraded: the store cannot be used\n"
			if h.requireStore {
				status, body = http.StatusServiceUnavailable, "not ready: the store cannot be used\n"
			}
		}
	}
	header := w.Header()
	h.private(header)
	header["Content-Type"] = valueText
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write([]byte(body))
	}
}

// HealthOnly answers for health alone, as a handler made by New does, and for
// nothing else: for processes that work and have no visitors.
func HealthOnly(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == readyPath {
			h.ServeHTTP(w, r)
			return
		}
		http.NotFound(w, r)
	})
}
