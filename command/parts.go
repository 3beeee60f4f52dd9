// parts: what the program is, for the one that deploys it.

package command

import (
	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/plan"
)

// partsCommand lets deploy find out whether the program that it compiled is
// the app that it planned for.
func (p *program) partsCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "parts",
		Short:  "Print the parts of the app with what they need, as JSON",
		Args:   noArguments,
		Hidden: true,
		RunE:   func(*cobra.Command, []string) error { return p.print(plan.Parts(p.app)) },
	}
}
