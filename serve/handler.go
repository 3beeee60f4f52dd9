// Package serve answers HTTP requests for the pages and files of an app.
//
// A request passes the app's middleware first. Then answers, in this order:
// the framework's own paths below /_gorgon/, the app's handlers, files, and
// pages. A page's guards run before anything of it is read or made, whichever
// URL led to it; a guarded page is kept by no cache, not even the browser's.
//
// # What orchestrators ask
//
// /livez, /startupz and /readyz are answered before all of it, and without the
// base path: 200 or 503, and in a word what is wrong. /livez answers while the
// process works, /startupz says whether Config.Started holds, and /readyz that
// too, that the server is not draining, that the app's own indicators of health
// hold, and with Config.RequireStore that the store can be used. Callers allowed
// by Config.Details receive the reasons as JSON.
//
// # What sees which URL
//
// The base path is part of the URL that middleware, guards and generators
// see, as the visitor wrote it. The app's handlers are declared without it,
// and so see the path without it. They are declared once for all languages, and
// see the path without the prefix of the locale too: it is in the context, where
// gorgon.LocaleOf, gorgon.URL and the like find it, in guards and middleware as
// well.
//
// # What is refused
//
// A path that two readers could take for two things is refused before
// anything is asked: 400. One that holds an encoded slash names no page or
// file, but may be a handler's. Nothing is ever built from the Host header.
package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/compose"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/tally"
	"github.com/gorgon-go/gorgon/viewctx"
	"github.com/gorgon-go/gorgon/wire"
)

// Config says what a [Handler] serves. App and Renderer are needed, and Cache
// where a page is kept.
type Config struct {
	App      gorgon.App
	Renderer *render.Renderer
	Cache    *cache.Cache // with Config.Prepare set to [answer.Prepare], so that hits are cheap

	// Files finds a file by the decoded path it is served at, without base.
	// It is asked until it has found the file; what it found is kept, and
	// must not change. Default: there are none.
	Files func(path string) (answer.File, bool)

	// Base is the path that everything lies below: "/docs". Default: that of
	// Renderer.Site.
	Base string

	// PurgeKey is the key that signs purges over HTTP. Default: none; purges
	// over HTTP are then not possible.
	PurgeKey []byte

	// Tick runs a batch of jobs, for callers that MayTick allows, at
	// /_gorgon/tick. Default: there are none.
	Tick    func(ctx context.Context) (metrics.Batch, error)
	MayTick func(*http.Request) bool

	// RequireStore makes /readyz say that this instance is not ready while the
	// store cannot be used. Default: it is ready, and says that it is degraded.
	RequireStore bool

	// Commits says that the app's own code may commit to a database that feeds
	// the cache: responses wait until that is purged. Default: it does not.
	Commits bool

	// Attend keeps a response open, after its body was sent, until the
	// background work that it caused has ended: for targets that stop a
	// process between requests. Default: the work continues in the background.
	Attend bool

	// NoStreams answers the streams of live parts with 404, and pages stay as they
	// are: for targets that send nothing before an answer is whole. Default: they
	// are open.
	NoStreams bool

	// Started says why this instance has not started yet; nil once it has. It
	// is asked at every question for /startupz and /readyz, so it must be
	// quick. Default: it starts with the server.
	Started func() error

	// Database says what is wrong with the app's own database, and whether the
	// app cannot work without that. It is asked as Started is. Default: there is
	// none.
	Database func() (needed bool, err error)

	// Details decides which callers receive the reasons at /livez, /readyz and
	// /startupz, as JSON. Default: none. See [WithKey].
	Details func(*http.Request) bool

	// AccessLog takes a line for each request: method, route, path, status,
	// bytes, duration, client, protocol, id, and what the cache did. Default:
	// none.
	AccessLog *slog.Logger

	// Observe observes every request. Default: nothing does, which costs nothing.
	Observe metrics.Observer

	Log *slog.Logger     // default: slog.Default()
	Now func() time.Time // default: time.Now
}

// A Handler serves one app. It is safe for concurrent use.
type Handler struct {
	out       *answer.Writer
	where     *siteMap
	routes    *routes
	answers   *responder
	gate      *gate
	health    *health
	watch     *watch
	chain     http.Handler // nil where the app has no middleware
	navigates bool         // pages have payloads
}

