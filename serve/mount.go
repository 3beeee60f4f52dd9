// The app's own handlers, by ServeMux pattern.

package serve

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// mounted marks a handler of the app, so that it can be told from the
// redirects that ServeMux invents, which must not take the place of a page.
type mounted struct{ http.Handler }

// mount makes a mux of the app's handlers; nil where there are none.
func mount(handlers map[string]http.Handler) (mux *http.ServeMux, err error) {
	if len(handlers) == 0 {
		return nil, nil
	}
	mux = http.NewServeMux()
	for pattern, handler := range handlers {
		if handler == nil {
			return nil, fmt.Errorf("handler %s is nil: remove it", pattern)
		}
		func() {
			defer func() {
				if p := recover(); p != nil {
					err = fmt.Errorf("handler %s: %v", pattern, p)
				}
			}()
			mux.Handle(pattern, &mounted{handler})
		}()
	}
	return mux, err
}

// handle answers with a handler of the app, if one matches.
func (h *Handler) handle(w http.ResponseWriter, r *http.Request, m match) bool {
	inner, ok := h.inside(r)
	if !ok {
		return false
	}
	found, pattern := h.mux.Handler(inner)
	if !is(found) {
		return false
	}
	h.note(r, pattern)
	h.foreign(w, inner, m, h.mux) // once more through the mux, which sets the path values
	return true
}

func is(h http.Handler) bool {
	_, ok := h.(*mounted)
	return ok
}

// inside is the request as handlers see it: without the base path.
func (h *Handler) inside(r *http.Request) (*http.Request, bool) {
	if h.base == "" {
		return r, true
	}
	raw := r.URL.RawPath
	if raw != "" {
		var ok bool
		if raw, ok = strings.CutPrefix(raw, h.base); !ok {
			// The base itself is encoded. Without RawPath the rest is encoded
			// as usual, which says the same unless a slash was encoded.
			if strings.Contains(strings.ToLower(r.URL.RawPath), "%2f") {
				return nil, false
			}
			raw = ""
		}
	}
	inner := new(http.Request)
	*inner = *r
	inner.URL = new(url.URL)
	*inner.URL = *r.URL
	inner.URL.Path, inner.URL.RawPath = strings.TrimPrefix(r.URL.Path, h.base), raw
	return inner, true
}

// subtree says whether a handler answers everything below the path, but not
// the path itself.
func (h *Handler) subtree(r *http.Request) bool {
	if h.mux == nil || strings.HasSuffix(r.URL.Path, "/") {
		return false
	}
	inner, ok := h.inside(r)
	if !ok {
		return false
	}
	below := inner.Clone(r.Context())
	below.URL.Path, below.URL.RawPath = below.URL.Path+"/", ""
	found, _ := h.mux.Handler(below)
	return is(found)
}

// otherMethods lists the methods by which handlers answer at a path, where
// they do not answer by this one; "" for none.
func (h *Handler) otherMethods(r *http.Request) string {
	if h.mux == nil {
		return ""
	}
	inner, ok := h.inside(r)
	if !ok {
		return ""
	}
	found, pattern := h.mux.Handler(inner)
	if pattern != "" {
		return ""
	}
	// ServeMux says which methods there are only in its answer.
	probe := &probe{header: http.Header{}}
	found.ServeHTTP(probe, inner)
	if probe.status != http.StatusMethodNotAllowed {
		return ""
	}
	return probe.header.Get("Allow")
}

// A probe takes an answer that nobody sees.
type probe struct {
	header http.Header
	status int
}

func (p *probe) Header() http.Header         { return p.header }
func (p *probe) WriteHeader(status int)      { p.status = status }
func (p *probe) Write(b []byte) (int, error) { return len(b), nil }
