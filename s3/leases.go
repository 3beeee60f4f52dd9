// Leases: the right to make a page.

package s3

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// A lease is the last one of its object's key. A released lease ends before it
// began, and is kept for its token.
type lease struct {
	token uint64
	until time.Time // by the service's clock
	nonce string
	claim string // the claim that it was granted to
}

func (l lease) bytes() []byte {
	w := newWriter(leaseKind, 40+len(l.claim))
	w.string(l.nonce)
	w.number(l.token)
	w.time(l.until)
	w.string(l.claim)
	return w.bytes()
}

// readLease reads the lease in an object, and its ETag. A missing or damaged
// lease has the token 0; that is safe, since tokens follow the clock.
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
	if len(r.b) > 0 { // leases of earlier versions have none
		l.claim = r.string()
	}
	if r.fault() != nil {
		return lease{}, got.etag, nil
	}
	return l, got.etag, nil
}

// take acquires a lease; if another has it, it returns that lease and
// [pages.ErrHeld]. A claim that already has the lease gets it again.
func (s *Store) take(ctx context.Context, name, claim string, ttl time.Duration) (l lease, etag string, err error) {
	if err := s.ready(ctx); err != nil {
		return lease{}, none, err
	}
	for lost := range maxRaces {
		old, etag, err := s.readLease(ctx, name)
		if err != nil {
			return lease{}, none, err
		}
		now := s.clock.now()
		if now.Before(old.until) && old.claim == claim {
			return old, etag, nil
		}
		if now.Before(old.until) {
			return old, etag, pages.ErrHeld
		}
		next := lease{token: max(uint64(max(1, now.UnixMicro())), old.token+1), until: now.Add(ttl), nonce: newNonce(), claim: claim}
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
	l.until, l.nonce, l.claim = time.Time{}, newNonce(), ""
	_, err = s.write(ctx, name, l.bytes(), etag)
	if errors.Is(err, errConflict) {
		return nil // it was taken over, or released by a request whose response was lost
	}
	return err
}

// Lease acquires the right to make the page of a key. If another has it, it
// returns that lease and [pages.ErrHeld]. A call with the same claim gets the
// same lease.
func (s *Store) Lease(ctx context.Context, key pages.Key, claim string, ttl time.Duration) (pages.Lease, error) {
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return pages.Lease{}, err
	}
	defer end()
	if err := s.known.mine(); err != nil {
		return pages.Lease{}, fault(ctx, fmt.Sprintf("lease %s", key), err)
	}
	l, _, err := s.take(ctx, leaseName(key), claim, ttl)
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
