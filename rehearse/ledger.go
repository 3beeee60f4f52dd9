//go:build unix

// What went well, and what did not, by kind.

package rehearse

import (
	"sync"
)

// A ledger has the rows of the report, in the order in which they came up.
type ledger struct {
	mu       sync.Mutex
	rows     []*Passage
	examples map[string]string
}

// row is that of a kind; the caller holds mu.
func (l *ledger) row(what string) *Passage {
	for _, p := range l.rows {
		if p.What == what {
			return p
		}
	}
	p := &Passage{What: what}
	l.rows = append(l.rows, p)
	return p
}

// count notes how one thing of a kind went.
func (l *ledger) count(what, fault string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.row(what)
	p.Asked++
	if fault != "" {
		if p.Failed++; p.Failed == 1 {
			if l.examples == nil {
				l.examples = map[string]string{}
			}
			l.examples[what] = fault
		}
	}
}

func (l *ledger) note(what, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.row(what).Note = text
}

func (l *ledger) example(what string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.examples[what]
}

func (l *ledger) list() (all []Passage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.rows {
		all = append(all, *p)
	}
	return all
}
