// How far away the store and the database are.

package operate

import (
	"context"
	"time"
)

// A Trip is how long a store or a database took to answer a small question.
type Trip struct {
	What string    `json:"what"` // store or database
	Took float64   `json:"took"` // in seconds: the shortest of several
	At   time.Time `json:"at"`   // when that was measured
}

// measuring is how long one measurement of all may take.
const measuring = 3 * time.Second

// measure measures, if something was asked of the program since it was done last:
// one that is idle leaves its store and its database alone.
func (h *History) measure(ctx context.Context, p *Program, now time.Time) {
	if p.Trips == nil {
		return
	}
	asked := p.Recorder.asked()
	h.mu.Lock()
	idle := h.measured && asked == h.asked
	h.asked, h.measured = asked, true
	h.mu.Unlock()
	if idle {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, measuring)
	defer cancel()
	trips := p.Trips(ctx)
	for i := range trips {
		trips[i].At = now
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.trips = trips
}

// Trips are how long the store and the database took to answer at the last look
// that measured it, those that did not answer left out.
func (h *History) Trips() []Trip {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Trip{}, h.trips...)
}

// asked is how many requests and makings were counted.
func (r *Recorder) asked() (n uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, route := range r.routes {
		n += route.Requests + route.Made
	}
	return n
}
