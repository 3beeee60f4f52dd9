// What deploy refuses besides the plan's verdicts.

package tool

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/compile"
)

// defaultErrors is the name for --accept of an app that has no error view of
// its own. Those of the source are in package compile.
const defaultErrors = "default-errors"

// presentable refuses what should not be shipped.
func (d *deployment) presentable() error {
	refusals := d.source.Refusals()
	if !d.app.ErrorView {
		refusals = append(refusals, compile.Refusal{Name: defaultErrors, Says: "App.Error is not set, and visitors would see the default error view: set it"})
	}
	var lines []string
	for _, r := range refusals {
		if !slices.Contains(d.accept, r.Name) {
			text := "[" + r.Name + "] " + r.Says
			for _, f := range r.Files[:min(len(r.Files), manyFiles)] {
				text += "\n      " + f
			}
			if more := len(r.Files) - manyFiles; more > 0 {
				text += fmt.Sprintf("\n      and %d more", more)
			}
			lines = append(lines, text)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return cli.Exit{Code: cli.Refused, Err: fmt.Errorf("deploy refuses this; use --accept NAME (shown in brackets) to allow it anyway:\n  %s", strings.Join(lines, "\n  "))}
}

// manyFiles is how many files of a refusal are named.
const manyFiles = 10
