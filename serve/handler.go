// Package serve answers HTTP requests for the pages and files of an app.
//
// A request passes the app's middleware first. Then answers, in this order:
// the framework's own paths below /_gorgon/, the app's handlers, files, and
// pages. A page's guards run before anything of it is read or made, whichever
// URL led to it; a guarded page is never offered to caches in between.
//
// # What orchestrators ask
//
// /livez, /startupz and /readyz are answered before all of it, and without the
// base path: 200 or 503, and in a word what is wrong. /livez answers while the
// process works, /startupz says whether Config.Started holds, and /readyz that
// too, that the server is not draining, and with Config.RequireStore that the
// store can be used. Those whom Config.Details lets get the reasons as JSON.
//
// # What sees which URL
//
// The base path is part of the URL that middleware, guards and generators
// see, as the visitor wrote it. The app's handlers are declared without it,
// and so see the path without it.
//
// # What is refused
//
// A path that two readers could take for two things is refused before
// anything is asked: 400. One that holds an encoded slash names no page or
// file, but may be a handler's. Nothing is ever built from the Host header.
package serve

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/compose"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/render"
)

// Config says what a [Handler] serves. App and Renderer are needed, and Cache
// where a page is kept.
type Config struct {
	App      gorgon.App
	Renderer *render.Renderer
	Cache    *cache.Cache // with Config.Prepare set to [Prepare], so that hits are cheap

	// Files finds a file by the decoded path it is served at, without base.
	// It is asked until it has found the file; what it found is kept, and
	// must not change. Default: there are none.
	Files func(path string) (File, bool)

	// Base is the path that everything lies below: "/docs". Default: that of
	// Renderer.Site.
	Base string

	// PurgeKey signs purges over HTTP. Default: none, and there is no way to
	// purge over HTTP.
	PurgeKey []byte

	// RequireStore makes /readyz say that this instance is not ready while the
	// store cannot be used. Default: it is ready, and says that it is degraded.
	RequireStore bool

	// Attend keeps a response from ending until the work behind it is over,
	// once all of it was sent: for places that stop a process between
	// requests. Default: work goes on by itself.
	Attend bool

	// Started says why this instance has not started yet; nil once it has. It
	// is asked at every question for /startupz and /readyz, so it must be
	// quick. Default: it starts with the server.
	Started func() error

	// Details says who is told the reasons at /livez, /readyz and /startupz,
	// as JSON. Default: nobody. See [WithKey].
	Details func(*http.Request) bool

	// AccessLog takes a line for each request: method, route, path, status,
	// bytes, duration, client, protocol, id, and what the cache did. Default:
	// none.
	AccessLog *slog.Logger

	// Observe is told of every request. Default: nobody, which costs nothing.
	Observe metrics.Observer

	Log *slog.Logger     // default: slog.Default()
	Now func() time.Time // default: time.Now
}

// A Handler serves one app. It is safe for concurrent use.
type Handler struct {
	renderer     *render.Renderer
	cache        *cache.Cache
	composer     *compose.Composer
	navigates    bool // pages have payloads
	includes     bool // a proxy may ask for tags in the place of fragments
	files        func(path string) (File, bool)
	known        sync.Map // path → *prepared; as many as there are files
	router       *gorgon.Router
	guards       map[*gorgon.Definition]http.Handler
	mux          *http.ServeMux // nil where the app has no handlers
	chain        http.Handler   // nil where it has no middleware
	always       []field
	headers      http.Header // the app's
	base         string
	prefixes     gorgon.Prefixes
	locales      *locales // nil where nobody is sent to a language
	detect       bool
	cdn          bool
	tagHeader    string
	purges       *purges // nil without a key
	requireStore bool
	attend       bool
	started      func() error
	details      func(*http.Request) bool
	access       *slog.Logger     // nil for none
	observer     metrics.Observer // nil for none
	log          *slog.Logger
	now          func() time.Time
}

// New makes a handler. It says every fault at once; those of the app itself
// are for App.Validate, which is expected to have passed.
func New(config Config) (*Handler, error) {
	var faults []error
	if config.Renderer == nil {
		faults = append(faults, errors.New("there is no Renderer: make one for the app"))
	}
	base := config.Base
	if base == "" && config.Renderer != nil {
		base = config.Renderer.Site.Base
	}
	if config.Renderer != nil && base != config.Renderer.Site.Base {
		faults = append(faults, fmt.Errorf("Base is %q, and views are rendered for %q: use one", base, config.Renderer.Site.Base))
	}
	if base != "" && (strings.HasSuffix(base, "/") || gorgon.CheckPath(base) != nil) {
		faults = append(faults, fmt.Errorf("Base %q: use a path without a slash at its end, such as \"/docs\"", base))
	}
	h := &Handler{
		headers: config.App.Headers, navigates: config.App.Navigation != nil, includes: config.App.CDN != nil && config.App.CDN.ESI,
		renderer: config.Renderer, cache: config.Cache, files: config.Files, base: base,
		prefixes: config.App.Prefixes(), detect: config.App.DetectLocale, cdn: config.App.CDN != nil, tagHeader: tagHeaderOf(config.App.CDN),
		requireStore: config.RequireStore, attend: config.Attend, started: config.Started, details: config.Details,
		access: config.AccessLog, observer: config.Observe, log: config.Log, now: config.Now,
	}
	if h.log == nil {
		h.log = slog.Default()
	}
	if h.now == nil {
		h.now = time.Now
	}
	if len(config.PurgeKey) > 0 {
		if h.cache == nil {
			faults = append(faults, errors.New("there is a PurgeKey and no Cache to purge: give both, or neither"))
		}
		h.purges = newPurges(config.PurgeKey)
	}
	var err error
	if h.always, err = everywhere(config.App.Headers); err != nil {
		faults = append(faults, err)
	}
	definitions := config.App.Definitions()
	for _, d := range definitions {
		if d.Pattern == nil || d.View == nil {
			faults = append(faults, fmt.Errorf("page %q cannot be served: see App.Validate", d.Path))
		}
		if d.Kept() && h.cache == nil {
			faults = append(faults, fmt.Errorf("page %q is kept, and there is no Cache to keep it: give one", d.Path))
		}
	}
	for _, d := range config.App.FragmentDefinitions() {
		if d.Kept() && h.cache == nil {
			faults = append(faults, fmt.Errorf("fragment %s is kept, and there is no Cache to keep it: give one", d.Fragment))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, &gorgon.Error{Op: "serve", Err: err}
	}
	if h.composer, err = compose.New(compose.Config{Cache: h.cache, Renderer: h.renderer, Prepare: Prepare}); err != nil {
		return nil, err
	}
	if config.App.Negotiated() {
		h.locales = newLocales(config.App.Locales)
	}
	h.router = gorgon.NewRouter(definitions)
	h.guard(definitions)
	if h.mux, err = mount(config.App.Handlers); err != nil {
		return nil, &gorgon.Error{Op: "serve", Err: err}
	}
	if len(config.App.Middleware) > 0 {
		h.chain = http.HandlerFunc(h.route)
		for _, m := range slices.Backward(config.App.Middleware) {
			h.chain = m(h.chain)
		}
	}
	return h, nil
}

// ServeHTTP answers a request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.access != nil || h.observer != nil {
		h.observed(w, r)
		return
	}
	h.serve(w, r)
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	for i := range h.always {
		header[h.always[i].name] = h.always[i].values
	}
	switch {
	case isHealthPath(r.URL.Path) && reads(r.Method):
		h.health(w, r)
	case h.chain != nil:
		h.foreign(w, r, match{}, h.chain)
	default:
		h.route(w, r)
	}
}
