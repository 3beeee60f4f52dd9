// Adding jobs, and series.

package jobdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/gorgon-go/gorgon/database/apart"
	"github.com/gorgon-go/gorgon/jobs"
)

// checkAll refuses what no store accepts.
func checkAll(list []jobs.New) error {
	for i := range list {
		if err := list[i].Check(); err != nil {
			return err
		}
	}
	return nil
}

// atOnce is how many jobs without keys one statement adds.
const atOnce = 100

// add adds jobs in a transaction.
func (q *Queue) add(ctx context.Context, tx Tx, list []jobs.New) (added []jobs.Added, err error) {
	for i := 0; i < len(list); {
		n := 0 // without keys
		for n < atOnce && i+n < len(list) && list[i+n].Key == "" {
			n++
		}
		if n == 0 {
			one, err := q.addUnique(ctx, tx, list[i])
			if err != nil {
				return nil, err
			}
			added = append(added, one)
			i++
			continue
		}
		ids, err := q.insert(ctx, tx, list[i:i+n])
		if err != nil {
			return nil, err
		}
		if len(ids) != n {
			return nil, fmt.Errorf("%d of %d jobs were added", len(ids), n)
		}
		for _, id := range ids {
			added = append(added, jobs.Added{ID: id})
		}
		i += n
	}
	return added, nil
}

// insert adds jobs that have no place, or whose place is free.
func (q *Queue) insert(ctx context.Context, tx Tx, list []jobs.New) (ids []int64, err error) {
	var text strings.Builder
	text.WriteString(q.texts.insert)
	var args []any
	for i, n := range list {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString(renumbered(q.texts.insertRow, len(args)))
		row, err := fields(n)
		if err != nil {
			return nil, err
		}
		args = append(args, row...)
	}
	text.WriteString(" ON CONFLICT (kind, place) WHERE place IS NOT NULL DO NOTHING RETURNING id")
	err = apart.Rows(ctx, tx, func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		ids = append(ids, id)
		return err
	}, text.String(), args...)
	return ids, err
}

// renumbered is a row's text with its parameters after others.
func renumbered(row string, after int) string {
	for n := 9; n > 0; n-- { // there are nine
		row = strings.ReplaceAll(row, fmt.Sprintf("$%d", n), fmt.Sprintf("\x00%d", after+n))
	}
	return strings.ReplaceAll(row, "\x00", "$")
}

// fields are a job as the parameters of a row have it.
func fields(n jobs.New) ([]any, error) {
	args, next, err := stored(n)
	if err != nil {
		return nil, err
	}
	place := sql.NullString{String: placeOf(n.Key), Valid: n.Key != ""}
	holds := 0
	if n.UntilDone {
		holds = 1
	}
	return []any{n.Kind, n.Key, place, holds, at(n), apart.Milliseconds(n.After), apart.Milliseconds(n.Keep), args, next}, nil
}

// stored are the arguments of a job, and what follows it.
func stored(n jobs.New) (args, next []byte, err error) {
	args = append([]byte{}, n.Args...) // not NULL
	if len(n.Then) > 0 {
		next, err = json.Marshal(n.Then)
	}
	return args, next, err
}

// at is when a job may begin, if that is a time.
func at(n jobs.New) sql.NullInt64 { return sql.NullInt64{Int64: millis(n.At), Valid: !n.At.IsZero()} }

// placeOf is the place of a job with a key.
func placeOf(key string) string { return "k" + key }

// maxTries is how often a place is looked at.
const maxTries = 20

// addUnique adds a job with a key.
func (q *Queue) addUnique(ctx context.Context, tx Tx, n jobs.New) (jobs.Added, error) {
	for range maxTries {
		if n.Replace {
			args, next, err := stored(n)
			if err != nil {
				return jobs.Added{}, err
			}
			var id int64
			err = tx.QueryRowContext(ctx, q.texts.replace, n.Kind, placeOf(n.Key), args, at(n), apart.Milliseconds(n.After), next).Scan(&id)
			if !errors.Is(err, sql.ErrNoRows) {
				return jobs.Added{ID: id, Existed: true}, err
			}
		}
		ids, err := q.insert(ctx, tx, []jobs.New{n})
		if err != nil || len(ids) > 0 {
			return jobs.Added{ID: sum(ids)}, err
		}
		var id int64
		err = tx.QueryRowContext(ctx, q.texts.find, n.Kind, placeOf(n.Key)).Scan(&id)
		if !errors.Is(err, sql.ErrNoRows) {
			return jobs.Added{ID: id, Existed: true}, err
		}
		// The one that had the place has begun meanwhile.
	}
	return jobs.Added{}, errors.New("jobs with its key come and go too fast")
}

// sum is the ID of a list of at most one.
func sum(ids []int64) (id int64) {
	for _, id = range ids {
		continue
	}
	return id
}

// Declare adds series.
func (q *Queue) Declare(ctx context.Context, list ...jobs.Series) error {
	for i := range list {
		if err := list[i].Check(); err != nil {
			return err
		}
	}
	return q.call(ctx, "declare series", q.calls.Committed(), nil, func(ctx context.Context, tx Tx) error {
		for _, s := range list {
			if err := q.declare(ctx, tx, s); err != nil {
				return err
			}
		}
		return nil
	})
}

func (q *Queue) declare(ctx context.Context, tx Tx, s jobs.Series) error {
	row := []any{s.Kind, "", "s", 1, sql.NullInt64{}, int64(0), int64(0), []byte{}, []byte(nil)}
	text := q.texts.insert + q.texts.insertRow + " ON CONFLICT (kind, place) WHERE place IS NOT NULL DO NOTHING"
	if _, err := tx.ExecContext(ctx, text, row...); err != nil {
		return err
	}
	var id, now int64
	var series string
	var runs bool
	if err := tx.QueryRowContext(ctx, q.texts.series, s.Kind).Scan(&id, &series, &runs, &now); err != nil {
		return err
	}
	if series == s.Text || runs {
		return nil
	}
	_, err := tx.ExecContext(ctx, q.texts.declare, id, s.Text, millis(s.First(moment(now))))
	return err
}
