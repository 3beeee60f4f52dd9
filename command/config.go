// config: the variables of the environment, and where their values come from.

package command

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/wire"
)

// Settings are an app's own configuration: what config.Define returns.
type Settings interface {
	// Validate returns the faults that do not depend on the environment.
	Validate() error

	// Read reads the environment, once, and returns all of its faults. They
	// contain no values.
	Read() error

	// Variables describes all variables as the environment has them now, with
	// values as they may be shown.
	Variables() []wire.Variable
}

// configured are the commands that read the configuration before anything else:
// they run the app's functions.
var configured = []string{"build", "export", "maintain", "migrate", "serve"}

// configure reads the configuration, where a command needs it.
func (p *program) configure(command string) error {
	settings := p.config.Settings
	if settings == nil {
		return nil
	}
	if err := settings.Validate(); err != nil {
		return exit{Code: Failed, Err: err}
	}
	if !slices.Contains(configured, command) {
		return nil
	}
	if err := settings.Read(); err != nil {
		return exit{Code: Failed, Err: fmt.Errorf("%w\nHint: '%s config' lists all variables", err, p.app.Name)}
	}
	return nil
}

func configCommand(p *program) *cobra.Command {
	var values bool
	c := &cobra.Command{
		Use:   "config",
		Short: "List the variables of the app's configuration",
		Long: `Lists the variables of the app's own configuration: the type of each, its
default, whether it is set, and what it is for.

With --print each is shown with its value and where that comes from: the
environment, .env, the file of a secret, or the default. Variables of Gorgon
follow that are set. Secrets are shown as dots. If the configuration has
faults, they are listed, and the exit code is 1.

Programs do not read .env by themselves: 'gorgon config' shows what they see
under 'gorgon dev'.`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return cli.Fail(p.showConfig(values)) },
	}
	c.Flags().BoolVar(&values, "print", false, "show each value, and where it comes from")
	p.jsonFlag(c)
	return c
}

func (p *program) showConfig(values bool) error {
	list := []wire.Variable{}
	var fault error
	if settings := p.config.Settings; settings != nil {
		list = append(list, settings.Variables()...)
		if fault = settings.Validate(); fault == nil && values {
			fault = settings.Read()
		}
	}
	dotenv := split(os.Getenv("GORGON_DEV_ENV"))
	if values {
		list = append(list, p.ownVariables()...)
	}
	for i, v := range list {
		if !values {
			list[i].Value, list[i].Source, list[i].Fault = "", "", ""
		} else if v.Source == wire.FromEnvironment && slices.Contains(dotenv, v.Name) {
			list[i].Source = wire.FromDotenv
		}
	}
	if p.json {
		return cmp.Or(p.print(list), fault)
	}
	if len(list) == 0 {
		fmt.Fprintln(p.out, "the app has no configuration of its own: command.Config.Settings is not set")
		return fault
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	for _, v := range list {
		if values {
			fmt.Fprintf(w, "%s\t%s\t%s\n", v.Name, cmp.Or(v.Value, "-"), sourceOf(v))
		} else {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", v.Name, v.Type, stateOf(v), v.Says)
		}
	}
	return cmp.Or(w.Flush(), fault)
}

// declared are variables as the app declares them, whatever is set here.
func declared(list []wire.Variable) []wire.Variable {
	list = slices.DeleteFunc(list, func(v wire.Variable) bool { return v.Type == "" }) // set, and no variable of the app
	for i := range list {
		list[i].Set, list[i].Value, list[i].Source, list[i].Fault = false, "", "", ""
	}
	return list
}

// sourceOf says where a value comes from.
func sourceOf(v wire.Variable) string {
	source := cmp.Or(v.Source, "not set")
	if v.Fault != "" {
		source += " (at fault)"
	}
	return source
}

// stateOf says whether a variable is set, and what happens where it is not.
func stateOf(v wire.Variable) string {
	switch {
	case v.Set:
		return "set"
	case v.Required:
		return "required, not set"
	case v.Default != "":
		return "default " + v.Default
	}
	return "not set"
}

// ownVariables are those of Gorgon that are set, as they may be shown.
func (p *program) ownVariables() (list []wire.Variable) {
	for _, v := range variables() {
		if value := os.Getenv(v.name); value != "" {
			list = append(list, wire.Variable{Name: v.name, Says: v.says, Set: true, Source: wire.FromEnvironment, Value: p.shownVariable(v.name, value)})
		}
	}
	if value := os.Getenv("DATABASE_URL"); value != "" && p.config.Database != nil {
		list = append(list, wire.Variable{Name: "DATABASE_URL", Says: "the app's database", Set: true, Source: wire.FromEnvironment, Value: pages.ShowLocation(value)})
	}
	if value := os.Getenv(filesURL); value != "" && p.config.Files != nil {
		list = append(list, wire.Variable{Name: filesURL, Says: "where the app's files are", Set: true, Source: wire.FromEnvironment, Value: p.shownFiles(value)})
	}
	if p.config.Mail != nil {
		if value := os.Getenv("MAIL_URL"); value != "" {
			list = append(list, wire.Variable{Name: "MAIL_URL", Says: "the mail server", Set: true, Source: wire.FromEnvironment, Value: pages.ShowLocation(value)})
		}
		if value := os.Getenv("MAIL_FROM"); value != "" {
			list = append(list, wire.Variable{Name: "MAIL_FROM", Says: "the sender of mails", Set: true, Source: wire.FromEnvironment, Value: strings.Trim(quoted(value), `"`)})
		}
	}
	return list
}

// shownVariable is the value of a variable of Gorgon as it may be shown.
func (p *program) shownVariable(name, value string) string {
	switch name {
	case "GORGON_SECRET", "GORGON_OLD_SECRET", "GORGON_PURGE_KEY", "GORGON_HEALTH_KEY", "GORGON_TICK_KEY":
		return wire.Dots
	case "GORGON_STORE":
		return p.stores.safe(value)
	}
	if strings.Contains(value, "://") {
		return pages.ShowLocation(value)
	}
	return strings.Trim(quoted(value), `"`)
}

// shownFiles is the value of FILES_URL as it may be shown: a path whole, if it is
// one.
func (p *program) shownFiles(value string) string {
	scheme, _, _ := strings.Cut(value, ":")
	if p.config.Files.Check() != nil {
		return pages.ShowLocation(value)
	}
	return pages.Driver{Remote: scheme != "disk"}.Show(value)
}
