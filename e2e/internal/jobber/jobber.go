// Package jobber is a program that runs jobs and writes down what it runs.
package jobber

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/jobdb"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/database/pgdb"
	"github.com/gorgon-go/gorgon/e2e/internal/record"
	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/work"
)

// The environment of the program.
const (
	URL    = "JOBBER_URL"
	Ledger = "JOBBER_LEDGER" // the file that it appends to
	Kinds  = "JOBBER_KINDS"  // that it runs, with commas
	Bug    = "JOBBER_BUG"    // NoRenew, or none
)

// NoRenew is the bug that leases are not renewed: what runs is handed out by age.
const NoRenew = "no renew"

// Lease is that of the program.
const Lease = 2 * time.Second

// The kinds of jobs.
const (
	Short  = "short"  // takes up to 25 ms
	Long   = "long"   // takes five leases
	Often  = "often"  // is a series, of each second
	Poison = "poison" // kills its process
)

// Open opens the database and the queue in it.
func Open(url string) (*database.DB, *jobdb.Queue) {
	dialect := litedb.Dialect
	if strings.HasPrefix(url, "postgres") {
		dialect = pgdb.Dialect
	}
	db := database.Open(dialect, database.Options{URL: url})
	db.Use(slog.New(slog.DiscardHandler), false)
	return db, jobdb.In(db)
}

// Main is the program. It works until it is interrupted or killed, and never
// returns.
func Main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	db, queue := Open(os.Getenv(URL))
	var store jobs.Store = queue
	if os.Getenv(Bug) == NoRenew {
		store = unrenewed{queue}
	}
	m := work.New(work.Options{Store: store, Lease: Lease, Hands: 8})
	m.Use(slog.New(slog.DiscardHandler), nil, book(os.Getenv(Ledger)).tasks(strings.Split(os.Getenv(Kinds), ",")), nil)
	fmt.Println("ready")
	m.Run(ctx)
	_ = db.Close()
	os.Exit(0)
}

// unrenewed is a queue with the bug.
type unrenewed struct{ jobs.Store }

func (unrenewed) Renew(context.Context, time.Duration, ...jobs.Beat) (lost, cancelled []jobs.Ref, err error) {
	return nil, nil, nil
}

// A book is the file in which the program writes what it runs.
type book string

func (b book) note(ctx context.Context, what string, n int) error {
	c, _ := jobs.CurrentOf(ctx)
	return record.Add(string(b), fmt.Sprint(what, " ", c.Kind, " ", c.ID, " ", n, " ", os.Getpid(), " ", time.Now().UnixNano()))
}

// tasks are those of the kinds that are run.
func (b book) tasks(kinds []string) (list []gorgon.Task) {
	run := func(name string, take func(n int) time.Duration) jobs.Job[int] {
		return jobs.Job[int]{Name: name, MaxDeaths: 1000, Run: func(ctx context.Context, n int) error {
			if err := b.note(ctx, "begin", n); err != nil {
				return err
			}
			select {
			case <-time.After(take(n)):
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			return b.note(ctx, "end", n)
		}}
	}
	often := run(Often, func(int) time.Duration { return 50 * time.Millisecond })
	often.Every = time.Second
	poison := jobs.Job[int]{Name: Poison, Run: func(ctx context.Context, _ int) error {
		if err := b.note(ctx, "begin", 0); err != nil {
			return err
		}
		self, err := os.FindProcess(os.Getpid())
		if err != nil {
			return err
		}
		return self.Kill()
	}}
	all := gorgon.App{Parts: []gorgon.Part{
		run(Short, func(n int) time.Duration { return time.Duration(n%25) * time.Millisecond }),
		run(Long, func(int) time.Duration { return 5 * Lease }), often, poison,
	}}
	for _, t := range all.Tasks() {
		for _, k := range kinds {
			if t.Name == k {
				list = append(list, t)
			}
		}
	}
	return list
}
