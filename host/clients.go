// What each client has done, so that nothing is done twice.

package host

import "container/list"

// A mark is what is remembered of a client.
type mark struct {
	Client string `json:"c"`
	Last   uint64 `json:"n"` // the greatest number
	Seen   uint64 `json:"s"` // a bit for each of the 64 numbers before it that was done; the lowest is Last - 1
	Seq    uint64 `json:"q"` // of the entry that was its last
}

// window is how far behind its greatest number an operation of a client may come.
const window = 64

// maxClients is how many clients a room remembers: those that did something last.
const maxClients = 4096

// clients are the marks of a room, in the order of their last entries. They are the
// same in all copies.
type clients struct {
	order list.List // of *mark
	known map[string]*list.Element
}

type knowledge int

const (
	unknown knowledge = iota
	done
	tooOld
)

// knows says whether an operation is in the log.
func (c *clients) knows(client string, n uint64) knowledge {
	at := c.known[client]
	if at == nil {
		return unknown
	}
	m := at.Value.(*mark)
	switch {
	case n > m.Last:
		return unknown
	case n == m.Last:
		return done
	case m.Last-n > window:
		return tooOld
	case m.Seen>>(m.Last-n-1)&1 == 1:
		return done
	}
	return unknown
}

// note notes an operation that was accepted.
func (c *clients) note(client string, n, seq uint64) {
	at := c.known[client]
	if at == nil {
		c.put(mark{Client: client, Last: n, Seq: seq})
		if c.order.Len() > maxClients {
			oldest := c.order.Front()
			delete(c.known, c.order.Remove(oldest).(*mark).Client)
		}
		return
	}
	m := at.Value.(*mark)
	if n > m.Last {
		shift := n - m.Last
		m.Seen = m.Seen<<shift | 1<<(shift-1) // shifts of 64 and more give 0
		m.Last = n
	} else if n < m.Last {
		m.Seen |= 1 << (m.Last - n - 1)
	}
	m.Seq = seq
	c.order.MoveToBack(at)
}

// put adds a mark as the latest.
func (c *clients) put(m mark) {
	if c.known == nil {
		c.known = map[string]*list.Element{}
	}
	c.known[m.Client] = c.order.PushBack(&m)
}

// list lists the marks in order.
func (c *clients) list() []mark {
	all := make([]mark, 0, c.order.Len())
	for at := c.order.Front(); at != nil; at = at.Next() {
		all = append(all, *at.Value.(*mark))
	}
	return all
}
