// The owner of the store.

package postgres

import (
	"context"
	"errors"

	"github.com/gorgon-go/gorgon/pages"
)

// Claim says that the store belongs to an owner. From then on every call of
// this store checks the owner in the same statement.
func (s *Store) Claim(ctx context.Context, owner string, takeOver bool) error {
	var now []byte
	err := s.one(ctx, "claim", s.sql().claim, []any{[]byte(owner), takeOver, int64(s.opts.Subjects), int64(s.opts.Changes)}, &now)
	switch {
	case errors.Is(err, pages.ErrReadOnly): // it has no owner, or it is to be taken over
		if now, err = s.whose(ctx); err != nil {
			return err
		}
		if now != nil {
			return pages.ErrReadOnly
		}
	case err != nil:
		return err
	case string(now) != owner:
		return &pages.ForeignError{Owner: string(now)}
	}
	q := newQueries(s.schema, owner)
	s.queries.Store(&q)
	return nil
}

// whose reads the owner; nil if there is none.
func (s *Store) whose(ctx context.Context) (owner []byte, err error) {
	err = s.one(ctx, "read the owner", s.sql().owner, nil, &owner)
	return owner, err
}
