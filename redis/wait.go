// Waiting for purges.

package redis

import (
	"context"
	"time"

	"github.com/gorgon-go/gorgon/driver"
	"github.com/redis/rueidis"
)

const (
	lookEvery = 3 * time.Second        // interval of reading the sequence while hints arrive
	pollEvery = 500 * time.Millisecond // while they do not
	lookLimit = 5 * time.Second        // for one read

	mostListenBackOff = 5 * time.Second
)

// Wait returns when there is a purge after a sequence, when ctx ends, when the
// server cannot be asked, or with [pages.ErrClosed].
func (s *Store) Wait(ctx context.Context, since uint64) error {
	if s.hints.Start() {
		s.life.Go(s.listenAlways)
	}
	pauses := driver.Pauses{Live: lookEvery, Else: pollEvery, Look: lookLimit}
	return s.hints.Wait(ctx, s.life, pauses, func(ctx context.Context) (bool, error) {
		_, sequence, _, err := s.read(ctx, "look for purges", func(rueidis.Builder) []rueidis.Completed { return nil })
		return sequence > since, err
	})
}

// listenAlways listens until Close, and reconnects after every break.
func (s *Store) listenAlways() {
	for backOff := leastBackOff; ; {
		heard := s.listenOnce(s.life.Open())
		s.hints.SetLive(false)
		backOff = min(2*backOff, mostListenBackOff)
		if heard {
			backOff = leastBackOff
		}
		if !s.life.Pause(backOff) {
			return
		}
	}
}

// listenOnce listens until the connection breaks, and says whether hints could
// have arrived.
func (s *Store) listenOnce(ctx context.Context) (heard bool) {
	client, err := s.link.get(ctx)
	if err != nil {
		return false
	}
	subscribed := make(chan struct{}, 1)
	ctx = rueidis.WithOnSubscriptionHook(ctx, func(event rueidis.PubSubSubscription) {
		if event.Kind == "subscribe" {
			s.hints.SetLive(true)
			select {
			case subscribed <- struct{}{}:
			default:
			}
		}
	})
	_ = client.Receive(ctx, client.B().Subscribe().Channel(s.keys.channel()).Build(), func(rueidis.PubSubMessage) { s.hints.Announce() })
	return len(subscribed) > 0
}
