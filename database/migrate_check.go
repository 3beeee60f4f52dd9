// Whether a database is as a program needs it.

package database

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/database/migration"
)

// Pending says what Migrate would do now: the tables of [DB.Own], the files that
// are not applied, and what the tables need. It changes nothing, and refuses what Migrate refuses,
// besides contracts that are too early.
func (db *DB) Pending(ctx context.Context) ([]string, error) {
	s, engine, err := db.standing(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.contracted(); err != nil {
		return nil, err
	}
	due, err := db.lacks(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range s.pending {
		due = append(due, f.Name)
	}
	missing, err := engine.Missing(ctx)
	if err != nil && len(due) > 0 {
		return due, nil // the tables may be those that the files make
	}
	return append(due, missing...), err
}

// Check says why the app cannot use its database as it is; nil if it can. It
// contacts the database and changes nothing. A contract that is not applied does
// not matter: the program does not need what it removes.
//
// Once it was nil, a newer program may contract without the one that runs: it
// had to be deployed for that.
func (db *DB) Check(ctx context.Context) error {
	s, engine, err := db.standing(ctx)
	if err != nil {
		return err
	}
	if err := s.contracted(); err != nil && !db.fits.Load() {
		return err
	}
	if i := slices.IndexFunc(s.pending, func(f migration.File) bool { return f.Kind != migration.Contract }); i >= 0 {
		more := ""
		if n := len(s.pending) - i - 1; n > 0 {
			more = fmt.Sprintf(" and %d more", n)
		}
		return fmt.Errorf("%s%s not applied to the database: run the migrate command", s.pending[i].Name+more, isAre(len(s.pending)-i))
	}
	lacks, err := db.lacks(ctx)
	if err != nil {
		return err
	}
	if len(lacks) > 0 {
		return fmt.Errorf("the database lacks what the program needs (%s): run the migrate command", listed(lacks))
	}
	missing, err := engine.Missing(ctx)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return fmt.Errorf("the database lacks what its tables need (%s): run the migrate command", listed(missing))
	}
	db.fits.Store(true)
	return nil
}

// standing compares the program's files and the database.
func (db *DB) standing(ctx context.Context) (standing, Engine, error) {
	files, err := migration.Read(db.options.Migrations, db.dialect.Name())
	if err != nil {
		return standing{}, nil, err
	}
	engine, err := db.Engine()
	if err != nil {
		return standing{}, nil, err
	}
	records, err := newLedger(db.dialect.Name(), db.options.Schema, files).list(ctx, db.handle)
	if err != nil {
		return standing{}, nil, err
	}
	s, err := compare(files, records)
	s.written(db.developing())
	return s, engine, err
}

func isAre(n int) string {
	if n == 1 {
		return " is"
	}
	return " are"
}

// listed is a list for people, cut off where it is long.
func listed(names []string) string {
	const most = 5
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
