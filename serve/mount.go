// The app's own handlers, by ServeMux pattern.

package serve

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/paths"
)

// A mux is the app's handlers. A nil one has none.
type mux struct {
	handlers *http.ServeMux
	heads    map[string]bool // the first segments of all patterns; nil where one may begin with any
	where    *siteMap
}

// mounted marks a handler of the app, so that it can be told from the
// redirects that ServeMux invents, which must not take the place of a page.
type mounted struct {
	http.Handler
	guarded   bool
	guard     func(http.Handler) http.Handler // what its guards let pass
	problems  func(*http.Request) bool
	share     func(http.ResponseWriter, *http.Request) // says which origins may read the answer; nil where it says nothing
	preflight func(http.ResponseWriter, *http.Request) // nil where no other origin may call it
	trusts    func(*http.Request) bool                 // nil where no other origin may call it
}

// mount makes a mux of the app's handlers; nil where there are none.
func mount(handlers []gorgon.Handler, where *siteMap, answers *responder) (m *mux, err error) {
	if len(handlers) == 0 {
		return nil, nil
	}
	m = &mux{handlers: http.NewServeMux(), heads: map[string]bool{}, where: where}
	any := false
	for _, h := range handlers {
		pattern := h.Pattern
		if h.Handler == nil {
			return nil, fmt.Errorf("handler %s is nil: remove it", pattern)
		}
		if err := paths.Handle(m.handlers, pattern, marked(h, answers)); err != nil {
			return nil, fmt.Errorf("handler %s: %w", pattern, err)
		}
		head, unescapeErr := url.PathUnescape(headOf(pathOf(pattern)))
		any = any || unescapeErr != nil || head == "" || strings.ContainsAny(head, "{/")
		m.heads[head] = true
	}
	if any {
		m.heads = nil
	}
	return m, err
}

func marked(h gorgon.Handler, answers *responder) *mounted {
	m := &mounted{guarded: len(h.Guards) > 0, guard: func(next http.Handler) http.Handler {
		return gorgon.Handler{Handler: next, Guards: h.Guards}.Guarded()
	}}
	if p, ok := h.Handler.(problems); ok {
		m.problems = p.WantsProblem
	}
	if p, ok := h.Handler.(interface {
		Share(http.ResponseWriter, *http.Request)
		Preflight(http.ResponseWriter, *http.Request)
	}); ok {
		m.share, m.preflight = p.Share, p.Preflight
	}
	if p, ok := h.Handler.(interface{ Trusts(*http.Request) bool }); ok {
		m.trusts = p.Trusts
	}
	if m.guarded && m.problems != nil {
		h.Handler = found(h.Handler, m.problems, answers)
	}
	m.Handler = h.Guarded()
	return m
}

