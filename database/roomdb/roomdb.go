// Package roomdb stores rooms in the app's own database, of either dialect.
//
//	var db = database.Open(pgdb.Dialect, database.Options{Migrations: migrations})
//	var log = roomdb.In(db)
//
// Its tables are made by the migrate command, beside the outbox: rooms,
// rooms_entries, rooms_snapshots and rooms_instances in the schema gorgon_data
// with PostgreSQL, gorgon_data_rooms and so on with SQLite (see
// database.Options.Schema). Until then every call fails with [rooms.ErrLayout].
//
// # Time
//
// All times are those of the database server or, with SQLite, of the machine. No
// lease depends on the clocks of other instances.
//
// # Costs
//
// With PostgreSQL, an Append is one statement, and so one round trip and one
// commit, however many entries it has. With SQLite it is one transaction, which
// has the lock to write from its beginning on. Read is one statement. No call
// notifies other processes: that would make all transactions of PostgreSQL that
// do it commit one after the other. What pages read is not noted here, and nothing
// is purged.
//
// In a [database.DB.Scope], such as that of an endpoint with Once, rooms can be
// read. What writes fails at once: it would not be rolled back with the rest.
//
// # What can be lost
//
// An entry that was acknowledged is lost where the database loses a commit: after
// a crash of the machine, if PostgreSQL has synchronous_commit off or a standby
// takes over that had not received all, or if the URL of a SQLite file has not
// sync=full. The end of a process loses nothing. Members notice such a loss by the
// room's [rooms.Position].
package roomdb

import (
	"context"
	"errors"
	"time"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/apart"
	"github.com/gorgon-go/gorgon/rooms"
)

// A store keeps rooms in a database.
type store struct {
	calls apart.Calls
	texts texts
}

// In returns the store of rooms in a database. It is called when the program
// starts, before the database is migrated or checked, and contacts nothing.
// Closing the store leaves the database open.
func In(db *database.DB) rooms.Log {
	db.Own(tables)
	s := &store{calls: apart.Calls{
		DB: db, Of: "rooms", Tables: "tables rooms, rooms_entries, rooms_snapshots and rooms_instances",
		Closed: rooms.ErrClosed, Layout: rooms.ErrLayout, Decides: decides,
	}}
	s.texts = textsOf(db, s.calls.Postgres())
	return s
}

// Beat says that an instance is there.
func (s *store) Beat(ctx context.Context, i rooms.Instance, lease time.Duration) error {
	args := []any{[]byte(i.ID), []byte(i.Address), []byte(i.Key), apart.Milliseconds(lease)}
	return s.calls.Do(ctx, "renew the lease of an instance", i.Check(), func(ctx context.Context, tx apart.Tx) error {
		n, err := apart.Changed(tx.ExecContext(ctx, s.texts.beat, args...))
		if err != nil || n > 0 {
			return err
		}
		if _, err := tx.ExecContext(ctx, s.texts.join, args...); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, s.texts.forget)
		return err
	})
}

// Leave ends the lease of an instance.
func (s *store) Leave(ctx context.Context, instance string) error {
	return s.calls.Do(ctx, "end the lease of an instance", nil, func(ctx context.Context, tx apart.Tx) error {
		_, err := tx.ExecContext(ctx, s.texts.leave, []byte(instance))
		return err
	})
}

// Close ends the use of the store.
func (s *store) Close() error { return s.calls.Close() }

// decides says that an error is what a call decided.
func decides(err error) bool {
	return errors.Is(err, rooms.ErrMoved) || errors.Is(err, rooms.ErrAbsent) || errors.Is(err, rooms.ErrSuperseded)
}
