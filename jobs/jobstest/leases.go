// Laws of leases, and of how runnings end.

package jobstest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/jobs"
)

func leaseLaws() []law {
	return []law{
		{says: "a job whose lease is renewed is not handed out, however long it runs", check: func(e *env) error {
			if _, err := e.add(e, nil); err != nil {
				return err
			}
			t, err := e.takeOne(e, short)
			if err != nil {
				return err
			}
			for range 4 {
				if err := e.pass(short / 3); err != nil {
					return err
				}
				lost, cancelled, err := e.Renew(e.ctx, short, jobs.Beat{Ref: t.Ref})
				if err != nil || len(lost)+len(cancelled) > 0 {
					return fmt.Errorf("renewed in time: lost %v, cancelled %v: %w", lost, cancelled, err)
				}
				if err := e.takesNone(e.other); err != nil {
					return err
				}
			}
			return e.finish(e, jobs.Outcome{Ref: t.Ref})
		}},
		{says: "a job whose lease is over is handed out again", check: func(e *env) error {
			added, err := e.add(e, nil)
			if err != nil {
				return err
			}
			if _, err := e.takeOne(e, short); err != nil {
				return err
			}
			if err := first(e.takesNone(e.other), e.pass(short)); err != nil {
				return err
			}
			t, err := e.takeOne(e.other, long)
			if err == nil && (t.ID != added.ID || t.Attempt != 1 || t.Deaths != 1 || !dueWhenAdded(t)) {
				err = fmt.Errorf("taken again: %+v", t)
			}
			return err
		}},
		{says: "who has lost a lease learns of it, and changes nothing", check: func(e *env) error {
			added, err := e.add(e, nil)
			if err != nil {
				return err
			}
			old, err := e.takeOne(e, short)
			if err == nil {
				err = e.pass(short)
			}
			if err != nil {
				return err
			}
			now, err := e.takeOne(e.other, long)
			if err != nil {
				return err
			}
			lost, cancelled, err := e.Renew(e.ctx, short, jobs.Beat{Ref: old.Ref, Report: []byte(`"old"`)})
			if err != nil || !slices.Equal(lost, []jobs.Ref{old.Ref}) || len(cancelled) > 0 {
				return fmt.Errorf("renewed late: lost %v, cancelled %v: %w", lost, cancelled, err)
			}
			for _, ending := range []jobs.Ending{jobs.Done, jobs.Failed, jobs.Dead, jobs.Released} {
				if err := e.isLate(e, jobs.Outcome{Ref: old.Ref, Ending: ending}); err != nil {
					return err
				}
			}
			i, err := e.info(added.ID)
			if err == nil && (i.State != jobs.Running || i.Report != nil) {
				err = fmt.Errorf("after late finishes: %+v", i)
			}
			return first(err, e.takesNone(e), e.finish(e.other, jobs.Outcome{Ref: now.Ref}), e.count(0))
		}},
		{says: "ends of processes are counted until a running is finished, and not as attempts", check: func(e *env) error {
			if _, err := e.add(e, nil); err != nil {
				return err
			}
			var t jobs.Taken
			for deaths := range 3 {
				var err error
				if t, err = e.takeOne(e, short); err != nil {
					return err
				}
				if t.Deaths != deaths || t.Attempt != 1 {
					return fmt.Errorf("after %d deaths: %+v", deaths, t)
				}
				if deaths < 2 {
					if err := e.pass(short); err != nil {
						return err
					}
				}
			}
			if err := e.finish(e, jobs.Outcome{Ref: t.Ref, Ending: jobs.Failed}); err != nil {
				return err
			}
			t, err := e.takeOne(e, long)
			if err == nil && (t.Deaths != 0 || t.Attempt != 2) {
				err = fmt.Errorf("after a finish: %+v", t)
			}
			return err
		}},
	}
}

