// A copy of a room: its state, and who has done what.

package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon/rooms"
)

// A record is an entry, and what members hear of it.
type record struct {
	at    rooms.Position // of the room, after it
	entry []byte
	outs  []byte // a JSON array; nil for nothing
}

// ringSize is how many records a copy has for those who come back.
const ringSize = 2048

// A replica is a copy of a room. It is a function of the entries that were applied
// to it. It is not safe for concurrent use.
type replica struct {
	state   rooms.State
	at      rooms.Position
	last    int64 // the time of the last entry, in microseconds
	clients clients
	ring    []record
	before  rooms.Position // that of the room before the ring
}

func newReplica(d *rooms.Definition, key string) *replica {
	return &replica{state: d.New(key)}
}

// apply applies an entry that is in the log.
func (c *replica) apply(data []byte) (record, error) {
	e, err := rooms.DecodeEntry(data)
	if err != nil {
		return record{}, err
	}
	outs, err := c.state.Apply(c.at.Seq+1, e)
	if err != nil {
		return record{}, fmt.Errorf("entry %d was accepted by another build, or Apply depends on more than its arguments: %w", c.at.Seq+1, err)
	}
	return c.note(e, data, outs), nil
}

// note notes that an entry was applied.
func (c *replica) note(e *rooms.Entry, data, outs []byte) record {
	c.at = c.at.Next(data)
	c.last = e.At
	c.clients.note(e.Client, e.N, c.at.Seq)
	rec := record{c.at, data, outs}
	c.ring = append(c.ring, rec)
	if len(c.ring) >= 2*ringSize {
		cut := len(c.ring) - ringSize
		c.before = c.ring[cut-1].at
		c.ring = append(make([]record, 0, 2*ringSize), c.ring[cut:]...)
	}
	return rec
}

// errOld is the refusal of an operation that is older than what is remembered of
// its client.
var errOld = errors.New("the operation is older than the last 64 of its client")

// decide applies an operation, if it is new and accepted. An operation that is in
// the log already has no record.
func (c *replica) decide(a Act, now time.Time, seed uint64) (rec record, accepted bool, err error) {
	switch c.clients.knows(a.Client, a.N) {
	case done:
		return record{}, false, nil
	case tooOld:
		return record{}, false, errOld
	}
	e := &rooms.Entry{Client: a.Client, N: a.N, By: a.By, At: max(now.UnixMicro(), c.last), Seed: seed, Op: a.Op}
	data, err := e.Encode()
	if err != nil {
		return record{}, false, err
	}
	if len(data) > rooms.MaxEntry { // no log takes it
		return record{}, false, errLarge
	}
	outs, err := c.state.Apply(c.at.Seq+1, e)
	if err != nil {
		return record{}, false, err
	}
	return c.note(e, data, outs), true, nil
}

// after returns the records after a position; false if the room was never there,
// or they are not known any more.
func (c *replica) after(p rooms.Position) ([]record, bool) {
	if p == c.at {
		return nil, true
	}
	if p == c.before {
		return c.ring, true
	}
	if p.Seq <= c.before.Seq || p.Seq >= c.at.Seq {
		return nil, false
	}
	i := int(p.Seq - c.before.Seq)
	return c.ring[i:], c.ring[i-1].at == p
}

// A past is a ring that ended somewhere.
type past struct {
	before rooms.Position
	ring   []record
}

// prepend adds a past to the ring, if the ring continues it.
func (c *replica) prepend(p *past) {
	if p == nil || c.before == p.before {
		return
	}
	for i := len(p.ring); i > 0; i-- {
		if p.ring[i-1].at == c.before {
			c.ring = append(p.ring[:i:i], c.ring...)
			c.before = p.before
			return
		}
	}
}

// A stored snapshot.
type snapshot struct {
	Last    int64           `json:"last"`
	Clients []mark          `json:"clients"`
	State   json.RawMessage `json:"state"`
}

// snapshot is the copy as text.
func (c *replica) snapshot() ([]byte, error) {
	state, err := c.state.Snapshot()
	if err != nil {
		return nil, err
	}
	return json.Marshal(snapshot{c.last, c.clients.list(), state})
}

// restore makes the copy that of a snapshot.
func (c *replica) restore(data []byte, at rooms.Position) error {
	var s snapshot
	if err := json.Unmarshal(data, &s); err != nil {
		return errors.New("a snapshot of a room cannot be read")
	}
	if err := c.state.Restore(s.State); err != nil {
		return err
	}
	c.at, c.before, c.last, c.ring = at, at, s.Last, nil
	c.clients = clients{}
	for _, m := range s.Clients {
		c.clients.put(m)
	}
	return nil
}
