// What is known of a machine, for monitoring.

package work

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/metrics"
)

// state is what is known of the machine.
type state struct {
	kinds   map[string]*kindState // fixed once the machine runs
	running atomic.Int64
	lost    atomic.Uint64

	mu      sync.Mutex
	counts  map[string]jobs.Count
	at      time.Time // of the counts
	looking bool
}

// kindState counts the runs of a kind.
type kindState struct {
	done, failed, dead atomic.Uint64
	running            atomic.Int64
}

// fresh is how long counts are not made again: they read all jobs.
const fresh = 10 * time.Second

// State adds what is known of jobs. The store is counted in the background, where
// that was not done for ten seconds: the numbers of a question are those of the
// one before.
func (m *Machine) State(to *metrics.State) {
	counts := m.counted()
	for name, k := range m.state.kinds {
		c := counts[name]
		to.Kinds = append(to.Kinds, metrics.Kind{
			Name: name, Waiting: c.Waiting, Due: c.Due, Dead: c.Dead, Oldest: c.Oldest,
			Running: k.running.Load(), Done: k.done.Load(), Failed: k.failed.Load(), Died: k.dead.Load(),
		})
	}
	slices.SortFunc(to.Kinds, func(a, b metrics.Kind) int { return strings.Compare(a.Name, b.Name) })
	to.LateJobs = m.state.lost.Load()
}

// counted are the last counts, which are made again if they are old.
func (m *Machine) counted() map[string]jobs.Count {
	s := &m.state
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.looking && time.Since(s.at) > fresh {
		s.looking = true
		go m.count()
	}
	return s.counts
}

func (m *Machine) count() {
	ctx, cancel := context.WithTimeout(context.Background(), fresh)
	defer cancel()
	list, err := m.options.Store.Counts(ctx)
	s := &m.state
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looking, s.at = false, time.Now()
	if err != nil {
		return // what was known is still the best answer
	}
	s.counts = map[string]jobs.Count{}
	for _, c := range list {
		s.counts[c.Kind] = c
	}
}
