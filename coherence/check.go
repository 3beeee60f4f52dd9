// Asking the store about copies that the ledger may not know enough of.

package coherence

import (
	"context"
	"sync"
)

// Check is [Instance.Judge], after asking the store what was purged of a copy
// where the ledger may not know: after a break that was too long for the
// store's list of purges, and for a copy older than that list. Callers that
// ask meanwhile are answered together.
func (i *Instance) Check(c *Copy) (v Verdict, certain bool) {
	if i.Store != nil && !i.knows(c) {
		i.ask(c)
	}
	return i.Judge(c)
}

// checks are the copies that wait to be asked about.
type checks struct {
	slot chan struct{}
	mu   sync.Mutex
	next *batch
}

type batch struct {
	copies []*Copy
	done   chan struct{}
}

// maxBatch bounds what is asked in one round trip.
const maxBatch = 500

// ask asks about a copy with those of others.
func (i *Instance) ask(c *Copy) {
	i.checks.mu.Lock()
	b := i.checks.next
	first := b == nil
	if first {
		b = &batch{done: make(chan struct{})}
		i.checks.next = b
	}
	b.copies = append(b.copies, c)
	if len(b.copies) == maxBatch {
		i.checks.next = nil
	}
	i.checks.mu.Unlock()
	if !first {
		<-b.done
		return
	}
	i.checks.slot <- struct{}{} // while another batch is asked about, this one grows
	i.checks.mu.Lock()
	if i.checks.next == b {
		i.checks.next = nil
	}
	i.checks.mu.Unlock()
	i.verify(b.copies)
	<-i.checks.slot
	close(b.done)
}

// verify asks about copies in one round trip.
func (i *Instance) verify(copies []*Copy) {
	var subjects []string
	seen := map[string]bool{}
	for _, c := range copies {
		for _, s := range c.Of.Subjects() {
			if !seen[s] {
				seen[s] = true
				subjects = append(subjects, s)
			}
		}
	}
	_ = i.Store.ask(i.life, &i.Store.purges, "epochs", func(ctx context.Context) error {
		epochs, err := i.Store.under.Epochs(ctx, subjects...)
		if err == nil {
			i.ledger.learn(subjects, epochs.Marks)
			for _, c := range copies {
				raise(&c.checked, epochs.Sequence)
			}
		}
		return err
	})
}
