// The real dialects, with faults that tests plant.

package database_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/database/pgdb"
)

// A fake is a dialect whose engines can be broken.
type fake struct {
	database.Dialect
	unlocked bool         // Lock locks nothing
	changed  func() error // what Changed gives, in place of what it does
	calls    atomic.Int64 // of Changed
}

func newFake(dialect string) *fake {
	if dialect == database.SQLite {
		return &fake{Dialect: litedb.Dialect}
	}
	return &fake{Dialect: pgdb.Dialect}
}

func (f *fake) Open(config database.Config) (database.Engine, error) {
	e, err := f.Dialect.Open(config)
	return engine{e, f}, err
}

type engine struct {
	database.Engine
	fake *fake
}

func (e engine) Changed(ctx context.Context) error {
	e.fake.calls.Add(1)
	if e.fake.changed != nil {
		if err := e.fake.changed(); err != nil {
			return err
		}
	}
	return e.Engine.Changed(ctx)
}

func (e engine) Lock(ctx context.Context, f func(context.Context) error) error {
	if e.fake.unlocked {
		return f(ctx)
	}
	return e.Engine.Lock(ctx, f)
}

// each runs a test with an empty database of each dialect.
func each(t *testing.T, test func(t *testing.T, f *fake, url string)) {
	for _, dialect := range []string{database.SQLite, database.PostgreSQL} {
		t.Run(dialect, func(t *testing.T) { test(t, newFake(dialect), newURL(t, dialect)) })
	}
}

// newURL is the URL of an empty database.
func newURL(t *testing.T, dialect string) string {
	t.Helper()
	if dialect == database.SQLite {
		return "sqlite:" + filepath.Join(t.TempDir(), "app.db")
	}
	return newPostgres(t)
}
