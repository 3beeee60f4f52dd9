// What is counted.

package host

import "sync/atomic"

// counts are numbers of this instance since it was started.
type counts struct {
	accepted, refused atomic.Uint64 // operations
	owned, taken      atomic.Uint64 // rooms that it got; those that it took from an owner with a lease
}

// claimed counts that a room is owned now.
func (h *Host) claimed(over bool) {
	h.counts.owned.Add(1)
	if over {
		h.counts.taken.Add(1)
	}
}
