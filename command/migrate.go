// migrate: create or upgrade the store's tables.

package command

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/pages"
)

func migrateCommand(p *program) *cobra.Command {
	c := &cobra.Command{
		Use:   "migrate",
		Short: "Create or upgrade the store's tables",
		Long: `Creates the tables that the store needs, or upgrades existing ones, in one
transaction. It may be run again, and by several processes at once,
and exits with 0 if the store is up to date. Serving never does it. Stores that
need no tables stay as they are.`,
		Example: "  " + p.app.Name + " migrate --store postgres://app@db.internal/app",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			open, err := p.stores.driver()
			if err != nil {
				return err
			}
			if open == nil || p.stores.missing() {
				return misused("there is no store to migrate: name one with --store")
			}
			store, err := open(c.Context())
			if err != nil {
				return err
			}
			defer store.Close()
			var steps []string
			m, laidOut := store.(pages.Migrator)
			if laidOut {
				if steps, err = m.Migrate(c.Context()); err != nil {
					return fmt.Errorf("migrate %s: %w", p.stores.shown(), err)
				}
			}
			refused := exit{}
			if err := p.stores.claim(c.Context(), store); laidOut || p.stores.takeOver || errors.As(err, &refused) {
				if err != nil {
					return err
				}
			} // else it is away, and claimed by who serves
			if p.json {
				return p.print(map[string]any{"steps": append([]string{}, steps...)})
			}
			if len(steps) == 0 {
				fmt.Fprintln(p.out, "the store is up to date")
				return nil
			}
			fmt.Fprintf(p.out, "done: %s\n", strings.Join(steps, ", "))
			return nil
		},
	}
	p.distFlag(c, "dist")
	p.storeFlag(c)
	p.ownerFlags(c)
	p.jsonFlag(c)
	return c
}
