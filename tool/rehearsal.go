// The rehearsal of a deploy.

package tool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/gorgon-go/gorgon/deploy/oci"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/rehearse"
)

// environment gives names without a value the one they have here.
func environment(variables []string) []string {
	var env []string
	for _, v := range variables {
		if name, _, given := strings.Cut(v, "="); !given {
			v = name + "=" + os.Getenv(name)
		}
		env = append(env, v)
	}
	return env
}

// buildSecret names the secret of the build, where it has one: without it the
// package does not start.
func buildSecret() []string {
	if os.Getenv("GORGON_SECRET") == "" {
		return nil
	}
	return []string{"GORGON_SECRET"}
}

// oneWay is the check for a way back to the package that runs now.
const oneWay = "one-way"

// tellUpgrade prints what the change from the package that runs now, and back, went
// through.
func (d *deployment) tellUpgrade(r rehearse.Report) error {
	if len(r.Upgrade) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(d.t.log, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "what\tasked\tfailed\t")
	for _, p := range r.Upgrade {
		if p.Asked == 0 {
			fmt.Fprintf(w, "%s\t\t\t%s\n", p.What, p.Note)
		} else {
			fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", p.What, p.Asked, p.Failed, p.Note)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	switch {
	case r.OneWay == "":
		fmt.Fprintln(d.t.log, "there is a way back: the package that runs now took the place of the new one again")
	case slices.Contains(d.accept, oneWay):
		fmt.Fprintf(d.t.log, "there is no way back, which was accepted: %s\n", r.OneWay)
	default:
		fmt.Fprintln(d.t.log, "make the change in two releases, the first of which works without what the second one removes; or allow it with --accept one-way")
	}
	return nil
}

// rehearsal runs the package as the place will, and refuses it if it fails.
func (d *deployment) rehearsal(ctx context.Context, folder string) error {
	c := rehearse.Config{
		Folder: folder, Outcome: d.outcome, Store: d.rehearseStore, Environment: environment(append(d.rehearseEnv, buildSecret()...)),
		Files: d.app.Files, From: d.rehearseFrom, AcceptOneWay: slices.Contains(d.accept, oneWay),
		Tell: func(line string) { fmt.Fprintln(d.t.log, "rehearsal:", line) },
	}
	if d.target == nil {
		// Wherever it is copied to: as on a machine.
		c.Outcome = plan.Judge(d.app.App, plan.Target{Name: "package", Offers: plan.Offers{Process: true, Disk: plan.KeptFiles}}, plan.Setting{Store: "none"})
	} else {
		root := filepath.Join(d.temp, "root")
		program, err := oci.Unpack(ctx, filepath.Join(folder, d.to), runtime.GOOS, runtime.GOARCH, root)
		switch {
		case err == nil:
			c.Root, c.Program = root, program
		case !errors.Is(err, fs.ErrNotExist): // the place runs no image
			return err
		}
	}
	report, err := rehearse.Run(ctx, c)
	if err != nil {
		return err
	}
	used := cmp.Or(report.StoreUsed, "none")
	if d.rehearseStore != "" {
		used = d.rehearsed.Store.Shown
	}
	fmt.Fprintf(d.t.log, "rehearsed %s: %d paths, %d requests; %s; store %s\n", report.Target, report.Paths, report.Asked, strings.Join(report.Imposed, ", "), used)
	if report.Maintained != "" {
		fmt.Fprintf(d.t.log, "the maintain command said: %s\n", report.Maintained)
	}
	if len(report.Unasked) > 0 {
		fmt.Fprintf(d.t.log, "not asked for, since no path of theirs is known: %s\n", strings.Join(report.Unasked, ", "))
	}
	if len(report.Unmade) > 0 {
		fmt.Fprintf(d.t.log, "not regenerated, since their loaders fail here, so that visitors get the last good page: %s\n", strings.Join(report.Unmade, ", "))
	}
	if err := d.tellUpgrade(report); err != nil {
		return err
	}
	if !report.Fine() {
		return fmt.Errorf("the rehearsal for %s failed, and nothing was written:\n  %s", report.Target, strings.Join(report.Faults, "\n  "))
	}
	return nil
}
