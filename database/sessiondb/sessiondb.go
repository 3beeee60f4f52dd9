// The store: its tables, and its calls.

// Package sessiondb keeps sessions in the app's own database, of either dialect.
//
//	var db = database.Open(pgdb.Dialect, database.Options{Migrations: migrations})
//	var people = auth.New(auth.Options{Store: sessiondb.In(db)})
//
// Its tables are made by the migrate command, beside the outbox: sessions and
// limits in the schema gorgon_data with PostgreSQL, gorgon_data_sessions and
// gorgon_data_limits with SQLite (see database.Options.Schema). Until then every
// call fails with [sessions.ErrLayout].
//
// A call is one statement and one round trip. What it reads is not noted for the
// pages that call it, and what it writes purges nothing. Every eighth Put removes
// up to 32 records that have expired long ago, and every sixteenth Spend up to 64
// limits of which all has come back, by one more statement each.
//
// With PostgreSQL, limits are counted by the clock of the server, and each step
// is atomic at whatever isolation level is the database's default. With SQLite
// they are counted by the clock of the machine, which all processes have that use
// the file; and reading takes no turn from a writer.
//
// In a [database.DB.Scope], such as that of an endpoint with Once, records can be
// read. What writes fails at once: it would not be rolled back with the rest.
//
// Where a standby takes over that had not received all, what was revoked last may
// be back: let the server wait for a standby (synchronous_commit) if that must not
// be.
package sessiondb

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/apart"
	"github.com/gorgon-go/gorgon/sessions"
)

// A store keeps sessions in a database.
type store struct {
	calls  apart.Calls
	texts  texts
	puts   atomic.Uint64
	spends atomic.Uint64
}

// In returns the store of sessions in a database. It is called when the program
// starts, before the database is migrated or checked, and contacts nothing.
// Closing the store leaves the database open.
func In(db *database.DB) sessions.Store {
	db.Own(tables)
	s := &store{calls: apart.Calls{
		DB: db, Of: "sessions", Tables: "tables sessions and limits", Closed: sessions.ErrClosed, Layout: sessions.ErrLayout,
		Decides: func(err error) bool { return errors.Is(err, sessions.ErrExists) },
	}}
	s.texts = textsOf(db, s.calls.Postgres())
	return s
}

// Get reads a record.
func (s *store) Get(ctx context.Context, kind string, id sessions.ID) (sessions.Record, error) {
	list, err := s.query(s.calls.DB.Leave(ctx), "get a record", s.texts.get, []error{sessions.CheckKind(kind)}, id[:], kind)
	return one(list, err)
}

// Take removes a record and returns it.
func (s *store) Take(ctx context.Context, kind string, id sessions.ID) (sessions.Record, error) {
	list, err := s.query(ctx, "take a record", s.texts.take, []error{sessions.CheckKind(kind)}, id[:], kind)
	return one(list, err)
}

func one(list []sessions.Record, err error) (sessions.Record, error) {
	switch {
	case err != nil:
		return sessions.Record{}, err
	case len(list) == 0:
		return sessions.Record{}, sessions.ErrNotFound
	}
	return list[0], nil
}

// List lists the records of a kind that a user has.
func (s *store) List(ctx context.Context, kind, user string) ([]sessions.Record, error) {
	return s.query(s.calls.DB.Leave(ctx), "list records", s.texts.list, []error{sessions.CheckKind(kind), sessions.CheckUser(user)}, user, kind)
}

// Put adds a record.
func (s *store) Put(ctx context.Context, r sessions.Record) error {
	n, err := s.exec(ctx, "put a record", s.texts.put, []error{r.Check()}, fields(r)...)
	if err == nil && n == 0 {
		err = sessions.ErrExists
	}
	if err == nil && s.puts.Add(1)%8 == 0 {
		// A failure is that of the next calls, and what was left is removed by
		// them.
		_, _ = s.exec(ctx, "remove what has expired", s.texts.expire, nil, time.Now().Add(-sessions.Grace).UnixMilli())
	}
	return err
}

// Replace puts a record in the place of another one: the row is changed and not
// another one made, so that a Revoke that waits for it finds it.
func (s *store) Replace(ctx context.Context, old sessions.ID, r sessions.Record) error {
	n, err := s.exec(ctx, "replace a record", s.texts.replace, []error{r.Check()}, append(fields(r), old[:])...)
	if err == nil && n == 0 {
		err = sessions.ErrNotFound
	}
	return err
}

// Touch sets when a record was used and when it expires.
func (s *store) Touch(ctx context.Context, kind string, id sessions.ID, used, expires time.Time) error {
	n, err := s.exec(ctx, "touch a record", s.texts.touch, []error{sessions.CheckKind(kind), sessions.CheckTimes(used, expires)},
		id[:], kind, sessions.Millis(used), millisOrNull(expires))
	if err == nil && n == 0 {
		err = sessions.ErrNotFound
	}
	return err
}

// Revoke removes records of a user.
func (s *store) Revoke(ctx context.Context, kind, user string, except ...sessions.ID) (int, error) {
	checks := []error{sessions.CheckUser(user)}
	if kind != "" {
		checks = append(checks, sessions.CheckKind(kind))
	}
	n, err := s.exec(ctx, "revoke records", s.texts.revoke, checks, user, kind, listed(except))
	return int(n), err
}

// Close ends the use of the store.
func (s *store) Close() error { return s.calls.Close() }
