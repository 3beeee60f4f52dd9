// Until when to rely on having looked.

package drain

import (
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// A trust is until when this instance may rely on having purged every commit.
// Both clocks have to agree: the one that cannot be set stands still while a
// machine sleeps.
type trust struct {
	born   time.Time
	steady atomic.Int64 // since born
	wall   atomic.Int64 // Unix nanoseconds
}

func (t *trust) holds(now time.Time) bool {
	return int64(now.Sub(t.born)) < t.steady.Load() && now.UnixNano() < t.wall.Load()
}

// extend makes it last from a time before which all that was committed is purged.
// Only the holder of the looker's slot calls it.
func (t *trust) extend(from time.Time) {
	steady := int64(from.Sub(t.born) + pages.Trust)
	if steady <= t.steady.Load() {
		return
	}
	t.steady.Store(steady)
	t.wall.Store(from.UnixNano() + int64(pages.Trust))
}

// Current says whether every commit is purged here but for those of the last
// two seconds. It costs next to nothing.
func (d *Drainer) Current(now time.Time) bool {
	if !d.used.Load() {
		d.used.Store(true)
	}
	return d.trust.holds(now)
}

// CatchUp purges everything that was committed before the call, and says
// whether it could. While the database does not answer, no caller waits for it.
func (d *Drainer) CatchUp() bool {
	l := &d.looker
	if l.broken.Load() {
		return false
	}
	before, done := l.began.Load(), false
	l.hold(d.life, func() {
		// The look that it waited for may have failed.
		done = !l.broken.Load() && d.lookNow(before, true)
	})
	return done
}

// An Outlook is what the last look found.
type Outlook struct {
	At      time.Time
	Waiting int           // changes in the outbox, those included whose purge is under way
	Oldest  time.Duration // the age of the oldest
	Broken  bool          // the outbox could not be looked at since
}

// Outlook is what the last look found; the zero Outlook before the first.
func (d *Drainer) Outlook() Outlook {
	seen := d.looker.seen.Load()
	if seen == nil {
		return Outlook{Broken: d.looker.broken.Load()}
	}
	o := *seen
	o.Broken = d.looker.broken.Load()
	return o
}