// faults are what is wrong with a configuration.
func (c *Config) faults() (faults []error) {
	if c.Renderer == nil {
		faults = append(faults, errors.New("there is no Renderer: make one for the app"))
	} else if base := c.Renderer.Site.Base; c.Base != "" && c.Base != base {
		faults = append(faults, fmt.Errorf("Base is %q, and views are rendered for %q: use one", c.Base, base))
	} else {
		c.Base = base
	}
	if c.Base != "" && (strings.HasSuffix(c.Base, "/") || paths.Check(c.Base) != nil) {
		faults = append(faults, fmt.Errorf("Base %q: use a path without a slash at its end, such as \"/docs\"", c.Base))
	}
	if len(c.PurgeKey) > 0 && c.Cache == nil {
		faults = append(faults, errors.New("there is a PurgeKey and no Cache to purge: give both, or neither"))
	}
	for _, d := range c.App.Definitions() {
		if d.Pattern == nil || d.View == nil {
			faults = append(faults, fmt.Errorf("page %q cannot be served: see App.Validate", d.Path))
		}
		if d.Kept() && c.Cache == nil {
			faults = append(faults, fmt.Errorf("page %q is kept, and there is no Cache to keep it: give one", d.Path))
		}
	}
	for _, d := range c.App.FragmentDefinitions() {
		if d.Kept() && c.Cache == nil {
			faults = append(faults, fmt.Errorf("fragment %s is kept, and there is no Cache to keep it: give one", d.Fragment))
		}
	}
	if len(c.App.CacheDefinitions()) > 0 && c.Cache == nil {
		faults = append(faults, errors.New("the app has caches, and there is no Cache to keep their values: give one"))
	}
	return faults
}

