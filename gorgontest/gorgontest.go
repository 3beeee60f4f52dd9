// Opening a site for a test.

// Package gorgontest is an app under test, without a socket: built, served,
// asked, and told what time it is, within the test's own process.
//
//	site := gorgontest.Open(t, app)
//	site.Get("/").Want(200, "Welcome").WantCache(gorgontest.Hit)
//	site.Advance(time.Minute)
//	site.Get("/").WantCache(gorgontest.Stale)
//	site.Get("/").WantCache(gorgontest.Hit)
//
// The server is the real one, with a cache over a seed and a store; what it
// answers is what visitors get. Methods on a [Site] are what a visitor types
// and what an operator does; methods on a [Response] are what a visitor does
// with the page.
//
// # Work behind a response
//
// A site is served as with --role=web: what a request causes behind its
// answer, such as making a stale page again, is over when the method returns.
// So there is nothing to wait for and nothing to poll. Two things follow: a
// generator that hangs keeps the method from returning, until its Timeout; and
// where there is such work, a conditional request gets the whole page in place
// of a 304.
//
// # Time
//
// A site has a clock of its own, which stands still until [Site.Advance] moves
// it. It is what pages age by, so an hour costs nothing and each ttl is exact.
// It is not what the app's own functions read from [time.Now], nor what ends
// deadlines or lets cookies run out. For these too, test within [testing/synctest] and set [Options.Synctest]: then all of these
// share the time of the bubble, and Advance sleeps. A fake clock is the
// default since it needs no bubble: tests may then run real servers and files
// beside the site, and examples and benchmarks may use one.
//
// # What is not run
//
// App.Services, which are functions to be called by their own tests, and
// scripts: [Response.Navigate] and [Response.Filled] do what the browser
// runtime does with what the server says, and tests of islands need a browser.
package gorgontest

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/build"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/seed"
	"github.com/gorgon-go/gorgon/serve"
)

// Options say how a site is opened. The zero value works.
type Options struct {
	// Lazy makes nothing ahead: each page is made when it is first asked for,
	// and every path that a pattern matches may exist. Assets, files and build
	// values are there all the same; the sitemap is empty. Default: the pages
	// that the build command makes are made when the site is opened.
	Lazy bool

	// Store is where pages are kept that are made later. Sites that share one
	// are instances of one site. Whoever gives it closes it. Default: an empty
	// [mem.Store].
	Store pages.Store

	// Build names the program: a site of another name over the same Store is
	// a later deploy of the app. Default: "test".
	Build string

	// Base is the path that everything lies below: "/docs". Default: none.
	Base string

	// Start is the time that the site's clock begins with. Store and browser
	// have clocks of their own, which agree with the default. Default: now, to
	// the second.
	Start time.Time

	// Synctest says that the test runs within [testing/synctest]: the site's
	// clock is then [time.Now], and [Site.Advance] sleeps. Default: the site
	// has a clock of its own.
	Synctest bool

	// PurgeKey lets the site take purges over HTTP. Default: it takes none.
	PurgeKey []byte

	// Log also takes what the site logs. Default: it is shown where a check
	// fails, and returned by [Site.Log].
	Log *slog.Logger
}

// secret seals what travels through the browser that a test plays.
const secret = "gorgontest"

// Open opens a site with no options. It fails the test at once where the app
// is at fault, or a page cannot be built, saying all of it.
func Open(t testing.TB, app gorgon.App) *Site {
	t.Helper()
	return Options{}.Open(t, app)
}

