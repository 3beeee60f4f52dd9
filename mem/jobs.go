// Jobs in memory.

package mem

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/jobs"
)

// Jobs are stored jobs, for tests and development: they end with the process.
// Make them with [NewJobs].
type Jobs struct {
	mu     sync.Mutex
	last   int64
	rows   map[int64]*job
	onAdd  func()
	closed bool
}

// A job is one that is stored.
type job struct {
	jobs.New
	id      int64
	place   string // that it holds among those of its kind; "" for none
	series  string // the schedule in words
	state   jobs.State
	worker  string // "" unless it runs
	due     time.Time
	slot    time.Time // when it was due for the run that is under way
	token   int64
	attempt int
	deaths  int
	added   time.Time
	begun   time.Time
	errors  string
	report  []byte
}

var _ jobs.Store = (*Jobs)(nil)

// NewJobs returns a store without jobs. It begins nothing in the background, and
// its clock is [time.Now].
func NewJobs() *Jobs { return &Jobs{rows: map[int64]*job{}} }

// Needs says that all jobs are added and run by the one process that has them.
func (*Jobs) Needs() []gorgon.Need { return []gorgon.Need{gorgon.NeedMemory} }

// begin locks the store for a call, unless that cannot be made.
func (m *Jobs) begin(ctx context.Context, checks ...error) (now time.Time, err error) {
	if err := cmp.Or(ctx.Err(), cmp.Or(checks...)); err != nil {
		return now, err
	}
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return now, jobs.ErrClosed
	}
	now = time.Now().UTC().Truncate(time.Millisecond)
	for id, j := range m.rows { // what is over and was kept long enough, is abandoned, or was cancelled as its process ended
		if j.gone(now) {
			delete(m.rows, id)
		}
	}
	return now, nil
}

// abandoned is how long a series waits at most for somewhere to run.
const abandoned = 7 * 24 * time.Hour

// gone says whether a job is not stored any more.
func (j *job) gone(now time.Time) bool {
	switch j.state {
	case jobs.Waiting, jobs.Running:
		return j.series != "" && j.worker == "" && now.Sub(j.due) > abandoned
	}
	return !now.Before(j.due)
}

// Add adds jobs.
func (m *Jobs) Add(ctx context.Context, list ...jobs.New) ([]jobs.Added, error) {
	checks := make([]error, len(list))
	for i := range list {
		checks[i] = list[i].Check()
	}
	now, err := m.begin(ctx, checks...)
	if err != nil {
		return nil, err
	}
	added, tell := m.add(now, list), m.onAdd
	m.mu.Unlock()
	jobs.NoteAdded(ctx)
	if tell != nil {
		tell()
	}
	return added, nil
}

// OnAdd sets what is called after jobs were added.
func (m *Jobs) OnAdd(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.onAdd = f
}

func (m *Jobs) add(now time.Time, list []jobs.New) []jobs.Added {
	added := make([]jobs.Added, len(list))
	for i, n := range list {
		due := now.Add(n.After)
		if !n.At.IsZero() {
			due = n.At.UTC().Truncate(time.Millisecond)
		}
		place := ""
		if n.Key != "" {
			place = "k" + n.Key
		}
		if j := m.placed(n.Kind, place); j != nil {
			if n.Replace && j.worker == "" && j.state == jobs.Waiting {
				j.Args, j.due, j.Then = slices.Clone(n.Args), due, n.Then
			}
			added[i] = jobs.Added{ID: j.id, Existed: true}
			continue
		}
		m.last++
		n.Args = slices.Clone(n.Args)
		m.rows[m.last] = &job{New: n, id: m.last, place: place, state: jobs.Waiting, due: due, added: now}
		added[i].ID = m.last
	}
	return added
}

// placed finds the job of a kind that holds a place.
func (m *Jobs) placed(kind, place string) *job {
	if place == "" {
		return nil
	}
	for _, j := range m.rows {
		if j.Kind == kind && j.place == place {
			return j
		}
	}
	return nil
}

// Declare adds series.
func (m *Jobs) Declare(ctx context.Context, list ...jobs.Series) error {
	checks := make([]error, len(list))
	for i := range list {
		checks[i] = list[i].Check()
	}
	now, err := m.begin(ctx, checks...)
	if err != nil {
		return err
	}
	defer m.mu.Unlock()
	for _, s := range list {
		j := m.placed(s.Kind, "s")
		if j == nil {
			m.last++
			j = &job{New: jobs.New{Kind: s.Kind}, id: m.last, place: "s", state: jobs.Waiting, added: now}
			m.rows[j.id] = j
		}
		if j.series != s.Text && j.worker == "" {
			j.series, j.due = s.Text, s.First(now).UTC().Truncate(time.Millisecond)
		}
	}
	return nil
}

