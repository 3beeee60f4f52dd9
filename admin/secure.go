// Who is answered, and what every answer says.

package admin

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/operate"
	"github.com/gorgon-go/gorgon/wire"
)

// policy is what the pages may load and who may frame them.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// around is what is asked before a page is answered.
func (c Config) around(pages http.Handler, p *operate.Program) http.Handler {
	inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if own := ownWriter(w); own != nil {
			own.guarded = false
		}
		switch {
		case !served(r.URL.Path):
			http.NotFound(w, r)
		case !takes(r.URL.Path, r.Method):
			w.Header().Set("Allow", allowed(r.URL.Path))
			http.Error(w, "This address takes only "+allowed(r.URL.Path)+".", http.StatusMethodNotAllowed)
		case r.Method == http.MethodPost && !sameOrigin(r):
			http.Error(w, "This request is not of these pages: use the forms there, or the commands of the program.", http.StatusForbidden)
		case r.URL.Path == doing && !p.Writes:
			http.Error(w, "These pages only show: start the program with --admin-write to change something.", http.StatusForbidden)
		default:
			pages.ServeHTTP(w, r)
		}
	})
	guarded := http.Handler(inner)
	if c.Guard != nil {
		guarded = c.Guard(inner)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protect(w.Header())
		if c.Guard == nil && !c.answers(r.Host) {
			http.Error(w, "These pages are not at this name: use localhost, the IP address, or a name in Hosts of admin.Config.", http.StatusMisdirectedRequest)
			return
		}
		guarded.ServeHTTP(&closed{ResponseWriter: w, guarded: c.Guard != nil}, r)
	})
}

// protect adds what all answers say.
func protect(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Robots-Tag", "noindex, nofollow")
}

// A closed writer sends the headers of protect, whatever was set meanwhile.
type closed struct {
	http.ResponseWriter

	begun   bool
	guarded bool // the guard has not let the request through so far
	silent  bool // another answer was sent in place of this one
}

func (c *closed) WriteHeader(status int) {
	if c.silent {
		return
	}
	if !c.begun && status >= 200 {
		c.begun = true
		protect(c.Header())
		if c.led(status) {
			c.silent = true
			c.Header().Del("Location")
			http.Error(c.ResponseWriter, "Sign in at the site, and load this page again.", http.StatusUnauthorized)
			return
		}
	}
	c.ResponseWriter.WriteHeader(status)
}

// led says whether a guard leads to a page of the site, which is not at this
// address: browsers would be led around in a circle.
func (c *closed) led(status int) bool {
	to := c.Header().Get("Location")
	return c.guarded && status >= 300 && status < 400 && (to == "" || strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//"))
}

func (c *closed) Write(data []byte) (int, error) {
	if !c.begun {
		c.WriteHeader(http.StatusOK)
	}
	if c.silent {
		return len(data), nil
	}
	return c.ResponseWriter.Write(data)
}

func (c *closed) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// ownWriter is the closed writer within those of a guard; nil if a guard hides it.
func ownWriter(w http.ResponseWriter) *closed {
	for {
		switch inner := w.(type) {
		case *closed:
			return inner
		case interface{ Unwrap() http.ResponseWriter }:
			w = inner.Unwrap()
		default:
			return nil
		}
	}
}

// answers says whether the pages are at a host. A page of the web whose name leads
// to this machine sends its own.
func (c Config) answers(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	return slices.ContainsFunc(c.Hosts, func(name string) bool { return strings.EqualFold(name, host) })
}

// sameOrigin says whether a browser sends a request for one of these pages. One
// that does not say so is refused, too. Since pages of Referrer-Policy: no-referrer
// have no origin for forms, "null" is fine if the browser says the rest.
func sameOrigin(r *http.Request) bool {
	site, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
	if site != "" && site != "same-origin" {
		return false
	}
	if origin == "" || origin == "null" {
		return site != ""
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

// served says whether something may be at a path: of the framework's own ones, only
// what the pages use.
func served(path string) bool {
	if path == wire.Live || path == wire.Ready || path == wire.Started {
		return false // they would speak of these pages, and not of the program
	}
	if !strings.HasPrefix(path, wire.Root) {
		return true
	}
	return slices.ContainsFunc([]string{wire.Assets, wire.Fragment, wire.Stream}, func(of string) bool { return strings.HasPrefix(path, of) })
}

// takes says whether a path is asked by a method.
func takes(path, method string) bool {
	if sent(path) {
		return method == http.MethodPost
	}
	return method == http.MethodGet || method == http.MethodHead
}

// sent says whether something is sent to a path.
func sent(path string) bool { return path == doing || strings.HasPrefix(path, wire.Stream) }

func allowed(path string) string {
	if sent(path) {
		return "POST"
	}
	return "GET, HEAD"
}
