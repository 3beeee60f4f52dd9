// Those who hear of a room on this instance: members, and other instances.

package host

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/events"
	"github.com/gorgon-go/gorgon/rooms"
)

const (
	memberQueue = 64  // frames that a member has not been sent
	peerQueue   = 256 // lines that an instance has not been sent
)

// A frame is what members are told. It is written once for all of them.
type frame struct {
	id   string // where a member is that has it; "" for presence
	kind string // "state", "outs", "members", "you" or "beat"
	data []byte // JSON

	event  func() *events.Message // as which it is sent
	socket func() []byte
}

func newFrame(id, kind string, data []byte) *frame {
	f := &frame{id: id, kind: kind, data: data}
	f.event = sync.OnceValue(func() *events.Message { return events.NewMessage(f.asEvent()) })
	f.socket = sync.OnceValue(f.asMessage)
	return f
}

// asEvent is the frame as a server-sent event.
func (f *frame) asEvent() []byte {
	if f.kind == "beat" {
		return []byte(events.Beat)
	}
	b := make([]byte, 0, len(f.data)+len(f.id)+32)
	if f.kind != "outs" {
		b = append(append(append(b, "event: "...), f.kind...), '\n')
	}
	if f.id != "" {
		b = append(append(append(b, "id: "...), f.id...), '\n')
	}
	b = append(append(b, "data: "...), f.data...)
	return append(b, "\n\n"...)
}

// asMessage is the frame as a message of a WebSocket. A beat says nothing, since
// scripts do not see pings: one that hears nothing for longer connects again.
func (f *frame) asMessage() []byte {
	if f.kind == "beat" {
		return []byte("{}")
	}
	b := make([]byte, 0, len(f.data)+len(f.id)+32)
	b = append(b, '{')
	if f.id != "" {
		b = append(append(append(b, `"id":"`...), f.id...), `",`...)
	}
	b = append(append(append(b, '"'), f.kind...), `":`...)
	return append(append(b, f.data...), '}')
}

// A line is what another instance is told.
type line struct {
	At      string          `json:"at,omitempty"` // the position after the entries
	Entries [][]byte        `json:"entries,omitempty"`
	Members json.RawMessage `json:"members,omitempty"`
	End     bool            `json:"end,omitempty"` // the owner is another one, or the line is not fast enough
}

// A member is one connection.
type member struct {
	who   rooms.Member
	queue chan *frame // closed when it hears no more
	why   error       // of that; nil: it has to join again
}

// A peer is another instance that follows the room.
type peer struct {
	instance string
	queue    chan []byte
	lost     chan struct{}
}

// An audience is who hears of a room.
type audience struct {
	mu      sync.Mutex
	members map[*member]struct{}
	peers   map[*peer]struct{}
	closed  bool
	beating bool // beat will be called
}

// add adds a member; false if there are too many.
func (a *audience) add(m *member, limit int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || len(a.members) >= limit {
		return false
	}
	if a.members == nil {
		a.members = map[*member]struct{}{}
	}
	a.members[m] = struct{}{}
	if !a.beating {
		a.beating = true
		time.AfterFunc(memberBeat, a.beat)
	}
	return true
}

// beat tells members that their connections are alive, as long as there are any.
func (a *audience) beat() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.beating = len(a.members) > 0; !a.beating {
		return
	}
	f := newFrame("", "beat", nil)
	for m := range a.members {
		select {
		case m.queue <- f:
		default: // there is enough to send
		}
	}
	time.AfterFunc(memberBeat, a.beat)
}

func (a *audience) addPeer(p *peer) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return false
	}
	if a.peers == nil {
		a.peers = map[*peer]struct{}{}
	}
	a.peers[p] = struct{}{}
	return true
}

// remove removes a member, for a reason that it is told.
func (a *audience) remove(m *member, why error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, ok := a.members[m]; ok {
		m.why = why
		a.drop(m)
	}
}

