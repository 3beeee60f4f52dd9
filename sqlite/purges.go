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

// state is the row of the file about purges as a whole.
type state struct {
	last    moment // the latest purge
	made    int64  // when the file says that the known purge was made; 0: it does not
	marks   int64  // how many marks are remembered
	changes int64  // how many changes are remembered
	dropped uint64
	floor   pages.Mark
}

// readState reads the state, and what the file says of a known purge.
func readState(c *conn, known moment) (st state, err error) {
	var m markRow
	err = c.row(`SELECT sequence, marks, changes, dropped,
			coalesce((SELECT c.at FROM changes c WHERE c.sequence = state.sequence AND c.place = 0), 0),
			coalesce((SELECT c.at FROM changes c WHERE c.sequence = ? AND c.place = 0), 0),
			floor, floor_at, floor_expired, floor_expired_at FROM state`, []any{limit(known.sequence)},
		append([]any{&st.last.sequence, &st.marks, &st.changes, &st.dropped, &st.last.made, &st.made}, m.into()...)...)
	st.floor = m.mark()
	return st, err
}

func (st state) write(c *conn) error {
	_, err := c.exec(`UPDATE state SET sequence = ?, marks = ?, changes = ?, dropped = ?,
		floor = ?, floor_at = ?, floor_expired = ?, floor_expired_at = ?`,
		append([]any{int64(st.last.sequence), st.marks, st.changes, int64(st.dropped)}, rowOf(st.floor)...)...)
	return err
}

// mark returns the last purge of a subject, and whether it is remembered.
func (st state) mark(c *conn, subject string) (_ pages.Mark, known bool, err error) {
	var m markRow
	err = c.row("SELECT sequence, at, expired, expired_at FROM marks WHERE subject = ?", []any{[]byte(subject)}, m.into()...)
	if errors.Is(err, sql.ErrNoRows) {
		return st.floor, false, nil
	}
	return m.mark(), true, err
}

// markRow is a mark as columns.
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

// limit reduces a caller's sequence to one that a column can hold.
func limit(sequence uint64) int64 { return int64(min(sequence, math.MaxInt64)) }

// Epochs reads the sequence and the marks of subjects at one moment.
func (s *Store) Epochs(ctx context.Context, subjects ...string) (pages.Epochs, error) {
	var e pages.Epochs
	err := s.viewPurges(ctx, func(c *conn, st state) (err error) {
		e = pages.Epochs{Sequence: st.last.sequence, Marks: make([]pages.Mark, len(subjects))}
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
	err = s.viewPurges(ctx, func(c *conn, st state) error {
		list = nil
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

// Bump purges subjects and returns the new sequence once the purge is on disk.
func (s *Store) Bump(ctx context.Context, verb pages.Verb, subjects ...string) (uint64, error) {
	var made moment
	err := s.write(ctx, true, func(c *conn) (err error) {
		made, err = s.purge(c, verb, subjects...)
		return err
	})
	if err == nil {
		err = s.file.lookAgain() // a process that opens the store by name would not see a purge of a replaced file
	}
	if err != nil {
		return 0, s.fault("purge in", err)
	}
	s.purged(made)
	return made.sequence, nil
}

// purge makes a purge in the transaction of its caller, which calls purged once
// that has committed.
func (s *Store) purge(c *conn, verb pages.Verb, subjects ...string) (moment, error) {
	st, err := s.level(c)
	if err != nil {
		return moment{}, err
	}
	err = s.enter(c, &st, st.last.sequence+1, verb, subjects)
	return st.last, err
}

// purged publishes a purge that was made in this process.
func (s *Store) purged(m moment) {
	s.seen.learn(m)
	s.wake.all()
}

// level reads the state for a writer. If purges are missing in it, because the
// file was restored from a copy, level purges everything first.
func (s *Store) level(c *conn) (state, error) {
	known := s.seen.get()
	st, err := readState(c, known)
	if err != nil {
		return st, err
	}
	ok, err := st.follows(c, known)
	if err == nil && !ok {
		beyond := pages.Beyond(max(known.sequence, st.last.sequence), time.Now())
		err = s.enter(c, &st, beyond, pages.Expire, []string{pages.All})
	}
	return st, err
}

// enter records a purge with the next sequence.
func (s *Store) enter(c *conn, st *state, sequence uint64, verb pages.Verb, subjects []string) error {
	at := time.Now()
	st.last = moment{sequence: sequence}
	if len(subjects) > 0 { // a purge of nothing is not listed
		st.last.made = nanos(at)
	}
	for place, subject := range subjects {
		change := pages.Change{Sequence: sequence, Verb: verb, Subject: subject, At: at}
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
}

// viewPurges reads purges at one moment, which is not before any known one.
func (s *Store) viewPurges(ctx context.Context, f func(c *conn, st state) error) error {
	for {
		known := s.seen.get()
		ok := false
		err := s.view(ctx, func(c *conn) error {
			st, err := readState(c, known)
			if err == nil {
				ok, err = st.follows(c, known)
			}
			if err != nil || !ok {
				return err
			}
			s.seen.learn(st.last)
			return f(c, st)
		})
		if err != nil || ok {
			return err
		}
		if err := s.raise(ctx); err != nil {
			return err
		}
	}
}

// raise purges everything if the file went back.
func (s *Store) raise(ctx context.Context) error {
	var last moment
	err := s.write(ctx, true, func(c *conn) error {
		st, err := s.level(c)
		last = st.last
		return err
	})
	if err == nil {
		s.purged(last)
	}
	return err
}

// add records one purge of one subject.
func (st *state) add(c *conn, place int, change pages.Change) error {
	// A subject that was forgotten begins at the floor again, so that a purge
	// does not make it look older than the floor.
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
