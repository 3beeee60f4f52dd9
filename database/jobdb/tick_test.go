// Batches over many jobs, and what the queue costs.

package jobdb_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/jobdb"
	"github.com/gorgon-go/gorgon/database/litedb/litedbtest"
	"github.com/gorgon-go/gorgon/database/pgdb/pgdbtest"
	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/work"
)

// machine runs a job over a queue.
func machine(q *jobdb.Queue, job jobs.Job[int]) *work.Machine {
	m := work.New(work.Options{Store: q, Log: slog.New(slog.DiscardHandler)})
	m.Use(nil, nil, gorgon.App{Parts: []gorgon.Part{job}}.Tasks(), nil)
	return m
}

// fill adds many jobs.
func fill(t testing.TB, q *jobdb.Queue, job jobs.Job[int], n int) {
	t.Helper()
	list := make([]jobs.New, n)
	for i := range list {
		one, err := job.New(i)
		must(t, err)
		list[i] = one
	}
	_, err := q.Add(t.Context(), list...)
	must(t, err)
}

// Ten thousand jobs that are due are run by batches of two seconds, each once, and
// no batch takes much longer than it may.
func TestTickDrains(t *testing.T) {
	const n, budget = 10_000, 2 * time.Second
	each(t, func(t *testing.T, _ database.Dialect, empty func(testing.TB, database.Options) *database.DB) {
		_, q := migrated(t, empty)
		var ran atomic.Int64
		job := jobs.Job[int]{Name: "job", Run: func(context.Context, int) error { ran.Add(1); return nil }}
		fill(t, q, job, n)
		m := machine(q, job)
		batches, longest, all := 0, time.Duration(0), 0
		for due := 1; due > 0; batches++ {
			began := time.Now()
			r, err := m.Tick(t.Context(), budget)
			must(t, err)
			longest = max(longest, time.Since(began))
			due = r.Due
			all += r.Ran
		}
		t.Logf("%d jobs in %d batches of %s, which took at most %s", n, batches, budget, longest.Round(time.Millisecond))
		if ran.Load() != n || all != n {
			t.Errorf("%d were run, by the batches %d", ran.Load(), all)
		}
		if longest > budget+10*time.Second {
			t.Errorf("a batch of %s took %s", budget, longest)
		}
	})
}

// What it costs to run a job that does nothing, with adding it.
func BenchmarkWork(b *testing.B) {
	eachBench(b, func(b *testing.B, q *jobdb.Queue) {
		job := jobs.Job[int]{Name: "job", Run: func(context.Context, int) error { return nil }}
		m := machine(q, job)
		b.ResetTimer()
		fill(b, q, job, b.N)
		for r, err := m.Tick(b.Context(), time.Hour); r.Due > 0; r, err = m.Tick(b.Context(), time.Hour) {
			must(b, err)
		}
	})
}

// What a machine does that has nothing to do, beside 10,000 jobs that wait.
func BenchmarkLook(b *testing.B) {
	eachBench(b, func(b *testing.B, q *jobdb.Queue) {
		list := make([]jobs.New, 10_000)
		for i := range list {
			list[i] = jobs.New{Kind: "job", After: time.Hour}
		}
		_, err := q.Add(b.Context(), list...)
		must(b, err)
		for b.Loop() {
			_, _, err := q.Next(b.Context(), []string{"job", "receipt", "export"})
			must(b, err)
		}
	})
}

// What it costs to add a job in a transaction of its own.
func BenchmarkAdd(b *testing.B) {
	eachBench(b, func(b *testing.B, q *jobdb.Queue) {
		for b.Loop() {
			_, err := q.Add(b.Context(), jobs.New{Kind: "job", Args: []byte("1")})
			must(b, err)
		}
	})
}

func eachBench(b *testing.B, bench func(b *testing.B, q *jobdb.Queue)) {
	b.Run("sqlite", func(b *testing.B) {
		_, q := migrated(b, litedbtest.Open)
		bench(b, q)
	})
	b.Run("postgresql", func(b *testing.B) {
		_, q := migrated(b, pgdbtest.Open)
		bench(b, q)
	})
}
