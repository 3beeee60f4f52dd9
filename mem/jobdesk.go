// Looking after jobs in memory.

package mem

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/jobs"
)

// List lists jobs, the newest first.
func (m *Jobs) List(ctx context.Context, f jobs.Filter) (list []jobs.Info, err error) {
	now, err := m.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	for _, j := range m.rows {
		i := j.info(now)
		if f.Matches(i) {
			list = append(list, i)
		}
	}
	slices.SortFunc(list, func(a, b jobs.Info) int { return cmp.Compare(b.ID, a.ID) })
	return list[:min(f.Most(), len(list))], nil
}

func (j *job) info(now time.Time) jobs.Info {
	i := jobs.Info{
		ID: j.id, Kind: j.Kind, Key: j.Key, State: j.state, Args: slices.Clone(j.Args), Attempt: j.attempt, Deaths: j.deaths, Due: j.due,
		Added: j.added, Begun: j.begun, Worker: j.worker, Errors: j.errors, Report: slices.Clone(j.report), Series: j.series,
	}
	if j.state == jobs.Running {
		i.Attempt++
		if !now.Before(j.due) { // its process has ended
			i.State, i.Worker = jobs.Waiting, ""
		}
	}
	return i
}

// Counts counts jobs by kind.
func (m *Jobs) Counts(ctx context.Context) (list []jobs.Count, err error) {
	now, err := m.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	counts := map[string]*jobs.Count{}
	for _, j := range m.rows {
		c := counts[j.Kind]
		if c == nil {
			c = &jobs.Count{Kind: j.Kind}
			counts[j.Kind] = c
		}
		switch {
		case j.state == jobs.Died:
			c.Dead++
		case !j.live():
		case !now.Before(j.due):
			c.Due++
			c.Oldest = max(c.Oldest, now.Sub(j.due))
		case j.worker != "":
			c.Running++
		default:
			c.Waiting++
		}
	}
	for _, c := range counts {
		if *c != (jobs.Count{Kind: c.Kind}) {
			list = append(list, *c)
		}
	}
	slices.SortFunc(list, func(a, b jobs.Count) int { return strings.Compare(a.Kind, b.Kind) })
	return list, nil
}

// Cancel cancels jobs.
func (m *Jobs) Cancel(ctx context.Context, which jobs.Which) (n int, err error) {
	now, err := m.begin(ctx, which.Check())
	if err != nil {
		return 0, err
	}
	defer m.mu.Unlock()
	for id, j := range m.rows {
		if !j.live() || j.series != "" || which.ID != 0 && id != which.ID || which.ID == 0 && (j.Kind != which.Kind || j.Key != which.Key) {
			continue
		}
		n++
		if j.worker == "" || !now.Before(j.due) {
			delete(m.rows, id)
		} else {
			j.state, j.place = jobs.Cancelling, ""
		}
	}
	return n, nil
}

// Revive lets a dead job run again.
func (m *Jobs) Revive(ctx context.Context, id int64) error {
	return m.makesDue(ctx, id, func(j *job, now time.Time) bool {
		if j.state != jobs.Died {
			return false
		}
		j.state, j.due, j.attempt, j.deaths, j.begun = jobs.Waiting, now, 0, 0, time.Time{}
		return true
	})
}

// RunNow makes a job due that waits.
func (m *Jobs) RunNow(ctx context.Context, id int64) error {
	return m.makesDue(ctx, id, func(j *job, now time.Time) bool {
		if !j.live() || j.worker != "" && now.Before(j.due) {
			return false
		}
		if now.Before(j.due) {
			j.due = now
		}
		return true
	})
}

// makesDue makes a change after which a job is due, if it allows it.
func (m *Jobs) makesDue(ctx context.Context, id int64, change func(j *job, now time.Time) bool) error {
	now, err := m.begin(ctx)
	if err != nil {
		return err
	}
	j := m.rows[id]
	changed, tell := j != nil && change(j, now), m.onAdd
	m.mu.Unlock()
	if !changed {
		return jobs.ErrNotFound
	}
	jobs.NoteAdded(ctx)
	if tell != nil {
		tell()
	}
	return nil
}

// Remove removes a dead job.
func (m *Jobs) Remove(ctx context.Context, id int64) error {
	if _, err := m.begin(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	if j := m.rows[id]; j == nil || j.state != jobs.Died {
		return jobs.ErrNotFound
	}
	delete(m.rows, id)
	return nil
}
