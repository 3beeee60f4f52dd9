// Finding out whether a store can be used.

package coherence

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

var probeKey = pages.Key{Route: "_gorgon/probe"}

// probe finds out whether the store can be used: at the start everything, so
// that operators know of it before visitors do, and later what is broken.
// Purges are read by read, which enters them too.
func (s *Store) probe(all bool, read func() bool) {
	var work sync.WaitGroup
	defer work.Wait()
	try := func(b *Breaker, call func(context.Context) error) {
		if all || b.Open() {
			work.Go(func() { _ = s.try(s.life, b, "probe", probeTimeout, call) })
		}
	}
	if all || s.purges.Open() {
		work.Go(func() { s.probePurges(all, read) })
	}
	try(&s.reads, func(ctx context.Context) error {
		_, err := s.under.Get(ctx, probeKey)
		return err
	})
	try(&s.leases, func(ctx context.Context) error {
		lease, err := s.under.Lease(ctx, probeKey, rand.Text(), leaseAgain)
		if err != nil {
			return err
		}
		return s.under.Release(ctx, lease)
	})
	try(&s.writes, func(ctx context.Context) error {
		if err := s.under.Put(ctx, pages.Record{Key: probeKey}, pages.Unfenced); err != nil {
			return err
		}
		return s.under.Delete(ctx, probeKey, pages.Unfenced)
	})
}

// Trip is how long the store takes to answer a small question: the shortest of a
// number of them, so that a busy machine is not taken for a store that is far
// away.
func (s *Store) Trip(ctx context.Context, times int) (shortest time.Duration, err error) {
	for n := range times {
		began := time.Now()
		err := s.Do(ctx, Reads, "trip", func(ctx context.Context, under pages.Store) error {
			_, err := under.Get(ctx, probeKey)
			return err
		})
		if isFault(err) {
			return 0, err
		}
		if took := time.Since(began); n == 0 || took < shortest {
			shortest = took
		}
	}
	return shortest, nil
}

// probePurges makes first a call that is soon answered or never: to read many
// purges may take its time. Whether purges can be read again, read finds out:
// where the store can be read, an acknowledgement may still fail.
func (s *Store) probePurges(all bool, read func() bool) {
	ctx, cancel := context.WithTimeout(s.life, probeTimeout)
	err := s.own(ctx)
	if err == nil {
		_, err = s.under.Epochs(ctx)
	}
	cancel()
	if !isFault(err) {
		read()
	} else if all && s.life.Err() == nil {
		s.failed(&s.purges, "probe", err)
	}
}
