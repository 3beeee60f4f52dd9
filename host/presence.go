// Who takes part in a room.

package host

import (
	"bytes"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/rooms"
)

const (
	settle  = 200 * time.Millisecond // changes within it are told together
	confirm = 10 * time.Second       // between two reports of an instance
	doubt   = 3 * confirm            // who was not confirmed for that long is not there
)

// presence is who takes part, as the owner knows it. It is stored nowhere.
type presence struct {
	changed chan struct{}

	mu     sync.Mutex
	armed  bool
	others map[string]report // of other instances, by their ID
	data   []byte            // what was told last
}

// A report is who takes part on another instance, while that follows the room.
type report struct {
	here
	by *peer
	at time.Time
}

// note says that a member came or left.
func (p *presence) note() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.armed {
		return
	}
	p.armed = true
	time.AfterFunc(settle, func() {
		p.mu.Lock()
		p.armed = false
		p.mu.Unlock()
		signal(p.changed)
	})
}

// follows notes who takes part on an instance that begins to follow the room.
func (p *presence) follows(by *peer, h here) {
	p.mu.Lock()
	if p.others == nil {
		p.others = map[string]report{}
	}
	p.others[by.instance] = report{h, by, time.Now()}
	p.mu.Unlock()
	p.note()
}

// leaves notes that an instance does not follow any more, unless it has begun again
// since.
func (p *presence) leaves(by *peer) {
	p.mu.Lock()
	if p.others[by.instance].by == by {
		delete(p.others, by.instance)
	}
	p.mu.Unlock()
	p.note()
}

// reported notes who takes part on an instance that follows.
func (p *presence) reported(instance string, h here) {
	p.mu.Lock()
	if r, ok := p.others[instance]; ok {
		p.others[instance] = report{h, r.by, time.Now()}
	}
	p.mu.Unlock()
	p.note()
}

// last is what was told last; nil for nothing.
func (p *presence) last() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.data
}

// set notes what is told; false if it is what was told last.
func (p *presence) set(data []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if bytes.Equal(data, p.data) {
		return false
	}
	p.data = data
	return true
}

// all is who takes part on all instances: those that report, and this one.
func (p *presence) all(local here) here {
	seen := map[string]rooms.Member{}
	unlisted := local.Count - len(local.List)
	for _, m := range local.List {
		seen[m.ID] = m
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for instance, r := range p.others {
		if time.Since(r.at) > doubt {
			delete(p.others, instance)
			continue
		}
		unlisted += r.Count - len(r.List)
		for _, m := range r.List {
			seen[m.ID] = m
		}
	}
	all := hereOf(seen)
	all.Count += unlisted
	return all
}

// announce tells all who takes part, as the owner.
func (r *room) announce() {
	data := r.presence.all(r.audience.here()).json()
	if r.presence.set(data) {
		r.audience.present(data)
	}
}