// Open opens a site, which is closed when the test ends.
func (o Options) Open(t testing.TB, app gorgon.App) *Site {
	t.Helper()
	if err := app.Validate(); err != nil {
		t.Fatalf("gorgontest: the app cannot work:\n%v", err)
	}
	if o.Build == "" {
		o.Build = "test"
	}
	if o.Start.IsZero() {
		o.Start = time.Now().Truncate(time.Second)
	}
	s := &shared{base: o.Base, synctest: o.Synctest, log: new(logged)}
	s.clock.Store(o.Start.UnixNano())
	if s.origin = app.Origin; s.origin == "" {
		s.origin = "http://gorgon.test"
	}
	// What serve and Why look up are the same definitions.
	for i, d := range app.Definitions() {
		if i == 0 {
			app.Routes = nil
		}
		app.Routes = append(app.Routes, pinned{d})
	}
	s.app, s.router = app, gorgon.NewRouter(app.Definitions())
	if err := s.open(t, o); err != nil {
		t.Fatalf("gorgontest: the site cannot be opened:\n%v\n%s", err, s.log.since(0))
	}
	return &Site{shared: s, t: t, jar: newJar(t)}
}

// pinned is a route that is erased once, so that its definition is one.
type pinned struct{ d *gorgon.Definition }

func (p pinned) Definition() *gorgon.Definition { return p.d }

// shared is what all visitors of a site share.
type shared struct {
	app      gorgon.App
	router   *gorgon.Router
	handler  http.Handler
	cache    *cache.Cache
	base     string
	origin   string
	clock    atomic.Int64 // Unix nanoseconds
	synctest bool
	log      *logged
}

func (s *shared) now() time.Time {
	if s.synctest {
		return time.Now()
	}
	return time.Unix(0, s.clock.Load())
}

// open builds the site and puts the machines together.
func (s *shared) open(t testing.TB, o Options) error {
	built := s.app
	if o.Lazy {
		built.Routes = []gorgon.Route{nothing}
	}
	file := filepath.Join(t.TempDir(), s.app.Name+".seed")
	_, err := build.Run(t.Context(), build.Config{
		App: built, Out: file, Binary: o.Build, Base: o.Base, Effort: compress.None, Time: s.now(),
		Bundle: bundle.Bundler{}.Bundle, Secret: secret,
	})
	if err != nil {
		return err
	}
	made, err := seed.Open(file)
	if err != nil {
		return err
	}
	t.Cleanup(func() { _ = made.Close() })
	m := made.Manifest()
	renderer := &render.Renderer{
		Seal: render.NewSeal(secret),
		App:  s.app, Build: m.Build, Effort: compress.None, Now: s.now,
		Values: gorgon.NewValues(s.app, made.Value),
		Site:   gorgon.Site{Base: o.Base, Origin: s.app.Origin, Locales: s.app.Locales, Assets: m.Assets},
	}
	log := slog.New(s.log.handler(o.Log))
	store := o.Store
	if store == nil {
		own := mem.Open(mem.Options{})
		t.Cleanup(func() { _ = own.Close() })
		store = own
	}
	kept := cache.Config{Renderer: renderer, Store: store, NoSweep: true, Prepare: serve.Prepare, Log: log, Now: s.now}
	if !o.Lazy {
		kept.Seed = made
	}
	if cdn := s.app.CDN; cdn != nil && cdn.Purge != nil {
		kept.CDN = func(ctx context.Context, subjects []string) error { return cdn.Purge(ctx, serve.EdgeTags(subjects)) }
	}
	if s.cache, err = cache.New(kept); err != nil {
		return err
	}
	t.Cleanup(func() { _ = s.cache.Close() })
	s.handler, err = serve.New(serve.Config{
		App: s.app, Renderer: renderer, Cache: s.cache, Files: files(made), PurgeKey: o.PurgeKey,
		Attend: true, Log: log, Now: s.now,
	})
	return err
}

// nothing stands for the routes of a build that is to make none.
var nothing = gorgon.Page[struct{}]{
	Path:         "/",
	RequestState: func(context.Context, gorgon.Input, *http.Request) (struct{}, error) { return struct{}{}, nil },
	View:         func(struct{}) gorgon.Component { return gorgon.Text("") },
}

