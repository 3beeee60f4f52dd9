// What is known not to exist, in constant memory.

package cache

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/viewctx"
)

// negatives remembers for a short time that pages do not exist: a fixed
// table of hashes, a new one taking the place of the one in its set that
// ends first. Two paths that share a hash of 64 bits with a seed that no
// visitor knows would share an answer until it ends.
type negatives struct {
	seed  maphash.Seed
	epoch atomic.Uint64 // moves with every purge by a caller
	sets  [1 << 12]struct {
		mu    sync.Mutex
		slots [8]negativeSlot
	}
}

type negativeSlot struct {
	hash  uint64
	until int64 // Unix nanoseconds
	kind  gorgon.Kind
	absence
}

// An absence is that a loader found nothing, and what that depends on.
type absence struct {
	// epoch is for a loader of which it is not known, or not all, what it read: a
	// purge of anything may be about it. 0: its tags say it all.
	epoch uint64

	// copy is for a loader of which it is known what it read. nil: nothing is.
	copy *coherence.Copy
}

// maxAbsence bounds the bytes of tags with which an absence is remembered.
const maxAbsence = 1024

// absent is what a loader reports that began when the table had an epoch; ok is
// false if it is not to be remembered.
func absent(k id, as making) (a absence, ok bool) {
	tags, doubts := as.reads.Tags(), as.reads.Doubts()
	if len(tags) == 0 || len(doubts) > 0 {
		a.epoch = as.negative
	}
	if k.page.Cache != "" {
		tags = append(tags, viewctx.CacheTag(k.page.Cache))
	}
	if len(tags) == 0 {
		return a, true
	}
	size := 0
	for _, t := range tags {
		size += len(t)
	}
	epoch, stale := as.reads.Epoch(as.Epoch)
	a.copy = &coherence.Copy{Of: absentee{k.key(), tags}, Epoch: epoch, MadeAt: as.At, Fed: dataflow.IsData(tags)}
	return a, size <= maxAbsence && !stale
}

// An absentee is a page that does not exist.
type absentee struct {
	key  pages.Key
	tags []string
}

func (m absentee) Subjects() []string { return pages.Subjects(m.key, m.tags) }

// note notes that something was made of the absence of a value, which is still
// so as of an epoch.
func (s *negativeSlot) note(reads *dataflow.Reads, cache string, epoch uint64) {
	var doubts []string
	if s.epoch > 0 {
		doubts = []string{"what the loader of cache " + cache + " read to find that there is no value"}
	}
	if s.copy != nil {
		reads.Value(max(s.copy.Epoch, epoch), false, s.copy.Of.(absentee).tags, doubts)
		reads.Limit(dataflow.Limits{ReadAt: s.copy.MadeAt})
	}
	reads.Limit(dataflow.Limits{FreshUntil: time.Unix(0, s.until)})
}

func newNegatives() *negatives {
	n := &negatives{seed: maphash.MakeSeed()}
	n.epoch.Store(1)
	return n
}

// get says whether a page is known not to exist, and how. Its caller knows every
// purge that matters.
func (n *negatives) get(k id, now time.Time, in *coherence.Instance, asked *coherence.Horizon) (gorgon.Kind, negativeSlot, bool) {
	hash := maphash.Comparable(n.seed, k)
	set := &n.sets[hash%uint64(len(n.sets))]
	set.mu.Lock()
	defer set.mu.Unlock()
	for i := range set.slots {
		s := &set.slots[i]
		if s.hash != hash || now.UnixNano() >= s.until || s.epoch > 0 && s.epoch != n.epoch.Load() {
			continue
		}
		if s.copy != nil {
			v, certain := in.Judge(s.copy)
			if v != coherence.Good || !certain || s.copy.Fed && asked.Unfed || s.copy.Epoch < asked.Unread {
				continue
			}
		}
		return s.kind, *s, true
	}
	return 0, negativeSlot{}, false
}

// put remembers that a page does not exist.
func (n *negatives) put(k id, kind gorgon.Kind, until time.Time, a absence) {
	hash := maphash.Comparable(n.seed, k)
	set := &n.sets[hash%uint64(len(n.sets))]
	set.mu.Lock()
	defer set.mu.Unlock()
	victim := &set.slots[0]
	for i := range set.slots {
		s := &set.slots[i]
		if s.hash == hash {
			victim = s
			break
		}
		if s.until < victim.until {
			victim = s
		}
	}
	*victim = negativeSlot{hash: hash, until: until.UnixNano(), kind: kind, absence: a}
}

// forget drops what may depend on anything.
func (n *negatives) forget() { n.epoch.Add(1) }
