// Laws of keys, series, cancelling, and transactions.

package jobstest

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/jobs"
)

func keyLaws() []law {
	keyed := func(n *jobs.New) { n.Key = "k" }
	return []law{
		{says: "one job with a key waits to begin, however many add it at once", check: func(e *env) error {
			var mu sync.Mutex
			ids := map[int64]bool{}
			isNew := 0
			err := together(64, func(i int) error {
				added, err := e.add(e.at(i), keyed)
				mu.Lock()
				defer mu.Unlock()
				ids[added.ID] = true
				if !added.Existed {
					isNew++
				}
				return err
			})
			if err == nil && (len(ids) != 1 || isNew != 1) {
				err = fmt.Errorf("%d of 64 are new, with %d IDs", isNew, len(ids))
			}
			return first(err, e.count(1))
		}},
		{says: "a key is free when its job begins, or, if it is to hold until then, when that is over", check: func(e *env) error {
			for _, untilDone := range []bool{false, true} {
				add := func() (jobs.Added, error) {
					return e.add(e, func(n *jobs.New) { n.Key, n.UntilDone = fmt.Sprint(untilDone), untilDone })
				}
				if _, err := add(); err != nil {
					return err
				}
				t, err := e.takeOne(e, long)
				if err != nil {
					return err
				}
				added, err := add()
				if err != nil || added.Existed != untilDone {
					return fmt.Errorf("until done %v: while it runs: %+v: %w", untilDone, added, err)
				}
				if err := e.finish(e, jobs.Outcome{Ref: t.Ref, Ending: jobs.Failed, After: time.Hour}); err != nil {
					return err
				}
				if added, err = add(); err != nil || !added.Existed {
					return fmt.Errorf("until done %v: while another waits: %+v: %w", untilDone, added, err)
				}
				if n, err := e.Cancel(e.ctx, jobs.Which{Kind: kind, Key: fmt.Sprint(untilDone)}); err != nil || n == 0 {
					return fmt.Errorf("%d cancelled: %w", n, err)
				}
				if added, err = add(); err != nil || added.Existed {
					return fmt.Errorf("until done %v: when they are over: %+v: %w", untilDone, added, err)
				}
				if t, err = e.takeOne(e, long); err != nil {
					return err
				}
				if err := e.finish(e, jobs.Outcome{Ref: t.Ref}); err != nil {
					return err
				}
			}
			return e.count(0)
		}},
		{says: "a key is that of its kind", check: func(e *env) error {
			_, err1 := e.add(e, keyed)
			added, err2 := e.add(e, func(n *jobs.New) { n.Kind, n.Key = another, "k" })
			if err := first(err1, err2); err != nil {
				return err
			}
			if added.Existed {
				return errors.New("a job of another kind has it")
			}
			return nil
		}},
		{says: "a job that replaces another is the one that runs, with its time and arguments", check: func(e *env) error {
			replacing := func(args string, after time.Duration) (jobs.Added, error) {
				return e.add(e, func(n *jobs.New) { n.Key, n.Replace, n.Args, n.After = "k", true, []byte(args), after })
			}
			one, err1 := replacing("1", 0)
			two, err2 := replacing("2", time.Hour)
			if err := first(err1, err2, e.takesNone(e)); err != nil {
				return err
			}
			three, err := replacing("3", 0)
			if err != nil {
				return err
			}
			t, err := e.takeOne(e, long)
			if err != nil {
				return err
			}
			if one.Existed || !two.Existed || !three.Existed || t.ID != one.ID || string(t.Args) != "3" {
				return fmt.Errorf("%+v, %+v, %+v, taken %+v", one, two, three, t)
			}
			four, err := replacing("4", 0)
			if err == nil && four.Existed {
				err = errors.New("one that runs was replaced")
			}
			return err
		}},
	}
}

// every is a series of the usual kind.
func every(text string, wait time.Duration) jobs.Series {
	return jobs.Series{Kind: kind, Text: text, First: func(now time.Time) time.Time { return now.Add(wait) }}
}

