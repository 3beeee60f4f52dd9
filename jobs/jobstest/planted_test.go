// The kit against stores with planted bugs: it must find each of them.

package jobstest

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/mem"
)

// A planted bug, and the beginning of the law that must be reported as broken.
type planted struct {
	bug  string
	law  string
	make func() *bug
}

var planteds = []planted{
	{"arguments get lost", "a job that was added is taken", func() *bug {
		return &bug{take: taking(func(t *jobs.Taken) { t.Args = nil })}
	}},
	{"times have no effect", "a job is not taken before its time", func() *bug {
		return &bug{add: changed(func(n *jobs.New) { n.After, n.At = 0, time.Time{} })}
	}},
	{"a list is added one by one", "several jobs are added together", func() *bug {
		return &bug{add: func(b *bug, ctx context.Context, list []jobs.New) (all []jobs.Added, err error) {
			for _, n := range list {
				one, err := b.sound.Add(ctx, n)
				if err != nil {
					return nil, err
				}
				all = append(all, one...)
			}
			return all, nil
		}}
	}},
	{"long keys are cut", "what no store accepts is refused", func() *bug {
		return &bug{add: changed(func(n *jobs.New) { n.Key = n.Key[:min(len(n.Key), 100)] })}
	}},
	{"arguments are made text", "arguments and keys are stored as they are", func() *bug {
		return &bug{add: changed(func(n *jobs.New) { n.Args = bytes.ToValidUTF8(n.Args, []byte("?")) })}
	}},
	{"the machine of this process learns of nothing", "who adds a job in this process is noticed", func() *bug {
		return &bug{onAdd: func(*bug, func()) {}}
	}},
	{"the request that adds a job is not known", "adding is noted", func() *bug {
		return &bug{add: func(b *bug, _ context.Context, list []jobs.New) ([]jobs.Added, error) {
			return b.sound.Add(context.Background(), list...)
		}}
	}},
	{"the context has no effect", "a call whose context has ended", func() *bug {
		return &bug{take: func(b *bug, ctx context.Context, ask jobs.Ask) ([]jobs.Taken, error) {
			return b.sound.Take(context.WithoutCancel(ctx), ask)
		}}
	}},
	{"taking leaves a job free", "one job is taken by one worker", func() *bug {
		return &bug{take: asking(func(a *jobs.Ask) { a.Lease = time.Millisecond })}
	}},
	{"the first ones of all kinds are looked at", "jobs of other kinds", func() *bug {
		return &bug{take: func(b *bug, ctx context.Context, ask jobs.Ask) ([]jobs.Taken, error) {
			counts, err := b.sound.Counts(ctx)
			for _, c := range counts {
				if c.Kind != ask.Wants[0].Kind && c.Due > 100 {
					return nil, err
				}
			}
			return b.sound.Take(ctx, ask)
		}}
	}},
	{"one more is taken", "no more are taken than asked for", func() *bug {
		return &bug{take: asking(func(a *jobs.Ask) { a.Wants[0].N++ })}
	}},
	{"each instance counts alone", "of a kind with a limit", func() *bug {
		return &bug{take: asking(func(a *jobs.Ask) { a.Wants[0].Everywhere = 0 })}
	}},
	{"the clock of the asker", "what is due first", func() *bug {
		return &bug{next: func(b *bug, ctx context.Context, kinds []string) (time.Time, []jobs.Next, error) {
			now, list, err := b.sound.Next(ctx, kinds)
			return now.Add(-2 * time.Hour), list, err
		}}
	}},
	{"renewing does nothing", "a job whose lease is renewed", func() *bug {
		return &bug{renew: func(*bug, context.Context, time.Duration, []jobs.Beat) (lost, cancelled []jobs.Ref, err error) {
			return nil, nil, nil
		}}
	}},
	{"a lease lasts a day", "a job whose lease is over", func() *bug {
		return &bug{take: asking(func(a *jobs.Ask) { a.Lease = 24 * time.Hour })}
	}},
	{"a finish goes by the ID alone", "who has lost a lease", func() *bug {
		return &bug{finish: ending(func(b *bug, o *jobs.Outcome) { o.Ref = b.of(o.ID).Ref })}
	}},
	{"a death is an attempt", "ends of processes are counted", func() *bug {
		return &bug{take: taking(func(t *jobs.Taken) { t.Attempt += t.Deaths })}
	}},
	{"a deploy costs an attempt", "a job that was released", func() *bug {
		return &bug{finish: ending(func(_ *bug, o *jobs.Outcome) {
			if o.Ending == jobs.Released {
				o.Ending = jobs.Failed
			}
		})}
	}},
	{"a retry does not wait", "a job that failed runs again", func() *bug {
		return &bug{finish: ending(func(_ *bug, o *jobs.Outcome) { o.After = 0 })}
	}},
	{"one that runs is made due", "a job that waits is made due", func() *bug {
		return &bug{runNow: func(b *bug, ctx context.Context, id int64) error {
			err := b.sound.RunNow(ctx, id)
			if t := b.of(id); err != nil && t.ID == id {
				_, err = b.sound.Finish(ctx, jobs.Outcome{Ref: t.Ref, Ending: jobs.Released})
			}
			return err
		}}
	}},
	{"nothing is made due", "a job that waits is made due", func() *bug {
		return &bug{runNow: func(*bug, context.Context, int64) error { return nil }}
	}},
	{"any job is removed", "a dead job that is removed", func() *bug {
		return &bug{remove: func(b *bug, ctx context.Context, id int64) error {
			if err := b.sound.Remove(ctx, id); err == nil || ctx.Err() != nil {
				return err
			}
			_, err := b.sound.Cancel(ctx, jobs.Which{ID: id})
			return err
		}}
	}},
	{"a dead job is removed", "a dead job does not run", func() *bug {
		return &bug{finish: ending(func(_ *bug, o *jobs.Outcome) {
			if o.Ending == jobs.Dead {
				o.Ending = jobs.Done
			}
		})}
	}},
	{"what is done is removed", "a job that is kept", func() *bug {
		return &bug{add: changed(func(n *jobs.New) { n.Keep = 0 })}
	}},
	{"what follows is added at once", "what follows a job", func() *bug {
		return &bug{add: func(b *bug, ctx context.Context, list []jobs.New) ([]jobs.Added, error) {
			for _, n := range list {
				if _, err := b.sound.Add(ctx, n.Then...); err != nil {
					return nil, err
				}
			}
			return b.sound.Add(ctx, list...)
		}}
	}},
	{"all end as the first one", "many runnings are finished", func() *bug {
		return &bug{finish: func(b *bug, ctx context.Context, list []jobs.Outcome) ([]jobs.Ref, error) {
			list = slices.Clone(list)
			for i := range list {
				list[i].Ending = list[0].Ending
			}
			return b.sound.Finish(ctx, list...)
		}}
	}},
	{"look, then insert", "one job with a key waits", func() *bug {
		return &bug{add: func(b *bug, ctx context.Context, list []jobs.New) ([]jobs.Added, error) {
			there, err := b.sound.List(ctx, jobs.Filter{Key: list[0].Key})
			if err != nil || len(there) > 0 {
				return []jobs.Added{{ID: there[0].ID, Existed: true}}, err
			}
			time.Sleep(time.Millisecond)
			list[0].Key = ""
			return b.sound.Add(ctx, list...)
		}}
	}},
	{"a key holds until the job is done", "a key is free", func() *bug {
		return &bug{add: changed(func(n *jobs.New) { n.UntilDone = n.Key != "" })}
	}},
	{"a key is that of all kinds", "a key is that of its kind", func() *bug {
		return &bug{add: func(b *bug, ctx context.Context, list []jobs.New) ([]jobs.Added, error) {
			if there, err := b.sound.List(ctx, jobs.Filter{Key: list[0].Key}); err != nil || len(there) > 0 {
				return []jobs.Added{{ID: there[0].ID, Existed: true}}, err
			}
			return b.sound.Add(ctx, list...)
		}}
	}},
	{"nothing is replaced", "a job that replaces another", func() *bug {
		return &bug{add: changed(func(n *jobs.New) { n.Replace = false })}
	}},
	{"each declaration is a row", "a series is one job", func() *bug {
		return &bug{declare: func(b *bug, ctx context.Context, list []jobs.Series) error {
			_, err := b.sound.Add(ctx, jobs.New{Kind: list[0].Kind})
			return err
		}}
	}},
	{"the next run is added before the last one is finished", "a series goes on", func() *bug {
		return &bug{finish: func(b *bug, ctx context.Context, list []jobs.Outcome) ([]jobs.Ref, error) {
			for _, o := range list {
				if t := b.of(o.ID); t.Series {
					if _, err := b.sound.Add(ctx, jobs.New{Kind: t.Kind, At: o.At}); err != nil {
						return nil, err
					}
				}
			}
			return b.sound.Finish(ctx, list...)
		}}
	}},
	{"a series has the schedule of its first build", "a series with another schedule", func() *bug {
		return &bug{declare: func(b *bug, ctx context.Context, list []jobs.Series) error {
			if b.marks(0) {
				return nil
			}
			b.mark(0)
			return b.sound.Declare(ctx, list...)
		}}
	}},
	{"what waits is not cancelled", "a job that was cancelled before it began", func() *bug {
		return &bug{cancel: func(b *bug, ctx context.Context, w jobs.Which) (int, error) {
			if list, err := b.sound.List(ctx, jobs.Filter{ID: w.ID, State: jobs.Waiting}); err != nil || len(list) > 0 {
				return 1, err
			}
			return b.sound.Cancel(ctx, w)
		}}
	}},
	{"who runs a job does not learn that it was cancelled", "a job that is cancelled while it runs", func() *bug {
		return &bug{renew: func(b *bug, ctx context.Context, lease time.Duration, list []jobs.Beat) (lost, cancelled []jobs.Ref, err error) {
			lost, _, err = b.sound.Renew(ctx, lease, list...)
			return lost, nil, err
		}}
	}},
	{"a cancellation is in the memory of one instance", "a job that was cancelled while it ran does not run again if", func() *bug {
		return &bug{cancel: func(b *bug, ctx context.Context, w jobs.Which) (int, error) {
			b.mark(w.ID)
			return 1, ctx.Err()
		}}
	}},
	{"a retry is another row", "a cancellation wins", func() *bug {
		return &bug{finish: func(b *bug, ctx context.Context, list []jobs.Outcome) ([]jobs.Ref, error) {
			for _, o := range list {
				if _, err := b.sound.Add(ctx, jobs.New{Kind: b.of(o.ID).Kind, After: o.After}); err != nil {
					return nil, err
				}
			}
			return b.sound.Finish(ctx, jobs.Outcome{Ref: list[0].Ref})
		}}
	}},
	{"a series can be cancelled", "a series is not cancelled", func() *bug {
		return &bug{cancel: func(*bug, context.Context, jobs.Which) (int, error) { return 1, nil }}
	}},
	{"the oldest first", "jobs are listed", func() *bug {
		return &bug{list: func(b *bug, ctx context.Context, f jobs.Filter) ([]jobs.Info, error) {
			list, err := b.sound.List(ctx, f)
			slices.Reverse(list)
			return list, err
		}}
	}},
	{"what is added in a transaction is written outside of it", "a job that was added in a transaction", func() *bug {
		return &bug{begin: func(b *bug) (jobs.Adder, func(bool) error) { return b, func(bool) error { return nil } }}
	}},
	{"what is added in a transaction is written after it, however that ended", "a job of a transaction that is rolled back", func() *bug {
		return &bug{begin: func(b *bug) (jobs.Adder, func(bool) error) {
			t := &buffer{to: b}
			return t, func(bool) error { return t.end(true) }
		}}
	}},
}

