// Writes with a fence: read, write on condition, check again.

package s3

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// young is the age of a record whose writer may still undo it.
const young = time.Minute

// open says whether a fence never refuses.
func open(f pages.Fence) bool { return f == pages.Unfenced }

// A change is the new content of a record; without data the record is removed.
type change struct {
	nonce string
	data  []byte
}

// A version is a record as it is now.
type version struct {
	object
	record record
	there  bool
}

func (v version) condition() string {
	if v.there {
		return v.etag
	}
	return absent
}

// change makes a change unless the fence refuses: [pages.ErrFenced].
func (s *Store) change(ctx context.Context, key pages.Key, to change, fence pages.Fence) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	name := pageName(key)
	var was version
	for lost := range maxRaces {
		old, err := s.look(ctx, key, fence)
		if old.there && to.data != nil && old.record.nonce == to.nonce {
			// It was written by the previous attempt, and the response was
			// lost.
			return s.settle(ctx, name, to, was, old.etag, err)
		}
		if err != nil {
			return err
		}
		etag := none
		switch {
		case to.data != nil:
			etag, err = s.write(ctx, name, to.data, old.condition())
		case old.there:
			err = s.remove(ctx, name, old.etag)
		default:
			return nil
		}
		if err == nil {
			return s.settle(ctx, name, to, old, etag, s.pass(ctx, key, fence.Token))
		}
		if !errors.Is(err, errConflict) {
			return err
		}
		if err := backOff(ctx, lost); err != nil {
			return err
		}
		was = old
	}
	return errBusy
}

// look reads a record, and then checks the fence. In this order, any write
// after the check changes the version, so that the conditional write fails.
func (s *Store) look(ctx context.Context, key pages.Key, fence pages.Fence) (version, error) {
	got, err := s.read(ctx, pageName(key), none)
	if errors.Is(err, errMissing) {
		return version{}, s.pass(ctx, key, fence.Token)
	}
	if err != nil {
		return version{}, err
	}
	r, err := readRecord(got.data)
	if err == nil && r.epoch > fence.Epoch { // a damaged record is replaced like any other
		return version{got, r, true}, fmt.Errorf("%w: the store has a record of a later epoch", pages.ErrFenced)
	}
	return version{got, r, true}, s.pass(ctx, key, fence.Token)
}

// pass checks the fence's token against the lease.
func (s *Store) pass(ctx context.Context, key pages.Key, token uint64) error {
	if token == 0 {
		return nil
	}
	l, _, err := s.readLease(ctx, leaseName(key))
	if err == nil && l.token != token {
		err = fmt.Errorf("%w: the lease was taken over, or expired long ago", pages.ErrFenced)
	}
	return err
}

// settle undoes a change if the fence, checked again, says that it came too
// late. If the fence cannot be checked, the change stays, and the error says
// why.
func (s *Store) settle(ctx context.Context, name string, to change, old version, etag string, late error) error {
	if !errors.Is(late, pages.ErrFenced) {
		return late
	}
	var err error
	switch {
	case to.data == nil:
		// It cannot be known whether this change removed it, so restoring it
		// could undo what another instance did since.
	case old.there && s.clock.now().Sub(old.modified) > young:
		_, err = s.write(ctx, name, old.data, etag)
	default:
		// A record as young as ours may be about to be undone itself.
		err = s.remove(ctx, name, etag)
	}
	if err != nil && !errors.Is(err, errConflict) { // a conflict: another has written since
		return errors.Join(late, err)
	}
	return late
}
