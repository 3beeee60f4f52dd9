// doctor: what is wrong with a running program, in plain words.

package command

import (
	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/diagnose"
)

func doctorCommand(p *program) *cobra.Command {
	visit := &diagnose.Visit{}
	c := &cobra.Command{
		Use:   "doctor --live URL",
		Short: "Say what is wrong with a running program, and what to do",
		Long: `Reads the figures of a running program from its admin pages, twice, and says in
plain words what is wrong and what to do: a store or a database that is far away
or away, a route whose loader has no place left, purges that keep pages from being
reused, commits that are not purged, jobs that fail again and again, a memory that
is too small, and more. It changes nothing.

The program that is looked at needs --admin (GORGON_ADMIN). It exits with 0 where
nothing is found, and with 1 where something is, or where nothing answers. What
needs the source is checked by 'gorgon doctor' in the project's folder.`,
		Example: "  " + p.app.Name + " doctor --live http://127.0.0.1:9465\n  " + p.app.Name + " doctor --live unix:/run/" + p.app.Name + "/admin.sock --for 1m",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if visit.Live == "" {
				return misused("doctor: say where the admin pages of the running program are, as in --live http://127.0.0.1:9465")
			}
			visit.JSON, visit.Out, visit.Log = p.json, p.out, p.err
			return visit.Run(c.Context())
		},
	}
	visit.Flags(c)
	p.jsonFlag(c)
	return c
}
