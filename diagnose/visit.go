// One look of the doctor at a running program, as a command makes it.

package diagnose

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/operate"
)

// A Visit is one look at a running program.
type Visit struct {
	Live string        // where its admin pages are, as [At] takes it
	For  time.Duration // between two snapshots; 0 for one alone
	JSON bool

	Out io.Writer // for what is found
	Log io.Writer // for what is done meanwhile
}

const (
	usualFor = 10 * time.Second
	mostFor  = 10 * time.Minute
)

// Flags adds the flags of a visit to a command, but for --json.
func (v *Visit) Flags(c *cobra.Command) {
	c.Flags().StringVar(&v.Live, "live", "", "the admin pages of the running program: a URL, host:port, or unix: and a file")
	c.Flags().DurationVar(&v.For, "for", usualFor, "with --live, the time between two looks; 0s for one look, by which fewer conditions are found")
}

// A Report is what a visit found.
type Report struct {
	App      string    `json:"app"`
	Build    string    `json:"build"`
	Host     string    `json:"host,omitempty"`
	Process  int       `json:"process"`
	At       time.Time `json:"at"`
	Over     float64   `json:"over"` // seconds between the two looks; 0 for one
	Findings []Finding `json:"findings"`
}

// Run looks and prints. What was found is an error, so that the command exits
// with 1.
func (v *Visit) Run(ctx context.Context) error {
	if v.For < 0 || v.For > mostFor {
		return cli.Misuse("--for %s: give a time from 0s to %s", v.For, mostFor)
	}
	program, err := At(v.Live)
	if err != nil {
		return cli.Misuse("--live %s: %w", cli.Quoted(v.Live), err)
	}
	defer program.Close()
	before, after, err := v.look(ctx, program)
	if err != nil {
		return cli.Fail(err)
	}
	found := Look(before, after)
	if err := v.print(pairOf(before, after), found); err != nil {
		return cli.Fail(err)
	}
	if len(found) > 0 {
		return cli.Fail(fmt.Errorf("%s found", cli.Plural(len(found), "condition")))
	}
	return nil
}

func (v *Visit) look(ctx context.Context, program *Program) (before, after operate.Snapshot, err error) {
	if v.For == 0 {
		after, err = program.Snapshot(ctx)
		return before, after, err
	}
	if before, err = program.Snapshot(ctx); err != nil {
		return before, after, err
	}
	if !v.JSON {
		fmt.Fprintf(v.Log, "looking at %s for %s\n", before.About.App, v.For)
	}
	timer := time.NewTimer(v.For)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return before, after, context.Cause(ctx)
	}
	after, err = program.Snapshot(ctx)
	return before, after, err
}

func (v *Visit) print(p *pair, found []Finding) error {
	about := p.after.About
	if v.JSON {
		report := Report{App: about.App, Build: about.Build, Host: about.Host, Process: about.Process, At: p.after.At, Findings: found}
		if !p.single {
			report.Over = p.over.Seconds()
		}
		encoder := json.NewEncoder(v.Out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(report)
	}
	_, err := fmt.Fprintf(v.Out, "%s, process %d, up %s: %s\n", about.App, about.Process,
		p.after.At.Sub(about.Started).Round(time.Second), requests(p))
	for _, f := range found {
		title := f.Name
		if f.Where != "" {
			title += ": " + f.Where
		}
		if _, failed := fmt.Fprintf(v.Out, "\n%s\n  %s\n  → %s\n", title, f.Says, f.Hint); failed != nil {
			err = failed
		}
	}
	if len(found) == 0 && err == nil {
		_, err = fmt.Fprintln(v.Out, "nothing is wrong that its figures show")
	}
	return err
}

// requests says how much was asked of the program.
func requests(p *pair) string {
	return cli.Plural(int(p.all().requests), "request") + " " + p.when()
}
