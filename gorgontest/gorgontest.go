// Opening a site for a test.

// Package gorgontest runs an app under test, without a socket: it builds and
// serves the app, makes requests, and sets the time, within the test's own
// process.
//
//	site := gorgontest.Open(t, app)
//	site.Get("/").Want(200, "Welcome").WantCache(gorgontest.Hit)
//	site.Advance(time.Minute)
//	site.Get("/").WantCache(gorgontest.Stale)
//	site.Get("/").WantCache(gorgontest.Hit)
//
// The server is the real one, with a cache, a seed and a store; visitors get
// the same answers. Methods of a [Site] are what a visitor types and what an
// operator does; methods of a [Response] are what a visitor does with the page.
//
// # Background work
//
// A site is served as with --role=web: the background work that a request
// causes, such as regenerating a stale page, is finished when the method
// returns. So there is nothing to wait for and nothing to poll. This has two
// consequences: a loader that hangs delays the method until its Timeout; and if
// there is such work, a conditional request gets the whole page instead of a
// 304.
//
// Jobs are run when the test says so, by [Site.Work].
//
// # Time
//
// A site has its own clock, which stands still until [Site.Advance] moves it.
// Pages age by it, so an hour costs nothing and each ttl is exact. It does not
// affect what the app's own functions read from [time.Now], nor deadlines or
// the expiry of cookies. To include these, test within [testing/synctest] and
// set [Options.Synctest]: then all of them share the time of the bubble, and
// Advance sleeps. The fake clock is the default since it needs no bubble: tests
// can then use real servers and files together with the site, and examples and
// benchmarks can use one.
//
// # What is not run
//
// Services are not run, also where they are series: their functions can be called by their own tests.
// Nor are scripts: [Response.Navigate] and [Response.Filled] do what the
// browser runtime does with the server's answers, but tests of islands need a
// browser.
package gorgontest

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/build"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/rooms"
	"github.com/gorgon-go/gorgon/seed"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/viewctx"
)

// Options say how to open a site. The zero value works.
type Options struct {
	// Lazy builds no pages: each page is made when it is first requested, and
	// every path that a pattern matches may exist. Assets, files and build
	// values exist all the same; the sitemap is empty. Default: opening the
	// site makes the pages that the build command makes.
	Lazy bool

	// Store is where pages are kept that are made later. Sites that share one
	// are instances of one site. The caller closes it. Default: an empty
	// [mem.Store].
	Store pages.Store

	// Build names the program: a site with another name on the same Store is a
	// later deployment of the app. Default: "test".
	Build string

	// Base is the base path of all URLs: "/docs". Default: none.
	Base string

	// Start is the initial time of the site's clock. Store and browser have
	// clocks of their own, which agree with the default. Default: now, to the
	// second.
	Start time.Time

	// Synctest says that the test runs within [testing/synctest]: the site's
	// clock is then [time.Now], and [Site.Advance] sleeps. Default: the site
	// has its own clock.
	Synctest bool

	// PurgeKey makes the site accept purges over HTTP. Default: it accepts
	// none.
	PurgeKey []byte

	// Database is the app's own, for this test alone: what litedbtest.Open or
	// pgdbtest.Open returns. Everything that was committed is purged before each
	// request. Default: none.
	Database Database

	// Auth is the app's sessions: what auth.New returned for this test alone. Its
	// clock is the site's. [Site.SignIn] signs in. Default: none.
	Auth Auth

	// Jobs is where the app's jobs are, for this test alone: what mem.NewJobs or,
	// with the test's Database, jobdb.In returned. [Site.Work] runs them. The
	// tables of a queue in the Database are made. Default: none.
	Jobs jobs.Store

	// Rooms is where the app's rooms are: those that several sites of a test share, or
	// roomdb.In of the test's Database. The caller closes it. [Site.Join] connects to
	// a room. Default: an empty mem.Rooms, if the app has rooms.
	Rooms rooms.Log

	// Log also receives the site's log. Default: the log is shown when a check
	// fails, and returned by [Site.Log].
	Log *slog.Logger
}

// secret seals the data that travels through the browser of a test.
const secret = "gorgontest"

// Open opens a site with no options. It fails the test at once if the app is at
// fault, or a page cannot be built, and reports all faults.
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
	// serve and Why use the same definitions.
	app = app.Erased()
	s.app, s.router = app, paths.NewRouter(app.Definitions(), (*gorgon.Definition).PathPattern)
	if err := s.open(t, o); err != nil {
		t.Fatalf("gorgontest: the site cannot be opened:\n%v\n%s", err, s.log.since(0))
	}
	return &Site{shared: s, t: t, jar: newJar(t)}
}

// shared is what all visitors of a site share.
type shared struct {
	app      gorgon.App
	router   *paths.Router[*gorgon.Definition]
	handler  http.Handler
	cache    caching
	base     string
	origin   string
	clock    atomic.Int64 // Unix nanoseconds
	synctest bool
	log      *logged
	feed     coherence.Feed // nil without a database
	auth     Auth           // nil without one
	work     *worker        // nil without jobs
	joined   atomic.Uint64  // members of rooms, so far
	site     viewctx.Site   // of all pages
	store    pages.Store
}

// caching is what a test asks of the [cache.Cache] of its site: an interface, so that
// tests do not compile again the generic types that the cache consists of.
type caching interface {
	Purge(ctx context.Context, verb pages.Verb, subjects ...string) (uint64, error)
	Why(ctx context.Context, page *gorgon.Definition, path, locale string) cache.Report
	WhyValue(ctx context.Context, name string, key []byte) (cache.Report, bool)
	Context(ctx context.Context) context.Context
}

