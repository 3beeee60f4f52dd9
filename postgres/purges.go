// Purging, and reading what was purged.

package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gorgon-go/gorgon/pages"
)

// Epochs reads the sequence and the marks of subjects.
func (s *Store) Epochs(ctx context.Context, subjects ...string) (pages.Epochs, error) {
	var e pages.Epochs
	known, knownMade := s.seen.get()
	var made int64
	err := s.ask(ctx, "read purges", s.sql().epochs, []any{subjectIDs(subjects), known, knownMade}, func(rows pgx.Rows) error {
		e.Marks = make([]pages.Mark, 0, len(subjects))
		for rows.Next() {
			var sequence, mark, expired int64
			var at, expiredAt *time.Time
			if err := rows.Scan(&sequence, &made, &mark, &at, &expired, &expiredAt); err != nil {
				return err
			}
			e.Sequence = uint64(sequence)
			if len(subjects) > 0 {
				e.Marks = append(e.Marks, pages.Mark{
					Sequence: uint64(mark), At: timeOf(at), Expired: uint64(expired), ExpiredAt: timeOf(expiredAt),
				})
			}
		}
		return rows.Err()
	})
	if err != nil {
		return pages.Epochs{}, err
	}
	s.seen.learn(number(e.Sequence), made)
	return e, nil
}

// Bump purges subjects and returns the new sequence.
func (s *Store) Bump(ctx context.Context, verb pages.Verb, subjects ...string) (uint64, error) {
	seen := make(map[string]bool, len(subjects))
	once, names := make([]string, 0, len(subjects)), make([][]byte, 0, len(subjects))
	for _, subject := range subjects {
		if !seen[subject] {
			seen[subject] = true
			once, names = append(once, subject), append(names, []byte(subject))
		}
	}
	return s.reached(ctx, "purge", s.sql().bump,
		verb == pages.Expire, int32(verb), subjectIDs(once), names, int64(s.opts.Subjects), int64(s.opts.Changes))
}

// Changes lists the purges after a sequence; those up to floor may be missing.
func (s *Store) Changes(ctx context.Context, since uint64) (list []pages.Change, floor uint64, err error) {
	known, made := s.seen.get()
	err = s.ask(ctx, "read purges", s.sql().changes, []any{number(since), known, made}, func(rows pgx.Rows) error {
		list = nil
		for rows.Next() {
			var dropped int64
			var sequence *int64
			var verb *int32
			var subject []byte
			var at *time.Time
			if err := rows.Scan(&dropped, &sequence, &verb, &subject, &at); err != nil {
				return err
			}
			floor = uint64(dropped)
			if sequence != nil {
				list = append(list, pages.Change{
					Sequence: uint64(*sequence), Verb: pages.Verb(*verb), Subject: string(subject), At: timeOf(at),
				})
			}
		}
		return rows.Err()
	})
	if err != nil {
		return nil, 0, err
	}
	return list, floor, nil
}

// timeOf returns a time that may be NULL.
func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
