// Forgetting old purges, a little with each new one.

package sqlite

import (
	"database/sql"
)

// most is how much one purge forgets at most: more than it adds, so that the
// excess shrinks, and not so much that it takes long.
func most(added int64) int64 { return 2*added + 64 }

// forget brings the number of marks under a limit, removing the oldest first.
// The floor takes their place.
func (st *state) forget(c *conn, limit, added int64) error {
	n := min(st.marks-limit, most(added))
	if n <= 0 {
		return nil
	}
	var victims [][]byte
	err := c.rows("SELECT subject, sequence, at, expired, expired_at FROM marks ORDER BY sequence LIMIT ?", []any{n},
		func(row *sql.Rows) error {
			var subject []byte
			var m markRow
			if err := row.Scan(append([]any{&subject}, m.into()...)...); err != nil {
				return err
			}
			victims = append(victims, subject)
			st.floor = st.floor.Merge(m.mark())
			return nil
		})
	if err != nil {
		return err
	}
	for _, subject := range victims {
		if _, err := c.exec("DELETE FROM marks WHERE subject = ?", subject); err != nil {
			return err
		}
	}
	st.marks -= int64(len(victims))
	return nil
}

// drop brings the number of changes under a limit, removing the oldest purges
// first, each as a whole.
func (st *state) drop(c *conn, limit, added int64) error {
	n := min(st.changes-limit, most(added))
	if n <= 0 {
		return nil
	}
	var until int64
	if err := c.row("SELECT sequence FROM changes ORDER BY sequence, place LIMIT 1 OFFSET ?", []any{n - 1}, &until); err != nil {
		return err
	}
	gone, err := c.exec("DELETE FROM changes WHERE sequence <= ?", until)
	st.changes -= gone
	st.dropped = uint64(until)
	return err
}
