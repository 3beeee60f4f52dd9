// What is said about a command line that cannot be understood.

package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func misused(format string, args ...any) error {
	return exit{Misused, fmt.Errorf(format, args...)}
}

// noArguments is of commands that take flags alone.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !c.HasParent() {
		return unknownCommand(c, args[0])
	}
	return misused("%s takes no arguments, and %q is one: write flags with two dashes, or leave it out", c.Name(), args[0])
}

func unknownCommand(root *cobra.Command, name string) error {
	return misused("there is no command %q: %s", name, didYouMean(root.SuggestionsFor(name), "use one that --help lists"))
}

func didYouMean(near []string, otherwise string) string {
	if len(near) == 0 {
		return otherwise
	}
	return "did you mean " + strings.Join(near, " or ") + "?"
}

// flagError says what is wrong with a flag in other words than those of Go's
// number parser.
func flagError(c *cobra.Command, err error) error {
	if args := c.Flags().Args(); !c.HasParent() && len(args) > 0 {
		return unknownCommand(c, args[0]) // whose flags cannot be known
	}
	text := err.Error()
	if name, unknown := strings.CutPrefix(text, "unknown flag: "); unknown {
		return misused("there is no flag %s: %s", name, didYouMean(nearFlags(c, name), "use one that --help lists"))
	}
	if _, after, short := strings.Cut(text, "unknown shorthand flag: "); short {
		return misused("there is no flag %s: write flags with two dashes", after)
	}
	var value, name string
	if n, _ := fmt.Sscanf(text, "invalid argument %q for %q flag: ", &value, &name); n == 2 {
		_, mend, _ := strings.Cut(text, " flag: ")
		if flag := c.Flags().Lookup(strings.TrimPrefix(name, "--")); flag != nil && forms[flag.Value.Type()] != "" {
			mend = forms[flag.Value.Type()]
		}
		return misused("%s %q: %s", name, value, mend)
	}
	return exit{Misused, err}
}

// forms are what values look like, by the type of their flag.
var forms = map[string]string{
	"int":      "write a whole number, such as 4",
	"int64":    "write a whole number, such as 512",
	"duration": "write a number with its unit, such as 10s or 1m30s",
	"bool":     "write true or false, or nothing",
}

// nearFlags are the flags whose names are like this one. Cobra knows what is
// near, of commands.
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