func seriesLaws() []law {
	return []law{
		{says: "a series is one job, however many declare it, and however often", check: func(e *env) error {
			err := together(16, func(i int) error { return e.at(i).Declare(e.ctx, every("a", 0)) })
			if err := first(err, e.count(1)); err != nil {
				return err
			}
			t, err := e.takeOne(e.other, long)
			if err != nil || !t.Series {
				return fmt.Errorf("%+v: %w", t, err)
			}
			return first(e.Declare(e.ctx, every("a", 0)), e.Declare(e.ctx, every("b", 0)), e.takesNone(e), e.count(1))
		}},
		{says: "a series goes on at its next time, whatever becomes of a run", check: func(e *env) error {
			if err := e.Declare(e.ctx, every("a", 0)); err != nil {
				return err
			}
			for _, ending := range []jobs.Ending{jobs.Done, jobs.Failed, jobs.Dead} {
				// First to a time that does not come, and then to one that passes.
				for _, wait := range []time.Duration{time.Hour, short} {
					now, _, err := e.Next(e.ctx, nil)
					if err != nil {
						return err
					}
					t, err := e.takeOne(e, long)
					if err != nil {
						return fmt.Errorf("ending %d: %w", ending, err)
					}
					next := now.Add(wait)
					if err := e.finish(e, jobs.Outcome{Ref: t.Ref, Ending: ending, At: next}); err != nil {
						return err
					}
					i, err := e.info(t.ID)
					if err != nil || !i.Due.Equal(next) || i.State != jobs.Waiting || i.Series != "a" {
						return fmt.Errorf("ending %d: %+v: %w", ending, i, err)
					}
					goesOn := e.pass
					if wait == time.Hour {
						goesOn = func(time.Duration) error { return first(e.takesNone(e), e.RunNow(e.ctx, t.ID)) }
					}
					if err := first(e.count(1), goesOn(2*short)); err != nil { // more than one time passes
						return err
					}
				}
			}
			if _, err := e.takeOne(e, long); err != nil {
				return err
			}
			return first(e.takesNone(e), e.count(1))
		}},
		{says: "a series with another schedule has the times of that", check: func(e *env) error {
			if err := first(e.Declare(e.ctx, every("a", time.Hour)), e.takesNone(e), e.Declare(e.ctx, every("a", 0)), e.takesNone(e),
				e.other.Declare(e.ctx, every("b", 0))); err != nil {
				return err
			}
			_, err := e.takeOne(e, long)
			return first(err, e.count(1))
		}},
	}
}

