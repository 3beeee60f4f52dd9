// An instance that follows the owner of a room.

package host

import (
	"context"
	"errors"
	"time"

	"github.com/gorgon-go/gorgon/rooms"
)

const (
	heartbeat = 400 * time.Millisecond  // an owner that has nothing to tell says so
	silence   = 1500 * time.Millisecond // an owner that says nothing for it is frozen
)

// follow applies what the owner tells, and sends it what members ask for, until
// one of them ends. It returns the token of an owner that is to lose the room, or
// 0.
func (r *room) follow(ctx context.Context, seat rooms.Seat) (over uint64, err error) {
	r.audience.leavePeers()
	if err := r.catchUp(ctx); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lines := make(chan line)
	broken := make(chan error, 1)
	from := r.follows()
	go func() {
		broken <- r.h.peers.follow(ctx, seat.Owner, from, func(l line) bool {
			select {
			case lines <- l:
				return true
			case <-ctx.Done():
				return false
			}
		})
	}()
	posted := make(chan error, 1)
	var sent []*ask
	defer func() {
		cancel()
		if sent != nil {
			if err := <-posted; err != nil {
				r.pending = append(sent, r.pending...)
			}
		}
		<-broken
	}()
	quiet := time.NewTimer(silence)
	defer quiet.Stop()
	report := time.NewTicker(confirm)
	defer report.Stop()
	lost := func(err error) (uint64, error) {
		broken <- err // for the deferred function
		switch {
		case errors.Is(err, errNotMine):
			return 0, err
		case errors.Is(err, errBehind):
			return 0, nil // it reads the log again
		}
		return seat.Token, err
	}
	for {
		asks := r.asks
		if sent == nil && len(r.pending) > 0 {
			sent = r.post(ctx, seat.Owner, nil, posted)
			continue
		}
		if sent != nil {
			asks = nil
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-r.poked:
			return 0, nil
		case f := <-r.calls:
			if f(); r.copy == nil {
				return 0, nil
			}
		case a := <-asks:
			sent = r.post(ctx, seat.Owner, r.gather(a), posted)
		case err := <-posted:
			if err != nil {
				posted <- err
				if errors.Is(err, errGone) {
					return seat.Token, err
				}
				return 0, err
			}
			sent = nil
		case err := <-broken:
			return lost(err)
		case <-quiet.C:
			return seat.Token, errGone
		case <-report.C:
			r.report(seat.Owner)
			if r.closes(idleAfter) {
				return 0, errIdle
			}
		case <-r.presence.changed:
			r.report(seat.Owner)
		case l := <-lines:
			quiet.Reset(silence)
			r.retry = 0
			if err := r.heard(l); err != nil {
				r.drop()
				return 0, err
			}
		}
	}
}

// heard applies what the owner tells.
func (r *room) heard(l line) error {
	if len(l.Entries) > 0 {
		at, ok := rooms.ParsePosition(l.At)
		first := at.Seq - uint64(len(l.Entries))
		if !ok || first > r.copy.at.Seq {
			return errBehind
		}
		if at.Seq > r.copy.at.Seq { // it may have read some from the log
			for _, data := range l.Entries[r.copy.at.Seq-first:] {
				if _, err := r.copy.apply(data); err != nil {
					return err
				}
			}
			if r.copy.at != at {
				return errBroken
			}
			r.tell()
		}
	}
	if l.Members != nil && r.presence.set(l.Members) {
		r.audience.present(l.Members)
	}
	return nil
}

// follows is the request to follow the room from where the copy is.
func (r *room) follows() following {
	return following{Name: r.d.Name, Key: r.key, After: r.copy.at.String(), Instance: r.h.instance.ID, Build: r.h.build, Here: r.audience.here()}
}

// post sends what members ask for to the owner, in the background; nil for nothing.
func (r *room) post(ctx context.Context, owner rooms.Instance, batch []*ask, posted chan<- error) []*ask {
	all := append(r.pending, batch...)
	r.pending = nil
	sent := all[:0:0]
	acts := make([]Act, 0, len(all))
	for _, a := range all {
		switch {
		case a.ctx.Err() != nil:
		case a.hop: // the instance that sent it here looks again who owns the room
			a.answer(Result{}, errNotMine)
		case len(sent) == maxBatch:
			r.pending = append(r.pending, a)
		default:
			sent, acts = append(sent, a), append(acts, a.Act)
		}
	}
	if len(sent) == 0 {
		return nil
	}
	go func() {
		results, err := r.h.peers.act(ctx, owner, acting{Name: r.d.Name, Key: r.key, Acts: acts})
		if err == nil && len(results) != len(sent) {
			err = errors.New("the owner of a room answered with another number of results")
		}
		if err == nil {
			for i, a := range sent {
				a.answer(results[i], nil)
			}
		}
		posted <- err
	}()
	return sent
}

// report tells the owner who takes part here, in the background.
func (r *room) report(owner rooms.Instance) {
	p := presenting{Name: r.d.Name, Key: r.key, Instance: r.h.instance.ID, Here: r.audience.here()}
	r.h.spawn(func(ctx context.Context) { _ = r.h.peers.present(ctx, owner, p) }) // the next report repeats it
}
