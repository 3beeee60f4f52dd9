// maintain: do what is due, once.

package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/retain"
	"github.com/gorgon-go/gorgon/seed"
	"github.com/gorgon-go/gorgon/supervise"
)

// boundFlags are what the store is kept under.
type boundFlags struct {
	size     int64 // MiB
	perRoute int
}

func (f *boundFlags) add(c *cobra.Command) {
	c.Flags().Int64Var(&f.size, "store-size", 4096, "bound of what the store holds, in MiB; the least recently used goes first")
	c.Flags().IntVar(&f.perRoute, "store-per-route", 0, "bound of the pages of one route in the store; 0 for none")
}

func (f *boundFlags) check() error {
	switch {
	case f.size <= 0:
		return misused("--store-size %d: give a number of MiB above zero", f.size)
	case f.perRoute < 0:
		return misused("--store-per-route %d: give a number of pages, or 0 for no bound", f.perRoute)
	}
	return nil
}

func (f *boundFlags) bounds() pages.Bounds {
	return pages.Bounds{Bytes: f.size << 20, PerRoute: f.perRoute}
}

// A maintained says what a run of maintain did.
type maintained struct {
	Swept    *pages.Swept   `json:"swept,omitempty"` // nil where another instance sweeps, or there is nothing to
	Assets   int            `json:"assets"`          // brought to the store
	Services []string       `json:"services"`        // whose work was done
	Jobs     *metrics.Batch `json:"jobs,omitempty"`  // nil without jobs
}

// A maintainer does what is due.
type maintainer struct{ p *program }

func (m maintainer) command() *cobra.Command {
	p := m.p
	var bounds boundFlags
	var budget time.Duration
	c := &cobra.Command{
		Use:   "maintain",
		Short: "Do what is due: keep the store within its bounds, run scheduled services",
		Long: `Does once what servers do by themselves as time goes by, for targets where no
server runs between requests: brings this build's assets to the store, where
other builds find them; removes the least recently used pages above the bounds;
runs each service with an Every whose time has come, and jobs that are due, for
at most --work-for. It exits with 0, or says
what failed and exits with 1. Any number may run at once.`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			err := bounds.check()
			if err == nil && budget <= 0 {
				err = misused("--work-for %s: give a time above zero, such as 5m", budget)
			}
			if err == nil {
				p.log, err = p.serverLog()
			}
			if err = cmp.Or(err, p.checkFiles()); err != nil {
				return err
			}
			var store pages.Store
			if !p.stores.missing() {
				if store, err = p.stores.openOwned(c.Context()); err != nil {
					return err
				}
			}
			if store != nil {
				defer store.Close()
			}
			p.useDatabase()
			ctx, closed, err := p.withCaches(c.Context(), store)
			if err != nil {
				return err
			}
			p.useJobs(ctx, p.bareSite())
			done := p.tellAuth(ctx, store)
			did, err := m.run(ctx, store, bounds.bounds(), budget)
			err = errors.Join(err, done(), closed(), p.closeJobs(), p.closeFiles(), p.closeDatabase())
			if p.json {
				return errors.Join(err, p.print(did))
			}
			if s := did.Swept; s != nil {
				fmt.Fprintf(p.out, "swept: %s removed, %s freed\n", plural(s.Removed, "record"), size(s.Freed))
			}
			if did.Assets > 0 {
				fmt.Fprintf(p.out, "kept: %s\n", plural(did.Assets, "asset"))
			}
			if did.Jobs != nil {
				fmt.Fprintln(p.out, saidBatch(*did.Jobs))
			}
			if len(did.Services) > 0 {
				fmt.Fprintf(p.out, "done: %s\n", strings.Join(did.Services, ", "))
			}
			return err
		},
	}
	bounds.add(c)
	c.Flags().DurationVar(&budget, "work-for", 5*time.Minute, "how long jobs that are due are run; what runs then is stopped, and runs again later")
	p.baseFlag(c)
	p.distFlag(c, "dist")
	p.storeFlag(c)
	p.ownerFlags(c)
	p.jsonFlag(c)
	return c
}

// run does what is due, and goes on where some of it fails. The store may
// be nil.
func (m maintainer) run(ctx context.Context, store pages.Store, bounds pages.Bounds, budget time.Duration) (did maintained, err error) {
	var faults []error
	if store != nil {
		s, err := seed.Open(m.p.seedPath())
		if err == nil {
			did.Assets, err = retain.Put(ctx, store, s)
			err = errors.Join(err, s.Close())
		}
		if err != nil && !errors.Is(err, pages.ErrReadOnly) && !errors.Is(err, fs.ErrNotExist) {
			faults = append(faults, err)
		}
		if sweeper, ok := bare(store).(pages.Sweeper); ok {
			swept, err := sweeper.Sweep(ctx, bounds)
			switch {
			case err == nil:
				did.Swept = &swept
			case !errors.Is(err, pages.ErrHeld): // another one sweeps
				faults = append(faults, fmt.Errorf("sweep: %w", err))
			}
		}
	}
	if m.p.config.Jobs != nil {
		batch, err := m.p.config.Jobs.Tick(ctx, budget)
		if did.Jobs = &batch; err != nil {
			faults = append(faults, fmt.Errorf("run jobs: %w", err))
		}
		m.p.sayLeft(batch)
	}
	did.Services, err = supervise.Due(ctx, supervise.Config{Services: m.p.services(), Store: store, Log: m.p.log})
	return did, errors.Join(append(faults, err)...)
}
