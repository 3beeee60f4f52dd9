// Nonces: what tells a purge from the same one sent again.

package coherence

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// A Nonce names one purge, and says for how long it is remembered.
type Nonce struct {
	Text   string
	Window time.Duration
}

// maxNonces is how many nonces are remembered in this process. More purges
// within their window are refused.
const maxNonces = 1 << 14

// nonces are those that this process has seen. They stand in where there is no
// store, and spare the store what is sent again to the same instance.
type nonces struct {
	mu   sync.Mutex
	seen map[string]time.Time // until when
}

// use remembers a nonce, and says what is wrong with it.
func (n *nonces) use(nonce Nonce, now time.Time) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if until, ok := n.seen[nonce.Text]; ok && now.Before(until) {
		return ErrUsed
	}
	if len(n.seen) >= maxNonces {
		for old, until := range n.seen {
			if !now.Before(until) {
				delete(n.seen, old)
			}
		}
	}
	if len(n.seen) >= maxNonces {
		return ErrMany
	}
	if n.seen == nil {
		n.seen = make(map[string]time.Time)
	}
	n.seen[nonce.Text] = now.Add(nonce.Window)
	return nil
}

func (n *nonces) forget(nonce Nonce) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.seen, nonce.Text)
}

// take remembers a nonce in the store, as a lease that is not returned.
func (s *Store) take(ctx context.Context, nonce Nonce) (lease pages.Lease, err error) {
	claim := rand.Text()
	err = s.try(ctx, &s.leases, "remember a purge", storeTimeout, func(ctx context.Context) (err error) {
		lease, err = s.under.Lease(ctx, pages.OnceKey(nonce.Text), claim, nonce.Window)
		return err
	})
	if err != nil {
		return pages.Lease{}, err
	}
	return lease, nil
}