func finishLaws() []law {
	// ended takes a job and ends that.
	ended := func(e *env, o jobs.Outcome) (jobs.Taken, error) {
		t, err := e.takeOne(e, long)
		if err == nil {
			o.Ref = t.Ref
			err = e.finish(e, o)
		}
		return t, err
	}
	return []law{
		{says: "a job that was released runs again at once, without counting an attempt", check: func(e *env) error {
			if _, err := e.add(e, nil); err != nil {
				return err
			}
			if _, err := ended(e, jobs.Outcome{Ending: jobs.Released}); err != nil {
				return err
			}
			t, err := e.takeOne(e.other, long)
			if err == nil && (t.Attempt != 1 || t.Deaths != 0) {
				err = fmt.Errorf("taken again: %+v", t)
			}
			return err
		}},
		{says: "a job that failed runs again when its time has come, as the next attempt", check: func(e *env) error {
			added, err := e.add(e, nil)
			if err != nil {
				return err
			}
			if _, err := ended(e, jobs.Outcome{Ending: jobs.Failed, After: 300 * time.Millisecond, Error: "first\nfault"}); err != nil {
				return err
			}
			if err := first(e.takesNone(e), e.pass(300*time.Millisecond)); err != nil {
				return err
			}
			t, err := ended(e, jobs.Outcome{Ending: jobs.Failed, After: time.Hour, Error: "second fault"})
			if err != nil || t.Attempt != 2 {
				return fmt.Errorf("taken again: %+v: %w", t, err)
			}
			i, err := e.info(added.ID)
			if err == nil && (i.State != jobs.Waiting || i.Attempt != 2 || !strings.Contains(i.Errors, "attempt 1: first\n  fault\n") || !strings.Contains(i.Errors, "attempt 2: second fault\n")) {
				err = fmt.Errorf("its state is %+v", i)
			}
			return first(err, e.takesNone(e))
		}},
		{says: "a dead job does not run, is there with its errors, and can be revived", check: func(e *env) error {
			added, err := e.add(e, func(n *jobs.New) { n.Key, n.UntilDone = "k", true })
			if err != nil {
				return err
			}
			if err := e.Revive(e.ctx, added.ID); !errors.Is(err, jobs.ErrNotFound) {
				return fmt.Errorf("revive one that is not dead: %w", err)
			}
			if _, err := ended(e, jobs.Outcome{Ending: jobs.Dead, Error: strings.Repeat("ü", jobs.MaxError)}); err != nil {
				return err
			}
			i, err := e.info(added.ID)
			if err != nil || i.State != jobs.Died || i.Attempt != 1 || !strings.Contains(i.Errors, "üü") || len(i.Errors) > jobs.MaxErrors {
				return fmt.Errorf("its state is %+v: %w", i, err)
			}
			again, err := e.add(e, func(n *jobs.New) { n.Key, n.UntilDone, n.After = "k", true, time.Hour })
			if err != nil || again.Existed {
				return fmt.Errorf("it holds its key: %+v: %w", again, err)
			}
			if err := first(e.takesNone(e), e.Revive(e.ctx, added.ID)); err != nil {
				return err
			}
			t, err := e.takeOne(e.other, long)
			if err == nil && (t.ID != added.ID || t.Attempt != 1) {
				err = fmt.Errorf("revived: %+v", t)
			}
			return err
		}},
		{says: "a dead job that is removed is not there, and no other job is removed", check: func(e *env) error {
			if _, err := e.add(e, nil); err != nil {
				return err
			}
			dead, err1 := ended(e, jobs.Outcome{Ending: jobs.Dead})
			added, err2 := e.add(e, nil)
			t, err3 := e.takeOne(e, long)
			if err := first(err1, err2, err3, e.Remove(e.ctx, dead.ID)); err != nil {
				return err
			}
			for what, err := range map[string]error{
				"remove one that runs": e.Remove(e.ctx, added.ID), "remove it again": e.other.Remove(e.ctx, dead.ID), "revive it": e.Revive(e.ctx, dead.ID),
			} {
				if !errors.Is(err, jobs.ErrNotFound) {
					return fmt.Errorf("%s: %w", what, err)
				}
			}
			return first(e.count(1), e.finish(e, jobs.Outcome{Ref: t.Ref, Ending: jobs.Released}), e.count(1))
		}},
		{says: "a job that is kept can be looked at when it is done, for that time", check: func(e *env) error {
			added, err := e.add(e, func(n *jobs.New) { n.Keep = short })
			if err != nil {
				return err
			}
			t, err := e.takeOne(e, long)
			if err != nil {
				return err
			}
			if _, _, err := e.Renew(e.ctx, long, jobs.Beat{Ref: t.Ref, Report: []byte(`1`)}); err != nil {
				return err
			}
			i, err := e.info(added.ID)
			if err != nil || i.State != jobs.Running || i.Worker != "w" || i.Attempt != 1 || string(i.Report) != "1" {
				return fmt.Errorf("while it runs: %+v: %w", i, err)
			}
			if err := e.finish(e, jobs.Outcome{Ref: t.Ref, Report: []byte(`2`)}); err != nil {
				return err
			}
			i, err = e.info(added.ID)
			if err != nil || i.State != jobs.Finished || string(i.Report) != "2" {
				return fmt.Errorf("when it is done: %+v: %w", i, err)
			}
			if err := first(e.isLate(e, jobs.Outcome{Ref: t.Ref}), e.takesNone(e), e.pass(short)); err != nil {
				return err
			}
			return e.count(0)
		}},
		{says: "what follows a job is added when it is done, and not before", check: func(e *env) error {
			next := func(n *jobs.New) {
				n.Then = []jobs.New{{Kind: kind, Args: []byte("2"), Then: []jobs.New{{Kind: kind, Args: []byte("3")}}}, {Kind: another, Key: "k"}}
			}
			if _, err := e.add(e, next); err != nil {
				return err
			}
			if _, err := ended(e, jobs.Outcome{Ending: jobs.Failed}); err != nil {
				return err
			}
			if err := e.count(1); err != nil {
				return err
			}
			for _, want := range []string{`{"id":7}`, "2", "3"} {
				if t, err := ended(e, jobs.Outcome{}); err != nil || string(t.Args) != want {
					return fmt.Errorf("%s, want %s: %w", t.Args, want, err)
				}
			}
			list, err := e.List(e.ctx, jobs.Filter{Kind: another, Key: "k"})
			if err == nil && len(list) != 1 {
				err = fmt.Errorf("%d jobs follow of the other kind", len(list))
			}
			return first(err, e.count(0))
		}},
		{says: "many runnings are finished in one call, each in its way", check: func(e *env) error {
			for range 40 {
				if _, err := e.add(e, nil); err != nil {
					return err
				}
			}
			taken, err := e.take(e, 40, long)
			if err != nil || len(taken) != 40 {
				return fmt.Errorf("%d are taken: %w", len(taken), err)
			}
			var list []jobs.Outcome
			for i, t := range taken {
				list = append(list, jobs.Outcome{Ref: t.Ref, Ending: jobs.Ending(i % 4), After: time.Hour})
			}
			list = append(list, jobs.Outcome{Ref: jobs.Ref{ID: 1 << 40, Token: 1}})
			late, err := e.Finish(e.ctx, list...)
			if err != nil || len(late) != 1 || late[0].ID != 1<<40 {
				return fmt.Errorf("late: %v: %w", late, err)
			}
			counts, err := e.Counts(e.ctx)
			if err == nil && (len(counts) != 1 || counts[0].Waiting != 10 || counts[0].Due != 10 || counts[0].Dead != 10 || counts[0].Running != 0) {
				err = fmt.Errorf("%+v", counts)
			}
			return first(err, e.count(30))
		}},
	}
}