// Next says when the first jobs are due.
func (m *Jobs) Next(ctx context.Context, kinds []string) (time.Time, []jobs.Next, error) {
	now, err := m.begin(ctx)
	if err != nil {
		return now, nil, err
	}
	defer m.mu.Unlock()
	first := map[string]time.Time{}
	for _, j := range m.rows {
		if due, ok := first[j.Kind]; j.live() && slices.Contains(kinds, j.Kind) && (!ok || j.due.Before(due)) {
			first[j.Kind] = j.due
		}
	}
	var list []jobs.Next
	for kind, due := range first {
		list = append(list, jobs.Next{Kind: kind, Due: due})
	}
	slices.SortFunc(list, func(a, b jobs.Next) int { return strings.Compare(a.Kind, b.Kind) })
	return now, list, nil
}

// live says whether a job waits or runs.
func (j *job) live() bool { return j.state == jobs.Waiting || j.state == jobs.Running }

// Take takes jobs that are due.
func (m *Jobs) Take(ctx context.Context, ask jobs.Ask) (taken []jobs.Taken, err error) {
	now, err := m.begin(ctx, ask.Check())
	if err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	for _, w := range ask.Wants {
		for _, j := range m.due(now, w) {
			if j.worker != "" {
				j.deaths++
			} else {
				j.slot = j.due
			}
			if !j.UntilDone && j.series == "" {
				j.place = ""
			}
			j.state, j.worker, j.begun, j.due = jobs.Running, ask.Worker, now, now.Add(ask.Lease)
			j.token++
			taken = append(taken, jobs.Taken{
				Ref: jobs.Ref{ID: j.id, Token: j.token}, Kind: j.Kind, Key: j.Key, Args: slices.Clone(j.Args), Attempt: j.attempt + 1, Deaths: j.deaths,
				Due: j.slot, Added: j.added, Now: now, Series: j.series != "",
			})
		}
	}
	return taken, nil
}

// due are the jobs that a want is for.
func (m *Jobs) due(now time.Time, w jobs.Want) (list []*job) {
	running := 0
	for _, j := range m.rows {
		switch {
		case j.Kind != w.Kind:
		case j.live() && !now.Before(j.due):
			list = append(list, j)
		case j.worker != "":
			running++ // also if it is being cancelled
		}
	}
	slices.SortFunc(list, func(a, b *job) int { return cmp.Or(a.due.Compare(b.due), cmp.Compare(a.id, b.id)) })
	n := w.N
	if w.Everywhere > 0 {
		n = min(n, max(0, w.Everywhere-running))
	}
	return list[:min(n, len(list))]
}

// of finds the job that a running is of, if it is still that of a worker.
func (m *Jobs) of(r jobs.Ref) *job {
	if j := m.rows[r.ID]; j != nil && j.token == r.Token && j.worker != "" {
		return j
	}
	return nil
}

// Renew begins leases again.
func (m *Jobs) Renew(ctx context.Context, lease time.Duration, list ...jobs.Beat) (lost, cancelled []jobs.Ref, err error) {
	now, err := m.begin(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer m.mu.Unlock()
	for _, b := range list {
		j := m.of(b.Ref)
		switch {
		case j == nil:
			lost = append(lost, b.Ref)
			continue
		case j.state == jobs.Cancelling:
			cancelled = append(cancelled, b.Ref)
		}
		j.due = now.Add(lease)
		if b.Report != nil {
			j.report = slices.Clone(b.Report)
		}
	}
	return lost, cancelled, nil
}

// Finish ends the running of jobs.
func (m *Jobs) Finish(ctx context.Context, list ...jobs.Outcome) (late []jobs.Ref, err error) {
	checks := make([]error, len(list))
	for i := range list {
		checks[i] = list[i].Check()
	}
	now, err := m.begin(ctx, checks...)
	if err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	for _, o := range list {
		if j := m.of(o.Ref); j != nil {
			m.finish(j, now, o)
		} else {
			late = append(late, o.Ref)
		}
	}
	return late, nil
}

func (m *Jobs) finish(j *job, now time.Time, o jobs.Outcome) {
	j.worker, j.deaths = "", 0
	if o.Report != nil {
		j.report = slices.Clone(o.Report)
	}
	if o.Ending == jobs.Failed || o.Ending == jobs.Dead {
		j.attempt++
		j.errors = jobs.AddError(j.errors, now, j.attempt, o.Error)
	}
	at := o.At.UTC().Truncate(time.Millisecond)
	if o.At.IsZero() {
		at = now.Add(o.After)
	}
	switch {
	case o.Ending == jobs.Done && j.series == "":
		if j.Keep == 0 {
			delete(m.rows, j.id)
		}
		j.state, j.place, j.due, j.attempt = jobs.Finished, "", now.Add(j.Keep), j.attempt+1
		m.add(now, j.Then)
	case j.state == jobs.Cancelling:
		delete(m.rows, j.id)
	case o.Ending == jobs.Released:
		j.state, j.due = jobs.Waiting, now
	case o.Ending == jobs.Failed:
		j.state, j.due = jobs.Waiting, at
	case j.series != "":
		j.state, j.due, j.attempt = jobs.Waiting, at, 0
	default:
		j.state, j.place, j.due = jobs.Died, "", now.Add(jobs.DeadFor)
	}
}

// Close forgets all jobs.
func (m *Jobs) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed, m.rows = true, nil
	return nil
}