// harness opens stores with a bug; one bug is that of all handles.
func harness(make func() *bug) Harness {
	return Harness{
		Timeout: 24 * 24 * time.Hour,
		Place: func(*testing.T) func() jobs.Store {
			b := make()
			b.sound, b.latest, b.marked = mem.NewJobs(), map[int64]jobs.Taken{}, map[int64]bool{}
			return func() jobs.Store { return b }
		},
		Begin: func(t *testing.T, s jobs.Store) (jobs.Adder, func(bool) error) {
			b, ok := s.(*bug)
			if !ok {
				t.Fatal("another store")
			}
			if b.begin != nil {
				return b.begin(b)
			}
			tx := &buffer{to: b}
			return tx, tx.end
		},
	}
}

// broken lists the laws that a store breaks, of those that begin with only. It
// runs in virtual time, so that a busy machine breaks no law.
func broken(t *testing.T, h Harness, only string) (found []string) {
	for _, l := range laws() {
		if !strings.HasPrefix(l.says, only) {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			if err := h.try(t, l); err != nil {
				found = append(found, l.says)
			}
		})
	}
	return found
}

func TestSoundStoreBreaksNoLaw(t *testing.T) {
	if got := broken(t, harness(func() *bug { return new(bug) }), ""); len(got) > 0 {
		t.Errorf("a sound store breaks %q", got)
	}
}

func TestPlantedJobs(t *testing.T) {
	for _, p := range planteds {
		t.Run(p.bug, func(t *testing.T) {
			if got := broken(t, harness(p.make), p.law); len(got) == 0 {
				t.Errorf("the kit does not find it by the law %q", p.law)
			}
		})
	}
	t.Logf("%d laws, %d planted bugs, each found", len(laws()), len(planteds))
}

// Each law finds a bug.
func TestEachLawHasABug(t *testing.T) {
	for _, l := range laws() {
		if !slices.ContainsFunc(planteds, func(p planted) bool { return strings.HasPrefix(l.says, p.law) }) {
			t.Errorf("no bug is planted that this law finds: %s", l.says)
		}
	}
}
