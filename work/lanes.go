// Which kinds go first.

package work

import (
	"slices"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/jobs"
)

// lanes share hands among kinds that are due: each has as many of them as its
// weight says, over time, and those of one weight take turns.
type lanes struct {
	mu     sync.Mutex
	credit map[string]int
}

// share says how many of n hands each kind has, which of them may use how many.
func (l *lanes) share(n int, due []gorgon.Task, room func(t gorgon.Task) int) (wants []jobs.Want) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.credit == nil {
		l.credit = map[string]int{}
	}
	got := map[string]int{}
	for range n {
		total, best := 0, -1
		for i, t := range due {
			if got[t.Name] >= room(t) {
				continue
			}
			total += t.Weight
			l.credit[t.Name] += t.Weight
			if best < 0 || l.credit[t.Name] > l.credit[due[best].Name] {
				best = i
			}
		}
		if best < 0 {
			break
		}
		l.credit[due[best].Name] -= total
		got[due[best].Name]++
	}
	for _, t := range due {
		if k := got[t.Name]; k > 0 {
			wants = append(wants, jobs.Want{Kind: t.Name, N: k, Everywhere: t.LimitEverywhere})
		}
	}
	return wants
}

// paid takes back what a kind has been given and did not use: it had fewer jobs
// than hands.
func (l *lanes) paid(wants []jobs.Want, taken []jobs.Taken) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range wants {
		used := 0
		for _, t := range taken {
			if t.Kind == w.Kind {
				used++
			}
		}
		if used < w.N {
			l.credit[w.Kind] = 0
		}
	}
}

// due are the tasks of which a job is due, the one that was due first before
// others, and when the next other one is.
func due(now time.Time, next []jobs.Next, tasks map[string]gorgon.Task) (list []gorgon.Task, wait time.Duration) {
	slices.SortStableFunc(next, func(a, b jobs.Next) int { return a.Due.Compare(b.Due) })
	wait = -1
	for _, n := range next {
		if d := n.Due.Sub(now); d <= 0 {
			list = append(list, tasks[n.Kind])
		} else if wait < 0 || d < wait {
			wait = d
		}
	}
	return list, wait
}
