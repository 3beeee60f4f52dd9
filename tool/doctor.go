// doctor: what a developer needs, each fault with its hint.

package tool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/diagnose"
)

// A state is how a check went.
type state string

const (
	good    state = "ok"
	advice  state = "note" // it works, or may be left out
	bad     state = "FAIL" // something does not work without it
	skipped state = "-"    // another fault is in the way
)

// A finding is what one check found.
type finding struct {
	Check string `json:"check"`
	State state  `json:"state"`
	Says  string `json:"says"`
	Hint  string `json:"hint,omitempty"`
}

func (t *tool) doctorCommand() *cobra.Command {
	var asJSON bool
	visit := &diagnose.Visit{Out: t.out, Log: t.log}
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check what a developer needs, and the project in this folder",
		Long: `Checks the go command and its settings, whether modules can be had, git, the
port, and what may be left out; in the folder of a project also whether it
builds, whether its app can work, whether it could be deployed, what its
configuration lacks, and how long a round trip takes to the store that
GORGON_STORE names and to the database. Each fault comes with its hint. It exits
with 1 if something does not work as it is.

With --live it looks at a running program in place of these: it reads the figures
of its admin pages, twice, and says what is wrong, what makes it slow, and what to
do. It exits with 1 if something is found.`,
		Example: "  gorgon doctor\n  gorgon doctor --live http://127.0.0.1:9465 --for 1m",
		Args:    cli.NoArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if visit.Live != "" {
				visit.JSON = asJSON
				return visit.Run(c.Context())
			}
			if c.Flags().Changed("for") {
				return cli.Misuse("--for without --live: say where the admin pages of the running program are, as in --live http://127.0.0.1:9465")
			}
			findings := examine(c.Context())
			if asJSON {
				encoder := json.NewEncoder(t.out)
				encoder.SetIndent("", "  ")
				encoder.SetEscapeHTML(false)
				if err := encoder.Encode(findings); err != nil {
					return err
				}
			} else if err := t.table(findings); err != nil {
				return err
			}
			var faults int
			for _, f := range findings {
				if f.State == bad {
					faults++
				}
			}
			switch faults {
			case 0:
				return nil
			case 1:
				return errors.New("1 check failed: see its hint")
			}
			return fmt.Errorf("%d checks failed: see their hints", faults)
		},
	}
	visit.Flags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// table prints findings for people.
func (t *tool) table(findings []finding) error {
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	for _, f := range findings {
		fmt.Fprintf(w, "%s\t%s\t%s\n", f.State, f.Check, f.Says)
		if f.Hint != "" {
			fmt.Fprintf(w, "\t\t→ %s\n", f.Hint)
		}
	}
	return w.Flush()
}

// examine makes all checks.
func examine(ctx context.Context) []finding {
	e := &examination{ctx: ctx}
	e.machine()
	e.project()
	return e.findings
}

// An examination is one run of all checks.
type examination struct {
	ctx      context.Context
	findings []finding
	noGo     bool // there is no go command that could be used
	vendored bool // the project carries its modules
}

func (e *examination) add(check string, s state, says, hint string) {
	e.findings = append(e.findings, finding{check, s, says, hint})
}
