// What was purged and when, in bounded memory.

package disk

import (
	"cmp"
	"slices"

	"github.com/gorgon-go/gorgon/pages"
)

// How many subjects' marks, and how many changes, are remembered.
const (
	maxMarks   = 100_000
	maxChanges = 10_000
)

// marks remembers the last purge of each subject, and the latest purges in
// order. Both forget: last purges into floor, changes into dropped.
type marks struct {
	sequence uint64
	last     map[string]pages.Mark
	floor    pages.Mark // the latest of the forgotten last purges
	changes  []pages.Change
	dropped  pages.Mark // the latest of the changes no longer listed
}

func (m *marks) mark(subject string) pages.Mark {
	if known, ok := m.last[subject]; ok {
		return known
	}
	return m.floor
}

// put makes a mark that of a subject.
func (m *marks) put(subject string, mark pages.Mark) {
	if m.last == nil {
		m.last = make(map[string]pages.Mark)
	}
	m.last[subject] = mark
	if len(m.last) > maxMarks {
		m.forget()
	}
}

// add notes one purge of one subject. Sequences come in order.
func (m *marks) add(c pages.Change) {
	// A subject that was forgotten begins at the floor again, lest a purge
	// make it look better than it was.
	m.put(c.Subject, m.mark(c.Subject).Merge(markOf(c)))
	m.changes = append(m.changes, c)
	if len(m.changes) > maxChanges {
		m.drop()
	}
}

// forget drops the older half of the last purges.
func (m *marks) forget() {
	sequences := make([]uint64, 0, len(m.last))
	for _, mark := range m.last {
		sequences = append(sequences, mark.Sequence)
	}
	slices.Sort(sequences)
	until := sequences[len(sequences)/2]
	for subject, mark := range m.last {
		if mark.Sequence <= until {
			m.floor = m.floor.Merge(mark)
			delete(m.last, subject)
		}
	}
}

// drop forgets the older half of the changes, never a part of one purge.
func (m *marks) drop() {
	n := len(m.changes) / 2
	for n < len(m.changes) && m.changes[n].Sequence == m.changes[n-1].Sequence {
		n++
	}
	for _, c := range m.changes[:n] {
		m.dropped = m.dropped.Merge(markOf(c))
	}
	m.changes = slices.Clone(m.changes[n:])
}

// since lists the changes after a sequence.
func (m *marks) since(sequence uint64) []pages.Change {
	var list []pages.Change
	if d := m.dropped; sequence < d.Sequence {
		all := pages.Change{Sequence: d.Sequence, Verb: pages.Stale, Subject: pages.All, At: d.At}
		if d.Expired > sequence {
			all.Verb = pages.Expire
		}
		list = append(list, all)
	}
	first, _ := slices.BinarySearchFunc(m.changes, sequence, func(c pages.Change, n uint64) int {
		return cmp.Or(cmp.Compare(c.Sequence, n), -1) // the first that is later
	})
	return append(list, m.changes[first:]...)
}

func markOf(c pages.Change) pages.Mark {
	m := pages.Mark{Sequence: c.Sequence, At: c.At}
	if c.Verb == pages.Expire {
		m.Expired, m.ExpiredAt = c.Sequence, c.At
	}
	return m
}