// found is a handler that needs what the context has of its request. A guard
// may have replaced the context.
func found(next http.Handler, problems func(*http.Request) bool, answers *responder) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := visitOf(r, answers.in); !ok {
			answers.fail(w, r, match{path: r.URL.Path, restricted: true, problems: problems}, errLostMatch)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// pathOf is the path of a ServeMux pattern.
func pathOf(pattern string) string {
	if i := strings.IndexByte(pattern, '/'); i >= 0 {
		return pattern[i:]
	}
	return ""
}

// headOf is the first segment of a path.
func headOf(path string) string {
	head, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return head
}

// A reading is one way in which the mux may read a request.
type reading struct {
	request *http.Request // as a handler sees it: without base path and locale; nil for no such way
	locale  string        // that of the path
	found   http.Handler
	pattern string
}

// readings are the ways to read a request, the better one first. Handlers are
// declared once and answer in every language: the prefix of a locale is taken
// off the path, unless a pattern begins with it.
func (m *mux) readings(r *http.Request) (all [2]reading) {
	path, below := strings.CutPrefix(r.URL.Path, m.where.base)
	if !below {
		return all
	}
	rest, locale, prefixed := m.where.prefixes.Split(path)
	if prefixed && rest != "" && len(rest) != len(path) {
		all[0] = m.read(r, m.where.base+path[:1+len(locale)], rest, locale)
	}
	all[1] = m.read(r, m.where.base, path, locale)
	if own := pathOf(all[1].pattern); own != "" && all[0].request != nil && headOf(own) == locale {
		all[0], all[1] = all[1], all[0]
	}
	return all
}

// read asks the mux about a request without a prefix of its path.
func (m *mux) read(r *http.Request, prefix, rest, locale string) reading {
	if m.heads != nil && !m.heads[headOf(rest)] {
		return reading{} // the usual page: no pattern begins like this
	}
	inner, ok := stripped(r, prefix)
	if !ok {
		return reading{}
	}
	if inner.URL.Path == "" { // the home page's, in a locale
		inner.URL.Path = "/"
	}
	found, pattern := m.handlers.Handler(inner)
	return reading{inner, locale, found, pattern}
}

// stripped is a request without a prefix of its path.
func stripped(r *http.Request, prefix string) (*http.Request, bool) {
	if prefix == "" {
		return r, true
	}
	raw := r.URL.RawPath
	if raw != "" {
		var ok bool
		if raw, ok = strings.CutPrefix(raw, gorgon.EscapePath(prefix)); !ok {
			// The prefix is encoded in another way than usual. Without RawPath
			// the rest is encoded as usual, which says the same unless a slash
			// was encoded.
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
	inner.URL.Path, inner.URL.RawPath = strings.TrimPrefix(r.URL.Path, prefix), raw
	return inner, true
}

// handler finds the handler of the app that answers a request.
func (m *mux) handler(r *http.Request) (reading, bool) {
	for _, as := range m.readings(r) {
		if _, ok := as.found.(*mounted); ok {
			return as, true
		}
	}
	return reading{}, false
}

// preflight finds the handler that a browser asks about before it lets a page
// of another origin call it.
func (m *mux) preflight(r *http.Request) (as reading, ok bool) {
	method := r.Header.Get("Access-Control-Request-Method")
	if r.Method != http.MethodOptions || method == "" || len(method) > 16 {
		return as, false
	}
	asked := new(http.Request)
	*asked = *r
	asked.Method = method
	if as, ok = m.handler(asked); ok {
		ok = as.found.(*mounted).preflight != nil
	}
	return as, ok
}

// handles says whether a handler of the app answers a request.
func (m *mux) handles(r *http.Request) bool {
	if m == nil {
		return false
	}
	_, ok := m.handler(r)
	return ok
}

// subtree finds the handler that answers everything below the path, but not the
// path itself.
func (m *mux) subtree(r *http.Request) (reading, bool) {
	if m == nil || strings.HasSuffix(r.URL.Path, "/") {
		return reading{}, false
	}
	below := r.Clone(r.Context())
	below.URL.Path, below.URL.RawPath = below.URL.Path+"/", ""
	return m.handler(below)
}

// otherMethods lists the methods by which handlers answer at a path, where
// they do not answer by this one; "" for none.
func (m *mux) otherMethods(r *http.Request) string {
	if m == nil {
		return ""
	}
	for _, as := range m.readings(r) {
		if as.request == nil || as.pattern != "" {
			continue
		}
		// ServeMux says which methods there are only in its answer.
		probe := &probe{header: http.Header{}}
		if as.found.ServeHTTP(probe, as.request); probe.status == http.StatusMethodNotAllowed {
			return probe.header.Get("Allow")
		}
	}
	return ""
}

// byMethods finds one of the handlers that answer at a path by these methods,
// as a request by another method reaches it: one without guards, if there is.
func (m *mux) byMethods(r *http.Request, methods string) (as reading) {
	for method := range strings.SplitSeq(methods, ", ") {
		asked := new(http.Request)
		*asked = *r
		asked.Method = method
		read, ok := m.handler(asked)
		if !ok {
			continue
		}
		inner := new(http.Request)
		*inner = *read.request
		inner.Method, read.request = r.Method, inner
		if !read.found.(*mounted).guarded {
			return read
		}
		if as.found == nil {
			as = read
		}
	}
	return as
}

// A probe takes an answer that is not sent.
type probe struct {
	header http.Header
	status int
}

func (p *probe) Header() http.Header         { return p.header }
func (p *probe) WriteHeader(status int)      { p.status = status }
func (p *probe) Write(b []byte) (int, error) { return len(b), nil }
