// The app: a whole site described in one value.

package gorgon

import (
	"context"
	"net/http"
)

// An App describes a whole site. It is a value: it holds no store, opens
// nothing and starts nothing. Name and Parts are required.
type App struct {
	// Name names the app in files and logs: lower-case letters, digits and dashes.
	Name string

	// Parts are the pages, fragments, caches, handlers, services, indicators of
	// health, build values and groups of these that the app consists of.
	Parts []Part

	// Layout is the document around every page. Default: a minimal one.
	Layout func(Document) Component

	// Error is the error view for every page and status without an error view
	// of its own. Default: a minimal one.
	Error func(Failure) Component

	// FieldDetail returns what visitors read about a refused field of an input,
	// by its Code and Limit and in the locale of ctx. Default: the field's
	// Detail, which is English where a check of the framework refused it.
	FieldDetail func(ctx context.Context, f Field) string

	// Origin is the scheme and host that absolute URLs are made of, as in
	// "https://example.com". They are never derived from a request. Default:
	// none; the site then has no sitemap.
	Origin string

	// Locales are the languages of the site. Default: one, without a name.
	Locales Locales

	// Assets are the files of the app: style sheets, modules, images, and
	// files at paths of their own. Default: none.
	Assets Assets

	// Navigation lets links change the page without loading another document,
	// where the browser can. Default: every link loads a document, and no page
	// carries a script for navigation.
	Navigation *Navigation

	// AllowRequestTime sets [Page.AllowRequestTime] on every page that is
	// stored. It is needed for a layout that uses a fragment rendered for
	// every request. Default: each page declares it for itself.
	AllowRequestTime bool

	// Middleware wraps all requests, except health checks; the first one is
	// outermost.
	Middleware []func(http.Handler) http.Handler

	// Headers are added to every response, and replace the defaults of the
	// same name; an empty value removes one.
	Headers http.Header

	// CDN declares a shared cache in front of the app, which the app purges.
	// Default: none; responses then forbid shared caches to store them.
	CDN *CDN

	// Robots is the content of /robots.txt, unless a page or a file of the app
	// is served at that path. Default: it allows everything and names the
	// sitemap.
	Robots string
}

// A CDN is a shared cache in front of the app.
type CDN struct {
	// TagHeader names the response header that carries a page's tags:
	// "Cache-Tag", "Surrogate-Key". Tags are separated by commas in
	// Cache-Tag, by spaces elsewhere. Default: none is sent.
	TagHeader string

	// ESI says that the cache processes Edge Side Includes: fragments are then
	// sent as ESI tags to a cache that requests them with
	// Surrogate-Capability.
	ESI bool

	// OpenMiddleware says that App.Middleware makes no access decisions and
	// answers all visitors alike, so that the CDN may answer without calling
	// it. Default: false; if the app has middleware, the CDN may then store
	// nothing.
	OpenMiddleware bool

	// Purge purges tags at the CDN. It is called after every purge of the app.
	// A purged route, path or everything is passed as "route:…", "path:…" or
	// "all". Default: none.
	Purge func(ctx context.Context, tags []string) error
}

// Definitions returns the pages with their types erased, in order.
func (a App) Definitions() []*Definition { return a.contents().pages }

// Handlers returns the handlers, in order, with the prefixes and guards of the
// groups around them.
func (a App) Handlers() []Handler { return a.contents().handlers }

// Services returns the services, in order.
func (a App) Services() []Service { return a.contents().services }

// LayoutOf returns the document around a page.
func (a App) LayoutOf(d Document) Component {
	d.Dir = Direction(d.Locale)
	if a.Layout != nil {
		return a.Layout(d)
	}
	return bareLayout(d)
}

// ErrorOf returns the error view for a failure of page, which may be nil.
func (a App) ErrorOf(page *Definition, f Failure) Component {
	if page != nil {
		for _, status := range [...]int{f.Status, 0} {
			if view := page.Errors[status]; view != nil {
				return view(f)
			}
		}
	}
	if a.Error != nil {
		return a.Error(f)
	}
	return bareError(f)
}
