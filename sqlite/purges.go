// Purging, and reading what was purged.

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// state is what the file remembers of purges as a whole.
type state struct {
	sequence uint64
	marks    int64 // how many are remembered
	changes  int64 // likewise
	dropped  uint64
	floor    pages.Mark
}

func readState(c *conn) (st state, err error) {
	var m markRow
	err = c.row("SELECT sequence, marks, changes, dropped, floor, floor_at, floor_expired, floor_expired_at FROM state", nil,
		append([]any{&st.sequence, &st.marks, &st.changes, &st.dropped}, m.into()...)...)
	st.floor = m.mark()
	return st, err
}

func (st state) write(c *conn) error {
	_, err := c.exec(`UPDATE state SET sequence = ?, marks = ?, changes = ?, dropped = ?,
		floor = ?, floor_at = ?, floor_expired = ?, floor_expired_at = ?`,
		append([]any{int64(st.sequence), st.marks, st.changes, int64(st.dropped)}, rowOf(st.floor)...)...)
	return err
}

// mark is the last purge of a subject, and whether it is remembered.
func (st state) mark(c *conn, subject string) (_ pages.Mark, known bool, err error) {
	var m markRow
	err = c.row("SELECT sequence, at, expired, expired_at FROM marks WHERE subject = ?", []any{[]byte(subject)}, m.into()...)
	if errors.Is(err, sql.ErrNoRows) {
		return st.floor, false, nil
	}
	return m.mark(), true, err
}

// markRow is a mark in columns.
type markRow struct{ sequence, at, expired, expiredAt int64 }

func (m *markRow) into() []any { return []any{&m.sequence, &m.at, &m.expired, &m.expiredAt} }

func (m *markRow) mark() pages.Mark {
	return pages.Mark{
		Sequence: uint64(m.sequence), At: timeOf(m.at),
		Expired: uint64(m.expired), ExpiredAt: timeOf(m.expiredAt),
	}
}

func rowOf(m pages.Mark) []any {
	return []any{int64(m.Sequence), nanos(m.At), int64(m.Expired), nanos(m.ExpiredAt)}
}

func timeOf(nanos int64) time.Time {
	if nanos == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanos).UTC()
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// limit makes a sequence that a caller gives one that a column can hold.
func limit(sequence uint64) int64 { return int64(min(sequence, math.MaxInt64)) }

// Epochs reads the sequence and the marks of subjects, all as of one moment.
func (s *Store) Epochs(ctx context.Context, subjects ...string) (pages.Epochs, error) {
	var e pages.Epochs
	err := s.view(ctx, func(c *conn) error {
		st, err := readState(c)
		if err != nil {
			return err
		}
		e = pages.Epochs{Sequence: st.sequence, Marks: make([]pages.Mark, len(subjects))}
		for i, subject := range subjects {
			if e.Marks[i], _, err = st.mark(c, subject); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return pages.Epochs{}, s.fault("read purges of", err)
	}
	return e, nil
}

// Changes lists the purges after a sequence; those up to floor may be missing.
func (s *Store) Changes(ctx context.Context, since uint64) (list []pages.Change, floor uint64, err error) {
	err = s.view(ctx, func(c *conn) error {
		list = nil
		st, err := readState(c)
		if err != nil {
			return err
		}
		floor = st.dropped
		return c.rows("SELECT sequence, verb, subject, at FROM changes WHERE sequence > ? ORDER BY sequence, place",
			[]any{limit(since)}, func(row *sql.Rows) error {
				var change pages.Change
				var subject []byte
				var at int64
				err := row.Scan(&change.Sequence, &change.Verb, &subject, &at)
				change.Subject, change.At = string(subject), timeOf(at)
				list = append(list, change)
				return err
			})
	})
	if err != nil {
		return nil, 0, s.fault("read purges of", err)
	}
	return list, floor, nil
}

// Bump purges subjects and returns the new sequence, once it is on the disk.
func (s *Store) Bump(ctx context.Context, verb pages.Verb, subjects ...string) (uint64, error) {
	var n uint64
	err := s.write(ctx, true, func(c *conn) error {
		st, err := readState(c)
		if err != nil {
			return err
		}
		st.sequence++
		n = st.sequence
		at := time.Now()
		for place, subject := range subjects {
			change := pages.Change{Sequence: n, Verb: verb, Subject: subject, At: at}
			if err := st.add(c, place, change); err != nil {
				return err
			}
		}
		if err := st.forget(c, int64(s.opts.Subjects), int64(len(subjects))); err != nil {
			return err
		}
		if err := st.drop(c, int64(s.opts.Changes), int64(len(subjects))); err != nil {
			return err
		}
		return st.write(c)
	})
	if err != nil {
		return 0, s.fault("purge in", err)
	}
	s.wake.all()
	return n, nil
}

// add notes one purge of one subject.
func (st *state) add(c *conn, place int, change pages.Change) error {
	// A subject that was forgotten begins at the floor again, lest a purge
	// make it look better than it was.
	mark, known, err := st.mark(c, change.Subject)
	if err != nil {
		return err
	}
	if !known {
		st.marks++
	}
	st.changes++
	subject := []byte(change.Subject)
	if _, err := c.exec("INSERT OR REPLACE INTO marks (subject, sequence, at, expired, expired_at) VALUES (?, ?, ?, ?, ?)",
		append([]any{subject}, rowOf(mark.Merge(change.Mark()))...)...); err != nil {
		return err
	}
	_, err = c.exec("INSERT INTO changes (sequence, place, verb, at, subject) VALUES (?, ?, ?, ?, ?)",
		int64(change.Sequence), place, change.Verb, nanos(change.At), subject)
	return err
}
