// The service's clock, as far as its responses show it.

package s3

import (
	"sync"
	"time"
)

// coarse is how much later the time may be than a Date says: a Date is
// truncated to the second, and many servers update it only once a second.
const coarse = 2 * time.Second

// A clock is our own clock as long as the service's could show the same. Each
// response bounds the difference of the two: its Date was true between sending
// and receiving, apart from the truncation. If zero is outside these bounds,
// our clock is corrected to the nearer bound.
type clock struct {
	mu       sync.Mutex
	heard    bool
	from, to time.Duration // the bounds on how far theirs is ahead of ours
}

func (c *clock) hear(date, sent, received time.Time) {
	from, to := date.Sub(received.Round(0)), date.Add(coarse).Sub(sent.Round(0))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.heard {
		if f, t := max(from, c.from), min(to, c.to); f <= t {
			from, to = f, t
		} // otherwise one of the clocks was set: earlier bounds are void
	}
	c.heard, c.from, c.to = true, from, to
}

// ahead returns the correction of our clock.
func (c *clock) ahead() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return min(max(0, c.from), c.to)
}

// now returns the service's time.
func (c *clock) now() time.Time { return time.Now().Round(0).Add(c.ahead()) }

// local converts a time of the service to our clock.
func (c *clock) local(t time.Time) time.Time { return t.Add(-c.ahead()) }
