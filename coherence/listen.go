// Others that want to know of purges as they become known.

package coherence

import (
	"slices"
	"sync"
)

// Listen has f called for each subject of every purge, once the purge is known
// here: what is judged from then on is judged by it. [pages.All] also stands for
// purges whose subjects are not known one by one. f must return at once; it may
// be called by several goroutines, and for one purge more than once. The function
// that Listen returns ends it.
func (i *Instance) Listen(f func(subject string)) (end func()) {
	if i.Store != nil && i.Store.sequencer != nil {
		// Such a store is asked at each request, so purges of others are not
		// waited for otherwise.
		i.listened.Do(func() { i.work.Go(i.watch) })
	}
	return i.ledger.heard.add(f)
}

// ears are those that listen.
type ears struct {
	mu  sync.RWMutex
	all []*func(subject string)
}

func (e *ears) add(f func(string)) (end func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, &f)
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.all = slices.DeleteFunc(e.all, func(o *func(string)) bool { return o == &f })
	}
}

func (e *ears) tell(subjects ...string) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	for _, f := range e.all {
		for _, s := range subjects {
			(*f)(s)
		}
	}
}
