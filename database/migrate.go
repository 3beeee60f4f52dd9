// Migrating: the files, what the tables need, and one purge of all.

package database

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gorgon-go/gorgon/database/migration"
)

// Migrate makes the tables of [DB.Own], applies the files of
// [Options.Migrations] that are not applied, each in a transaction of its own,
// then makes what the tables in [Options.Tables] need, and then declares
// everything out of date that was read before. It says what it did; nothing if
// there was nothing to do.
//
// Any number of processes may call it at once: each file is applied once, and
// those that waited find nothing to do. A process that is killed leaves whole
// files, and the next one continues.
//
// It refuses, with the names of the files, and before it changes anything:
//   - a file that was changed or removed after it was applied;
//   - a new file with a lower number than one that is applied;
//   - a new file without statements, which in development waits for them;
//   - a database that a newer program has migrated, unless all that it applied
//     only expands;
//   - a file that removes or renames what programs may read, and does not
//     declare it, see package [migration];
//   - a contract whose files before it are not applied yet: the release that
//     runs now may need what it removes. A new database, and development, take
//     all files at once.
func (db *DB) Migrate(ctx context.Context) (steps []string, err error) {
	return db.migrate(ctx, false)
}

// MigrateOffline is Migrate where no instance of the app runs: contracts are
// applied together with the files before them.
func (db *DB) MigrateOffline(ctx context.Context) (steps []string, err error) {
	return db.migrate(ctx, true)
}

func (db *DB) migrate(ctx context.Context, offline bool) (steps []string, err error) {
	m, err := db.migrator()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	err = m.engine.Lock(ctx, func(ctx context.Context) error {
		var err error
		steps, err = m.run(ctx, offline || m.strict)
		return err
	})
	return steps, err
}

// run does everything, while no other process does.
func (m *migrator) run(ctx context.Context, together bool) (steps []string, err error) {
	records, err := m.ledger.list(ctx, m.handle)
	if err != nil {
		return nil, err
	}
	s, err := compare(m.files, records)
	if err != nil {
		return nil, err
	}
	if waits := s.written(m.strict); waits != "" {
		m.log.InfoContext(ctx, "a migration has no statements yet: it is applied once they are written", "file", waits)
	}
	if err := s.ready(together); err != nil {
		return nil, err
	}
	if len(m.files) > 0 {
		if err := m.ledger.ensure(ctx, m.handle); err != nil {
			return nil, err
		}
	}
	if steps, err = m.own(ctx); err != nil {
		return steps, err
	}
	for _, f := range s.pending {
		began := time.Now()
		if err := m.apply(ctx, f, s.begun[f.Version]); err != nil {
			return steps, errors.Join(err, m.purgeIfPossible(ctx))
		}
		m.log.InfoContext(ctx, "migrated", "file", f.Name, "took", time.Since(began).Round(time.Millisecond))
		steps = append(steps, f.Name)
	}
	made, err := m.layout(ctx)
	steps = append(steps, made...)
	if err != nil {
		return steps, err
	}
	return steps, m.purge(ctx)
}

// layout makes what the tables need. That it has begun is recorded before, so
// that the purge which follows is made by a later process if this one is killed.
func (m *migrator) layout(ctx context.Context) ([]string, error) {
	missing, err := m.engine.Missing(ctx)
	if err != nil || len(missing) == 0 {
		return nil, err
	}
	if err := m.ledger.ensure(ctx, m.handle); err != nil {
		return nil, err
	}
	if err := m.ledger.owe(ctx, m.handle); err != nil {
		return nil, err
	}
	made, err := m.engine.Layout(ctx)
	for _, step := range made {
		m.log.InfoContext(ctx, "migrated", "step", step)
	}
	return made, err
}

// purge declares all that was read out of date, if something was changed since
// that was done last.
func (m *migrator) purge(ctx context.Context) error {
	owed, err := m.ledger.owed(ctx, m.handle)
	if err != nil || !owed {
		return err
	}
	if err := m.engine.Changed(ctx); err != nil {
		return fmt.Errorf("purge what was read before the migration: %w: run migrate again", err)
	}
	return m.ledger.paid(ctx, m.handle)
}

// purgeIfPossible is purge after a file has failed: what files before it have
// changed is out of date now. A database that has no outbox yet has no readers.
func (m *migrator) purgeIfPossible(ctx context.Context) error {
	if missing, err := m.engine.Missing(ctx); err != nil || len(missing) > 0 {
		return nil // said when the file is corrected and all is done
	}
	return m.purge(ctx)
}

// Down undoes the newest file by its Down statements, and says which. It is for
// development: data that they remove is lost, and programs may need it.
func (db *DB) Down(ctx context.Context) (step string, err error) {
	m, err := db.migrator()
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	err = m.engine.Lock(ctx, func(ctx context.Context) error {
		records, err := m.ledger.list(ctx, m.handle)
		if err != nil {
			return err
		}
		s, err := compare(m.files, forgiven(m.files, records))
		if err != nil {
			return err
		}
		f, err := s.last(m.files)
		if err != nil {
			return err
		}
		if err := errors.Join(m.ledger.owe(ctx, m.handle), m.undo(ctx, f)); err != nil {
			return err
		}
		m.log.InfoContext(ctx, "undone", "file", f.Name)
		step = f.Name
		return m.purgeIfPossible(ctx)
	})
	return step, err
}

// forgiven are the records with the newest as its file is now: one that was changed
// after it was applied can be undone, by what it says now.
func forgiven(files []migration.File, records []record) []record {
	records = slices.Clone(records)
	for i, r := range slices.Backward(records) {
		if !r.applied {
			continue
		}
		if j := slices.IndexFunc(files, func(f migration.File) bool { return f.Version == r.version && f.Name == r.file }); j >= 0 {
			records[i].sum = files[j].Sum
		}
		break
	}
	return records
}

// last is the newest file that is applied and can be undone.
func (s standing) last(files []migration.File) (migration.File, error) {
	if len(s.newer) > 0 {
		return migration.File{}, fmt.Errorf("%s is applied, and is not in this program: undo it with the program that has it", s.newer[len(s.newer)-1].file)
	}
	applied := len(files) - len(s.pending)
	if applied == 0 {
		return migration.File{}, errors.New("no file is applied: there is nothing to undo")
	}
	f := files[applied-1]
	if len(f.Down) == 0 {
		return f, fmt.Errorf("%s has no statements after -- +goose Down: there is nothing that undoes it", f.Name)
	}
	return f, nil
}
