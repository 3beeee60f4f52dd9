// The owner of the store.

package s3

import (
	"context"
	"errors"

	"github.com/gorgon-go/gorgon/pages"
)

// Claim says that the store belongs to an owner, in the head. From then on the
// store's calls fail once the head names another.
func (s *Store) Claim(ctx context.Context, owner string, takeOver bool) error {
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	return fault(ctx, "claim", s.claim(ctx, owner, takeOver))
}

func (s *Store) claim(ctx context.Context, owner string, takeOver bool) error {
	select {
	case s.bumping <- struct{}{}:
		defer func() { <-s.bumping }()
	case <-ctx.Done():
		return ctx.Err()
	}
	before := s.known.belong("")
	err := s.tryClaim(ctx, owner, takeOver)
	if err != nil {
		owner = before
	}
	s.known.belong(owner)
	return err
}

func (s *Store) tryClaim(ctx context.Context, owner string, takeOver bool) error {
	for lost := range maxRaces {
		if err := s.refresh(ctx); err != nil {
			return err
		}
		now := s.known.now().owner
		var err error
		switch {
		case now == owner:
		case now != "" && !takeOver:
			return &pages.ForeignError{Owner: now}
		default:
			err = s.enterOwner(ctx, owner)
			if refused(err) {
				err = nil // a store that cannot coordinate cannot have an owner either
			}
			if errors.Is(err, errConflict) {
				if err := backOff(ctx, lost); err != nil {
					return err
				}
				continue
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	return errBusy
}

// enterOwner writes the owner into the known head, or fails with errConflict.
// If the store belonged to another owner, it purges everything in the same
// step.
func (s *Store) enterOwner(ctx context.Context, owner string) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if s.known.now().owner != "" {
		_, err := s.advance(ctx, purge{verb: pages.Expire, nonce: newNonce(), subjects: []string{pages.All}}, owner)
		return err
	}
	r := &s.known
	r.mu.Lock()
	next, etag := r.head, r.etag
	r.mu.Unlock()
	next.owner = owner
	etag, err := s.write(ctx, headName, next.bytes(), etag)
	if err == nil {
		r.enter(next, etag)
	}
	return err
}

// belong sets the owner that the store must have from now on, and returns the
// previous one.
func (r *replica) belong(owner string) (before string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before, r.owner, r.other = r.owner, owner, ""
	return before
}
