// Waiting for purges.

package postgres

import (
	"cmp"
	"context"
	"time"

	"github.com/gorgon-go/gorgon/driver"
)

const (
	lookEvery = 5 * time.Second        // interval of reading the table while notifications arrive
	pollEvery = 500 * time.Millisecond // while they do not
	lookLimit = 5 * time.Second        // for one read
)

// Wait returns when there is a purge after a sequence, when ctx ends, when the
// table cannot be read, or with [pages.ErrClosed].
func (s *Store) Wait(ctx context.Context, since uint64) error {
	if s.opts.Poll == 0 && s.hints.Start() {
		s.life.Go(s.listenAlways)
	}
	pauses := driver.Pauses{Live: lookEvery, Else: cmp.Or(s.opts.Poll, pollEvery), Look: lookLimit}
	return s.hints.Wait(ctx, s.life, pauses, func(ctx context.Context) (bool, error) {
		e, err := s.Epochs(ctx)
		return e.Sequence > since, err
	})
}
