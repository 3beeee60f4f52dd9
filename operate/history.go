// What changed.

package operate

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/metrics"
)

const (
	every      = 10 * time.Second // between two looks
	maxChanges = 50               // of health that are remembered
)

// A History looks at a program every ten seconds, for as long as it is watched. The
// zero value has seen nothing.
type History struct {
	mu      sync.Mutex
	last    map[string]bool
	changes []Change
	states  [minutes]Moment

	trips    []Trip
	measured bool   // once at least
	asked    uint64 // of the program, when that was done
}

// A Change is one of health.
type Change struct {
	At     time.Time `json:"at"`
	Name   string    `json:"name"` // of the check
	OK     bool      `json:"ok"`   // from then on
	Reason string    `json:"reason,omitempty"`
}

// A Moment is the state of the program in one minute, at its last look.
type Moment struct {
	At    time.Time     `json:"at"`
	State metrics.State `json:"state"`
}

// Watch looks at a program until the context is done.
func (h *History) Watch(ctx context.Context, p *Program) {
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for {
		now := time.Now()
		h.look(ctx, p, now)
		h.measure(ctx, p, now)
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return
		}
	}
}

func (h *History) look(ctx context.Context, p *Program, now time.Time) {
	checks, state := p.Checks(ctx), p.State()
	if ctx.Err() != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last == nil {
		h.last = map[string]bool{}
	}
	for _, c := range checks {
		if was, known := h.last[c.Name]; !known && c.OK || known && was == c.OK {
			h.last[c.Name] = c.OK
			continue
		}
		h.last[c.Name] = c.OK
		if h.changes = append(h.changes, Change{At: now, Name: c.Name, OK: c.OK, Reason: c.Reason}); len(h.changes) > maxChanges {
			h.changes = h.changes[1:]
		}
	}
	at := now.Truncate(time.Minute)
	h.states[(at.Unix()/60)%minutes] = Moment{at, state}
}

// Changes are the last changes of health, the newest first.
func (h *History) Changes() []Change {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := slices.Clone(h.changes)
	slices.Reverse(list)
	return list
}

// Hour is the state in each minute of the last hour in which the program was
// looked at, the oldest first.
func (h *History) Hour(now time.Time) []Moment {
	h.mu.Lock()
	defer h.mu.Unlock()
	last := now.Truncate(time.Minute)
	var list []Moment
	for i := minutes - 1; i >= 0; i-- {
		at := last.Add(-time.Duration(i) * time.Minute)
		if m := h.states[(at.Unix()/60)%minutes]; m.At.Equal(at) {
			list = append(list, m)
		}
	}
	return list
}
