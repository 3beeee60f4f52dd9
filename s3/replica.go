// This instance's copy of the purges, and keeping it up to date.

package s3

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/gorgon-go/gorgon/pages"
)

// A replica is the state of purges as of the head with an ETag.
type replica struct {
	mu     sync.Mutex
	purges pages.Purges
	head   head
	etag   string // none: no head was seen yet
	bounds bounds
	owner  string        // the owner that the store must have; "" for any
	other  string        // the other owner that it was last seen to have
	wake   chan struct{} // closed by the next purge that becomes known
}

// mine fails if the store is known to belong to another owner.
func (r *replica) mine() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.other != "" {
		return &pages.ForeignError{Owner: r.other}
	}
	return nil
}

// look checks the owner of a head.
func (r *replica) look(h head) error {
	r.mu.Lock()
	r.other = ""
	if r.owner != "" && h.owner != r.owner {
		r.other = h.owner
	}
	r.mu.Unlock()
	return r.mine()
}

func (r *replica) seen() (etag string, sequence uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.etag, r.purges.Sequence
}

// heir returns the owner for a head that replaces a lost one.
func (r *replica) heir() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return cmp.Or(r.owner, r.head.owner)
}

// now returns the known head.
func (r *replica) now() head {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.head
}

// bounds are those of [Options].
type bounds struct{ subjects, changes int }

// refresh brings the replica to where the head was when refresh was called, or
// later. It takes one request, without a body if nothing is new.
func (s *Store) refresh(ctx context.Context) error {
	for lost := range maxRaces {
		etag, sequence := s.known.seen()
		got, err := s.read(ctx, headName, etag)
		switch {
		case errors.Is(err, errUnchanged):
			return s.known.look(s.known.now())
		case errors.Is(err, errMissing):
			err := s.found(ctx, sequence, etag != none, absent)
			if refused(err) && etag == none {
				return nil // the store has had no purge yet
			}
			if err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		}
		h, err := readHead(got.data)
		if err == nil {
			if err := s.known.look(h); err != nil {
				return err
			}
		}
		if err == nil && h.sequence >= sequence && !s.known.now().contradicts(h) {
			if err = s.learn(ctx, h, got.etag); err == nil {
				return nil
			}
			// A base is removed when the next one is there; read the head
			// again.
			gone := errors.Is(err, errMissing)
			if gone && lost < 3 {
				continue
			}
			if !gone && !errors.Is(err, pages.ErrCorrupt) {
				return err
			}
		}
		if err := s.found(ctx, max(sequence, h.sequence), true, got.etag); err != nil {
			return err
		}
	}
	return errBusy
}

// found creates a head if there is none that can be used. If there was one
// before, or anything else is left, the new head counts all of it as purged.
func (s *Store) found(ctx context.Context, sequence uint64, was bool, condition string) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if !was {
		err := s.list(ctx, pagesPrefix, 1, func(item) bool { was = true; return false })
		if err != nil {
			return err
		}
	}
	h := head{owner: s.known.heir()}
	if was {
		now := s.clock.now()
		h.sequence = max(uint64(max(0, now.UnixMicro())), sequence+1)
		h.lost = pages.Mark{Sequence: h.sequence, At: now, Expired: h.sequence, ExpiredAt: now}
	}
	_, err := s.write(ctx, headName, h.bytes(), condition)
	if errors.Is(err, errConflict) {
		return nil // another instance was first
	}
	if err == nil && was {
		s.log.Warn("the record of purges was lost or damaged; every page counts as out of date", "bucket", s.place.bucket, "object", s.place.prefix+headName)
	}
	return err
}

// learn applies a head, which may require reading the base.
func (s *Store) learn(ctx context.Context, h head, etag string) error {
	r := &s.known
	if r.enter(h, etag) {
		return nil
	}
	got, err := s.read(ctx, h.base, none)
	if err != nil {
		return err
	}
	base, err := readBase(got.data, r.bounds)
	if err != nil {
		return err
	}
	r.mu.Lock()
	if base.Sequence > r.purges.Sequence {
		r.purges = base
	}
	r.mu.Unlock()
	if !r.enter(h, etag) {
		return fmt.Errorf("%w: head and base leave a gap", pages.ErrCorrupt)
	}
	return nil
}

// enter applies a head; false if purges are missing between it and the known
// state.
func (r *replica) enter(h head, etag string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if h.sequence < r.purges.Sequence {
		return true // it is older than one that arrived meanwhile
	}
	if h.lost.Sequence > r.purges.Sequence {
		r.purges = pages.Purges{
			Sequence: h.lost.Sequence, Floor: h.lost, Dropped: h.lost.Sequence,
			Subjects: r.bounds.subjects, Changes: r.bounds.changes,
		}
	}
	if h.sequence-uint64(len(h.purges)) > r.purges.Sequence {
		return false
	}
	for _, p := range h.purges {
		if p.sequence <= r.purges.Sequence {
			continue
		}
		for _, subject := range p.subjects {
			r.purges.Add(pages.Change{Sequence: p.sequence, Verb: p.verb, Subject: subject, At: p.at})
		}
		r.purges.Sequence = p.sequence // also of a purge without subjects
	}
	r.head, r.etag = h, etag
	if r.wake != nil {
		close(r.wake)
		r.wake = nil
	}
	return true
}
