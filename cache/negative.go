// What is known not to exist, in constant memory.

package cache

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon"
)

// negatives remembers for a short time that pages do not exist: a fixed
// table of hashes, a new one taking the place of the one in its set that
// ends first. Two paths that share a hash of 64 bits with a seed that no
// visitor knows would share an answer until it ends.
type negatives struct {
	seed  maphash.Seed
	epoch atomic.Uint64 // entries of another epoch are forgotten
	sets  [1 << 12]struct {
		mu    sync.Mutex
		slots [8]negativeSlot
	}
}

type negativeSlot struct {
	hash  uint64
	epoch uint64
	until int64 // Unix nanoseconds
	kind  gorgon.Kind
}

func newNegatives() *negatives {
	n := &negatives{seed: maphash.MakeSeed()}
	n.epoch.Store(1)
	return n
}

// get says whether a page is known not to exist, and how.
func (n *negatives) get(k id, now time.Time) (gorgon.Kind, bool) {
	hash := maphash.Comparable(n.seed, k)
	epoch := n.epoch.Load()
	set := &n.sets[hash%uint64(len(n.sets))]
	set.mu.Lock()
	defer set.mu.Unlock()
	for i := range set.slots {
		if s := &set.slots[i]; s.hash == hash && s.epoch == epoch && now.UnixNano() < s.until {
			return s.kind, true
		}
	}
	return 0, false
}

// put remembers that a page does not exist, as was found out in an epoch; a
// later epoch makes that worthless.
func (n *negatives) put(k id, kind gorgon.Kind, until time.Time, epoch uint64) {
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
	*victim = negativeSlot{hash: hash, epoch: epoch, until: until.UnixNano(), kind: kind}
}

// forget drops everything.
func (n *negatives) forget() { n.epoch.Add(1) }
