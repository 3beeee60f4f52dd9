// migrate: lay the store out.

package command

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/pages"
)

func (p *program) migrateCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "migrate",
		Short: "Lay the store out for this version of the program",
		Long: `Makes the tables that the store needs, or brings those that are there up to
date. It does so in one step or not at all, may be run twice and by many at
once, and exits with 0 if the store is as it has to be. Serving never does it.
Stores that need no such step are left as they are.`,
		Example: "  " + p.app.Name + " migrate --store postgres://app@db.internal/app",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			open, err := p.driver()
			if err != nil {
				return err
			}
			if open == nil || p.noStoreYet() {
				return misused("there is no store to migrate: name one with --store")
			}
			store, err := open(c.Context())
			if err != nil {
				return err
			}
			defer store.Close()
			var steps []string
			if m, ok := store.(pages.Migrator); ok {
				if steps, err = m.Migrate(c.Context()); err != nil {
					return fmt.Errorf("migrate %s: %w", safe(p.location()), err)
				}
			}
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
	p.jsonFlag(c)
	return c
}
