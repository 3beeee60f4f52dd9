// Running a generator, and what observers see of it.

package cache

import (
	"context"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/admission"
	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
)

// A making is when one began, what was known of purges then, and what its loader
// reads.
type making struct {
	coherence.Attempt
	known    uint64
	negative uint64 // the epoch of the negatives
	reads    *dataflow.Reads
}

// make runs the generator, after asking the page whether that is necessary.
// Where it is not, or that fails, there is neither an entry nor an error: then
// all is done.
func (m *maker) make(fl *flight, k id, old *item, lease pages.Lease, slot *admission.Slot) (*pages.Entry, making, error) {
	now := m.coherence.Now()
	as := making{coherence.Attempt{Epoch: now.Epoch, At: m.config.Now()}, now.Known, m.negative.epoch.Load(), new(dataflow.Reads)}
	isGood := false
	if old != nil {
		// Another instance may have heard of more: what it made was there
		// before this is begun.
		as.Epoch = max(as.Epoch, old.entry.Epoch)
		v, certain := m.coherence.Check(&old.copy) // it may have been purged since the request looked
		isGood = certain && v == coherence.Good
	}
	ctx, end := m.observe(m.life, fl, k)
	task := render.Task{Page: k.page, Path: k.path, Locale: k.locale, Epoch: as.Epoch, Reads: as.reads, Slot: slot, Load: fl.load}
	if old != nil && !old.missing() {
		task.Old = old.entry
	}
	if task.Old != nil && k.page.ShouldRevalidate != nil && isGood && !old.foreign && old.phase(as.At) == stale && !old.outlived(as.At) {
		yes, err := m.config.Renderer.ShouldRevalidate(ctx, task)
		if err != nil {
			end("", err)
			m.backOff(fl, k, old, as, lease, err)
			return nil, as, nil
		}
		if !yes {
			end(metrics.Unchanged, nil)
			m.rearm(fl, k, old, as.known, lease)
			return nil, as, nil
		}
	}
	entry, err := m.config.Renderer.Make(ctx, task)
	end(metrics.Made, err)
	return entry, as, err
}

// observe tells that a page is about to be made. The page is to be made with
// the context that it returns, and end is to be called once it was.
func (m *maker) observe(ctx context.Context, fl *flight, k id) (_ context.Context, end func(outcome string, err error)) {
	if m.config.Observe == nil {
		return ctx, func(string, error) {}
	}
	route := k.page.Path
	ctx, ended := m.config.Observe.Making(ctx, fl.cause, route)
	began := time.Now()
	return ctx, func(outcome string, err error) {
		making := metrics.Making{Route: route, Outcome: outcome, Took: time.Since(began)}
		if err != nil {
			if making.Outcome = m.outcomeOf(err); making.Outcome == metrics.Failed || making.Outcome == metrics.Timeout {
				making.Err = err
			}
		}
		ended(making)
	}
}

// outcomeOf is what a making that brought no page comes to.
func (m *maker) outcomeOf(err error) string {
	switch kind := failure.Kind(err); {
	case kind == gorgon.KindNotFound || kind == gorgon.KindGone:
		return metrics.Missing
	case m.life.Err() != nil:
		return metrics.Stopped
	case kind == gorgon.KindTimeout:
		return metrics.Timeout
	}
	return metrics.Failed
}