func cancelLaws() []law {
	return []law{
		{says: "a job that was cancelled before it began never runs", check: func(e *env) error {
			added, err1 := e.add(e, nil)
			_, err2 := e.add(e, func(n *jobs.New) { n.Key = "k" })
			_, err3 := e.add(e, func(n *jobs.New) { n.Key, n.Kind = "k", another })
			if err := first(err1, err2, err3); err != nil {
				return err
			}
			for _, which := range []jobs.Which{{ID: added.ID}, {Kind: kind, Key: "k"}} {
				if n, err := e.Cancel(e.ctx, which); n != 1 || err != nil {
					return fmt.Errorf("%d cancelled: %w", n, err)
				}
				if n, err := e.Cancel(e.ctx, which); n != 0 || err != nil {
					return fmt.Errorf("%d cancelled again: %w", n, err)
				}
			}
			if _, err := e.Cancel(e.ctx, jobs.Which{Kind: kind}); !errors.Is(err, jobs.ErrInvalid) {
				return fmt.Errorf("cancel without a key: %w", err)
			}
			return first(e.takesNone(e), e.count(0))
		}},
		{says: "a job that is cancelled while it runs is told, and does not run again", check: func(e *env) error {
			for _, ending := range []jobs.Ending{jobs.Done, jobs.Failed, jobs.Dead, jobs.Released} {
				if _, err := e.add(e, func(n *jobs.New) { n.Key, n.UntilDone = "k", true }); err != nil {
					return err
				}
				t, err := e.takeOne(e, long)
				if err != nil {
					return err
				}
				if n, err := e.other.Cancel(e.ctx, jobs.Which{Kind: kind, Key: "k"}); n != 1 || err != nil {
					return fmt.Errorf("%d cancelled: %w", n, err)
				}
				lost, cancelled, err := e.Renew(e.ctx, long, jobs.Beat{Ref: t.Ref})
				if err != nil || len(lost) > 0 || len(cancelled) != 1 {
					return fmt.Errorf("lost %v, cancelled %v: %w", lost, cancelled, err)
				}
				if i, err := e.info(t.ID); err != nil || i.State != jobs.Cancelling {
					return fmt.Errorf("its state is %+v: %w", i, err)
				}
				if err := first(e.finish(e, jobs.Outcome{Ref: t.Ref, Ending: ending}), e.takesNone(e), e.count(0)); err != nil {
					return fmt.Errorf("ending %d: %w", ending, err)
				}
			}
			return nil
		}},
		{says: "a job that was cancelled while it ran does not run again if its process ends", check: func(e *env) error {
			if _, err := e.add(e, nil); err != nil {
				return err
			}
			t, err := e.takeOne(e, short)
			if err != nil {
				return err
			}
			if n, err := e.Cancel(e.ctx, jobs.Which{ID: t.ID}); n != 1 || err != nil {
				return fmt.Errorf("%d cancelled: %w", n, err)
			}
			return first(e.pass(short), e.takesNone(e), e.count(0))
		}},
		{says: "a cancellation wins against a finish at the same time that runs it again", check: func(e *env) error {
			for i := range 30 {
				if _, err := e.add(e, nil); err != nil {
					return err
				}
				t, err := e.takeOne(e, long)
				if err != nil {
					return err
				}
				n := 0
				err = together(2, func(i int) (err error) {
					if i == 0 {
						n, err = e.Cancel(e.ctx, jobs.Which{ID: t.ID})
						return err
					}
					_, err = e.other.Finish(e.ctx, jobs.Outcome{Ref: t.Ref, Ending: jobs.Failed})
					return err
				})
				if err != nil || n != 1 {
					return fmt.Errorf("round %d: %d cancelled: %w", i, n, err)
				}
				if err := first(e.takesNone(e), e.count(0)); err != nil {
					return fmt.Errorf("round %d: %w", i, err)
				}
			}
			return nil
		}},
		{says: "a series is not cancelled", check: func(e *env) error {
			if err := e.Declare(e.ctx, every("a", 0)); err != nil {
				return err
			}
			t, err := e.takeOne(e, long)
			if err != nil {
				return err
			}
			if n, err := e.Cancel(e.ctx, jobs.Which{ID: t.ID}); n != 0 || err != nil {
				return fmt.Errorf("%d cancelled: %w", n, err)
			}
			return e.finish(e, jobs.Outcome{Ref: t.Ref, At: time.Now().Add(time.Hour)})
		}},
	}
}

