// jobs: look after the app's jobs.

package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/metrics"
)

// A desk looks after jobs.
type desk struct {
	p      *program
	filter metrics.JobFilter
	retry  bool
	now    bool
	cancel bool
	remove bool
}

var jobStates = []string{"waiting", "running", "cancelling", "finished", "dead"}

func (d *desk) command() *cobra.Command {
	p := d.p
	c := &cobra.Command{
		Use:   "jobs [ID...]",
		Short: "Count, show, run, retry, cancel and remove jobs",
		Long: `Counts the jobs of each kind: those that wait to be due, that are due, that run,
and that are dead, which means that they failed for the last time. With IDs, or
with --kind or --state, it lists jobs, the newest first, and with one ID the
errors of its attempts, too.

--now makes those of them due that wait for their time: a series, too, which
then waits for the next time of its schedule.
--retry lets the dead ones of them run again, as if they had just been added.
--cancel cancels them: one that waits never runs, one that runs is stopped.
--remove removes the dead ones of them for good; otherwise they are stored for 30
days.

Arguments and keys are shown for kinds with Show alone.`,
		Example: "  " + p.app.Name + " jobs --state dead\n  " + p.app.Name + " jobs 17 --retry\n  " + p.app.Name + " jobs --kind report --now",
		RunE: func(c *cobra.Command, args []string) error {
			ids, err := d.check(args)
			if err != nil {
				return err
			}
			if p.config.Jobs == nil {
				return errors.New("the app has no jobs: command.Config.Jobs is not set")
			}
			p.useDatabase()
			p.useJobs(c.Context(), p.bareSite())
			err = d.run(c.Context(), p.config.Jobs.Desk(), ids)
			return errors.Join(err, p.closeJobs(), p.closeDatabase())
		},
	}
	c.Flags().StringVar(&d.filter.Kind, "kind", "", "list the jobs of this kind")
	c.Flags().StringVar(&d.filter.State, "state", "", "list the jobs in this state: "+strings.Join(jobStates, ", "))
	c.Flags().IntVar(&d.filter.Limit, "limit", 100, "how many are listed at most, up to 1,000")
	c.Flags().BoolVar(&d.retry, "retry", false, "let those of them that are dead run again")
	c.Flags().BoolVar(&d.now, "now", false, "make those of them due that wait for their time")
	c.Flags().BoolVar(&d.cancel, "cancel", false, "cancel them")
	c.Flags().BoolVar(&d.remove, "remove", false, "remove those of them that are dead")
	p.jsonFlag(c)
	return c
}

// check reads the IDs, and refuses what cannot be meant.
func (d *desk) check(args []string) (ids []int64, err error) {
	for _, arg := range args {
		id, err := strconv.ParseInt(arg, 10, 64)
		if err != nil || id <= 0 {
			return nil, misused("%s is not the ID of a job: '%s jobs --state dead' lists some", quoted(arg), d.p.app.Name)
		}
		ids = append(ids, id)
	}
	named := len(ids) > 0 || d.filter.Kind != "" || d.filter.State != ""
	switch {
	case d.filter.State != "" && !slices.Contains(jobStates, d.filter.State):
		return nil, misused("--state %s: use %s", quoted(d.filter.State), strings.Join(jobStates, ", "))
	case d.filter.Limit < 1 || d.filter.Limit > 1000:
		return nil, misused("--limit %d: give a number from 1 to 1000", d.filter.Limit)
	case len(ids) > 0 && (d.filter.Kind != "" || d.filter.State != ""):
		return nil, misused("jobs are named by IDs, or by --kind and --state: use one of them")
	case d.changes() > 0 && !named:
		return nil, misused("say which jobs: give IDs, --kind or --state")
	case d.changes() > 1:
		return nil, misused("--now, --retry, --cancel and --remove exclude each other")
	}
	return ids, nil
}

// changes is how many changes of jobs are asked for.
func (d *desk) changes() (n int) {
	for _, asked := range []bool{d.now, d.retry, d.cancel, d.remove} {
		if asked {
			n++
		}
	}
	return n
}

