// Waiting for purges.

package redis

import (
	"context"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

const (
	lookEvery = 3 * time.Second        // at the sequence, while hints arrive
	pollEvery = 500 * time.Millisecond // while they do not
	lookLimit = 5 * time.Second        // for one look

	mostListenBackOff = 5 * time.Second
)

// hearing is what is known without asking.
type hearing struct {
	mu      sync.Mutex
	started bool
	live    bool          // hints arrive
	news    chan struct{} // closed when there may be something to look at
}

// announce ends the pause of everyone who waits.
func (h *hearing) announce() {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.news)
	h.news = make(chan struct{})
}

// set says whether hints arrive, which is news: what was missed before has to
// be looked for.
func (h *hearing) set(live bool) {
	h.mu.Lock()
	h.live = live
	h.mu.Unlock()
	h.announce()
}

// next is closed by the next news.
func (h *hearing) next() (news <-chan struct{}, live bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.news, h.live
}

// Wait returns when there is a purge after a sequence, when ctx ends, when the
// server cannot be asked, or with [pages.ErrClosed].
func (s *Store) Wait(ctx context.Context, since uint64) error {
	s.listen()
	for {
		news, live := s.hearing.next() // before looking, lest something come between
		if more, err := s.look(ctx, since); err != nil || more {
			return err
		}
		pause := pollEvery
		if live {
			pause = lookEvery
		}
		timer := time.NewTimer(pause)
		select {
		case <-news:
		case <-timer.C:
		case <-ctx.Done():
		case <-s.open.Done():
		}
		timer.Stop()
	}
}

// look asks whether there is a purge after a sequence. Who waits may have all
// the time there is, but a server that hangs is to be told of.
func (s *Store) look(ctx context.Context, since uint64) (bool, error) {
	limited, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	_, sequence, _, err := s.read(limited, "look for purges", func(rueidis.Builder) []rueidis.Completed { return nil })
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	return sequence > since, err
}

// listen begins to listen, once.
func (s *Store) listen() {
	s.hearing.mu.Lock()
	start := !s.hearing.started
	s.hearing.started = true
	s.hearing.mu.Unlock()
	if start {
		s.keep(s.listenAlways)
	}
}

// listenAlways listens until Close, through every break.
func (s *Store) listenAlways() {
	for backOff := leastBackOff; ; {
		heard := s.listenOnce(s.open)
		s.hearing.set(false)
		backOff = min(2*backOff, mostListenBackOff)
		if heard {
			backOff = leastBackOff
		}
		if !s.pause(backOff) {
			return
		}
	}
}

// listenOnce listens until the connection breaks, and says whether something
// could have been heard.
func (s *Store) listenOnce(ctx context.Context) (heard bool) {
	client, err := s.link.get(ctx)
	if err != nil {
		return false
	}
	subscribed := make(chan struct{}, 1)
	ctx = rueidis.WithOnSubscriptionHook(ctx, func(event rueidis.PubSubSubscription) {
		if event.Kind == "subscribe" {
			s.hearing.set(true)
			select {
			case subscribed <- struct{}{}:
			default:
			}
		}
	})
	_ = client.Receive(ctx, client.B().Subscribe().Channel(s.keys.channel()).Build(), func(rueidis.PubSubMessage) { s.hearing.announce() })
	return len(subscribed) > 0
}
