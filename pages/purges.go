// Which subjects were purged and when, in bounded memory: for drivers that
// store this themselves.

package pages

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Purges remembers the last purge of each subject, and the latest purges in
// order, for drivers whose technology does not. Both are bounded: a forgotten
// subject has the mark Floor, and Dropped is the sequence of the latest change
// that was forgotten.
//
// The zero Purges is empty. It is not safe for concurrent use.
type Purges struct {
	Sequence uint64
	Last     map[string]Mark // the last purge of each subject
	Floor    Mark            // the latest of the last purges that were forgotten
	Latest   []Change        // in order
	Dropped  uint64          // the sequence of the latest change no longer in Latest

	Subjects int // how many Last may hold. Default: 100,000
	Changes  int // how many changes Latest may hold. Default: 10,000
}

// Mark returns the last purge of a subject, as far as it is known.
func (p *Purges) Mark(subject string) Mark {
	if m, ok := p.Last[subject]; ok {
		return m
	}
	return p.Floor
}

// Put sets the mark of a subject.
func (p *Purges) Put(subject string, mark Mark) {
	if p.Last == nil {
		p.Last = make(map[string]Mark)
	}
	p.Last[subject] = mark
	if len(p.Last) > cmp.Or(p.Subjects, 100_000) {
		p.forget()
	}
}

// Add records one purge of one subject. Sequences come in order.
func (p *Purges) Add(c Change) {
	p.Sequence = max(p.Sequence, c.Sequence)
	// A subject that was forgotten begins at the floor again: a purge must not
	// make it look older than the floor.
	p.Put(c.Subject, p.Mark(c.Subject).Merge(c.Mark()))
	p.Latest = append(p.Latest, c)
	if len(p.Latest) > cmp.Or(p.Changes, 10_000) {
		p.drop()
	}
}

// Raise records that purges may have been lost, of which those up to known were
// made: everything is purged and expired, at a number after all previous ones.
func (p *Purges) Raise(known uint64, at time.Time) {
	p.Add(Change{Sequence: Beyond(max(known, p.Sequence), at), Verb: Expire, Subject: All, At: at})
}

// Since lists the changes after a sequence, of which those up to floor may be
// missing.
func (p *Purges) Since(sequence uint64) (list []Change, floor uint64) {
	first, _ := slices.BinarySearchFunc(p.Latest, sequence+1, func(c Change, n uint64) int {
		return cmp.Compare(c.Sequence, n)
	})
	return slices.Clone(p.Latest[first:]), p.Dropped
}

// forget drops the older half of the last purges.
func (p *Purges) forget() {
	sequences := make([]uint64, 0, len(p.Last))
	for m := range maps.Values(p.Last) {
		sequences = append(sequences, m.Sequence)
	}
	slices.Sort(sequences)
	until := sequences[len(sequences)/2]
	for subject, m := range p.Last {
		if m.Sequence <= until {
			p.Floor = p.Floor.Merge(m)
			delete(p.Last, subject)
		}
	}
}

// drop forgets the older half of the changes, but never a part of one purge.
func (p *Purges) drop() {
	n := len(p.Latest) / 2
	for n < len(p.Latest) && p.Latest[n].Sequence == p.Latest[n-1].Sequence {
		n++
	}
	p.Dropped = p.Latest[n-1].Sequence
	p.Latest = slices.Clone(p.Latest[n:])
}
