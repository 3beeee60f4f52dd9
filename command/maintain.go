// maintain: do what is due, once.

package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

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
	Swept    *pages.Swept `json:"swept,omitempty"` // nil where another instance sweeps, or there is nothing to
	Assets   int          `json:"assets"`          // brought to the store
	Services []string     `json:"services"`        // whose work was done
}

func (p *program) maintainCommand() *cobra.Command {
	var bounds boundFlags
	c := &cobra.Command{
		Use:   "maintain",
		Short: "Do what is due: keep the store within its bounds, run scheduled services",
		Long: `Does once what servers do by themselves as time goes by, for places where no
server runs between requests: brings this build's assets to the store, where
other builds find them; removes the least recently used pages above the bounds;
runs each service with an Every whose time has come. It exits with 0, or says
what failed and exits with 1. Any number may run at once.`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			err := bounds.check()
			if err == nil {
				p.log, err = newLog(p.err)
			}
			if err != nil {
				return err
			}
			var store pages.Store
			if !p.noStoreYet() {
				if store, err = p.open(c.Context()); err != nil {
					return err
				}
			}
			if store != nil {
				defer store.Close()
				if err := p.prepared(c.Context(), store); err != nil {
					return err
				}
			}
			did, err := p.maintain(c.Context(), store, bounds.bounds())
			if p.json {
				return errors.Join(err, p.print(did))
			}
			if s := did.Swept; s != nil {
				fmt.Fprintf(p.out, "swept: %s removed, %s freed\n", plural(s.Removed, "record"), size(s.Freed))
			}
			if did.Assets > 0 {
				fmt.Fprintf(p.out, "kept: %s\n", plural(did.Assets, "asset"))
			}
			if len(did.Services) > 0 {
				fmt.Fprintf(p.out, "done: %s\n", strings.Join(did.Services, ", "))
			}
			return err
		},
	}
	bounds.add(c)
	p.distFlag(c, "dist")
	p.storeFlag(c)
	p.jsonFlag(c)
	return c
}

// maintain does what is due, and goes on where some of it fails. The store may
// be nil.
func (p *program) maintain(ctx context.Context, store pages.Store, bounds pages.Bounds) (did maintained, err error) {
	var faults []error
	if store != nil {
		s, err := seed.Open(p.seedPath())
		if err == nil {
			did.Assets, err = retain.Put(ctx, store, s)
			err = errors.Join(err, s.Close())
		}
		if err != nil && !errors.Is(err, pages.ErrReadOnly) && !errors.Is(err, fs.ErrNotExist) {
			faults = append(faults, err)
		}
		if sweeper, ok := store.(pages.Sweeper); ok {
			swept, err := sweeper.Sweep(ctx, bounds)
			switch {
			case err == nil:
				did.Swept = &swept
			case !errors.Is(err, pages.ErrHeld): // another one sweeps
				faults = append(faults, fmt.Errorf("sweep: %w", err))
			}
		}
	}
	did.Services, err = supervise.Due(ctx, supervise.Config{Services: p.app.Services, Store: store, Log: p.log})
	return did, errors.Join(append(faults, err)...)
}
