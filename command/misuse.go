// What is said about a command line that cannot be understood.

package command

import (
	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/cli"
)

// An exit is an error with its exit code.
type exit = cli.Exit

func misused(format string, args ...any) error { return cli.Misuse(format, args...) }

// quoted is a value of the command line or the environment as a message may
// show it.
func quoted(value string) string { return cli.Quoted(value) }

// cut is a text with no more than a line should have.
func cut(text string) string { return cli.Cut(text) }

// noArguments is of commands that take flags alone.
func noArguments(c *cobra.Command, args []string) error { return cli.NoArguments(c, args) }
