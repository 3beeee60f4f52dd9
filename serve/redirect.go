// Redirects.

package serve

import "net/http"

// redirect sends a visitor to the one URL of what was asked for, which is
// always an escaped path of this app: it starts with exactly one slash, since
// it was made of a path that gorgon.CheckPath let pass. The query stays.
func (h *Handler) redirect(w http.ResponseWriter, r *http.Request, to string) {
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	header := w.Header()
	header["Location"] = []string{to}
	header["Content-Length"] = []string{"0"}
	header["Cache-Control"] = valuePublic
	w.WriteHeader(http.StatusPermanentRedirect)
}

// moved answers with a redirect that was made for this request.
func (h *Handler) moved(w http.ResponseWriter, status int, location []string) {
	header := w.Header()
	header["Location"] = location
	header["Content-Length"] = []string{"0"}
	h.private(header)
	w.WriteHeader(status)
}