// drop removes a member; the caller holds mu.
func (a *audience) drop(m *member) {
	delete(a.members, m)
	close(m.queue)
}

func (a *audience) removePeer(p *peer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.peers, p)
}

func (a *audience) empty() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.members) == 0 && len(a.peers) == 0
}

func (a *audience) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.members)
}

// tell tells all of new entries.
func (a *audience) tell(records []record, tag string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.peers) > 0 {
		a.toPeers(lineOf(records))
	}
	if len(a.members) > 0 {
		if f := frameOf(records, tag); f != nil {
			a.toMembers(f)
		}
	}
}

// lineOf is records as another instance hears of them.
func lineOf(records []record) line {
	l := line{At: records[len(records)-1].at.String()}
	for _, r := range records {
		l.Entries = append(l.Entries, r.entry)
	}
	return l
}

// frameOf is records as members hear of them; nil for nothing.
func frameOf(records []record, tag string) *frame {
	var outs []byte
	for _, r := range records {
		if len(r.outs) == 0 {
			continue
		}
		if outs == nil {
			outs = append(outs, '[')
		} else {
			outs = append(outs, ',')
		}
		outs = append(outs, r.outs[1:len(r.outs)-1]...)
	}
	if outs == nil {
		return nil
	}
	return newFrame(idOf(tag, records[len(records)-1].at), "outs", append(outs, ']'))
}

func (a *audience) toMembers(f *frame) {
	for m := range a.members {
		select {
		case m.queue <- f:
		default:
			a.drop(m)
		}
	}
}

func (a *audience) toPeers(l line) {
	text, err := json.Marshal(l)
	if err != nil {
		panic(err) // it has text alone
	}
	text = append(text, '\n')
	for p := range a.peers {
		select {
		case p.queue <- text:
		default:
			delete(a.peers, p)
			close(p.lost)
		}
	}
}

// present tells all who is there.
func (a *audience) present(data []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.toPeers(line{Members: data})
	a.toMembers(newFrame("", "members", data))
}

// restart lets all join again: the room is not a continuation of what they have.
func (a *audience) restart() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for m := range a.members {
		a.drop(m)
	}
	for p := range a.peers {
		close(p.lost)
	}
	a.peers = nil
}

// leavePeers ends the streams of other instances: the room is not owned here.
func (a *audience) leavePeers() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for p := range a.peers {
		close(p.lost)
	}
	a.peers = nil
}

// end lets no one else join.
func (a *audience) end() {
	a.restart()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
}

// here lists the members that are connected here, each once.
func (a *audience) here() here {
	a.mu.Lock()
	seen := map[string]rooms.Member{}
	for m := range a.members {
		seen[m.who.ID] = m.who
	}
	a.mu.Unlock()
	return hereOf(seen)
}

// idOf is a position as members know it, with the build that told them: another
// build may have applied the same entries to another state.
func idOf(tag string, at rooms.Position) string { return tag + "." + at.String() }

// parseID reads what idOf wrote; false for another build's.
func parseID(tag, id string) (rooms.Position, bool) {
	of, at, ok := strings.Cut(id, ".")
	if !ok || of != tag {
		return rooms.Position{}, false
	}
	return rooms.ParsePosition(at)
}

// A here is who takes part on an instance, or on all.
type here struct {
	Count int            `json:"count"`
	List  []rooms.Member `json:"list"` // at most 200 of them, by ID
}

const maxListed = 200

func hereOf(seen map[string]rooms.Member) here {
	h := here{Count: len(seen), List: make([]rooms.Member, 0, len(seen))}
	for _, m := range seen {
		h.List = append(h.List, m)
	}
	slices.SortFunc(h.List, func(a, b rooms.Member) int { return strings.Compare(a.ID, b.ID) })
	h.List = h.List[:min(len(h.List), maxListed)]
	return h
}

func (h here) json() []byte {
	data, err := json.Marshal(h)
	if err != nil {
		panic(err)
	}
	return bytes.TrimSpace(data)
}
