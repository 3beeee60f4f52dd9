// The memory tier: two budgets.

package cache

import (
	"sync/atomic"

	"github.com/maypok86/otter/v2"

	"github.com/gorgon-go/gorgon/pages"
)

// A memory holds items. Those of caches with Priority have a part of it that
// others cannot take.
type memory struct {
	usual *otter.Cache[id, *item]
	first *otter.Cache[id, *item] // nil where no cache has Priority

	evicted *atomic.Uint64 // items, because others needed the room
}

// priorityShare is the part of the bound that values with Priority have.
const priorityShare = 4

func newMemory(bytes int64, priority bool) (m memory, err error) {
	m.evicted = new(atomic.Uint64)
	if priority {
		if m.first, err = newTier(bytes/priorityShare, m.evicted); err != nil {
			return m, err
		}
		bytes -= bytes / priorityShare
	}
	m.usual, err = newTier(bytes, m.evicted)
	return m, err
}

func newTier(bytes int64, evicted *atomic.Uint64) (*otter.Cache[id, *item], error) {
	return otter.New(&otter.Options[id, *item]{
		MaximumWeight: uint64(bytes),
		Weigher:       func(k id, i *item) uint32 { return uint32(min(int64(i.weight(k)), 1<<32-1)) },
		OnAtomicDeletion: func(e otter.DeletionEvent[id, *item]) {
			if e.Cause == otter.CauseOverflow {
				evicted.Add(1)
			}
		},
	})
}

func (m memory) of(k id) *otter.Cache[id, *item] {
	if k.page.Priority && m.first != nil {
		return m.first
	}
	return m.usual
}

func (m memory) GetIfPresent(k id) (*item, bool) { return m.of(k).GetIfPresent(k) }
func (m memory) Set(k id, i *item)               { m.of(k).Set(k, i) }
func (m memory) Invalidate(k id)                 { m.of(k).Invalidate(k) }

// follow weighs an item again when more of its page is decoded, and drops it when
// that fails, so that the page is read again.
func (m memory) follow(k id, p pages.Packed) {
	p.Watch(func() {
		m.of(k).ComputeIfPresent(k, func(now *item) (*item, otter.ComputeOp) {
			switch {
			case now.entry.Packed != p:
				return now, otter.CancelOp // it has been replaced
			case p.Lost():
				return now, otter.InvalidateOp
			}
			return now, otter.WriteOp
		})
	})
}

// size is how much is in it.
func (m memory) size() (bytes, entries int64) {
	bytes, entries = int64(m.usual.WeightedSize()), int64(m.usual.EstimatedSize())
	if m.first != nil {
		bytes, entries = bytes+int64(m.first.WeightedSize()), entries+int64(m.first.EstimatedSize())
	}
	return bytes, entries
}

func (m memory) close() {
	m.usual.StopAllGoroutines()
	if m.first != nil {
		m.first.StopAllGoroutines()
	}
}
