// config: the configuration of an app as it is under dev.

package tool

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/develop"
)

func (t *tool) configCommand() *cobra.Command {
	var values, asJSON bool
	c := &cobra.Command{
		Use:   "config [PACKAGE]",
		Short: "List the variables of an app's configuration, as 'gorgon dev' sets them",
		Long: `Compiles the app and runs its command config with the variables of .env, as
dev does: it lists the variables of the app's own configuration, and with
--print also their values and where those come from. Secrets are shown as dots.
If the configuration has faults, --print lists them, and the exit code is 1.`,
		Args: onePackage,
		RunE: func(c *cobra.Command, args []string) error {
			folder := folderOf(args)
			env, err := develop.Dotenv(folder)
			if err != nil {
				return err
			}
			line := []string{"config"}
			if values {
				line = append(line, "--print")
			}
			if asJSON {
				line = append(line, "--json")
			}
			said, err := runApp(c.Context(), folder, env, line...)
			fmt.Fprintf(t.out, "%s", said)
			return err
		},
	}
	c.Flags().BoolVar(&values, "print", false, "show each value, and where it comes from")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}