func deskLaws() []law {
	return []law{
		{says: "a job that waits is made due, and no other", check: func(e *env) error {
			if err := e.Declare(e.ctx, every("a", time.Hour)); err != nil {
				return err
			}
			series, err := e.List(e.ctx, jobs.Filter{})
			if err != nil || len(series) != 1 {
				return fmt.Errorf("%d series: %w", len(series), err)
			}
			later := func(n *jobs.New) { n.After = time.Hour }
			one, err1 := e.add(e, later)
			two, err2 := e.add(e, later)
			if err := first(err1, err2, e.takesNone(e)); err != nil {
				return err
			}

			// It is taken, and what waits beside it is not.
			runs := func(id int64) (t jobs.Taken, err error) {
				if err := e.RunNow(e.ctx, id); err != nil {
					return t, err
				}
				if t, err = e.takeOne(e.other, long); err == nil && t.ID != id {
					err = fmt.Errorf("job %d is taken instead of %d", t.ID, id)
				}
				return t, first(err, e.takesNone(e))
			}
			t, err := runs(one.ID)
			if err != nil {
				return err
			}
			if err := e.RunNow(e.ctx, one.ID); !errors.Is(err, jobs.ErrNotFound) {
				return fmt.Errorf("run one that runs: %w", err)
			}
			if err := first(e.takesNone(e), e.finish(e, jobs.Outcome{Ref: t.Ref, Ending: jobs.Failed, After: time.Hour}), e.takesNone(e)); err != nil {
				return err
			}
			again, err := runs(one.ID)
			if err == nil && again.Attempt != 2 {
				err = fmt.Errorf("attempt %d", again.Attempt)
			}
			repeated, err3 := runs(series[0].ID)
			if err := first(err, err3, e.finish(e, jobs.Outcome{Ref: again.Ref, Ending: jobs.Dead}),
				e.finish(e, jobs.Outcome{Ref: repeated.Ref, At: time.Now().Add(time.Hour)}), e.takesNone(e)); err != nil {
				return err
			}
			for what, id := range map[string]int64{"a dead one": one.ID, "one that is not there": 1 << 40} {
				if err := e.RunNow(e.ctx, id); !errors.Is(err, jobs.ErrNotFound) {
					return fmt.Errorf("run %s: %w", what, err)
				}
			}

			// One that is due already keeps its place.
			if err := e.RunNow(e.ctx, two.ID); err != nil {
				return err
			}
			before, err1 := e.info(two.ID)
			waited := e.pass(short)
			err2 = e.RunNow(e.ctx, two.ID)
			after, err3 := e.info(two.ID)
			if err := first(err1, waited, err2, err3); err != nil || before.Due.IsZero() || !before.Due.Equal(after.Due) {
				return fmt.Errorf("due at %v, then at %v: %w", before.Due, after.Due, err)
			}
			return nil
		}},
		{says: "jobs are listed by what is asked for, the newest first, and counted", check: func(e *env) error {
			var ids []int64
			for i := range 5 {
				added, err := e.add(e, func(n *jobs.New) {
					n.Key = fmt.Sprint(i)
					if i == 4 {
						n.After = time.Hour
					}
				})
				if err != nil {
					return err
				}
				ids = append(ids, added.ID)
			}
			if _, err := e.take(e, 2, long); err != nil {
				return err
			}
			for what, c := range map[string]struct {
				filter jobs.Filter
				want   []int64
			}{
				"all":     {jobs.Filter{}, []int64{ids[4], ids[3], ids[2], ids[1], ids[0]}},
				"two":     {jobs.Filter{Limit: 2}, []int64{ids[4], ids[3]}},
				"next":    {jobs.Filter{Limit: 2, Before: ids[3]}, []int64{ids[2], ids[1]}},
				"key":     {jobs.Filter{Kind: kind, Key: "3"}, []int64{ids[3]}},
				"kind":    {jobs.Filter{Kind: another}, nil},
				"running": {jobs.Filter{State: jobs.Running}, []int64{ids[1], ids[0]}},
				"waiting": {jobs.Filter{State: jobs.Waiting}, []int64{ids[4], ids[3], ids[2]}},
				"dead":    {jobs.Filter{State: jobs.Died}, nil},
			} {
				list, err := e.List(e.ctx, c.filter)
				var got []int64
				for _, i := range list {
					got = append(got, i.ID)
				}
				if err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) {
					return fmt.Errorf("%s: %v, want %v: %w", what, got, c.want, err)
				}
			}
			if err := e.pass(10 * time.Millisecond); err != nil {
				return err
			}
			counts, err := e.Counts(e.ctx)
			if err == nil && (len(counts) != 1 || counts[0].Running != 2 || counts[0].Due != 2 || counts[0].Waiting != 1 || counts[0].Oldest <= 0) {
				err = fmt.Errorf("counts are %+v", counts)
			}
			return err
		}},
	}
}

func txLaws() []law {
	return []law{
		{says: "a job that was added in a transaction is there when that commits, and not before", begins: true, check: func(e *env) error {
			in, end := e.begin(e.Store)
			_, err := in.Add(e.ctx, jobs.New{Kind: kind})
			if err := first(err, e.count(0), end(true)); err != nil {
				return err
			}
			_, err = e.takeOne(e.other, long)
			return err
		}},
		{says: "a job of a transaction that is rolled back never runs, and holds no key", begins: true, check: func(e *env) error {
			in, end := e.begin(e.Store)
			_, err := in.Add(e.ctx, jobs.New{Kind: kind, Key: "k"})
			if err := first(err, end(false), e.takesNone(e), e.takesNone(e.other), e.count(0)); err != nil {
				return err
			}
			added, err := e.add(e, func(n *jobs.New) { n.Key = "k" })
			if err == nil && added.Existed {
				err = errors.New("its key is taken")
			}
			return err
		}},
	}
}
