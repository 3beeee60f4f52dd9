// Removing what was purged.

package drain

import (
	"context"
	"time"

	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/pages"
)

// A remover removes changes from the outbox once their purges are known to
// every instance.
type remover struct {
	more chan struct{} // there is something to remove
}

func (d *Drainer) removeSoon() {
	select {
	case d.remove.more <- struct{}{}:
	default:
	}
}

// Pauses of the remover: what comes meanwhile is removed together.
const (
	removePause  = 100 * time.Millisecond
	forwardPause = time.Second // where purges are passed on, which costs others
	removeTime   = 5 * time.Second
)

// tidy records what the store did not record at once, and removes what was
// purged.
func (d *Drainer) tidy() {
	again := time.Second
	for {
		select {
		case <-d.remove.more:
		case <-d.life.Done():
			return
		}
		wait := removePause
		if d.config.Instance.Forwards() {
			wait = forwardPause
		}
		if !pause(d.life, wait) {
			return
		}
		if recorded := d.record(); !d.settle() || !recorded {
			d.removeSoon() // later
			pause(d.life, again)
			again = min(2*again, maxAgain)
		} else {
			again = time.Second
		}
	}
}

// maxAgain is the longest pause after a failure.
const maxAgain = 5 * time.Second

// record makes the purges known to others that hold here alone.
func (d *Drainer) record() bool {
	l := &d.looker
	var some []*note
	l.hold(d.life, func() {
		for _, n := range l.purged {
			if n.epoch == 0 && len(some) < maxTogether {
				some = append(some, n)
			}
		}
	})
	if len(some) == 0 {
		return true
	}
	epoch, err := d.config.Instance.Record(d.life, pages.Stale, subjectsOf(some)...)
	if err != nil {
		d.complain("a commit is purged on this instance only: the store did not record it", err)
		return false
	}
	l.hold(d.life, func() {
		l.apart = false
		for _, n := range some {
			n.epoch = epoch
		}
	})
	raise(&l.token, epoch)
	return len(some) < maxTogether
}

// settle waits until the other instances know what was purged, and removes it.
func (d *Drainer) settle() bool {
	p := d.purged()
	if len(p.changes) == 0 {
		return true
	}
	ctx, cancel := context.WithTimeout(d.life, removeTime)
	defer cancel()
	if err := d.config.Instance.Settle(ctx, p.last, subjectsOf(p.notes)...); err != nil {
		d.complain("a commit is purged, but some instances may not know it", err)
		return false
	}
	if err := d.config.Outbox.Remove(ctx, p.changes); err != nil {
		d.complain("the database does not remove what was purged; it is purged again by the next process", err)
		return false
	}
	d.looker.hold(d.life, func() {
		for _, n := range p.notes {
			n.gone = true
		}
	})
	return true
}

// A pile is what was purged and not removed.
type pile struct {
	notes   []*note
	changes []dataflow.Change
	last    uint64 // the latest purge
}

func (d *Drainer) purged() (p pile) {
	d.looker.hold(d.life, func() {
		for _, n := range d.looker.purged {
			if n.epoch == 0 || n.gone {
				continue
			}
			p.notes, p.changes = append(p.notes, n), append(p.changes, n.Change)
			p.last = max(p.last, n.epoch)
		}
	})
	return p
}

func (d *Drainer) complain(what string, err error) {
	if d.life.Err() == nil && d.looker.logged.Fault(d.config.Now()) {
		d.config.Log.Warn(what, "err", err)
	}
}
