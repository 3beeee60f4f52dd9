// export: a folder of static files.

package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/export"
)

// An exporter writes the site as files.
type exporter struct {
	p     *program
	build buildFlags

	noBuild bool
	seed    string // a file that is exported in place of what is built; "" for none
}

func (e *exporter) command() *cobra.Command {
	p := e.p
	var out string
	var partial, force, host bool
	c := &cobra.Command{
		Use:   "export",
		Short: "Write the site as static files for any host",
		Long: `Builds the site, and writes it as a folder of files that any host serves;
--no-build writes what was built before. Only files that differ are written,
and only files of an earlier export are removed or, without --force, replaced.

An app of which some cannot be static is refused, with a list of what and what
to do about it; --partial leaves that out, and writes pages that would be made
again as time goes by as they are now.

Put the folder where --base says: with --base /docs/ its index.html is /docs/.`,
		Example: "  " + p.app.Name + " export --out public --base /docs/",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := e.build.check(); err != nil {
				return err
			}
			// Before a build that may take long.
			if left := export.Check(p.app); len(left) > 0 && !partial {
				return e.refuse(left)
			}
			if err := export.CheckFolder(out, cmp.Or(e.seed, p.seedPath())); err != nil {
				return err
			}
			s, err := e.site(c.Context())
			if err != nil {
				return err
			}
			defer s.seed.Close()
			report, err := export.Run(c.Context(), export.Config{App: p.app, Seed: s.seed, Renderer: s.renderer, Out: out, Partial: partial, Force: force, Redirects: host})
			if left, refused := errors.AsType[export.Refused](err); refused {
				return e.refuse(left)
			}
			if err != nil {
				return err
			}
			if !host {
				report.Files = nil
			}
			if p.json {
				return p.print(report)
			}
			for _, left := range report.Left {
				fmt.Fprintln(p.err, "not static:", left)
			}
			if n := len(report.Redirects); n > 0 {
				fmt.Fprintf(p.err, "%s: a page each that leads on, since a file cannot redirect; 'gorgon deploy --to static' also writes the rules of hosts that have rules\n", plural(n, "redirect"))
			}
			if d := report.DeadLinks; d.Links > 0 {
				lead := "lead"
				if d.Links == 1 {
					lead = "leads"
				}
				fmt.Fprintf(p.err, "%s on %s %s to what is not exported, such as:\n", plural(d.Links, "link"), plural(d.Pages, "page"), lead)
				for _, dead := range d.Examples {
					fmt.Fprintf(p.err, "  %s, on %s\n", quoted(dead.Link), dead.Page)
				}
			}
			fmt.Fprintf(p.err, "exported to %s: %s written, %d already there, %d removed\n", report.Out, plural(report.Written, "file"), report.Same, report.Removed)
			if p.app.Origin == "" {
				fmt.Fprintln(p.err, "there is no sitemap.xml: its URLs must be absolute, and App.Origin is not set")
			}
			return nil
		},
	}
	e.build.add(c)
	c.Flags().StringVar(&out, "out", "public", "folder to write to")
	c.Flags().BoolVar(&partial, "partial", false, "leave out what cannot be static")
	c.Flags().BoolVar(&force, "force", false, "overwrite files that no export wrote")
	c.Flags().BoolVar(&e.noBuild, "no-build", false, "export what was built before")
	c.Flags().StringVar(&e.seed, "seed", "", "export this seed, which this program built")
	c.Flags().BoolVar(&host, "host", false, "list files and redirects for a host that has rules for them")
	for _, name := range []string{"seed", "host"} {
		c.Flag(name).Hidden = true // for deploy
	}
	p.baseFlag(c)
	p.distFlag(c, "dist")
	p.jsonFlag(c)
	return c
}

// refuse is the answer for an app of which some cannot be static.
func (e *exporter) refuse(left export.Refused) error {
	if e.p.json {
		if err := e.p.print(map[string]any{"refused": left}); err != nil {
			return err
		}
	}
	return exit{Code: Refused, Err: left}
}

// site builds the site, since what its pages are made of may have changed
// though the program has not, or opens what was built.
func (e *exporter) site(ctx context.Context) (*site, error) {
	p := e.p
	switch {
	case e.seed != "":
		return p.openSite(e.seed)
	case p.pkg != nil:
		return p.openSite(p.seedPath())
	case e.noBuild:
		why, err := p.outdated()
		if err == nil && why != "" {
			err = fmt.Errorf("--no-build: %s: run '%s build' first, or leave --no-build out", why, p.app.Name)
		}
		if err != nil {
			return nil, err
		}
	default:
		if _, err := (builder{p, e.build}).run(ctx, p.seedPath()); err != nil {
			return nil, err
		}
	}
	return p.openSite(p.seedPath())
}
