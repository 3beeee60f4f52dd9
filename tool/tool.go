// Package tool is the gorgon tool as a library: new, dev, config, plan, deploy,
// generate, migration and doctor, which need the source of an app. It asks the app's own
// program what the app is (package command, 'parts --json' and 'openapi').
//
// A program of one's own that calls [Main] has targets beside those of Gorgon:
//
//	func main() {
//		tool.Main(tool.Config{Targets: []deploy.Target{nomad.Target()}})
//	}
package tool

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/deploy"
)

// Config says what a tool has besides what Gorgon brings. The zero Config
// works.
type Config struct {
	// Targets are added to Gorgon's own.
	// Default: none.
	Targets []deploy.Target
}

// Main runs the tool's command line and exits. SIGINT and SIGTERM end it in
// good order; a second one ends it at once.
func Main(config Config) {
	os.Exit(Run(cli.Signals(), config, os.Args[1:], os.Stdout, os.Stderr))
}

// Run runs one command line and returns its exit code, one of those of package
// cli. Results go to out, everything else to log.
func Run(ctx context.Context, config Config, args []string, out, log io.Writer) int {
	t := &tool{config: config, out: out, log: log}
	root := &cobra.Command{
		Use:   "gorgon",
		Short: "Begin a project with Gorgon, write it, plan and deploy it",
		Args:  cli.NoArguments,
	}
	root.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	root.AddCommand(t.newCommand(), t.devCommand(), t.configCommand(), t.planCommand(), t.deployCommand(), t.generateCommand(), t.migrationCommand(), t.doctorCommand(), t.versionCommand())
	for _, c := range root.Commands() {
		run := c.RunE
		c.RunE = func(c *cobra.Command, args []string) error { return cli.Fail(run(c, args)) }
	}
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(log)
	return cli.Run(ctx, root, log)
}

// A tool is one run of the command line.
type tool struct {
	config Config
	out    io.Writer
	log    io.Writer
}

func (t *tool) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say which Gorgon this is",
		Args:  cli.NoArguments,
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintln(t.out, "gorgon", ownVersion())
			return nil
		},
	}
}
