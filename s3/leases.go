// Leases: who may make which page.

package s3

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// A lease is the last one of its object's key. One that was given back ends
// before it began, and is kept for its token.
type lease struct {
	token uint64
	until time.Time // by the service's clock
	nonce string
}

func (l lease) bytes() []byte {
	w := newWriter(leaseKind, 40)
	w.string(l.nonce)
	w.number(l.token)
	w.time(l.until)
	return w.bytes()
}

// readLease reads the lease that an object holds, and its ETag. One that is not
// there has the token 0; nor has one that is damaged, since tokens follow the
// clock.
func (s *Store) readLease(ctx context.Context, name string) (l lease, etag string, err error) {
	got, err := s.read(ctx, name, none)
	if errors.Is(err, errMissing) {
		return lease{}, absent, nil
	}
	if err != nil {
		return lease{}, none, err
	}
	r, err := newReader(leaseKind, got.data)
	if err != nil {
		return lease{}, got.etag, nil
	}
	l = lease{nonce: r.string(), token: r.number(), until: r.time()}
	if r.fault() != nil {
		return lease{}, got.etag, nil
	}
	return l, got.etag, nil
}

// take takes a lease, or gives that of the holder with [pages.ErrHeld].
func (s *Store) take(ctx context.Context, name string, ttl time.Duration) (l lease, etag string, err error) {
	if err := s.ready(ctx); err != nil {
		return lease{}, none, err
	}
	mine := newNonce()
	for lost := range maxRaces {
		old, etag, err := s.readLease(ctx, name)
		if err != nil {
			return lease{}, none, err
		}
		if old.nonce == mine { // it was written, but the response was lost
			return old, etag, nil
		}
		now := s.clock.now()
		if now.Before(old.until) {
			return old, etag, pages.ErrHeld
		}
		next := lease{token: max(uint64(max(1, now.UnixMicro())), old.token+1), until: now.Add(ttl), nonce: mine}
		etag, err = s.write(ctx, name, next.bytes(), etag)
		if !errors.Is(err, errConflict) {
			return next, etag, err
		}
		if err := backOff(ctx, lost); err != nil {
			return lease{}, none, err
		}
	}
	return lease{}, none, errBusy
}

// giveBack ends a lease if it is still the last one.
func (s *Store) giveBack(ctx context.Context, name string, token uint64) error {
	l, etag, err := s.readLease(ctx, name)
	if err != nil || l.token != token || l.until.IsZero() {
		return err
	}
	l.until, l.nonce = time.Time{}, newNonce()
	_, err = s.write(ctx, name, l.bytes(), etag)
	if errors.Is(err, errConflict) {
		return nil // it was taken over, or given back by a request whose response was lost
	}
	return err
}

// Lease takes the right to make the page of a key, or says who has it:
// [pages.ErrHeld].
func (s *Store) Lease(ctx context.Context, key pages.Key, ttl time.Duration) (pages.Lease, error) {
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return pages.Lease{}, err
	}
	defer end()
	l, _, err := s.take(ctx, leaseName(key), ttl)
	got := pages.Lease{Key: key, Token: l.token, Until: s.clock.local(l.until)}
	if errors.Is(err, pages.ErrHeld) {
		return got, pages.ErrHeld
	}
	if err != nil {
		return pages.Lease{}, fault(ctx, fmt.Sprintf("lease %s", key), err)
	}
	return got, nil
}

// Release gives a lease back.
func (s *Store) Release(ctx context.Context, given pages.Lease) error {
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	if err := s.ready(ctx); err != nil {
		return fault(ctx, "release", err)
	}
	return fault(ctx, fmt.Sprintf("release %s", given.Key), s.giveBack(ctx, leaseName(given.Key), given.Token))
}
