// Looking at the outbox, and numbering purges.

package drain

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/wire"
)

// A looker looks at the outbox, one look at a time. What a look brings counts
// for every caller that came before it began.
type looker struct {
	slot   chan struct{} // held during a look
	began  atomic.Uint64 // looks
	ended  atomic.Uint64 // the last of them that looked at all there was
	wanted atomic.Uint64 // the look that some commit waits for
	token  atomic.Uint64 // of the latest purge
	broken atomic.Bool   // the outbox could not be looked at
	logged coherence.Window

	// For the holder of the slot.
	failed uint64          // the last look that could not look
	purged map[int64]*note // by the change's number: those that are in the outbox and purged
	apart  bool            // the store did not record the last purge: until it does, purges hold here

	seen atomic.Pointer[Outlook]
}

// A note is a change that was purged.
type note struct {
	dataflow.Change
	epoch uint64 // of its purge; 0: it holds for this instance, and is not recorded yet
	gone  bool   // it was removed, and is seen no more from the next look on
}

// lookTime bounds one look.
const lookTime = 2 * time.Second

// recordTime bounds the recording of what a look found. It is less than what
// responses wait for it: after it their pages are out of date on this instance
// at least.
const recordTime = 1500 * time.Millisecond

// young is the age below which a change is left to the process that committed
// it.
const young = 300 * time.Millisecond

// look waits for a look that began after another one, or looks. One that looks
// at all leaves nothing to others. It says whether the outbox could be looked
// at.
func (d *Drainer) look(ctx context.Context, after uint64, all bool) bool {
	l := &d.looker
	if l.ended.Load() > after {
		return true
	}
	done := false
	l.hold(ctx, func() { done = d.lookNow(after, all) })
	return done
}

// lookNow is look for the holder of the slot.
func (d *Drainer) lookNow(after uint64, all bool) bool {
	l := &d.looker
	switch {
	case l.ended.Load() > after:
		return true
	case l.failed > after: // so that no caller waits for more than one that fails
		return false
	}
	number := l.began.Add(1)
	bounded, cancel := context.WithTimeout(d.life, lookTime)
	defer cancel()
	from := d.config.Now()
	changes, err := d.config.Outbox.Look(bounded)
	if err != nil {
		l.failed = number
		if l.broken.Store(true); d.life.Err() == nil && l.logged.Fault(from) {
			d.config.Log.Warn("the database cannot be asked for its commits; pages that depend on it are made again at each request", wire.LogEvent, wire.EventDatabaseAway, "err", err)
		}
		return false
	}
	if l.broken.Swap(false) && l.logged.End() {
		d.config.Log.Info("the database answers again")
	}
	if d.purge(d.life, changes, all, from) {
		d.trust.extend(from.Add(-young)) // what is left was committed after that
		return true
	}
	d.trust.extend(from)
	raise(&l.ended, number)
	return true
}

// hold calls f while no look is under way, unless ctx ends before.
func (l *looker) hold(ctx context.Context, f func()) {
	select {
	case l.slot <- struct{}{}:
		f()
		<-l.slot
	case <-ctx.Done():
	}
}

// purge purges what a look found, and says whether it left something to others.
func (d *Drainer) purge(ctx context.Context, changes []dataflow.Change, all bool, now time.Time) (left bool) {
	l := &d.looker
	var take []*note
	there := make(map[int64]bool, len(changes))
	outlook := Outlook{At: now, Waiting: len(changes)}
	for _, c := range changes {
		there[c.ID] = true
		outlook.Oldest = max(outlook.Oldest, c.Age)
		switch {
		case l.purged[c.ID] != nil:
		case !all && c.Age >= 0 && c.Age < young: // below 0 the clock was set back
			left = true
		default:
			take = append(take, &note{Change: c})
		}
	}
	l.seen.Store(&outlook)
	for id := range l.purged {
		if !there[id] {
			delete(l.purged, id)
		}
	}
	if len(take) == 0 {
		if all {
			d.heard()
		}
		return left
	}
	for some := range slices.Chunk(take, maxTogether) {
		d.number(ctx, some)
	}
	d.removeSoon()
	return left
}

// maxTogether is how many changes one purge is made of.
const maxTogether = 1000

// heard makes the token that of what others purged: they have taken what this
// process committed.
func (d *Drainer) heard() {
	i := d.config.Instance
	if i.Store != nil && !i.Store.Breaker(coherence.Purges).Open() && d.looker.wanted.Load() > d.looker.ended.Load() {
		i.Read()
	}
	raise(&d.looker.token, i.Now().Known)
}

// number makes one purge of some changes. While the store does not record
// purges it is not asked here, where others wait.
func (d *Drainer) number(ctx context.Context, some []*note) {
	l := &d.looker
	var epoch uint64
	if l.apart {
		d.config.Instance.Hold(d.config.Now(), pages.Stale, subjectsOf(some)...)
	} else {
		bounded, cancel := context.WithTimeout(ctx, recordTime)
		defer cancel()
		var err error
		if epoch, err = d.config.Instance.Declare(bounded, pages.Stale, subjectsOf(some)...); err != nil {
			l.apart, epoch = true, 0
			d.complain("a commit is purged on this instance only: the store did not record it", err)
		}
	}
	raise(&l.token, epoch)
	for _, n := range some {
		n.epoch = epoch
		l.purged[n.ID] = n
	}
}

// subjectsOf are the subjects of all that was changed.
func subjectsOf(notes []*note) (subjects []string) {
	seen := map[string]bool{}
	for _, n := range notes {
		for _, tag := range n.Tags {
			if !seen[tag] {
				seen[tag] = true
				subjects = append(subjects, pages.TagSubject(tag))
			}
		}
	}
	return subjects
}
