// What answers at a path before pages do, so that no page is hidden silently.

package paths

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/gorgon-go/gorgon/wire"
)

// IsHealth says whether the server itself answers at a path for orchestrators and
// balancers, before any middleware and whatever the base path.
func IsHealth(path string) bool {
	return path == wire.Live || path == wire.Ready || path == wire.Started
}

// Claims say what answers at which paths of an app before its pages do: the
// server's health checks, the framework, handlers, files and other locales.
type Claims struct {
	base     string
	file     func(path string) string
	prefixes Prefixes
	mux      *http.ServeMux
}

// claimant stands for a handler, and can be told from the redirects that
// ServeMux adds.
type claimant struct{ http.Handler }

// NewClaims are the claims of an app below a base path, with its handlers by
// pattern. file names the file that is served at a decoded path without the base
// path, such as "static file logo.txt"; "" for none.
func NewClaims(base string, prefixes Prefixes, handlers []string, file func(path string) string) *Claims {
	c := &Claims{base: base, file: file, prefixes: prefixes, mux: http.NewServeMux()}
	for _, pattern := range handlers {
		_ = Handle(c.mux, pattern, claimant{}) // the app's validation says what is wrong with it
	}
	return c
}

// Page is an error where something else answers for the page at a decoded
// path in a locale. The error names it, and what can be done.
func (c *Claims) Page(path, locale string) error {
	at := c.prefixes.Path(locale, path)
	if err := Check(c.base + at); err != nil {
		return fmt.Errorf("at %s: %w: choose a shorter path", at, err)
	}
	if err := c.File(at); err != nil {
		return err
	}
	if rest, other, prefixed := c.prefixes.Split(at); prefixed && (rest != path || other != locale) {
		return fmt.Errorf("the page %s in locale %s answers at %s: choose another path or locale", rest, other, at)
	}
	if name := c.file(at); name != "" {
		return fmt.Errorf("%s answers at %s: rename one of the two", name, at)
	}
	return nil
}

// File is an error where something answers at a decoded path before files do.
func (c *Claims) File(at string) error {
	if c.base == "" && IsHealth(at) {
		return fmt.Errorf("the server's health check answers at %s: choose another path", at)
	}
	if strings.HasPrefix(at, wire.Root) {
		return fmt.Errorf("%s is the framework's own: choose another path", wire.Root)
	}
	if pattern := c.Handler(http.MethodGet, at); pattern != "" {
		return fmt.Errorf("handler %s answers at %s: remove one of the two, or give the handler another method than GET", pattern, at)
	}
	return nil
}

// Handler is the pattern of the handler that answers a method at a decoded path
// without the base path; "" for none. As in the server, the prefix of a locale
// is taken off the path, unless a pattern begins with it.
func (c *Claims) Handler(method, at string) string {
	if strings.HasPrefix(at, wire.Root) {
		return ""
	}
	full := c.handler(method, at)
	rest, locale, prefixed := c.prefixes.Split(at)
	if !prefixed || rest == "" || rest == at {
		return full
	}
	if _, path, _ := strings.Cut(full, "/"); path == locale || strings.HasPrefix(path, locale+"/") {
		return full
	}
	return cmp.Or(c.handler(method, rest), full)
}

// handler is what the mux says of a path without the prefix of a locale.
func (c *Claims) handler(method, path string) string {
	found, pattern := c.mux.Handler(&http.Request{Method: method, URL: &url.URL{Path: path}})
	if _, ok := found.(claimant); !ok {
		return ""
	}
	return pattern
}

// Pattern is an error where something answers for all pages of a pattern.
func (c *Claims) Pattern(p *Pattern, locales []string) error {
	values := make([]string, len(p.Wildcards()))
	if len(values) == 0 {
		path, err := p.Path()
		for _, locale := range locales {
			if err == nil {
				err = c.Page(path, locale)
			}
		}
		return err
	}
	// A handler that takes names which it cannot know takes all of them.
	const unknown = "gorgon-e1c7b9d2f4"
	for i := range values {
		values[i] = unknown
	}
	path, _ := p.Path(values...) // each wildcard has a value
	taken := c.handler(http.MethodGet, path)
	if p.rest() {
		values[len(values)-1] = unknown + "/" + unknown
		if path, _ = p.Path(values...); c.handler(http.MethodGet, path) == "" {
			taken = ""
		}
	}
	if taken == "" {
		return nil
	}
	return fmt.Errorf("handler %s answers at all its paths: remove one of the two, or give the handler another method than GET", taken)
}
