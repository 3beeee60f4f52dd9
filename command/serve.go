// serve: answer requests.

package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/admission"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/wire"
)

// The roles of a server.
const (
	roleServe  = "serve"  // everything
	roleWeb    = "web"    // no work between requests
	roleWorker = "worker" // no pages
)

// A server is one run of serve.
type server struct {
	p     *program
	build buildFlags
	listenFlags
	metrics metricsFlag
	admin   adminFlags
	role    string
	memory  int64 // MiB
	loaders int
	maxWait time.Duration
	bounds  boundFlags
	after   afterFlag
	require bool

	flushing flushing

	advertise string // where other instances reach this one
}

func (v *server) command() *cobra.Command {
	p := v.p
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve the site, building first where there is no seed or the app has changed",
		Long: `Serves the site. Where there is no seed, or the app has changed since it was
built, it is built first. What is made later is kept in --store; where that
cannot be used, pages go on without it, and /readyz says so. With
--require-store the server does not start without it, and is not ready while
it is gone.

With --role=web nothing is done between requests: a response that triggers the
regeneration of a page stays open until it finishes. With --role=worker services
and jobs run, and only health endpoints are served.

With --work-after=10s a request that has added jobs runs them once it is
answered, for at most that time, as a Lambda function always does: for targets
that stop a process between requests. With GORGON_TICK_KEY set, a POST to
/_gorgon/tick that sends it as a bearer token runs jobs that are due for 25 s at
most.

With GORGON_PURGE_KEY set, purges are taken over HTTP, signed with that key.
With GORGON_HEALTH_KEY set, callers that send it to /livez, /readyz or /startupz
as "Authorization: Bearer KEY" receive the reasons.

Logs are text on a terminal, JSON otherwise; GORGON_LOG=json or text chooses one,
and GORGON_LOG_LEVEL the least level.

Behind a proxy, --trusted-proxies says whom to believe. Facing the network
itself, --tls-cert and --tls-key, or --acme-domains and --acme-dir, make it
speak TLS. On SIGHUP certificates are read again.

Started by systemd, it takes its one socket (LISTEN_FDS) in place of --addr,
and tells it when it is ready and when it stops (Type=notify), and that it
still answers (WatchdogSec=).

With --metrics, Prometheus can scrape /metrics at an address of its own, which
is not for visitors. With --admin, the pages for operators are at another one: of
this machine alone, unless the app guards them. They only show, unless
--admin-write allows more.

On SIGTERM /readyz says 503; after --drain no more requests are taken, those
under way end, and the server exits with 0. A second signal ends it at once.`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			return v.run(c.Context())
		},
	}
	v.build.add(c)
	p.distFlag(c, "dist")
	p.storeFlag(c)
	p.ownerFlags(c)
	p.baseFlag(c)
	v.listenFlags.add(p, c)
	v.metrics.add(p, c)
	v.admin.add(p, c)
	c.Flags().StringVar(&v.role, "role", roleServe, "serve for everything, web for pages without work between requests, worker for services alone (GORGON_ROLE)")
	c.Flags().BoolVar(&v.require, "require-store", false, "fail where the store cannot be used (GORGON_REQUIRE_STORE=true)")
	p.fromEnv(c, "role", "GORGON_ROLE")
	p.fromEnv(c, "require-store", "GORGON_REQUIRE_STORE")
	c.Flags().Int64Var(&v.memory, "memory", 256, "bound of the pages kept in memory, in MiB")
	c.Flags().IntVar(&v.loaders, "loaders", 64, "how many loaders of one pattern run at once that visitors wait for")
	c.Flags().DurationVar(&v.maxWait, "max-wait", time.Second, "refuse requests that would wait longer for a loader to begin")
	c.Flags().DurationVar(&v.after.budget, "work-after", 0, "how long a request that added jobs runs them after its response; 0 to leave them to others (GORGON_WORK_AFTER)")
	p.fromEnv(c, "work-after", "GORGON_WORK_AFTER")
	c.Flags().StringVar(&v.advertise, "advertise", "", "where other instances reach this one for rooms, host:port or https://host; none where they cannot (GORGON_ADVERTISE)")
	p.fromEnv(c, "advertise", "GORGON_ADVERTISE")
	v.bounds.add(c)
	return c
}

