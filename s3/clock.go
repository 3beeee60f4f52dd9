// The service's clock, as far as its responses tell it.

package s3

import (
	"sync"
	"time"
)

// coarse is how much later it may be than a Date says: that is cut to the
// second, and many servers make it anew only once a second.
const coarse = 2 * time.Second

// A clock is our own as long as that is one the service could have. Each
// response bounds the difference of the two: its Date was true between sending
// and receiving, but for what is cut off. Where zero is out of those bounds,
// our clock is corrected to the nearer one.
type clock struct {
	mu       sync.Mutex
	heard    bool
	from, to time.Duration // what theirs may be ahead of ours
}

func (c *clock) hear(date, sent, received time.Time) {
	from, to := date.Sub(received.Round(0)), date.Add(coarse).Sub(sent.Round(0))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.heard {
		if f, t := max(from, c.from), min(to, c.to); f <= t {
			from, to = f, t
		} // else one of them was set: what was heard before is void
	}
	c.heard, c.from, c.to = true, from, to
}

// ahead is what has to be added to our clock.
func (c *clock) ahead() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return min(max(0, c.from), c.to)
}

// now is the service's time.
func (c *clock) now() time.Time { return time.Now().Round(0).Add(c.ahead()) }

// local is a time of the service as our clock will show it.
func (c *clock) local(t time.Time) time.Time { return t.Add(-c.ahead()) }
