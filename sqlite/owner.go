// The owner of the store.

package sqlite

import (
	"context"

	"github.com/gorgon-go/gorgon/pages"
)

// Claim says who owns the store; see [pages.Store].
func (s *Store) Claim(ctx context.Context, owner string, takeOver bool) error {
	var now []byte
	err := s.read(ctx, func(c *conn) error { return c.row("SELECT owner FROM state", nil, &now) })
	switch {
	case err != nil || string(now) == owner:
	case !takeOver && len(now) > 0:
		err = &pages.ForeignError{Owner: string(now)}
	case s.readOnly && len(now) == 0:
	default:
		err = s.claim(ctx, owner, takeOver)
	}
	return s.fault("claim", err)
}

func (s *Store) claim(ctx context.Context, owner string, takeOver bool) error {
	var made moment
	err := s.write(ctx, true, func(c *conn) error {
		made = moment{}
		var now []byte
		err := c.row("SELECT owner FROM state", nil, &now) // another process may have come first
		switch {
		case err != nil || string(now) == owner:
			return err
		case len(now) == 0:
		case !takeOver:
			return &pages.ForeignError{Owner: string(now)}
		default:
			if made, err = s.purge(c, pages.Expire, pages.All); err != nil {
				return err
			}
		}
		_, err = c.exec("UPDATE state SET owner = ?", []byte(owner))
		return err
	})
	if err == nil && made.sequence > 0 {
		s.purged(made)
	}
	return err
}
