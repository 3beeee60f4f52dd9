// What was purged, as far as this instance knows.

package coherence

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/pages"
)

// maxMarks bounds the ledger. With one more subject everything is forgotten,
// and copies have to be asked about one by one.
const maxMarks = 200_000

// A ledger is this instance's copy of the purges in the store, and beside it
// those that did not reach the store, which are held against a copy by their
// time. It knows every purge after floor up to applied; for a copy that may
// have been purged before floor, the store has to be asked.
type ledger struct {
	floor   atomic.Uint64
	applied atomic.Uint64
	version atomic.Uint64 // moves with every purge
	purged  atomic.Uint64 // subjects so far
	changed func()        // called after every purge but those of feeds
	heard   ears

	numbering sync.Mutex

	mu    sync.RWMutex
	marks map[string]pages.Mark
	local map[string]pages.Mark // with times alone
}

func newLedger(changed func()) *ledger {
	l := &ledger{changed: changed, marks: map[string]pages.Mark{}, local: map[string]pages.Mark{}}
	l.version.Store(1)
	return l
}

// apply enters purges from the store, which are complete after floor and up
// to a sequence.
func (l *ledger) apply(changes []pages.Change, floor, upTo uint64) {
	gap := floor > l.applied.Load()
	if gap {
		raise(&l.floor, floor) // first, so that a gap is never taken for nothing
		upTo = max(upTo, floor)
	}
	l.note(changes)
	for _, ch := range changes {
		upTo = max(upTo, ch.Sequence)
	}
	if upTo > l.applied.Load() {
		l.moved(gap)
	}
	raise(&l.applied, upTo) // last, so that a reader of it also sees the marks
	if gap {
		l.heard.tell(pages.All)
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

// note enters purges from the store, some of which may be missing.
func (l *ledger) note(changes []pages.Change) {
	if len(changes) == 0 {
		return
	}
	l.mu.Lock()
	called := false
	for _, ch := range changes {
		called = called || !fed(ch.Subject)
		l.enter(ch.Subject, ch.Mark())
	}
	l.mu.Unlock()
	l.moved(called)
	for _, ch := range changes {
		l.heard.tell(ch.Subject)
	}
}

// number enters a purge where there is no store to number it.
func (l *ledger) number(verb pages.Verb, at time.Time, subjects []string) uint64 {
	l.numbering.Lock()
	defer l.numbering.Unlock()
	n := l.applied.Load() + 1
	l.apply(changesOf(n, verb, at, subjects), 0, n)
	return n
}

// changesOf is one purge, a change for each subject.
func changesOf(n uint64, verb pages.Verb, at time.Time, subjects []string) []pages.Change {
	changes := make([]pages.Change, len(subjects))
	for i, s := range subjects {
		changes[i] = pages.Change{Sequence: n, Verb: verb, Subject: s, At: at}
	}
	return changes
}

// learn enters the marks of subjects as the store gave them.
func (l *ledger) learn(subjects []string, marks []pages.Mark) {
	moved := false
	l.mu.Lock()
	for i, s := range subjects {
		if i < len(marks) && (marks[i].Sequence > l.marks[s].Sequence || marks[i].Expired > l.marks[s].Expired) {
			l.enter(s, marks[i])
			moved = true
		}
	}
	l.mu.Unlock()
	if moved {
		l.moved(true)
		l.heard.tell(subjects...)
	}
}

// applyLocal enters a purge that did not reach the store.
func (l *ledger) applyLocal(verb pages.Verb, at time.Time, subjects []string) {
	l.mu.Lock()
	for _, s := range subjects {
		m := pages.Mark{At: at}
		if verb == pages.Expire {
			m.ExpiredAt = at
		}
		if _, known := l.local[s]; !known && len(l.local) >= maxMarks {
			for _, old := range l.local {
				m = later(m, old)
			}
			clear(l.local)
			s = pages.All
		}
		l.local[s] = later(m, l.local[s])
		l.purged.Add(1)
	}
	l.mu.Unlock()
	l.moved(slices.ContainsFunc(subjects, func(s string) bool { return !fed(s) }))
	l.heard.tell(subjects...)
}

// later is [pages.Mark.Merge] for marks that have times alone.
func later(m, o pages.Mark) pages.Mark {
	if o.At.After(m.At) {
		m.At = o.At
	}
	if o.ExpiredAt.After(m.ExpiredAt) {
		m.ExpiredAt = o.ExpiredAt
	}
	return m
}

// Purged counts the subjects of purges that became known here so far. What was
// purged while the store could not be asked may count once only.
func (i *Instance) Purged() uint64 { return i.ledger.purged.Load() }

// enter adds a mark; the caller holds mu.
func (l *ledger) enter(subject string, m pages.Mark) {
	if _, known := l.marks[subject]; !known && len(l.marks) >= maxMarks {
		last := l.applied.Load()
		for _, old := range l.marks {
			last = max(last, old.Sequence)
		}
		raise(&l.floor, last)
		clear(l.marks)
	}
	old := l.marks[subject]
	if m.Sequence > old.Sequence { // it is not the same purge once more
		l.purged.Add(1)
	}
	l.marks[subject] = old.Merge(m)
}

// moved makes every verdict be looked up again; called says that a caller may
// have made the purge, and not a feed.
func (l *ledger) moved(called bool) {
	l.version.Add(1)
	if called {
		l.changed()
	}
}

// fed says whether a feed purges a subject.
func fed(subject string) bool { return strings.HasPrefix(subject, fedSubjects) }

var fedSubjects = pages.TagSubject(dataflow.Prefix)
