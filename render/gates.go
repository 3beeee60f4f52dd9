// How many renderings of one pattern run at once.

package render

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/admission"
)

// A gate stands in front of the functions of one page's pattern.
type gate struct {
	makings *admission.Gate
	views   *admission.Gate // for entries that are rendered again from their state, which calls no loader
}

// gates are those of every page that was requested. The zero value works.
type gates struct {
	mu  sync.RWMutex
	all map[*gorgon.Definition]gate
}

func (g *gates) of(page *gorgon.Definition, limits admission.Limits) gate {
	g.mu.RLock()
	found, ok := g.all[page]
	g.mu.RUnlock()
	if ok {
		return found
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if found, ok = g.all[page]; ok {
		return found
	}
	if g.all == nil {
		g.all = map[*gorgon.Definition]gate{}
	}
	found = gate{admission.NewGate(limits), admission.NewGate(limits)}
	g.all[page] = found
	return found
}

// Gate admits the renderings of a page's pattern: of stored pages, which get
// the slot in their [Task], and of pages for one request.
func (r *Renderer) Gate(page *gorgon.Definition) *admission.Gate {
	return r.gates.of(page, r.Limits).makings
}

// Admission returns how many renderings run, wait, and were refused, over all
// pages.
func (r *Renderer) Admission() admission.Stats {
	r.gates.mu.RLock()
	defer r.gates.mu.RUnlock()
	var sum admission.Stats
	for _, g := range r.gates.all {
		sum = sum.Add(g.makings.Stats())
	}
	return sum
}

// Admissions are the numbers of each page whose renderings run, wait or were
// refused, by the page's pattern.
func (r *Renderer) Admissions() map[string]admission.Stats {
	r.gates.mu.RLock()
	defer r.gates.mu.RUnlock()
	by := map[string]admission.Stats{}
	for page, g := range r.gates.all {
		if s := g.makings.Stats(); s.Running+s.Waiting > 0 || s.Refused+s.Dropped > 0 {
			by[page.Path] = by[page.Path].Add(s)
		}
	}
	return by
}

// slotOf takes the slot of a task, or waits for one as long as one rendering
// may take.
func (r *Renderer) slotOf(t Task) func(context.Context) (*admission.Slot, error) {
	if t.Slot != nil {
		return func(context.Context) (*admission.Slot, error) {
			t.Slot.Keep()
			return t.Slot, nil
		}
	}
	return func(ctx context.Context) (*admission.Slot, error) {
		ctx, cancel := context.WithTimeout(ctx, t.Page.Timeout)
		defer cancel()
		return r.Gate(t.Page).Wait(ctx)
	}
}

// notAdmitted names the page that was not started. It is not a failure of the
// page.
func notAdmitted(page *gorgon.Definition, err error) error {
	if _, refused := errors.AsType[*admission.Refused](err); !refused {
		err = fmt.Errorf("other renderings of %s are still running: %w", page.Path, err)
	}
	return &gorgon.Error{Kind: gorgon.KindUnavailable, Err: err}
}
