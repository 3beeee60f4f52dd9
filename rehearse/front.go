//go:build unix

// The balancer before the instances of both builds.

package rehearse

import (
	"net/http"
	"slices"
	"sync"
)

// A front sends each request to the next instance.
type front struct {
	mu   sync.Mutex
	list []seat
	next int
}

// A seat is an instance that is ready, and its sandbox.
type seat struct {
	*sandbox
	*instance
}

func (f *front) add(h *sandbox, t *instance) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, seat{h, t})
}

// remove sends nothing to an instance any more.
func (f *front) remove(t *instance) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = slices.DeleteFunc(f.list, func(s seat) bool { return s.instance == t })
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	if len(f.list) == 0 {
		f.mu.Unlock()
		http.Error(w, "no instance is ready", http.StatusBadGateway)
		return
	}
	f.next++
	s := f.list[f.next%len(f.list)]
	s.wake(s.instance) // before it can be told to end
	f.mu.Unlock()
	defer s.settle(s.instance)
	pass(s.instance, w, r)
}
