// The head and the base: purges as the service stores them.

package s3

import (
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// maxHead is the size in bytes that the head may reach before its older half
// moves to a new base.
const maxHead = 64 << 10

// A head is the latest purges.
type head struct {
	sequence uint64
	lost     pages.Mark // everything older counts as purged by it
	base     string     // the object with the purges before these
	purges   []purge    // in order, without gaps, up to sequence
	owner    string     // of the store; "" for none
}

// A purge is one Bump.
type purge struct {
	sequence uint64
	verb     pages.Verb
	at       time.Time
	nonce    string
	subjects []string
}

// size returns about what a purge takes in the head.
func (p *purge) size() int {
	n := 40
	for _, s := range p.subjects {
		n += len(s) + 2
	}
	return n
}

// follow returns the head after one more purge, and the number of that purge;
// crowded if the head is too large.
func (h head) follow(p purge) (next head, crowded bool) {
	h.sequence++
	p.sequence = h.sequence
	h.purges = append(h.purges[:len(h.purges):len(h.purges)], p)
	size := 0
	for i := range h.purges {
		size += h.purges[i].size()
	}
	return h, size > maxHead && len(h.purges) > 1
}

// halve drops the older half, which base has.
func (h head) halve(base string) head {
	h.base = base
	first, size := len(h.purges)-1, h.purges[len(h.purges)-1].size()
	for first > 0 && size+h.purges[first-1].size() <= maxHead/2 {
		first--
		size += h.purges[first].size()
	}
	h.purges = h.purges[first:]
	return h
}

// find returns the number of the purge with a nonce; 0 if it is not there.
func (h head) find(nonce string) uint64 {
	for i := range h.purges {
		if h.purges[i].nonce == nonce {
			return h.purges[i].sequence
		}
	}
	return 0
}

// contradicts says whether a head has another purge with the number of this
// head's latest one: then it belongs to a store that went back.
func (h head) contradicts(other head) bool {
	if len(h.purges) == 0 || len(other.purges) == 0 {
		return false
	}
	last := h.purges[len(h.purges)-1]
	first := other.purges[0].sequence
	if last.sequence < first || last.sequence > other.sequence {
		return false
	}
	return other.purges[last.sequence-first].nonce != last.nonce
}

func (h head) bytes() []byte {
	w := newWriter(headKind, maxHead)
	w.string(newNonce())
	w.number(h.sequence)
	w.mark(h.lost)
	w.string(h.base)
	w.number(uint64(len(h.purges)))
	for _, p := range h.purges {
		w.number(uint64(p.verb))
		w.time(p.at)
		w.string(p.nonce)
		w.number(uint64(len(p.subjects)))
		for _, s := range p.subjects {
			w.string(s)
		}
	}
	w.string(h.owner)
	return w.bytes()
}

func readHead(b []byte) (head, error) {
	r, err := newReader(headKind, b)
	if err != nil {
		return head{}, err
	}
	r.string()
	h := head{sequence: r.number(), lost: r.mark(), base: r.string()}
	h.purges = make([]purge, r.count())
	if uint64(len(h.purges)) > h.sequence {
		return head{}, fmt.Errorf("%w: its sequence is too low", pages.ErrCorrupt)
	}
	for i := range h.purges {
		p := purge{
			sequence: h.sequence - uint64(len(h.purges)-1-i),
			verb:     pages.Verb(r.number()), at: r.time(), nonce: r.string(),
		}
		p.subjects = make([]string, r.count())
		for j := range p.subjects {
			p.subjects[j] = r.string()
		}
		h.purges[i] = p
	}
	if len(r.b) > 0 { // heads of earlier versions have none
		h.owner = r.string()
	}
	return h, r.fault()
}

func writeBase(p *pages.Purges) []byte {
	w := newWriter(baseKind, 64*(len(p.Last)+len(p.Latest)))
	w.string(newNonce())
	w.number(p.Sequence)
	w.mark(p.Floor)
	w.number(p.Dropped)
	w.number(uint64(len(p.Last)))
	for subject, m := range p.Last {
		w.string(subject)
		w.mark(m)
	}
	w.number(uint64(len(p.Latest)))
	for _, c := range p.Latest {
		w.number(c.Sequence)
		w.number(uint64(c.Verb))
		w.time(c.At)
		w.string(c.Subject)
	}
	return w.bytes()
}

// readBase reads a base into purges that keep their own bounds.
func readBase(b []byte, in bounds) (pages.Purges, error) {
	p := pages.Purges{Subjects: in.subjects, Changes: in.changes}
	r, err := newReader(baseKind, b)
	if err != nil {
		return p, err
	}
	r.string()
	p.Sequence, p.Floor, p.Dropped = r.number(), r.mark(), r.number()
	for range r.count() {
		subject := r.string()
		p.Put(subject, r.mark())
	}
	p.Latest = make([]pages.Change, r.count())
	for i := range p.Latest {
		p.Latest[i] = pages.Change{Sequence: r.number(), Verb: pages.Verb(r.number()), At: r.time(), Subject: r.string()}
	}
	return p, r.fault()
}

func (w *writer) mark(m pages.Mark) {
	w.number(m.Sequence)
	w.time(m.At)
	w.number(m.Expired)
	w.time(m.ExpiredAt)
}

func (r *reader) mark() pages.Mark {
	return pages.Mark{Sequence: r.number(), At: r.time(), Expired: r.number(), ExpiredAt: r.time()}
}
