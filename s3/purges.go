// Purging, and reading what was purged.

package s3

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// poll is the interval at which Wait reads the head.
const poll = time.Second

// Epochs reads the sequence and the marks of subjects.
func (s *Store) Epochs(ctx context.Context, subjects ...string) (pages.Epochs, error) {
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return pages.Epochs{}, err
	}
	defer end()
	if err := s.refresh(ctx); err != nil {
		return pages.Epochs{}, fault(ctx, "read purges", err)
	}
	s.known.mu.Lock()
	defer s.known.mu.Unlock()
	e := pages.Epochs{Sequence: s.known.purges.Sequence, Marks: make([]pages.Mark, len(subjects))}
	for i, subject := range subjects {
		e.Marks[i] = s.known.purges.Mark(subject)
	}
	return e, nil
}

// Changes lists the purges after a sequence; those up to floor may be missing.
func (s *Store) Changes(ctx context.Context, since uint64) (list []pages.Change, floor uint64, err error) {
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer end()
	if err := s.refresh(ctx); err != nil {
		return nil, 0, fault(ctx, "read purges", err)
	}
	s.known.mu.Lock()
	defer s.known.mu.Unlock()
	list, floor = s.known.purges.Since(since)
	return list, floor, nil
}

// Wait returns when there is a purge after a sequence, when ctx ends, or with
// [pages.ErrClosed]. It reads the head every second, and notices a purge made
// through this store immediately.
func (s *Store) Wait(ctx context.Context, since uint64) error {
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for look := true; ; {
		wake, there := s.known.after(since)
		if there {
			return nil
		}
		if look {
			if err := s.refresh(ctx); err != nil {
				return fault(ctx, "read purges", err)
			}
			look = false
			continue
		}
		select {
		case <-wake:
		case <-tick.C:
			look = true
		case <-ctx.Done():
			return fault(ctx, "wait for purges", ctx.Err())
		}
	}
}

// after says whether a purge after a sequence is known; if not, it returns a
// channel that the next purge closes.
func (r *replica) after(sequence uint64) (wake <-chan struct{}, there bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wake == nil {
		r.wake = make(chan struct{})
	}
	return r.wake, r.purges.Sequence > sequence
}

// Bump purges subjects and returns the new sequence once the service has it. If
// it fails, the purge may have been made all the same, unless the error says
// that it was not begun.
func (s *Store) Bump(ctx context.Context, verb pages.Verb, subjects ...string) (uint64, error) {
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return 0, err
	}
	defer end()
	n, err := s.bump(ctx, verb, subjects)
	return n, fault(ctx, "purge", err)
}

func (s *Store) bump(ctx context.Context, verb pages.Verb, subjects []string) (uint64, error) {
	// Purges of one instance would only race each other.
	select {
	case s.bumping <- struct{}{}:
		defer func() { <-s.bumping }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	if err := s.ready(ctx); err != nil {
		return 0, err
	}
	p := purge{verb: verb, nonce: newNonce(), subjects: slices.Clone(subjects)}
	for lost := range maxRaces {
		if etag, _ := s.known.seen(); etag == none || lost > 0 {
			if err := s.refresh(ctx); err != nil {
				return 0, err
			}
		}
		n, err := s.advance(ctx, p, none)
		if !errors.Is(err, errConflict) {
			return n, err
		}
		if err := backOff(ctx, lost); err != nil {
			return 0, err
		}
	}
	return 0, fmt.Errorf("%w: the number of the next purge", errBusy)
}

// advance writes the head that follows the known one, or fails with
// errConflict. The new head may have a new owner.
func (s *Store) advance(ctx context.Context, p purge, owner string) (uint64, error) {
	r := &s.known
	r.mu.Lock()
	if n := r.head.find(p.nonce); n > 0 { // the response to this purge was lost
		r.mu.Unlock()
		return n, nil
	}
	was, etag := r.head, r.etag
	p.at = s.clock.now().UTC()
	next, crowded := was.follow(p)
	next.owner = cmp.Or(owner, next.owner)
	var base []byte
	if crowded {
		base = writeBase(&r.purges)
	}
	r.mu.Unlock()
	if crowded {
		name := fmt.Sprintf("%s%016d-%s", basePrefix, was.sequence, newNonce())
		if _, err := s.write(ctx, name, base, none); err != nil {
			return 0, err
		}
		next = next.halve(name)
	}
	etag, err := s.write(ctx, headName, next.bytes(), etag)
	if err != nil {
		// The new base stays, since the head may name it; if not, a sweep
		// removes it.
		return 0, err
	}
	if crowded && was.base != "" {
		_ = s.remove(ctx, was.base, none) // the same
	}
	r.enter(next, etag)
	return next.sequence, nil
}
