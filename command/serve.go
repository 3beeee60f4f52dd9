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
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/seed"
	"github.com/gorgon-go/gorgon/serve"
)

func (p *program) serveCommand() *cobra.Command {
	var flags buildFlags
	var addr string
	var memory, size int64
	var perRoute int
	var require bool
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
			return p.serve(c.Context(), flags, addr, memory<<20, pages.Bounds{Bytes: size << 20, PerRoute: perRoute}, require)
		},
	}
	flags.add(c)
	p.distFlag(c, "dist")
	p.storeFlag(c)
	c.Flags().StringVar(&addr, "addr", defaultAddr(), "where to listen (GORGON_HOST, GORGON_PORT, PORT)")
	c.Flags().BoolVar(&require, "require-store", env("GORGON_REQUIRE_STORE", "") == "true", "fail where the store cannot be used (GORGON_REQUIRE_STORE=true)")
	c.Flags().Int64Var(&memory, "memory", 256, "bound of the pages kept in memory, in MiB")
	c.Flags().Int64Var(&size, "store-size", 4096, "bound of what the store holds, in MiB; the least recently used goes first")
	c.Flags().IntVar(&perRoute, "store-per-route", 0, "bound of the pages of one route in the store; 0 for none")
	return c
}

// defaultAddr is the address that the environment says.
func defaultAddr() string {
	return net.JoinHostPort(env("GORGON_HOST", "127.0.0.1"), env("GORGON_PORT", env("PORT", "8080")))
}

func (p *program) serve(ctx context.Context, flags buildFlags, addr string, memory int64, bounds pages.Bounds, require bool) (err error) {
	switch {
	case memory <= 0:
		return misused("--memory %d: give a number of MiB above zero", memory>>20)
	case bounds.Bytes <= 0:
		return misused("--store-size %d: give a number of MiB above zero", bounds.Bytes>>20)
	case bounds.PerRoute < 0:
		return misused("--store-per-route %d: give a number of pages, or 0 for no bound", bounds.PerRoute)
	}
	if err := cmp.Or(flags.check(), checkAddr(addr)); err != nil {
		return err
	}
	// Before a build that may take long: a store that cannot be meant, and
	// whoever holds the port.
	if _, err := p.driver(); err != nil {
		return err
	}
	server := &serve.Server{Addr: addr, Log: p.log}
	at, err := server.Listen(ctx)
	if err != nil {
		return listenError(addr, err)
	}
	s, err := p.ensureSite(ctx, flags)
	if err != nil {
		return err
	}
	kept, store, err := p.cacheOver(ctx, s, cache.Config{Bytes: memory, StoreBounds: bounds, Prepare: serve.Prepare})
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, kept.Close())
		if store != nil {
			err = errors.Join(err, store.Close())
		}
	}()
	if degraded, why := kept.Degraded(); degraded && require {
		return fmt.Errorf("store %s cannot be used: %s: mend it, or serve without --require-store", safe(p.location()), why)
	}
	server.Handler, err = serve.New(serve.Config{
		App: p.app, Renderer: s.renderer, Cache: kept, Files: filesOf(s.seed), Log: p.log, RequireStore: require,
		PurgeKey: []byte(os.Getenv("GORGON_PURGE_KEY")),
	})
	if err != nil {
		return err
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

// filesOf serves the files of a seed.
func filesOf(s *seed.Seed) func(path string) (serve.File, bool) {
	return func(path string) (serve.File, bool) {
		f, err := s.File(path)
		if err != nil {
			return serve.File{}, false
		}
		return serve.File{
			ContentType: f.ContentType, Immutable: f.Immutable, ETag: f.ETag,
			Data: f.Data, Gzip: f.Gzip, Brotli: f.Brotli, Zstd: f.Zstd,
		}, true
	}
}
