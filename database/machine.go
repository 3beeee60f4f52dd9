// What the machines that run an app use of its database.

package database

import (
	"context"
	"io/fs"
	"log/slog"

	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/drain"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/plan"
)

// Use sets the log, and whether a query of a loader fails whose reads cannot be
// found out. It has no effect on a database that is open.
func (db *DB) Use(log *slog.Logger, strict bool) {
	db.opening.mu.Lock()
	defer db.opening.mu.Unlock()
	db.opening.log, db.opening.strict = log, strict
}

func (db *DB) developing() bool {
	db.opening.mu.Lock()
	defer db.opening.mu.Unlock()
	return db.opening.strict
}

// Feed makes purges of the database's commits, through an instance that shares
// its store with others.
func (db *DB) Feed(i *coherence.Instance) coherence.Feed {
	d := drain.New(drain.Config{Outbox: lazy{db}, Instance: i, Poll: db.options.Poll, Log: db.opening.log})
	db.drainer.Store(d)
	return d
}

// Glance finds commits that are not purged yet, and leaves them as they are.
func (db *DB) Glance(i *coherence.Instance) coherence.Feed {
	return &drain.Glance{Outbox: lazy{db}, Instance: i}
}

// State adds to a server's state what is known of the outbox.
func (db *DB) State(s *metrics.State) {
	if d := db.drainer.Load(); d != nil {
		o := d.Outlook()
		s.Changes, s.Oldest, s.Unlooked = int64(o.Waiting), o.Oldest, o.Broken
	}
}

// Migrations are the files of [Options.Migrations]; nil for none.
func (db *DB) Migrations() fs.FS { return db.options.Migrations }

// Part is what the database needs of the place that the app runs on.
func (db *DB) Part() plan.Part {
	const part = plan.DatabasePart
	p := plan.Part{Name: part, How: db.dialect.Name()}
	kind, why := plan.Database, "it is a PostgreSQL server"
	if db.dialect.Name() == SQLite {
		kind, why = plan.File, "it is a SQLite file"
	}
	p.Needs = append(p.Needs, plan.Need{Part: part, Kind: kind, Why: why})
	if len(db.options.Tables) > 0 {
		p.Needs = append(p.Needs, plan.Need{Part: part, Kind: plan.Commits, Why: "its commits purge pages"})
	}
	return p
}

// Close closes the database.
func (db *DB) Close() error {
	err := db.handle.Close()
	o := &db.opening
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	if o.engine != nil {
		if failed := o.engine.Close(); err == nil {
			err = failed
		}
		o.engine = nil
	}
	return err
}

// Ping asks the database for an answer.
func (db *DB) Ping(ctx context.Context) error {
	engine, err := db.Engine()
	if err != nil {
		return err
	}
	_, err = engine.Tag(ctx)
	if err == nil {
		err = db.handle.PingContext(ctx)
	}
	return err
}

// lazy is the outbox of a database that may not be open yet.
type lazy struct{ db *DB }

func (l lazy) Look(ctx context.Context) ([]dataflow.Change, error) {
	engine, err := l.db.Engine()
	if err != nil {
		return nil, err
	}
	return engine.Look(ctx)
}

func (l lazy) Remove(ctx context.Context, changes []dataflow.Change) error {
	engine, err := l.db.Engine()
	if err != nil {
		return err
	}
	return engine.Remove(ctx, changes)
}

func (l lazy) OnCommit(f func(context.Context)) {
	o := &l.db.opening
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.commit = f; o.engine != nil {
		o.engine.OnCommit(f)
	}
}
