// Package cli holds what the command lines of apps and of the tool share: exit
// codes, and the errors of malformed command lines.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unicode"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	OK      = 0
	Failed  = 1 // the command failed
	Misused = 2 // the command line is malformed
	Refused = 3 // the app does not fit the target
)

// An Exit is an error with its exit code.
type Exit struct {
	Code int
	Err  error
}

func (e Exit) Error() string { return e.Err.Error() }
func (e Exit) Unwrap() error { return e.Err }

// Fail adds the exit code of failure to an error that has none. A nil error
// stays nil.
func Fail(err error) error {
	if _, ok := errors.AsType[Exit](err); ok || err == nil {
		return err
	}
	return Exit{Failed, err}
}

// Misuse returns the error of a malformed command line.
func Misuse(format string, args ...any) error {
	return Exit{Misused, fmt.Errorf(format, args...)}
}

// Run runs a command line and returns its exit code. An error is written to
// log, after the program's name.
func Run(ctx context.Context, root *cobra.Command, log io.Writer) int {
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(flagError)
	root.CompletionOptions.HiddenDefaultCmd = true
	ran, err := root.ExecuteContextC(ctx)
	if err == nil {
		return OK
	}
	e, ok := errors.AsType[Exit](err)
	if !ok {
		e = Exit{Misused, err}
	}
	fmt.Fprintf(log, "%s: %s\n", root.Name(), strings.TrimSpace(e.Err.Error()))
	if e.Code == Misused {
		fmt.Fprintf(log, "see '%s --help'\n", ran.CommandPath())
	}
	return e.Code
}

// Signals returns a context that ends with SIGINT or SIGTERM. A second signal
// ends the program immediately.
func Signals() context.Context {
	ctx, stop := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2) // room for two that follow closely
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		stop()
		<-signals
		os.Exit(Failed)
	}()
	return ctx
}

// maxQuoted is the length at which a quoted value is cut.
const maxQuoted = 60

// Quoted formats a value of the command line or the environment for a message.
// It shows only values that cannot contain a password, as a URL in the wrong
// place can.
func Quoted(value string) string {
	plain := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" -_.,:;/{}[]()*+!|", r)
	}
	if strings.Contains(value, "://") || strings.ContainsFunc(value, func(r rune) bool { return !plain(r) }) {
		return `"…"`
	}
	return strconv.Quote(Cut(value))
}

// Cut shortens a text to the length of a line.
func Cut(text string) string {
	if letters := []rune(text); len(letters) > maxQuoted {
		return string(letters[:maxQuoted]) + "…"
	}
	return text
}

// NoArguments refuses arguments of a command that takes flags only.
func NoArguments(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !c.HasParent() {
		return unknownCommand(c, args[0])
	}
	return Misuse("%s takes no arguments, and %s is one: write flags with two dashes, or leave it out", c.Name(), Quoted(args[0]))
}

func unknownCommand(root *cobra.Command, name string) error {
	return Misuse("there is no command %s: %s", Quoted(name), didYouMean(root.SuggestionsFor(name), "use one that --help lists"))
}

func didYouMean(near []string, otherwise string) string {
	if len(near) == 0 {
		return otherwise
	}
	return "did you mean " + strings.Join(near, " or ") + "?"
}

// flagError describes a wrong flag in plainer words than those of Go's number
// parser.
func flagError(c *cobra.Command, err error) error {
	if args := c.Flags().Args(); !c.HasParent() && len(args) > 0 {
		return unknownCommand(c, args[0]) // its flags are unknown
	}
	text := err.Error()
	if name, unknown := strings.CutPrefix(text, "unknown flag: "); unknown {
		return Misuse("there is no flag %s: %s", shownFlag(name), didYouMean(nearFlags(c, name), "use one that --help lists"))
	}
	if strings.HasPrefix(text, "unknown shorthand flag: ") {
		return Misuse("there are no flags with one dash: write flags with two dashes")
	}
	var value, name string
	if n, _ := fmt.Sscanf(text, "invalid argument %q for %q flag: ", &value, &name); n == 2 {
		_, hint, _ := strings.Cut(text, " flag: ")
		if flag := c.Flags().Lookup(strings.TrimPrefix(name, "--")); flag != nil && Form(flag.Value.Type()) != "" {
			hint = Form(flag.Value.Type())
		}
		return Misuse("%s %s: %s", name, Quoted(value), hint)
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: "); ok {
		return Misuse("%s needs a value", shownFlag(name))
	}
	return Misuse("a flag is malformed: write flags as --name value or --name=value")
}

// shownFlag formats the name of an unknown flag for a message.
func shownFlag(name string) string { return strings.Trim(Quoted(name), `"`) }

// Form says how the value of a flag of this type is written; "" for an unknown
// type.
func Form(flagType string) string { return forms[flagType] }

var forms = map[string]string{
	"int":                 "write a whole number, such as 4",
	"int64":               "write a whole number, such as 512",
	"duration":            "write a number with its unit, such as 10s or 1m30s",
	"bool":                "write true or false, or nothing",
	"none|fast|good|best": "choose none, fast, good or best",
}

// nearFlags lists the flags with similar names. Cobra knows how to compare the
// names of commands.
func nearFlags(c *cobra.Command, name string) []string {
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
	slices.Sort(near)
	return slices.Compact(near)
}