// files serves the files of a seed.
func files(s *seed.Seed) func(path string) (serve.File, bool) {
	return func(path string) (serve.File, bool) {
		f, err := s.File(path)
		return serve.File{
			ContentType: f.ContentType, Immutable: f.Immutable, ETag: f.ETag,
			Data: f.Data, Gzip: f.Gzip, Brotli: f.Brotli, Zstd: f.Zstd,
		}, err == nil
	}
}

// A Site is an app being served, as one visitor has it before them. Its
// methods fail the test where they cannot do what they say; what the site
// answers is for the test to judge. Several goroutines may use one; the log of
// a response is then that of all who asked meanwhile.
type Site struct {
	*shared

	// Header is sent with every request of this visitor: Accept-Language,
	// Authorization. Default: nothing but the cookies that the site has set.
	Header http.Header

	t   testing.TB
	jar *cookiejar.Jar
}

func newJar(t testing.TB) *cookiejar.Jar {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return jar
}

// Visitor is the same site for another visitor, who has no cookies yet.
func (s *Site) Visitor() *Site { return &Site{shared: s.shared, t: s.t, jar: newJar(s.t)} }

// With is the same site for the same visitor in a subtest.
func (s *Site) With(t testing.TB) *Site {
	return &Site{shared: s.shared, Header: s.Header, t: t, jar: s.jar}
}

// Now is the time by the site's clock.
func (s *Site) Now() time.Time { return s.now() }

// Advance moves the site's clock. Nothing happens by that alone: a page that
// has become stale is made again behind the next request for it.
func (s *Site) Advance(d time.Duration) {
	s.t.Helper()
	switch {
	case d < 0:
		s.t.Fatalf("gorgontest: Advance(%v): time goes forward: use a duration above zero", d)
	case s.synctest:
		time.Sleep(d)
	default:
		s.clock.Add(int64(d))
	}
}

// Purge declares subjects out of date, as the purge command does, and returns
// the purge's epoch. The subjects are as in package pages: [pages.TagSubject],
// [pages.PathSubject], [pages.RouteSubject], [pages.All].
func (s *Site) Purge(verb pages.Verb, subjects ...string) uint64 {
	s.t.Helper()
	epoch, err := s.cache.Purge(s.t.Context(), verb, subjects...)
	if err != nil {
		s.t.Fatalf("gorgontest: %v", err)
	}
	return epoch
}

// Why says all that is known of the page at a URL path, without changing
// anything, as the why command does.
func (s *Site) Why(path string) cache.Report {
	s.t.Helper()
	target := s.resolve(nil, path)
	below, ok := strings.CutPrefix(target.EscapedPath(), s.base)
	if !ok {
		s.t.Fatalf("gorgontest: %s is not below the base path %s", path, s.base)
	}
	decoded, err := gorgon.ParsePath(below)
	if err != nil {
		s.t.Fatalf("gorgontest: %v", err)
	}
	rest, locale := s.app.SplitLocale(decoded)
	page := s.router.Match(rest)
	if page == nil {
		s.t.Fatalf("gorgontest: no page of the app matches %s", path)
	}
	return s.cache.Why(s.t.Context(), page, rest, locale)
}

// Log is what the site has logged so far, a line for each record.
func (s *Site) Log() string { return s.log.since(0) }

// resolve reads a URL as a page at from would; it has to be one of the site.
func (s *Site) resolve(from *url.URL, target string) *url.URL {
	s.t.Helper()
	root, err := url.Parse(s.origin + "/")
	if err != nil {
		s.t.Fatalf("gorgontest: %v", err)
	}
	if from == nil {
		from = root
	}
	to, err := from.Parse(target)
	if err != nil {
		s.t.Fatalf("gorgontest: %q is no URL: %v", target, err)
	}
	if !s.owns(to) {
		s.t.Fatalf("gorgontest: %s is not on the site, which is at %s", to, s.origin)
	}
	to.Fragment, to.RawFragment = "", ""
	return to
}

func (s *Site) owns(u *url.URL) bool { return u.Scheme+"://"+u.Host == s.origin && u.User == nil }
