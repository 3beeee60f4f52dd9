// What apps and other builds get wrong.

package work_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/work"
)

// typedNil is an error that cannot say what it is.
type typedNil struct{ text string }

func (e *typedNil) Error() string { return e.text }

// Mistakes in what an app says of a failure cost the job an attempt, and not the
// process its life.
func TestMistakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := mem.NewJobs()
		job := jobs.Job[string]{Name: "mistake", MaxAttempts: 2, Backoff: func(int) time.Duration { panic("no table") },
			Run: func(_ context.Context, what string) error {
				switch what {
				case "no error is fatal":
					return jobs.Fatal(nil)
				case "again":
					return jobs.RetryAfter(time.Minute, nil)
				}
				return (*typedNil)(nil)
			}}
		for _, what := range []string{"no error is fatal", "again", "typed nil"} {
			added(t)(job.Add(t.Context(), store, what))
		}
		during(time.Hour, machine(t, store, work.Options{Hands: -1, Poll: -1, Lease: -1, Grace: -1}, job))
		infos, err := store.List(t.Context(), jobs.Filter{})
		if err != nil || len(infos) != 2 || infos[0].State != jobs.Died || infos[1].State != jobs.Died {
			t.Errorf("%+v, %v", infos, err)
		}
	})
}

// A series whose job is one that is added, in another build, is not run by that
// one, and not asked for again and again. Jobs that are added to a series end as
// others do.
func TestSeriesOfAnotherBuild(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := mem.NewJobs()
		var runs []string
		run := func(_ context.Context, what string) error {
			if runs = append(runs, what); what == "dies" {
				return jobs.Fatal(errors.New("no use"))
			}
			return nil
		}
		series := jobs.Job[string]{Name: "tidy", Every: time.Minute, Run: run}
		added(t)(series.Add(t.Context(), store, "dies"))
		during(time.Second, machine(t, store, work.Options{Hands: 1}, series))
		slices.Sort(runs)
		if !slices.Equal(runs, []string{"", "dies"}) {
			t.Errorf("runs %q", runs)
		}
		runs = nil
		job := jobs.Job[string]{Name: "tidy", Run: run}
		added(t)(job.Add(t.Context(), store, "added"))
		m := machine(t, store, work.Options{Hands: 1}, job)
		during(2*time.Hour, m)
		if !slices.Equal(runs, []string{"added"}) {
			t.Errorf("the other build runs %q", runs)
		}
		counts, err := store.Counts(t.Context())
		if err != nil || len(counts) != 1 || counts[0].Waiting != 1 || counts[0].Dead != 1 {
			t.Errorf("%+v, %v", counts, err)
		}
		runs = nil
		during(2*time.Hour, machine(t, store, work.Options{Hands: 1}, series))
		if len(runs) < 60 {
			t.Errorf("%d runs in two hours of the build that has the series", len(runs))
		}
	})
}
