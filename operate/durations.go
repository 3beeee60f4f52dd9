// How long things took, counted.

package operate

import (
	"math"
	"time"
)

// steps of a histogram: four for each doubling, from shortest on. The last one has
// all that took longer, which is more than nine minutes.
const (
	steps    = 100
	shortest = 20 * time.Microsecond
)

// Durations count how long things took, at most a fifth above what they took. The zero value
// has none.
type Durations struct {
	counts [steps]uint32
	n      uint64
	most   time.Duration
}

func (d *Durations) add(took time.Duration) {
	d.counts[stepOf(took)]++
	d.n++
	d.most = max(d.most, took)
}

func stepOf(took time.Duration) int {
	if took <= shortest {
		return 0
	}
	return min(steps-1, int(math.Ceil(4*math.Log2(float64(took)/float64(shortest)))))
}

// N is how many were counted.
func (d *Durations) N() uint64 { return d.n }

// Max is the longest.
func (d *Durations) Max() time.Duration { return d.most }

// At is the time within which a part of them stayed: 0.99 for 99 of 100. It is 0
// for none.
func (d *Durations) At(part float64) time.Duration {
	if d.n == 0 {
		return 0
	}
	want, seen := uint64(math.Ceil(part*float64(d.n))), uint64(0)
	for i, n := range d.counts {
		if seen += uint64(n); seen >= want {
			bound := time.Duration(float64(shortest) * math.Exp2(float64(i)/4))
			return min(bound, d.most)
		}
	}
	return d.most
}
