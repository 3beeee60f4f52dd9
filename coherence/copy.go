// What purges say of one copy that is held.

package coherence

import (
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// A Verdict is what the purges say of one copy.
type Verdict uint8

const (
	Good    Verdict = iota // it was not purged
	Stale                  // it was purged by pages.Stale: it may be used while it is made again
	Expired                // it was purged by pages.Expire: it may not be used
)

func (v Verdict) String() string { return [...]string{"good", "stale", "expired"}[v] }

// A Copy is something that an instance holds and that purges can put out of
// date. Its fields are not changed while it is judged.
type Copy struct {
	Of     interface{ Subjects() []string } // what is held
	Epoch  uint64                           // the number before it was made, of the purges that cannot concern it
	MadeAt time.Time

	// Dated is for a copy that was made where no store was: it has no epoch
	// and is judged by its time. Purges up to five minutes before it count
	// too, since its maker may have read its data just before.
	Dated bool

	// Fed says that a [Feed] may purge it, too.
	Fed bool

	verdict atomic.Uint64 // as of a version of the ledger
	checked atomic.Uint64 // up to which number its purges are known without the ledger
}

const datedMargin = 5 * time.Minute

// Holds says whether a copy may be used without asking: every purge that has
// returned is known, and none concerns it. It is meant for every hit, and
// costs next to nothing.
func (i *Instance) Holds(c *Copy, now time.Time) bool {
	return (i.Store == nil || i.current(now) && i.knows(c)) && (!c.Fed || i.fed(now)) && i.ledger.judge(c) == Good
}

// Proves says whether a copy may be used where a purge decides about access: as
// Holds does, but an instance whose store cannot be asked relies on nothing.
func (i *Instance) Proves(c *Copy, now time.Time) bool {
	return (i.Store == nil || !i.Store.purges.Open()) && i.Holds(c, now)
}

// Judge says what the purges that are known here say of a copy, and whether
// those are all that may concern it.
func (i *Instance) Judge(c *Copy) (v Verdict, certain bool) {
	certain = i.Store == nil || i.knows(c)
	return i.ledger.judge(c), certain
}

// knows says whether the ledger knows all that was purged of a copy.
func (i *Instance) knows(c *Copy) bool {
	return max(c.Epoch, c.checked.Load()) >= i.ledger.floor.Load()
}

// judge keeps the verdict with the copy until the next purge of anything.
func (l *ledger) judge(c *Copy) Verdict {
	version := l.version.Load()
	if kept := c.verdict.Load(); kept>>2 == version {
		return Verdict(kept & 3)
	}
	v := l.look(c)
	c.verdict.Store(version<<2 | uint64(v))
	return v
}

func (l *ledger) look(c *Copy) Verdict {
	made := c.MadeAt
	if c.Dated {
		made = made.Add(-datedMargin)
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	v := Good
	for _, s := range c.Of.Subjects() {
		m, ok := l.marks[s]
		switch {
		case !ok:
		case c.Dated:
			if m.ExpiredAt.After(made) {
				return Expired
			}
			if m.At.After(made) {
				v = Stale
			}
		case m.Expired > c.Epoch:
			return Expired
		case m.Sequence > c.Epoch:
			v = Stale
		}
		if m, ok := l.local[s]; ok {
			if !m.ExpiredAt.IsZero() && !made.After(m.ExpiredAt) {
				return Expired
			}
			if !made.After(m.At) {
				v = Stale
			}
		}
	}
	return v
}

// An Attempt is when it was tried to make a copy again: by number, and by time
// for purges that did not reach the store.
type Attempt struct {
	Epoch uint64
	At    time.Time
}

// PurgedSince says whether a copy was purged after an attempt to make it again.
func (i *Instance) PurgedSince(c *Copy, a Attempt) bool {
	l := i.ledger
	if l.judge(c) == Good {
		return false
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, s := range c.Of.Subjects() {
		if l.marks[s].Sequence > a.Epoch {
			return true
		}
		if m, ok := l.local[s]; ok && !m.At.Before(a.At) {
			return true
		}
	}
	return false
}

// PurgedByFeed says whether a copy is out of date, and nothing but a [Feed] has
// purged it.
func (i *Instance) PurgedByFeed(c *Copy) bool {
	l := i.ledger
	if l.judge(c) != Stale {
		return false
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, s := range c.Of.Subjects() {
		if fed(s) {
			continue
		}
		if _, local := l.local[s]; local || l.marks[s].Sequence > c.Epoch {
			return false
		}
	}
	return true
}

// Marks reads the purges of subjects that are known here, for explanations.
func (i *Instance) Marks(subjects []string) map[string]pages.Mark {
	l := i.ledger
	l.mu.RLock()
	defer l.mu.RUnlock()
	found := map[string]pages.Mark{}
	for _, s := range subjects {
		if m, ok := l.marks[s]; ok {
			found[s] = m
		}
		if m, ok := l.local[s]; ok {
			found[s] = found[s].Merge(m)
			if m.At.After(found[s].At) {
				found[s] = m
			}
		}
	}
	return found
}
