// One call: its statement, and its rows.

package sessiondb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"

	"github.com/gorgon-go/gorgon/database/apart"
	"github.com/gorgon-go/gorgon/sessions"
)

// exec executes a statement, and returns how many rows it has changed.
func (s *store) exec(ctx context.Context, doing, text string, checks []error, args ...any) (n int64, err error) {
	err = s.calls.Do(ctx, doing, cmp.Or(checks...), func(ctx context.Context, tx apart.Tx) error {
		n, err = apart.Changed(tx.ExecContext(ctx, text, args...))
		if apart.IsTaken(err) {
			err = sessions.ErrExists
		}
		return err
	})
	return n, err
}

// query reads records.
func (s *store) query(ctx context.Context, doing, text string, checks []error, args ...any) (all []sessions.Record, err error) {
	err = s.calls.Do(ctx, doing, cmp.Or(checks...), func(ctx context.Context, tx apart.Tx) error {
		all = nil
		return apart.Rows(ctx, tx, func(scan func(...any) error) error {
			r, err := recordOf(scan)
			all = append(all, r)
			return err
		}, text, args...)
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// recordOf is the record of a row.
func recordOf(scan func(...any) error) (r sessions.Record, err error) {
	var id []byte
	var made, used int64
	var expires sql.NullInt64
	if err := scan(&id, &r.Kind, &r.User, &r.Data, &made, &used, &expires); err != nil {
		return r, err
	}
	if len(id) != len(r.ID) {
		return r, errors.New("the ID of a record has not the length of one")
	}
	copy(r.ID[:], id)
	r.Made, r.Used = sessions.Moment(made), sessions.Moment(used)
	if expires.Valid {
		r.Expires = sessions.Moment(expires.Int64)
	} else {
		r.Expires = sessions.Moment(sessions.Never)
	}
	return r, nil
}
