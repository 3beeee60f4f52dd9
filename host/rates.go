// How much a member may send.

package host

import (
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/rooms"
)

// maxRates is how many members are known that have sent something lately.
const maxRates = 10_000

// rates limit what each member sends to this instance.
type rates struct {
	mu    sync.Mutex
	known map[rateKey]*bucket
}

type rateKey struct{ room, member string }

// A bucket has room for twice as much as a second allows.
type bucket struct {
	left float64
	at   time.Time
}

func (l *rates) allow(d *rooms.Definition, member string, n int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if len(l.known) >= maxRates {
		for k, b := range l.known {
			if now.Sub(b.at) > 2*time.Second { // it is full again
				delete(l.known, k)
			}
		}
	}
	if l.known == nil {
		l.known = map[rateKey]*bucket{}
	}
	rate := float64(d.Rate)
	b := l.known[rateKey{d.Name, member}]
	if b == nil {
		b = &bucket{left: 2 * rate, at: now}
		l.known[rateKey{d.Name, member}] = b
	}
	b.left = min(2*rate, b.left+rate*now.Sub(b.at).Seconds())
	b.at = now
	if b.left < min(2*rate, float64(n)) {
		return false
	}
	b.left -= float64(n) // below zero after a request of more than it holds, which would never pass otherwise
	return true
}
