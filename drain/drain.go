// A drainer: how it begins and ends, and what it does in the background.

package drain

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/dataflow"
)

// Config says what a [Drainer] works with. Outbox and Instance are needed.
type Config struct {
	Outbox   dataflow.Outbox
	Instance *coherence.Instance

	// Poll is how often the outbox is looked at while the instance is used. At
	// most half a second keeps it current without delay. Default: 500 ms.
	Poll time.Duration

	Log *slog.Logger     // default: slog.Default()
	Now func() time.Time // default: time.Now
}

// A Drainer empties an outbox. It is a [coherence.Feed]. Make it with [New].
type Drainer struct {
	config Config
	trust  trust
	looker looker
	remove remover
	wake   chan struct{} // there was a commit
	used   atomic.Bool   // since the last poll
	life   context.Context
	stop   context.CancelFunc
	work   sync.WaitGroup
}

// New makes a drainer and starts its background work. From then on the outbox
// tells it about commits.
func New(config Config) *Drainer {
	config.Poll = cmp.Or(config.Poll, 500*time.Millisecond)
	if config.Log == nil {
		config.Log = slog.Default()
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	d := &Drainer{config: config, wake: make(chan struct{}, 1)}
	d.trust.born = config.Now()
	d.looker = looker{slot: make(chan struct{}, 1), purged: map[int64]*note{}}
	d.remove.more = make(chan struct{}, 1)
	d.life, d.stop = context.WithCancel(context.Background())
	config.Outbox.OnCommit(d.committed)
	d.work.Go(d.follow)
	d.work.Go(d.poll)
	d.work.Go(d.tidy)
	return d
}

// Close ends the background work and waits for it. What was purged and not yet
// removed is purged again by the next process.
func (d *Drainer) Close() {
	d.stop()
	d.work.Wait()
}

// committed is called after a commit of this process.
func (d *Drainer) committed(ctx context.Context) {
	before := d.looker.began.Load()
	if c := dataflow.CommitsOf(ctx); c != nil {
		c.Add(func(ctx context.Context) uint64 { return d.after(ctx, before) })
	}
	raise(&d.looker.wanted, before+1)
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// patience is how long a response waits for the purge of what its request
// committed.
const patience = 2 * time.Second

// after waits for a look that began after another one, and returns the number
// of the latest purge.
func (d *Drainer) after(ctx context.Context, before uint64) uint64 {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	d.look(ctx, before, true)
	return d.looker.token.Load()
}

// breath is how long a drainer waits between two looks that no response waits
// for: commits that come meanwhile are purged together.
const breath = 20 * time.Millisecond

// follow looks after commits.
func (d *Drainer) follow() {
	for {
		select {
		case <-d.wake:
		case <-d.life.Done():
			return
		}
		if wanted := d.looker.wanted.Load(); d.looker.ended.Load() < wanted {
			d.look(d.life, wanted-1, true)
			pause(d.life, breath)
		}
	}
}

// idle is how often the outbox is looked at while the instance is not used, in
// intervals of a poll.
const idle = 20

// poll looks for what other programs have committed.
func (d *Drainer) poll() {
	n := 0
	for wait := d.config.Poll; pause(d.life, wait); {
		if wait = d.untilPoll(); wait > 0 {
			continue // there was a look meanwhile
		}
		if n++; d.used.Swap(false) || d.looker.broken.Load() || n%idle == 0 {
			before := d.looker.began.Load()
			if wait = d.config.Poll; d.look(d.life, before, false) && d.looker.ended.Load() <= before {
				wait = min(wait, young) // it left something
			}
		} else {
			wait = d.config.Poll
		}
	}
}

// untilPoll is how long the last look, if one succeeded, makes another one
// unnecessary.
func (d *Drainer) untilPoll() time.Duration {
	last := d.looker.seen.Load()
	if last == nil {
		return 0
	}
	since := d.config.Now().Sub(last.At)
	if since < 0 { // the clock was set back
		return 0
	}
	return max(0, d.config.Poll-since)
}

// pause waits, and says whether to go on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func raise(n *atomic.Uint64, to uint64) {
	for {
		was := n.Load()
		if was >= to || n.CompareAndSwap(was, to) {
			return
		}
	}
}
