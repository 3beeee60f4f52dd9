// The app's own database, as far as the commands use it.

package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/plan"
)

// A Database is the app's own: what database.Open returns. An app without one
// links nothing of it.
type Database interface {
	// Use sets the log, and whether a query whose reads cannot be found out
	// fails. It is called before the database is opened.
	Use(log *slog.Logger, strict bool)

	// Ping asks the database for an answer.
	Ping(ctx context.Context) error

	// Check says why the app cannot work with the database as it is: a migration
	// is pending, or was changed.
	Check(ctx context.Context) error

	// Migrate applies what is pending, and says what it did. MigrateOffline does
	// so where no instance of the app runs.
	Migrate(ctx context.Context) (steps []string, err error)
	MigrateOffline(ctx context.Context) (steps []string, err error)

	// Pending says what Migrate would do.
	Pending(ctx context.Context) (steps []string, err error)

	// Down undoes the newest migration, in development.
	Down(ctx context.Context) (step string, err error)

	// Feed makes purges of commits. Glance finds those that are not purged yet,
	// and leaves them as they are.
	Feed(i *coherence.Instance) coherence.Feed
	Glance(i *coherence.Instance) coherence.Feed

	// State adds what is known of the outbox.
	State(s *metrics.State)

	// Migrations are the app's own migrations; nil for none.
	Migrations() fs.FS

	// Part is what the database needs of the place that the app runs on.
	Part() plan.Part

	Close() error
}

// useDatabase prepares the database for a command that may open it.
func (p *program) useDatabase() {
	if p.config.Database != nil {
		p.config.Database.Use(p.log, p.developing())
	}
}

// readyDatabase prepares the database for loaders of a build. In development it
// is migrated; elsewhere one that answers and is not migrated is a fault, which
// would otherwise be that of each page. A build may need no database at all, so
// one that does not answer is left to the loaders.
func (p *program) readyDatabase(ctx context.Context) error {
	db := p.config.Database
	if db == nil {
		return nil
	}
	p.useDatabase()
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	if db.Ping(ctx) != nil {
		return nil
	}
	if p.developing() {
		_, err := db.MigrateOffline(ctx)
		return err
	}
	if err := db.Check(ctx); err != nil {
		return fmt.Errorf("the app's database is not ready: %w", err)
	}
	return nil
}

func (p *program) closeDatabase() error {
	if p.config.Database == nil {
		return nil
	}
	return p.config.Database.Close()
}

// A watched database is one whose state readiness depends on.
type watched struct {
	db    Database
	state atomic.Pointer[condition]
}

// A condition is what was found last.
type condition struct {
	needed bool // the app cannot work
	err    error
}

// How often a database is checked.
const (
	checkSoon  = 2 * time.Second // while it is not as it should be
	checkLater = 30 * time.Second
	checkTime  = 5 * time.Second
)

// watchDatabase checks the database once, and then in the background until ctx
// ends. It returns nil without a database.
func watchDatabase(ctx context.Context, db Database, log *slog.Logger) *watched {
	if db == nil {
		return nil
	}
	w := &watched{db: db}
	w.check(ctx)
	if c := w.state.Load(); c.err != nil {
		log.Warn("the app's database cannot be used as it is", "err", c.err)
	}
	go func() {
		for {
			wait := checkLater
			if w.state.Load().err != nil {
				wait = checkSoon
			}
			timer := time.NewTimer(wait)
			select {
			case <-timer.C:
				w.check(ctx)
			case <-ctx.Done():
				timer.Stop()
				return
			}
		}
	}()
	return w
}

func (w *watched) check(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	c := &condition{err: w.db.Ping(ctx)}
	if c.err == nil {
		c.err = w.db.Check(ctx)
		c.needed = c.err != nil
	}
	w.state.Store(c)
}

var errUnlooked = errors.New("the database cannot be asked for its commits: pages that depend on it are served as stale")

// report is for readiness. A database that went away is noticed by those who
// look at its commits long before the next check.
func (w *watched) report() (needed bool, err error) {
	if c := w.state.Load(); c.err != nil {
		return c.needed, c.err
	}
	var s metrics.State
	if w.db.State(&s); s.Unlooked {
		err = errUnlooked
	}
	return false, err
}
