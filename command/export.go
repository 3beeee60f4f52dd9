// export: a folder of static files.

package command

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/export"
)

func (p *program) exportCommand() *cobra.Command {
	var flags buildFlags
	var out string
	var partial bool
	c := &cobra.Command{
		Use:   "export",
		Short: "Write the site as static files for any host",
		Long: `Writes the site as a folder of files that any host serves, building first
where needed. An app of which some cannot be static is refused, with a list of
what and what to do about it; --partial leaves that out, and writes pages that
would be made again as time goes by as they are now.

Put the folder where --base says: with --base /docs/ its index.html is /docs/.`,
		Example: "  " + p.app.Name + " export --out public --base /docs/",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := p.app.Validate(); err != nil {
				return err
			}
			// Before a build that may take long.
			if left := export.Check(p.app); len(left) > 0 && !partial {
				return exit{Refused, export.Refused(left)}
			}
			s, err := p.ensureSite(c.Context(), flags)
			if err != nil {
				return err
			}
			defer s.seed.Close()
			report, err := export.Run(c.Context(), export.Config{App: p.app, Seed: s.seed, Renderer: s.renderer, Out: out, Partial: partial})
			if _, refused := errors.AsType[export.Refused](err); refused {
				return exit{Refused, err}
			}
			if err != nil {
				return err
			}
			if p.json {
				return p.print(report)
			}
			for _, left := range report.Left {
				fmt.Fprintln(p.err, "not static:", left)
			}
			fmt.Fprintf(p.err, "exported to %s: %d files written, %d already there, %d removed\n", report.Out, report.Written, report.Same, report.Removed)
			if p.app.Origin == "" {
				fmt.Fprintln(p.err, "there is no sitemap.xml: its URLs must be absolute, and App.Origin is not set")
			}
			return nil
		},
	}
	flags.add(c)
	c.Flags().StringVar(&out, "out", "public", "folder to write to")
	c.Flags().BoolVar(&partial, "partial", false, "leave out what cannot be static")
	p.distFlag(c, "dist")
	p.jsonFlag(c)
	return c
}
