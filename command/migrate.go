// migrate: create or upgrade the app's database and the store's tables.

package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/pages"
)

// A migration is one run of migrate.
type migration struct {
	p    *program
	open func(context.Context) (pages.Store, error) // nil: there is no store

	pending, offline, down, development bool // flags
}

func migrateCommand(p *program) *cobra.Command {
	m := &migration{p: p}
	c := &cobra.Command{
		Use:   "migrate",
		Short: "Create or upgrade the database and the store's tables",
		Long: `Creates the tables that the store needs, or upgrades existing ones, in one
transaction. Where the app has a database, it applies the files of its
migrations first, each in a transaction of its own, and makes what purges by
commits need. It does both even if one of them fails.

It may be run again, and by several processes at once, and exits with 0 if all
is up to date. Serving never does it. Stores that need no tables stay as they
are. With --pending, it changes nothing, lists what is to be done, and exits
with 3 if there is something.`,
		Example: "  " + p.app.Name + " migrate --store postgres://app@db.internal/app\n  " + p.app.Name + " migrate --pending",
		Args:    noArguments,
		RunE:    func(c *cobra.Command, _ []string) error { return m.run(c.Context()) },
	}
	p.distFlag(c, "dist")
	p.storeFlag(c)
	p.ownerFlags(c)
	p.jsonFlag(c)
	c.Flags().BoolVar(&m.pending, "pending", false, "change nothing, and list what is to be done")
	if p.config.Database != nil {
		c.Flags().BoolVar(&m.offline, "offline", false, "no instance of the app runs: apply contracts together with the files before them")
		c.Flags().BoolVar(&m.down, "down", false, "undo the newest file of the database, in development")
		c.Flags().BoolVar(&m.development, "development", false, "the database is one of development, and its data may be lost")
		c.MarkFlagsMutuallyExclusive("pending", "down")
		c.MarkFlagsMutuallyExclusive("offline", "down")
	}
	return c
}

// A migrated is what was done, or is to be done; nil for what there is not.
type migrated struct {
	database []string
	steps    []string // of the store
}

func (m *migration) run(ctx context.Context) (err error) {
	p := m.p
	if m.open, err = p.stores.driver(); err != nil {
		return err
	}
	if p.stores.missing() {
		m.open = nil
	}
	if p.config.Database == nil && m.open == nil {
		return misused("there is no store to migrate: name one with --store")
	}
	if p.config.Database != nil {
		p.useDatabase()
		defer func() { err = errors.Join(err, p.config.Database.Close()) }()
	}
	switch {
	case m.down:
		return m.undo(ctx)
	case m.pending:
		return m.list(ctx)
	}
	did, failed := m.both(ctx)
	if err := m.print("steps", "done: ", did, failed != nil); err != nil {
		return err
	}
	return failed
}

// both migrates the database, and then the store. If one of them fails, the
// other one is migrated nevertheless.
func (m *migration) both(ctx context.Context) (did migrated, err error) {
	if db := m.p.config.Database; db != nil {
		migrate := db.Migrate
		if m.offline {
			migrate = db.MigrateOffline
		}
		if did.database, err = migrate(ctx); err != nil {
			err = fmt.Errorf("migrate the database: %w", err)
		}
	}
	if m.open == nil {
		return did, err
	}
	steps, failed := m.store(ctx)
	if did.steps = steps; err == nil {
		return did, failed // with its own exit code
	}
	return did, errors.Join(err, failed)
}

// store migrates the store.
func (m *migration) store(ctx context.Context) (steps []string, err error) {
	p := m.p
	store, err := m.open(ctx)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	migrator, laidOut := store.(pages.Migrator)
	if laidOut {
		if steps, err = migrator.Migrate(ctx); err != nil {
			return nil, fmt.Errorf("migrate %s: %w", p.stores.shown(), err)
		}
	}
	refused := exit{}
	if err := p.stores.claim(ctx, store); laidOut || p.stores.takeOver || errors.As(err, &refused) {
		return steps, err
	} // else it is away, and claimed by the server
	return steps, nil
}

// list lists what is to be done.
func (m *migration) list(ctx context.Context) error {
	var due migrated
	var faults []error
	if db := m.p.config.Database; db != nil {
		var err error
		if due.database, err = db.Pending(ctx); err != nil {
			faults = append(faults, fmt.Errorf("ask the database what is to be done: %w", err))
		}
	}
	if m.open != nil {
		store, err := m.open(ctx)
		if err == nil {
			if _, err = store.Epochs(ctx); errors.Is(err, pages.ErrLayout) {
				due.steps, err = []string{"the store's layout"}, nil
			}
			err = errors.Join(err, store.Close())
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("ask the store %s what is to be done: %w", m.p.stores.shown(), err))
		}
	}
	if err := m.print("pending", "to do: ", due, len(faults) > 0); err != nil {
		return err
	}
	n := len(due.database) + len(due.steps)
	switch {
	case len(faults) > 0:
		return errors.Join(faults...)
	case n > 0:
		return exit{Code: Refused, Err: fmt.Errorf("%s to do: run '%s migrate'", cli.Plural(n, "step"), m.p.app.Name)}
	}
	return nil
}

// undo undoes the newest file.
func (m *migration) undo(ctx context.Context) error {
	if !m.p.developing() && !m.development {
		return misused("--down removes data, and is for development: if this is a database of development, say so with --development; elsewhere, make a new file that undoes the change")
	}
	step, err := m.p.config.Database.Down(ctx)
	if err != nil {
		return fmt.Errorf("undo a migration: %w", err)
	}
	if m.p.json {
		return m.p.print(map[string]any{"undone": step})
	}
	fmt.Fprintf(m.p.out, "undone: %s\n", step)
	return nil
}

// print prints steps. If there was a fault, nothing is said to be up to date.
func (m *migration) print(key, before string, all migrated, fault bool) error {
	if m.p.json {
		says := map[string]any{}
		if m.open != nil || m.p.config.Database == nil {
			says[key] = append([]string{}, all.steps...)
		}
		if m.p.config.Database != nil {
			says["database"] = map[string]any{key: append([]string{}, all.database...)}
		}
		return m.p.print(says)
	}
	if m.p.config.Database != nil {
		printSteps(m.p.out, "the database", before, all.database, fault)
	}
	if m.open != nil {
		printSteps(m.p.out, "the store", before, all.steps, fault)
	}
	return nil
}

func printSteps(out io.Writer, what, before string, steps []string, fault bool) {
	switch {
	case len(steps) > 0:
		fmt.Fprintf(out, "%s%s\n", before, strings.Join(steps, ", "))
	case !fault:
		fmt.Fprintf(out, "%s is up to date\n", what)
	}
}
