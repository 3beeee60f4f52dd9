// Looking after jobs.

package work

import (
	"context"
	"errors"

	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/metrics"
)

// Desk is what people look after jobs with. It shows the arguments, keys and
// reports of kinds with Show alone.
func (m *Machine) Desk() metrics.Desk { return desk{m} }

type desk struct{ m *Machine }

// Kinds counts jobs by kind.
func (d desk) Kinds(ctx context.Context) (list []metrics.Kind, err error) {
	counts, err := d.m.options.Store.Counts(ctx)
	for _, c := range counts {
		list = append(list, metrics.Kind{Name: c.Kind, Waiting: c.Waiting, Due: c.Due, Dead: c.Dead, Oldest: c.Oldest, Running: int64(c.Running)})
	}
	return list, err
}

// List lists jobs, the newest first.
func (d desk) List(ctx context.Context, f metrics.JobFilter) (list []metrics.Job, err error) {
	infos, err := d.m.options.Store.List(ctx, jobs.Filter{ID: f.ID, Kind: f.Kind, State: jobs.State(f.State), Limit: f.Limit})
	for _, i := range infos {
		task, known := d.m.tasks[i.Kind]
		j := metrics.Job{
			ID: i.ID, Kind: i.Kind, State: string(i.State), Attempt: i.Attempt, Deaths: i.Deaths, Due: i.Due, Added: i.Added, Begun: i.Begun,
			Worker: i.Worker, Series: i.Series, Errors: i.Errors, Known: known,
		}
		if task.Show {
			j.Key, j.Args, j.Report = i.Key, string(i.Args), string(i.Report)
		}
		list = append(list, j)
	}
	return list, err
}

// Cancel cancels a job.
func (d desk) Cancel(ctx context.Context, id int64) (bool, error) {
	n, err := d.m.options.Store.Cancel(ctx, jobs.Which{ID: id})
	return n > 0, err
}

// Revive lets a dead job run again.
func (d desk) Revive(ctx context.Context, id int64) (bool, error) {
	return found(d.m.options.Store.Revive(ctx, id))
}

// RunNow makes a job due that waits.
func (d desk) RunNow(ctx context.Context, id int64) (bool, error) {
	return found(d.m.options.Store.RunNow(ctx, id))
}

// Remove removes a dead job for good.
func (d desk) Remove(ctx context.Context, id int64) (bool, error) {
	return found(d.m.options.Store.Remove(ctx, id))
}

// found says whether there was such a job.
func found(err error) (bool, error) {
	if errors.Is(err, jobs.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