func (v *server) check() error {
	switch {
	case v.memory <= 0:
		return misused("--memory %d: give a number of MiB above zero", v.memory)
	case v.loaders <= 0:
		return misused("--loaders %d: give a number above zero", v.loaders)
	case v.maxWait <= 0:
		return misused("--max-wait %s: give a time above zero, such as 500ms", v.maxWait)
	case v.role != roleServe && v.role != roleWeb && v.role != roleWorker:
		return misused("--role %s: use %s, %s or %s (its default comes from GORGON_ROLE)", quoted(v.role), roleServe, roleWeb, roleWorker)
	}
	return cmp.Or(v.build.check(), checkAdvertise(v.advertise), v.bounds.check(), v.after.check(), v.listenFlags.check(), v.metrics.check(), v.admin.check(v.p))
}

// warnOfSeal warns of props that are made for one visitor and sealed with a key
// that everybody can make who has the program, and of what buckets seal with a
// key that ends with the process.
func warnOfSeal(p *program) {
	if os.Getenv("GORGON_SECRET") != "" || p.developing() {
		return
	}
	if p.config.Files != nil {
		p.log.Warn("tickets and links of buckets are sealed with a key that this process alone has: uploads and links end with it, and other instances refuse them. Set GORGON_SECRET, the same for build and serve, or Secret of each bucket")
	}
	var fragments []string
	for _, d := range p.app.FragmentDefinitions() {
		fragments = append(fragments, d.Fragment)
	}
	for _, d := range p.app.Definitions() {
		if d.LoadRequest != nil && len(fragments) > 0 {
			p.log.Warn("props of fragments on pages with LoadRequest are sealed with a key that can be made from the program: set GORGON_SECRET, the same for build and serve",
				"page", d.Path, "fragments", listed(fragments))
			return
		}
	}
}

// sayListening says where the site is served: in a sentence, or to a program
// that asked for the line that package wire defines.
func (p *program) sayListening(url string) {
	if os.Getenv(wire.ReadyVariable) == wire.ReadyJSON {
		_, _ = io.WriteString(p.err, wire.Listening{App: p.app.Name, URL: url, Store: p.stores.shown()}.Line())
		return
	}
	fmt.Fprintf(p.err, "serving %s at %s (store %s)\n", p.app.Name, url, p.stores.shown())
}

// useLane lets plain requests be answered on their connections, where nothing but the
// app's pages answers.
func (v *server) useLane(front *publicServer, pages *serve.Handler) {
	if v.lane && v.role == roleServe && v.after.budget == 0 && !v.p.developing() {
		front.server.Lane = pages.Lane()
	}
	v.p.log.Debug("whether plain requests are answered before net/http reads them", "lane", front.server.Lane != nil)
}

