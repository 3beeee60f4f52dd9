// reach: how long a round trip to the store takes, for the tool's doctor.

package command

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/wire"
)

const (
	reachTrips   = 20
	reachTimeout = 10 * time.Second // for all of them
)

// reachCommand prints a list of [wire.Reach]. It has what the tool lacks: the
// drivers. What is not named is not measured, and local files are not opened.
func reachCommand(p *program) *cobra.Command {
	c := &cobra.Command{
		Use:    "reach",
		Short:  "Print how long round trips to store and database take, as JSON",
		Args:   noArguments,
		Hidden: true,
		RunE: func(c *cobra.Command, _ []string) error {
			return cli.Fail(p.print(append([]wire.Reach{}, p.reaches(c.Context())...)))
		},
	}
	c.Flags().Bool("json", true, "print JSON, which is all that there is")
	return c
}

func (p *program) reaches(ctx context.Context) (list []wire.Reach) {
	if named := p.stores.named(); named != "" && named != "none" {
		list = append(list, p.reachStore(ctx))
	}
	if p.config.Database != nil && os.Getenv("DATABASE_URL") != "" {
		list = append(list, p.reachDatabase(ctx))
	}
	return list
}

func (p *program) reachDatabase(ctx context.Context) wire.Reach {
	r := wire.Reach{What: "database"}
	for _, need := range p.config.Database.Part().Needs {
		r.Local = r.Local || need.Kind == plan.File
	}
	if r.Local {
		return r
	}
	p.useDatabase()
	defer func() { _ = p.closeDatabase() }() // what it says does not matter to how far it is away
	return measure(ctx, r, reachTrips, p.config.Database.Ping)
}

func (p *program) reachStore(ctx context.Context) wire.Reach {
	r := wire.Reach{What: "store", Where: p.stores.shown()}
	if p.stores.local() {
		r.Local = true
		return r
	}
	store, err := p.stores.open(ctx)
	if err != nil {
		r.Fault = err.Error()
		return r
	}
	defer store.Close()
	return measure(ctx, r, reachTrips, func(ctx context.Context) error {
		_, err := store.Epochs(ctx)
		if errors.Is(err, pages.ErrLayout) {
			err = nil // it answers that it has no tables
		}
		return err
	})
}

// local says whether the store that was named is a file of this machine.
func (s storage) local() bool {
	scheme, _, _ := strings.Cut(s.named(), ":")
	return slices.ContainsFunc(s.drivers, func(d pages.Driver) bool { return !d.Remote && slices.Contains(d.Schemes, scheme) })
}

// measure times so many round trips. The first one connects, and does not count.
func measure(ctx context.Context, r wire.Reach, times int, ask func(context.Context) error) wire.Reach {
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	if err := ask(ctx); err != nil {
		r.Fault = err.Error()
		return r
	}
	var took []time.Duration
	for range times {
		began := time.Now()
		if err := ask(ctx); err != nil {
			if len(took) == 0 {
				r.Fault = err.Error()
				return r
			}
			break
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	r.Trips, r.Least, r.Median = len(took), took[0], took[len(took)/2]
	return r
}
