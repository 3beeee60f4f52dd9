// serve: answer requests.

package command

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/seed"
	"github.com/gorgon-go/gorgon/serve"
)

func (p *program) serveCommand() *cobra.Command {
	var flags buildFlags
	var addr string
	var memory int64
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve the site, building first where there is no seed or the app has changed",
		Long: `Serves the site. Where there is no seed, or the app has changed since it was
built, it is built first. What is made later is kept in --store; where that
cannot be used, pages go on without it.

With GORGON_PURGE_KEY set, purges are taken over HTTP, signed with that key.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.serve(c.Context(), flags, addr, memory)
		},
	}
	flags.add(c)
	p.distFlag(c, "dist")
	p.storeFlag(c)
	c.Flags().StringVar(&addr, "addr", defaultAddr(), "where to listen (GORGON_HOST, GORGON_PORT, PORT)")
	c.Flags().Int64Var(&memory, "memory", 256, "bound of the pages kept in memory, in MiB")
	return c
}

// defaultAddr is the address that the environment says.
func defaultAddr() string {
	return net.JoinHostPort(env("GORGON_HOST", "127.0.0.1"), env("GORGON_PORT", env("PORT", "8080")))
}

func (p *program) serve(ctx context.Context, flags buildFlags, addr string, memory int64) (err error) {
	if err := p.app.Validate(); err != nil {
		return err
	}
	if memory <= 0 {
		return exit{Misused, fmt.Errorf("--memory %d: give a number of MiB above zero", memory)}
	}
	// Before a build that may take long: whoever holds the port is found now.
	server := &serve.Server{Addr: addr, Log: p.log}
	at, err := server.Listen(ctx)
	if err != nil {
		return err
	}
	s, err := p.ensureSite(ctx, flags)
	if err != nil {
		return err
	}
	pages, store, err := p.cacheOver(ctx, s, cache.Config{Bytes: memory << 20, Prepare: serve.Prepare})
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, pages.Close())
		if store != nil {
			err = errors.Join(err, store.Close())
		}
	}()
	server.Handler, err = serve.New(serve.Config{
		App: p.app, Renderer: s.renderer, Cache: pages, Files: filesOf(s.seed), Log: p.log,
		PurgeKey: []byte(os.Getenv("GORGON_PURGE_KEY")),
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(p.err, "serving %s at http://%s%s/ (store %s)\n", p.app.Name, at, p.base, p.location())
	return server.Run(ctx)
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
