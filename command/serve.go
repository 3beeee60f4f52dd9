// serve: answer requests.

package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/serve"
)

// The roles of a server.
const (
	roleServe  = "serve"  // everything
	roleWeb    = "web"    // no work between requests
	roleWorker = "worker" // no pages
)

// serveFlags are what serve takes besides the flags of build.
type serveFlags struct {
	listenFlags
	metrics metricsFlag
	role    string
	memory  int64 // MiB
	bounds  boundFlags
	require bool
}

func (p *program) serveCommand() *cobra.Command {
	var flags buildFlags
	var f serveFlags
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve the site, building first where there is no seed or the app has changed",
		Long: `Serves the site. Where there is no seed, or the app has changed since it was
built, it is built first. What is made later is kept in --store; where that
cannot be used, pages go on without it, and /readyz says so. With
--require-store the server does not start without it, and is not ready while
it is gone.

With --role=web nothing is done between requests: a response that calls for a
page to be made again ends once it is. With --role=worker services run, and
health alone is answered for.

With GORGON_PURGE_KEY set, purges are taken over HTTP, signed with that key.
With GORGON_HEALTH_KEY set, those who send it to /livez, /readyz or /startupz
as "Authorization: Bearer KEY" are told the reasons.

The log is JSON where nobody watches, and text on a terminal; GORGON_LOG=json
or text says so otherwise, and GORGON_LOG_LEVEL from which level on.

Behind a proxy, --trusted-proxies says whom to believe. Facing the network
itself, --tls-cert and --tls-key, or --acme-domains and --acme-dir, make it
speak TLS. On SIGHUP certificates are read again.

Started by systemd, it takes its one socket (LISTEN_FDS) in place of --addr,
and tells it when it is ready and when it stops (Type=notify), and that it
still answers (WatchdogSec=).

With --metrics, Prometheus can scrape /metrics at an address of its own, which
is not for visitors.

On SIGTERM /readyz says 503; after --drain no more requests are taken, those
under way end, and the server exits with 0. A second signal ends it at once.`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.serve(c.Context(), flags, f)
		},
	}
	flags.add(c)
	p.distFlag(c, "dist")
	p.storeFlag(c)
	f.listenFlags.add(c)
	f.metrics.add(c)
	c.Flags().StringVar(&f.role, "role", env("GORGON_ROLE", roleServe), "serve for everything, web for pages without work between requests, worker for services alone (GORGON_ROLE)")
	c.Flags().BoolVar(&f.require, "require-store", env("GORGON_REQUIRE_STORE", "") == "true", "fail where the store cannot be used (GORGON_REQUIRE_STORE=true)")
	c.Flags().Int64Var(&f.memory, "memory", 256, "bound of the pages kept in memory, in MiB")
	f.bounds.add(c)
	return c
}

func (f serveFlags) check() error {
	switch {
	case f.memory <= 0:
		return misused("--memory %d: give a number of MiB above zero", f.memory)
	case f.role != roleServe && f.role != roleWeb && f.role != roleWorker:
		return misused("--role %q: use %s, %s or %s (its default comes from GORGON_ROLE)", f.role, roleServe, roleWeb, roleWorker)
	}
	return cmp.Or(f.bounds.check(), f.listenFlags.check(), f.metrics.check())
}

func (p *program) serve(ctx context.Context, flags buildFlags, f serveFlags) (err error) {
	if err := cmp.Or(f.check(), flags.check()); err != nil {
		return err
	}
	if p.log, err = newLog(p.err); err != nil {
		return err
	}
	// Before a build that may take long: a store that cannot be meant, and
	// whoever holds the port.
	if _, err := p.driver(); err != nil {
		return err
	}
	var front *front
	if onLambda() != "" {
		f.role = roleWeb
	} else if front, err = p.listen(ctx, f.listenFlags); err != nil {
		return err
	}
	scraped, err := p.listenMetrics(ctx, string(f.metrics))
	if err != nil {
		return err
	}
	defer scraped.close()
	s, err := p.ensureSite(ctx, flags)
	if err != nil {
		return err
	}
	var state func() metrics.State // set before anybody can ask
	observer, unobserve, err := p.observe(ctx, s, scraped, func() metrics.State { return state() })
	if err != nil {
		return err
	}
	defer unobserve()
	caching := cache.Config{
		Bytes: f.memory << 20, StoreBounds: f.bounds.bounds(), Prepare: serve.Prepare, NoSweep: f.role == roleWeb, Observe: observer,
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
	if degraded, why := kept.Degraded(); degraded && f.require {
		return fmt.Errorf("store %s cannot be used: %s: mend it, or serve without --require-store", safe(p.location()), why)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	verified := p.verify(ctx, stop)
	state = func() metrics.State {
		now := kept.State()
		now.Started = verified.done() == nil
		return now
	}
	config := serve.Config{
		App: p.app, Renderer: s.renderer, Cache: kept, Files: p.files(s.seed, store), Log: p.log, RequireStore: f.require,
		Attend: f.role == roleWeb, Started: verified.done, Observe: observer,
		PurgeKey: []byte(os.Getenv("GORGON_PURGE_KEY")), Details: serve.WithKey(os.Getenv("GORGON_HEALTH_KEY")),
	}
	if f.access {
		config.AccessLog = p.log
	}
	var handler http.Handler
	if handler, err = serve.New(config); err != nil {
		return err
	}
	handler = p.developed(handler, s, config, caching)
	if f.role == roleWorker {
		handler = serve.HealthOnly(handler)
	}
	scraped.serve(ctx)
	done := p.work(ctx, f.role, s.seed, store)
	defer done()
	if front == nil {
		err = p.serveLambda(ctx, handler, store, f.bounds.bounds())
	} else {
		front.server.Handler = handler
		fmt.Fprintf(p.err, "serving %s at %s (store %s)\n", p.app.Name, front.url(p.base), safe(p.location()))
		err = front.run(ctx)
	}
	return errors.Join(verified.fault(), err)
}