// New returns a handler. Its error lists every fault of the configuration. It
// expects that App.Validate has passed.
func New(config Config) (*Handler, error) {
	faults := config.faults()
	out, err := answer.New(config.App)
	if err := errors.Join(append(faults, err)...); err != nil {
		return nil, &gorgon.Error{Op: "serve", Err: err}
	}
	if config.Log == nil {
		config.Log = slog.Default()
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	composer, err := compose.New(compose.Config{Cache: config.Cache, Renderer: config.Renderer, Prepare: answer.Prepare, Log: config.Log})
	if err != nil {
		return nil, err
	}
	h := newHandler(&config, out, composer)
	if h.routes.handlers, err = mount(config.App.Handlers(), h.where, h.answers); err != nil {
		return nil, &gorgon.Error{Op: "serve", Err: err}
	}
	if len(config.App.Middleware) == 0 {
		return h, nil
	}
	if out.Closed() {
		config.Log.Warn("App.Middleware may decide who sees what, so the CDN is told to keep nothing", "hint", "set CDN.OpenMiddleware if none of it decides about access")
	}
	h.chain = http.HandlerFunc(h.within)
	for _, m := range slices.Backward(config.App.Middleware) {
		h.chain = m(h.chain)
	}
	return h, nil
}

// newHandler puts the parts of a handler together, all but the app's handlers
// and middleware.
func newHandler(c *Config, out *answer.Writer, composer *compose.Composer) *Handler {
	app, definitions := c.App, c.App.Definitions()
	h := &Handler{
		out: out, navigates: app.Navigation != nil || slices.ContainsFunc(definitions, func(d *gorgon.Definition) bool { return d.Live && d.AllowRequestTime }),
		where:  &siteMap{base: c.Base, prefixes: app.Prefixes(), router: paths.NewRouter(definitions, (*gorgon.Definition).PathPattern)},
		health: &health{out: out, renderer: c.Renderer, cache: c.Cache, requireStore: c.RequireStore, started: c.Started, database: c.Database, details: c.Details, own: newIndicators(c)},
		watch:  &watch{access: c.AccessLog, observer: c.Observe},
	}
	h.answers = &responder{
		out: out, in: &inside{cache: c.Cache, base: c.Base}, renderer: c.Renderer, composer: composer,
		reports: &reports{log: c.Log, failures: tally.Tally{Burst: maxFailures}},
		chained: len(app.Middleware) > 0, commits: c.Commits, detects: app.Locales.Detect, first: h.where.defaultLocale(),
	}
	h.answers.in.fail, h.answers.in.report, h.answers.in.render = h.answers.fail, h.answers.reported, h.answers.render
	h.gate = &gate{answers: h.answers, where: h.where, sites: map[string]*viewctx.Site{}}
	for _, locale := range app.Locales.All() {
		h.gate.sites[locale] = app.SiteIn(c.Renderer.Site, locale)
		h.gate.sites[locale].Caches = c.Cache.Caches()
	}
	pages := &sender{responder: h.answers, cache: c.Cache, watch: h.watch, attend: c.Attend, now: c.Now}
	h.routes = &routes{
		where: h.where, pages: pages, files: &library{find: c.Files, out: out}, gate: h.gate,
		detect: app.Locales.Detect, includes: app.CDN != nil && app.CDN.ESI,
	}
	h.answers.in.again = h.routes.again
	h.routes.guards = h.gate.guards(definitions, h.routes.answer)
	if app.Locales.Negotiated() {
		h.routes.locales = newLocales(app.Locales.Tags, h.where, h.answers)
	}
	if len(c.PurgeKey) > 0 {
		h.routes.purges = &purges{key: slices.Clone(c.PurgeKey), app: app.Name, cache: c.Cache, answers: h.answers, now: c.Now}
	}
	if c.Tick != nil && c.MayTick != nil {
		h.routes.ticks = &ticks{run: c.Tick, allow: c.MayTick, answers: h.answers}
	}
	if !c.NoStreams && slices.ContainsFunc(slices.Concat(definitions, app.FragmentDefinitions()), func(d *gorgon.Definition) bool { return d.Live }) {
		h.routes.lives = newLives(c, h.answers)
	}
	return h
}

// Router finds the pages that the handler serves: those that its cache knows.
func (h *Handler) Router() *paths.Router[*gorgon.Definition] { return h.where.router }

// State adds the figures of live parts, and what the app's own indicators of
// health said last.
func (h *Handler) State(to *metrics.State) {
	to.Indicators = h.health.own.known()
	if h.routes.lives == nil {
		return
	}
	f := h.routes.lives.hub.Figures()
	to.LiveParts, to.Followers = int64(f.Pieces), int64(f.Followers)
	to.LiveMade, to.LiveFails, to.LiveSent = f.Made, f.Failed, f.Sent
}

// ServeHTTP answers a request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost && len(r.Header[wire.HeaderForm]) > 0 {
		w = &onward{ResponseWriter: w}
	}
	if h.watch.on() {
		h.watch.observed(w, r, h.serve)
		return
	}
	h.serve(w, r)
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) {
	h.out.Begin(w.Header())
	if paths.IsHealth(r.URL.Path) && reads(r.Method) {
		h.watch.note(r, r.URL.Path)
		h.health.answer(w, r)
		return
	}
	var t target
	r, err := h.where.target(r, &t, h.navigates)
	switch {
	case err != nil:
		h.answers.fail(w, r, h.where.nowhere(r), err)
	case h.chain != nil:
		seen := t // only here does it outlive the call
		h.gate.foreign(w, r, match{}, &seen, h.chain)
	default:
		h.routes.route(w, r, &t)
	}
}

// within answers what middleware lets pass. A path that it gave the request
// counts, as it does with any handler.
func (h *Handler) within(w http.ResponseWriter, r *http.Request) {
	at := match{path: r.URL.Path, locale: h.where.defaultLocale()}
	v, ok := visitOf(r, h.answers.in)
	if !ok || v.target == nil {
		h.answers.fail(w, r, at, errLostMatch)
		return
	}
	t := v.target
	if t.err == nil && r.URL.Path == t.path {
		h.routes.route(w, r, t)
		return
	}
	var moved target
	r, err := h.where.target(r, &moved, h.navigates)
	if err != nil {
		h.answers.fail(w, r, at, err)
		return
	}
	if moved.form == compose.Document && t.form != compose.Document {
		moved.form, moved.wanted = t.form, t.wanted // of the page that it leads to
	}
	h.routes.route(w, r, &moved)
}