func (d *desk) run(ctx context.Context, at metrics.Desk, ids []int64) error {
	if len(ids) == 0 && d.filter.Kind == "" && d.filter.State == "" {
		return d.counts(ctx, at)
	}
	list, err := d.list(ctx, at, ids)
	if err != nil {
		return err
	}
	switch {
	case d.retry:
		return d.change(ctx, list, "retried", at.Revive)
	case d.now:
		return d.change(ctx, list, "due", at.RunNow)
	case d.cancel:
		return d.change(ctx, list, "cancelled", at.Cancel)
	case d.remove:
		return d.change(ctx, list, "removed", at.Remove)
	case d.p.json:
		return d.p.print(list)
	}
	return d.show(list, len(ids) == 1)
}

// counts prints how many jobs there are.
func (d *desk) counts(ctx context.Context, at metrics.Desk) error {
	kinds, err := at.Kinds(ctx)
	if err != nil {
		return err
	}
	if d.p.json {
		if kinds == nil {
			kinds = []metrics.Kind{}
		}
		return d.p.print(kinds)
	}
	if len(kinds) == 0 {
		fmt.Fprintln(d.p.out, "there are no jobs")
		return nil
	}
	w := tabwriter.NewWriter(d.p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "kind\twaiting\tdue\trunning\tdead\toldest due")
	for _, k := range kinds {
		oldest := "-"
		if k.Due > 0 {
			oldest = k.Oldest.Round(time.Second).String()
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%s\n", k.Name, k.Waiting, k.Due, k.Running, k.Dead, oldest)
	}
	return w.Flush()
}

// list finds the jobs that are meant.
func (d *desk) list(ctx context.Context, at metrics.Desk, ids []int64) ([]metrics.Job, error) {
	if len(ids) == 0 {
		list, err := at.List(ctx, d.filter)
		if list == nil {
			list = []metrics.Job{}
		}
		return list, err
	}
	var list []metrics.Job
	for _, id := range ids {
		one, err := at.List(ctx, metrics.JobFilter{ID: id})
		if err == nil && len(one) == 0 {
			err = fmt.Errorf("there is no job %d: it may be done", id)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, one...)
	}
	return list, nil
}

// change runs, retries, cancels or removes jobs.
func (d *desk) change(ctx context.Context, list []metrics.Job, did string, f func(context.Context, int64) (bool, error)) error {
	changed := []int64{}
	for _, j := range list {
		ok, err := f(ctx, j.ID)
		if err != nil {
			return fmt.Errorf("job %d: %w", j.ID, err)
		}
		if ok {
			changed = append(changed, j.ID)
		}
	}
	if d.p.json {
		return d.p.print(map[string]any{did: changed})
	}
	fmt.Fprintf(d.p.out, "%s: %s\n", did, plural(len(changed), "job"))
	if left := len(list) - len(changed); left > 0 {
		fmt.Fprintf(d.p.err, "%s left as they are: only those that wait are made due, only dead ones are retried or removed, and only those that wait or run are cancelled\n", plural(left, "job"))
	}
	return nil
}

// show prints jobs, and of a single one all that is known.
func (d *desk) show(list []metrics.Job, whole bool) error {
	if len(list) == 0 {
		fmt.Fprintln(d.p.out, "there are none")
		return nil
	}
	w := tabwriter.NewWriter(d.p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "id\tkind\tstate\tattempt\tadded\tdue\tlast error")
	for _, j := range list {
		lines := strings.Split(strings.TrimSpace(j.Errors), "\n")
		kind := j.Kind
		if !j.Known {
			kind += " (unknown to this program)"
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%d\t%s\t%s\t%s\n", j.ID, kind, j.State, j.Attempt, j.Added.Format(time.RFC3339), j.Due.Format(time.RFC3339),
			cmp.Or(lines[len(lines)-1], "-"))
	}
	if err := w.Flush(); err != nil || !whole {
		return err
	}
	for _, j := range list {
		for _, line := range []struct{ name, text string }{{"series", j.Series}, {"key", j.Key}, {"arguments", j.Args}, {"report", j.Report}, {"errors", "\n" + j.Errors}} {
			if strings.TrimSpace(line.text) != "" {
				fmt.Fprintf(d.p.out, "%s: %s\n", line.name, strings.TrimRight(line.text, "\n"))
			}
		}
	}
	return nil
}
