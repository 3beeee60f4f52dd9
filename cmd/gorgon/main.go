// Command gorgon begins projects, and says what a machine lacks for them.
//
//	gorgon new NAME   write a site, a blog or a shop that builds, tests and serves
//	gorgon dev [PACKAGE]   run an app while it is being written
//	gorgon doctor     check what a developer needs, each fault with its mend
//	gorgon version    say which Gorgon this is
//
// Building, serving and deploying are commands of each app's own program.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	done    = 0
	failed  = 1 // what was asked for could not be done
	misused = 2 // the command line cannot be understood
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run runs one command line and returns its exit code. Results go to out,
// everything else to log.
func run(ctx context.Context, args []string, out, log io.Writer) int {
	t := &tool{out: out, log: log}
	root := &cobra.Command{
		Use:           "gorgon",
		Short:         "Begin a project with Gorgon, and check what it needs",
		Args:          t.noArguments,
		SilenceErrors: true,
		SilenceUsage:  true,

		SuggestionsMinimumDistance: 2,
	}
	root.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	root.SetFlagErrorFunc(flagError)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(t.newCommand(), t.devCommand(), t.doctorCommand(), t.versionCommand())
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(log)
	ran, err := root.ExecuteContextC(ctx)
	if err == nil {
		return done
	}
	code := failed
	if _, ok := errors.AsType[misuse](err); ok {
		code = misused
	}
	fmt.Fprintf(log, "gorgon: %s\n", strings.TrimSpace(err.Error()))
	if code == misused {
		fmt.Fprintf(log, "see '%s --help'\n", ran.CommandPath())
	}
	return code
}

// A tool is one run of the command line.
type tool struct {
	out io.Writer
	log io.Writer
}

func (t *tool) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say which Gorgon this is",
		Args:  t.noArguments,
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintln(t.out, "gorgon", ownVersion())
			return nil
		},
	}
}

// A misuse is a command line that cannot be understood.
type misuse string

func (m misuse) Error() string { return string(m) }

func misusedf(format string, args ...any) error { return misuse(fmt.Sprintf(format, args...)) }

// noArguments is of commands that take flags alone.
func (t *tool) noArguments(c *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case !c.HasParent():
		return misusedf("there is no command %q: %s", args[0], didYouMean(c.SuggestionsFor(args[0]), "use one that --help lists"))
	}
	return misusedf("%s takes no arguments, and %q is one: leave it out", c.Name(), args[0])
}

// flagError says what is wrong with a flag.
func flagError(c *cobra.Command, err error) error {
	text := err.Error()
	if name, unknown := strings.CutPrefix(text, "unknown flag: "); unknown {
		// Cobra knows what is near, of commands.
		names := &cobra.Command{SuggestionsMinimumDistance: 2}
		for word := range strings.FieldsSeq(c.Flags().FlagUsages()) {
			if flag, ok := strings.CutPrefix(word, "--"); ok {
				names.AddCommand(&cobra.Command{Use: flag, Run: func(*cobra.Command, []string) {}})
			}
		}
		near := names.SuggestionsFor(strings.TrimPrefix(name, "--"))
		for i := range near {
			near[i] = "--" + near[i]
		}
		return misusedf("there is no flag %s: %s", name, didYouMean(near, "use one that --help lists"))
	}
	if _, after, short := strings.Cut(text, "unknown shorthand flag: "); short {
		return misusedf("there is no flag %s: write flags with two dashes", after)
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: "); ok {
		return misusedf("%s needs a value: write it behind the flag", name)
	}
	return misuse(text)
}

func didYouMean(near []string, otherwise string) string {
	if len(near) == 0 {
		return otherwise
	}
	return "did you mean " + strings.Join(slices.Compact(near), " or ") + "?"
}
