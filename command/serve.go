// serve: answer requests.

package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/cache"
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
	addr    string
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

With GORGON_PURGE_KEY set, purges are taken over HTTP, signed with that key.`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.serve(c.Context(), flags, f)
		},
	}
	flags.add(c)
	p.distFlag(c, "dist")
	p.storeFlag(c)
	c.Flags().StringVar(&f.addr, "addr", defaultAddr(), "where to listen (GORGON_HOST, GORGON_PORT, PORT)")
	c.Flags().StringVar(&f.role, "role", env("GORGON_ROLE", roleServe), "serve for everything, web for pages without work between requests, worker for services alone (GORGON_ROLE)")
	c.Flags().BoolVar(&f.require, "require-store", env("GORGON_REQUIRE_STORE", "") == "true", "fail where the store cannot be used (GORGON_REQUIRE_STORE=true)")
	c.Flags().Int64Var(&f.memory, "memory", 256, "bound of the pages kept in memory, in MiB")
	f.bounds.add(c)
	return c
}

// defaultAddr is the address that the environment says.
func defaultAddr() string {
	return net.JoinHostPort(env("GORGON_HOST", "127.0.0.1"), env("GORGON_PORT", env("PORT", "8080")))
}

func (f serveFlags) check() error {
	switch {
	case f.memory <= 0:
		return misused("--memory %d: give a number of MiB above zero", f.memory)
	case f.role != roleServe && f.role != roleWeb && f.role != roleWorker:
		return misused("--role %q: use %s, %s or %s (its default comes from GORGON_ROLE)", f.role, roleServe, roleWeb, roleWorker)
	}
	return cmp.Or(f.bounds.check(), checkAddr(f.addr))
}

func (p *program) serve(ctx context.Context, flags buildFlags, f serveFlags) (err error) {
	if err := cmp.Or(f.check(), flags.check()); err != nil {
		return err
	}
	// Before a build that may take long: a store that cannot be meant, and
	// whoever holds the port.
	if _, err := p.driver(); err != nil {
		return err
	}
	if onLambda() != "" {
		f.role = roleWeb
	}
	server := &serve.Server{Addr: f.addr, Log: p.log}
	var at net.Addr
	if onLambda() == "" {
		if at, err = server.Listen(ctx); err != nil {
			return listenError(f.addr, err)
		}
	}
	s, err := p.ensureSite(ctx, flags)
	if err != nil {
		return err
	}
	kept, store, err := p.cacheOver(ctx, s, cache.Config{
		Bytes: f.memory << 20, StoreBounds: f.bounds.bounds(), Prepare: serve.Prepare, NoSweep: f.role == roleWeb,
	})
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
	server.Handler, err = serve.New(serve.Config{
		App: p.app, Renderer: s.renderer, Cache: kept, Files: p.files(s.seed, store), Log: p.log, RequireStore: f.require,
		Attend: f.role == roleWeb, PurgeKey: []byte(os.Getenv("GORGON_PURGE_KEY")),
	})
	if err != nil {
		return err
	}
	if f.role == roleWorker {
		server.Handler = serve.HealthOnly(server.Handler)
	}
	done := p.work(ctx, f.role, s.seed, store)
	defer done()
	if onLambda() != "" {
		return p.serveLambda(ctx, server.Handler, store, f.bounds.bounds())
	}
	fmt.Fprintf(p.err, "serving %s at http://%s%s/ (store %s)\n", p.app.Name, reachable(at), p.base, safe(p.location()))
	return server.Run(ctx)
}

func checkAddr(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return misused("--addr %q: write it as host:port, such as 127.0.0.1:8080 (its default comes from GORGON_HOST, GORGON_PORT and PORT)", addr)
	}
	return nil
}

// listenError says why an address cannot be listened on, and what to do.
func listenError(addr string, err error) error {
	mend := "choose another address with --addr, or stop what listens there"
	if _, unknown := errors.AsType[*net.DNSError](err); unknown {
		mend = "choose an address of this machine with --addr, such as 127.0.0.1:8080"
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	return fmt.Errorf("listen at %s: %w: %s", addr, err, mend)
}

// reachable is an address that a browser on this machine can open.
func reachable(at net.Addr) string {
	if tcp, ok := at.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("localhost", strconv.Itoa(tcp.Port))
	}
	return at.String()
}
