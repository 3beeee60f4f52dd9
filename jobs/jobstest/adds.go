// Laws of adding and taking.

package jobstest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/jobs"
)

// dueWhenAdded says whether a job was due when it was added. A statement may read
// the clock twice.
func dueWhenAdded(t jobs.Taken) bool { return t.Added.Sub(t.Due).Abs() < short/2 }

func addLaws() []law {
	return []law{
		{says: "a job that was added is taken by another instance, with all that it has", check: func(e *env) error {
			added, err := e.add(e, func(n *jobs.New) { n.Key = "k" })
			if err != nil {
				return err
			}
			t, err := e.takeOne(e.other, long)
			if err != nil {
				return err
			}
			if t.ID != added.ID || t.Kind != kind || t.Key != "k" || string(t.Args) != `{"id":7}` || t.Attempt != 1 || t.Deaths != 0 || t.Series ||
				t.Added.IsZero() || !dueWhenAdded(t) || t.Now.Before(t.Due) || added.Existed {
				return fmt.Errorf("added %+v, taken %+v", added, t)
			}
			return first(e.finish(e.other, jobs.Outcome{Ref: t.Ref}), e.count(0))
		}},
		{says: "a job is not taken before its time", check: func(e *env) error {
			now, _, err := e.Next(e.ctx, nil)
			if err != nil {
				return err
			}
			_, err1 := e.add(e, func(n *jobs.New) { n.After = time.Hour })
			_, err2 := e.add(e, func(n *jobs.New) { n.At = now.Add(time.Hour) })
			if err := first(err1, err2, e.takesNone(e)); err != nil {
				return err
			}
			_, err1 = e.add(e, func(n *jobs.New) { n.After = 50 * time.Millisecond })
			_, err2 = e.add(e, func(n *jobs.New) { n.At = now.Add(-time.Hour) })
			if err := first(err1, err2, e.pass(100*time.Millisecond)); err != nil {
				return err
			}
			taken, err := e.take(e, 10, long)
			if err == nil && len(taken) != 2 {
				err = fmt.Errorf("%d jobs are taken of two that are due", len(taken))
			}
			if err == nil && !taken[0].Due.Equal(now.Add(-time.Hour)) {
				err = errors.New("the one that was due first is not taken first")
			}
			return err
		}},
		{says: "several jobs are added together or none is, in their order", check: func(e *env) error {
			var list []jobs.New
			for i := range 250 {
				n := jobs.New{Kind: kind, Args: fmt.Appendf(nil, "%d", i)}
				if i%100 == 50 {
					n.Key = fmt.Sprint("k", i)
				}
				list = append(list, n)
			}
			added, err := e.Add(e.ctx, list...)
			if err != nil {
				return err
			}
			taken, err := e.take(e, 1000, long)
			if err != nil || len(taken) != len(list) {
				return fmt.Errorf("%d of %d jobs: %w", len(taken), len(list), err)
			}
			args := map[int64][]byte{}
			for _, t := range taken {
				args[t.ID] = t.Args
			}
			for i, a := range added {
				if !bytes.Equal(args[a.ID], list[i].Args) {
					return fmt.Errorf("answer %d is that of another job", i)
				}
			}
			list[200].Kind = "No Kind"
			if _, err := e.Add(e.ctx, list...); !errors.Is(err, jobs.ErrInvalid) {
				return fmt.Errorf("a list with an invalid job: %w", err)
			}
			return e.takesNone(e)
		}},
		{says: "what no store accepts is refused, and changes nothing", check: func(e *env) error {
			for what, change := range map[string]func(*jobs.New){
				"no kind":             func(n *jobs.New) { n.Kind = "" },
				"an odd kind":         func(n *jobs.New) { n.Kind = "a b" },
				"large arguments":     func(n *jobs.New) { n.Args = make([]byte, jobs.MaxArgs+1) },
				"a large key":         func(n *jobs.New) { n.Key = strings.Repeat("k", jobs.MaxKey+1) },
				"a key with zero":     func(n *jobs.New) { n.Key = "a\x00" },
				"a key that is bytes": func(n *jobs.New) { n.Key = "\xff" },
				"a time before":       func(n *jobs.New) { n.After = -1 },
				"a time far away":     func(n *jobs.New) { n.At = time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC) },
				"kept for less":       func(n *jobs.New) { n.Keep = -1 },
				"replace without key": func(n *jobs.New) { n.Replace = true },
				"an odd next one":     func(n *jobs.New) { n.Then = []jobs.New{{Kind: "?"}} },
			} {
				if _, err := e.add(e, change); !errors.Is(err, jobs.ErrInvalid) {
					return fmt.Errorf("%s: %w", what, err)
				}
			}
			for what, ask := range map[string]jobs.Ask{
				"no worker": {Lease: long}, "no lease": {Worker: "w"}, "none": {Worker: "w", Lease: long, Wants: []jobs.Want{{Kind: kind}}},
			} {
				if _, err := e.Take(e.ctx, ask); !errors.Is(err, jobs.ErrInvalid) {
					return fmt.Errorf("take, %s: %w", what, err)
				}
			}
			return e.count(0)
		}},
		{says: "arguments and keys are stored as they are", check: func(e *env) error {
			args := make([]byte, jobs.MaxArgs)
			for i := range args {
				args[i] = byte(i)
			}
			key := strings.Repeat("ü%_'\"\\", 20)
			if _, err := e.add(e, func(n *jobs.New) { n.Args, n.Key = args, key }); err != nil {
				return err
			}
			t, err := e.takeOne(e.other, long)
			if err == nil && (!bytes.Equal(t.Args, args) || t.Key != key) {
				err = errors.New("they are other ones")
			}
			return err
		}},
		{says: "who adds a job in this process is noticed", check: func(e *env) error {
			called := make(chan struct{}, 10)
			e.OnAdd(func() { called <- struct{}{} })
			if _, err := e.add(e, nil); err != nil {
				return err
			}
			select {
			case <-called:
				return nil
			default:
				return errors.New("it is not")
			}
		}},
		{says: "adding is noted in the context that asks for it", check: func(e *env) error {
			notes := new(jobs.Notes)
			_, err := e.Add(jobs.WithNotes(e.ctx, notes), jobs.New{Kind: kind}, jobs.New{Kind: kind})
			if err == nil && !notes.Added() {
				err = errors.New("it is not")
			}
			return err
		}},
		{says: "a call whose context has ended, or whose store is closed, fails", check: func(e *env) error {
			ctx, cancel := context.WithCancel(e.ctx)
			cancel()
			for what, err := range calls(ctx, e) {
				if !errors.Is(err, context.Canceled) {
					return fmt.Errorf("%s with a context that has ended: %w", what, err)
				}
			}
			if err := e.Close(); err != nil {
				return err
			}
			for what, err := range calls(e.ctx, e) {
				if !errors.Is(err, jobs.ErrClosed) {
					return fmt.Errorf("%s of a closed store: %w", what, err)
				}
			}
			return nil
		}},
	}
}

