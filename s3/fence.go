// Writes with a fence: look, write on condition, look again.

package s3

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gorgon-go/gorgon/pages"
)

// young is how old a record is whose writer may yet undo it.
const young = time.Minute

// open says whether a fence never refuses.
func open(f pages.Fence) bool { return f.Token == 0 && len(f.Subjects) == 0 }

// A change is what a record becomes; without data it is removed.
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
			// It was written the last time, and the response was lost.
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
			return s.settle(ctx, name, to, old, etag, s.pass(ctx, key, fence))
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

// look reads a record, and then asks the fence. In this order, whoever wrote
// after the fence was asked has made it another version than the one read.
func (s *Store) look(ctx context.Context, key pages.Key, fence pages.Fence) (version, error) {
	got, err := s.read(ctx, pageName(key), none)
	if errors.Is(err, errMissing) {
		return version{}, s.pass(ctx, key, fence)
	}
	if err != nil {
		return version{}, err
	}
	r, _ := readRecord(got.data) // one that is damaged is replaced like any other
	return version{got, r, true}, s.pass(ctx, key, fence)
}

// pass asks the fence.
func (s *Store) pass(ctx context.Context, key pages.Key, fence pages.Fence) error {
	both, ctx := errgroup.WithContext(ctx)
	if len(fence.Subjects) > 0 {
		both.Go(func() error { return s.passPurges(ctx, fence) })
	}
	if fence.Token != 0 {
		both.Go(func() error {
			l, _, err := s.readLease(ctx, leaseName(key))
			if err == nil && l.token != fence.Token {
				err = fmt.Errorf("%w: the lease was taken over, or ran out long ago", pages.ErrFenced)
			}
			return err
		})
	}
	return both.Wait()
}

func (s *Store) passPurges(ctx context.Context, fence pages.Fence) error {
	if err := s.refresh(ctx); err != nil {
		return err
	}
	s.known.mu.Lock()
	defer s.known.mu.Unlock()
	for _, subject := range fence.Subjects {
		if s.known.purges.Mark(subject).Sequence > fence.Epoch {
			return fmt.Errorf("%w: %s was purged", pages.ErrFenced, subject)
		}
	}
	return nil
}

// settle undoes a change that was made if the fence, asked since, says that it
// came too late. Where the fence could not be asked, the change stays, and the
// error says why.
func (s *Store) settle(ctx context.Context, name string, to change, old version, etag string, late error) error {
	if !errors.Is(late, pages.ErrFenced) {
		return late
	}
	var err error
	switch {
	case to.data == nil:
		// Nothing tells whether it was we who removed it, so that to put it
		// back could undo what another did since.
	case old.there && s.clock.now().Sub(old.modified) > young:
		_, err = s.write(ctx, name, old.data, etag)
	default:
		// A record as young as ours may be about to be undone itself.
		err = s.remove(ctx, name, etag)
	}
	if err != nil && !errors.Is(err, errConflict) { // a conflict: another wrote since
		return errors.Join(late, err)
	}
	return late
}