func (v *server) run(ctx context.Context) (err error) {
	p := v.p
	if err := v.check(); err != nil {
		return err
	}
	if p.log, err = p.serverLog(); err != nil {
		return err
	}
	p.useDatabase()
	defer func() { err = errors.Join(err, p.closeDatabase()) }()
	p.useAuth()
	defer func() { err = errors.Join(err, p.closeAuth()) }()
	defer func() { err = errors.Join(err, p.closeFiles()) }()
	defer func() { err = errors.Join(err, p.closeJobs()) }()
	defer func() { err = errors.Join(err, p.closeRooms()) }()
	// Before a build that may take long: malformed stores and ports in use are
	// reported first.
	if _, err := p.stores.driver(); err != nil {
		return err
	}
	if err := p.checkFiles(); err != nil {
		return err
	}
	var front *publicServer
	if onLambda() != "" {
		v.role = roleWeb
		v.after.budget = cmp.Or(v.after.budget, lambdaAfter)
	} else if front, err = v.listen(ctx); err != nil {
		return err
	}
	scraped, err := v.listenMetrics(ctx)
	if err != nil {
		return err
	}
	defer scraped.close()
	operators, err := v.listenAdmin(ctx)
	if err != nil {
		return err
	}
	defer operators.close()
	s, err := p.ensureSite(ctx, v.build)
	if err != nil {
		return err
	}
	s.renderer.Limits = admission.Limits{Width: v.loaders, Wait: v.maxWait}
	var state states
	observer, unobserve, err := v.observe(ctx, s, scraped, state.now, operators.observers()...)
	if err != nil {
		return err
	}
	defer unobserve()
	caching := cache.Config{
		Bytes: v.memory << 20, StoreBounds: v.bounds.bounds(), Prepare: answer.Prepare, NoSweep: v.role == roleWeb, Observe: observer,
		Attend: v.role == roleWeb,
	}
	if p.config.Database != nil {
		caching.Feed = p.config.Database.Feed
	}
	kept, store, err := p.cacheOver(ctx, s, caching)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, kept.Close())
		if store != nil {
			err = errors.Join(err, store.Close())
		}
	}()
	if degraded, why := kept.Degraded(); degraded && v.require {
		return fmt.Errorf("store %s cannot be used: %s: repair it, or serve without --require-store", p.stores.shown(), why)
	}
	p.openFiles(ctx)
	p.useJobs(kept.Context(context.WithoutCancel(ctx)), s.renderer.Site)
	warnOfSeal(p)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	v.useRooms(ctx, s.seed.Manifest().Binary, front)
	if p.config.Auth != nil {
		p.config.Auth.Serve(ctx, kept.Coherence())
	}
	verified := verify(ctx, p, stop)
	var served atomic.Pointer[serve.Handler]
	state.is(func() metrics.State {
		now := kept.State()
		if h := served.Load(); h != nil {
			h.State(&now)
		}
		if p.config.Database != nil {
			p.config.Database.State(&now)
		}
		if p.config.Auth != nil {
			p.config.Auth.State(&now)
		}
		if p.config.Jobs != nil {
			p.config.Jobs.State(&now)
		}
		if p.config.Rooms != nil {
			p.config.Rooms.State(&now)
		}
		now.Started = verified.done() == nil
		return now
	})
	config := serve.Config{
		App: p.app, Renderer: s.renderer, Cache: kept, Files: filesOf(s.seed, store, p.log), Log: p.log, RequireStore: v.require,
		Attend: v.role == roleWeb, NoStreams: front == nil, Started: verified.done, Observe: observer,
		PurgeKey: []byte(os.Getenv("GORGON_PURGE_KEY")), Details: serve.WithKey(os.Getenv("GORGON_HEALTH_KEY")),
	}
	config.Tick, config.MayTick = p.tick(), p.mayTick()
	if v.access {
		config.AccessLog = p.log
	}
	if w := watchDatabase(ctx, p.config.Database, p.log); w != nil {
		config.Commits, config.Database = true, w.report
	}
	pages, err := serve.New(config)
	if err != nil {
		return err
	}
	served.Store(pages)
	handler := developed(p, pages, s, config, caching)
	handler = v.after.wrap(p, handler)
	if front != nil && (v.role == roleWeb || v.after.budget > 0) {
		handler = v.flushing.wrap(handler)
	}
	if v.role == roleWorker {
		handler = serve.HealthOnly(handler)
	} else {
		handler = withPeers(p.config.Rooms, handler)
	}
	scraped.serve(ctx, v.scrapes())
	if err := operators.serve(ctx, s, kept, store, pages, state.now); err != nil {
		return err
	}
	defer operators.list(ctx, s, store)()
	done := v.work(kept.Context(ctx), s.seed, store)
	defer done()
	if front == nil {
		err = v.serveLambda(ctx, handler, store)
	} else {
		front.server.Handler = handler
		v.useLane(front, pages)
		p.sayListening(front.url(p.base))
		err = front.run(ctx)
	}
	return errors.Join(verified.fault(), err)
}