// calls are the results of each method, by name.
func calls(ctx context.Context, s jobs.Store) map[string]error {
	results := map[string]error{}
	_, results["Add"] = s.Add(ctx, jobs.New{Kind: kind})
	results["Declare"] = s.Declare(ctx, every("x", time.Hour))
	_, _, results["Next"] = s.Next(ctx, []string{kind})
	_, results["Take"] = s.Take(ctx, jobs.Ask{Worker: "w", Lease: long, Wants: []jobs.Want{{Kind: kind, N: 1}}})
	_, _, results["Renew"] = s.Renew(ctx, long, jobs.Beat{Ref: jobs.Ref{ID: 1, Token: 1}})
	_, results["Finish"] = s.Finish(ctx, jobs.Outcome{Ref: jobs.Ref{ID: 1, Token: 1}})
	_, results["List"] = s.List(ctx, jobs.Filter{})
	_, results["Counts"] = s.Counts(ctx)
	_, results["Cancel"] = s.Cancel(ctx, jobs.Which{ID: 1})
	results["Revive"] = s.Revive(ctx, 1)
	results["RunNow"] = s.RunNow(ctx, 1)
	results["Remove"] = s.Remove(ctx, 1)
	return results
}

func takeLaws() []law {
	return []law{
		{says: "one job is taken by one worker, however many ask", check: func(e *env) error {
			const n = 100
			list := make([]jobs.New, n)
			for i := range list {
				list[i] = jobs.New{Kind: kind}
			}
			if _, err := e.Add(e.ctx, list...); err != nil {
				return err
			}
			var mu sync.Mutex
			times := map[int64]int{}
			err := together(8, func(i int) error {
				return e.until("all are taken", func() (bool, error) {
					taken, err := e.take(e.at(i), 5, long)
					mu.Lock()
					defer mu.Unlock()
					for _, t := range taken {
						times[t.ID]++
					}
					return len(times) == n, err
				})
			})
			for id, k := range times {
				if k != 1 {
					return fmt.Errorf("job %d was taken %d times", id, k)
				}
			}
			return err
		}},
		{says: "jobs of other kinds, such as unknown ones, are in no other's way", check: func(e *env) error {
			for range 300 {
				if _, err := e.add(e, func(n *jobs.New) { n.Kind = "old" }); err != nil {
					return err
				}
			}
			if _, err := e.add(e, nil); err != nil {
				return err
			}
			_, err := e.takeOne(e, long)
			if err != nil {
				return err
			}
			counts, err := e.Counts(e.ctx)
			if err == nil && (len(counts) != 2 || counts[0].Kind != "old" || counts[0].Due != 300) {
				err = fmt.Errorf("they are not counted: %+v", counts)
			}
			return err
		}},
		{says: "no more are taken than asked for, of each kind", check: func(e *env) error {
			for range 5 {
				_, err1 := e.add(e, nil)
				_, err2 := e.add(e, func(n *jobs.New) { n.Kind = another })
				if err := first(err1, err2); err != nil {
					return err
				}
			}
			taken, err := e.Take(e.ctx, jobs.Ask{Worker: "w", Lease: long, Wants: []jobs.Want{{Kind: kind, N: 2}, {Kind: another, N: 3}}})
			count := map[string]int{}
			for _, t := range taken {
				count[t.Kind]++
			}
			if err == nil && (count[kind] != 2 || count[another] != 3) {
				err = fmt.Errorf("%v are taken", count)
			}
			return err
		}},
		{says: "of a kind with a limit, no more run at once on all instances", check: func(e *env) error {
			for range 20 {
				if _, err := e.add(e, nil); err != nil {
					return err
				}
			}
			ask := jobs.Ask{Worker: "w", Lease: long, Wants: []jobs.Want{{Kind: kind, N: 2, Everywhere: 3}}}
			var mu sync.Mutex
			var running []jobs.Taken
			err := together(6, func(i int) error {
				taken, err := e.at(i).Take(e.ctx, ask)
				mu.Lock()
				defer mu.Unlock()
				running = append(running, taken...)
				return err
			})
			if err != nil || len(running) != 3 {
				return fmt.Errorf("%d run at once of 3 that may: %w", len(running), err)
			}
			if err := e.finish(e, jobs.Outcome{Ref: running[0].Ref}); err != nil {
				return err
			}
			taken, err := e.Take(e.ctx, ask)
			if err == nil && len(taken) != 1 {
				err = fmt.Errorf("when one is done, %d more are taken", len(taken))
			}
			return err
		}},
		{says: "what is due first of each kind is known, by the clock of the store", check: func(e *env) error {
			_, err1 := e.add(e, func(n *jobs.New) { n.After = time.Hour })
			_, err2 := e.add(e, func(n *jobs.New) { n.After = 2 * time.Hour })
			if err := first(err1, err2); err != nil {
				return err
			}
			now, list, err := e.Next(e.ctx, []string{another, kind})
			if err != nil || len(list) != 1 || list[0].Kind != kind {
				return fmt.Errorf("%+v: %w", list, err)
			}
			if in := list[0].Due.Sub(now); in > time.Hour || in < 59*time.Minute {
				return fmt.Errorf("it is due in %s, want an hour", in)
			}
			_, list, err = e.Next(e.ctx, []string{another})
			if err == nil && len(list) != 0 {
				err = fmt.Errorf("a kind without jobs has %+v", list)
			}
			return err
		}},
	}
}