func (s *shared) now() time.Time {
	if s.synctest {
		return time.Now()
	}
	return time.Unix(0, s.clock.Load())
}

// settleTime is how long a test waits at its end for loaders that outlived it.
const settleTime = 5 * time.Second

// open builds the site and assembles the server.
func (s *shared) open(t testing.TB, o Options) error {
	if o.Database != nil {
		o.Database.Use(slog.New(s.log.handler(o.Log)), true)
	}
	file := filepath.Join(t.TempDir(), s.app.Name+".seed")
	_, err := build.Run(t.Context(), build.Config{
		App: s.app, Out: file, Binary: o.Build, Base: o.Base, Effort: compress.None, Time: s.now(), Lazy: o.Lazy,
		Bundle: bundle.Bundler{}.Bundle, Secret: secret,
	})
	if err != nil {
		return err
	}
	made, err := seed.Open(file)
	if err != nil {
		return err
	}
	m := made.Manifest()
	s.site = made.Site(s.app)
	renderer := &render.Renderer{
		Seal: render.NewSeal(secret),
		App:  s.app, Build: m.Build, Effort: compress.None, Now: s.now,
		Values: s.app.ReadValues(made.Value),
		Site:   s.site,
	}
	t.Cleanup(func() {
		if renderer.Settled(settleTime) { // a loader that hangs may read it later
			_ = made.Close()
		}
	})
	log := slog.New(s.log.handler(o.Log))
	store := o.Store
	if store == nil {
		own := mem.Open(mem.Options{})
		t.Cleanup(func() { _ = own.Close() })
		store = own
	}
	kept := cache.Config{Renderer: renderer, Store: store, Owner: s.app.Name + "/", NoSweep: true, Attend: true, Prepare: answer.Prepare, Log: log, Now: s.now}
	if !o.Lazy {
		kept.Seed = made
	}
	s.store = store
	if o.Database != nil {
		kept.Settle = -1 // the clock stands still
		kept.Feed = func(i *coherence.Instance) coherence.Feed {
			s.feed = o.Database.Feed(i)
			return s.feed
		}
	}
	if cdn := s.app.CDN; cdn != nil && cdn.Purge != nil {
		kept.CDN = func(ctx context.Context, subjects []string) error { return cdn.Purge(ctx, answer.EdgeTags(subjects)) }
	}
	keeper, err := cache.New(kept)
	if err != nil {
		return err
	}
	t.Cleanup(func() { _ = keeper.Close() })
	s.cache = keeper
	if s.auth = o.Auth; s.auth != nil {
		s.auth.Use(log, s.now)
		s.auth.Serve(t.Context(), keeper.Coherence()) // which ends before the cache is closed
	}
	if o.Jobs != nil {
		if err := s.employ(t.Context(), o, log); err != nil {
			return err
		}
	}
	s.lodge(t.Cleanup, o, log)
	s.handler, err = serve.New(serve.Config{
		App: s.app, Renderer: renderer, Cache: keeper, Files: files(made), PurgeKey: o.PurgeKey,
		Attend: true, Commits: o.Database != nil, Log: log, Now: s.now,
	})
	return err
}

// files serves the files of a seed.
func files(s *seed.Seed) func(path string) (answer.File, bool) {
	return func(path string) (answer.File, bool) {
		f, err := s.File(path)
		return answer.File{
			ContentType: f.ContentType, Immutable: f.Immutable, ETag: f.ETag,
			Data: f.Data, Gzip: f.Gzip, Brotli: f.Brotli, Zstd: f.Zstd,
		}, err == nil
	}
}

// A Site is an app being served, as one visitor sees it. Its methods fail the
// test if they cannot do what they say; the answers of the site are for the
// test to judge. It is safe for concurrent use; the log of a response then
// includes that of all concurrent requests.
type Site struct {
	*shared

	// Header is sent with every request of this visitor: Accept-Language,
	// Authorization. Default: only the cookies that the site has set.
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

// ServeHTTP answers requests from a socket, for tests with a browser:
// httptest.NewServer(site).
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.catchUp()
	s.handler.ServeHTTP(w, r)
}

// Visitor returns the same site for another visitor, who has no cookies yet.
func (s *Site) Visitor() *Site { return &Site{shared: s.shared, t: s.t, jar: newJar(s.t)} }

// With returns the same site for the same visitor in a subtest.
func (s *Site) With(t testing.TB) *Site {
	return &Site{shared: s.shared, Header: s.Header, t: t, jar: s.jar}
}

// Now returns the time by the site's clock.
func (s *Site) Now() time.Time { return s.now() }

// Advance moves the site's clock. That alone has no effect: a page that has
// become stale is regenerated in the background by the next request for it.
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

// Log returns what the site has logged so far, a line for each record.
func (s *Site) Log() string { return s.log.since(0) }

// resolve resolves a URL on the page at from; the result must be on the site.
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
		s.t.Fatalf("gorgontest: %q is not a URL: %v", target, err)
	}
	if !s.owns(to) {
		s.t.Fatalf("gorgontest: %s is not on the site, which is at %s", to, s.origin)
	}
	to.Fragment, to.RawFragment = "", ""
	return to
}

func (s *Site) owns(u *url.URL) bool { return u.Scheme+"://"+u.Host == s.origin && u.User == nil }
