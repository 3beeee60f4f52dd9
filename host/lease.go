// The lease of this instance, and what it looks at every now and then.

package host

import (
	"context"
	"time"
)

const (
	lookEvery  = 100 * time.Millisecond // for entries of others, without an owner
	sweepEvery = 10 * time.Minute
	rest       = time.Minute // without a room, until the lease is not renewed any more
)

// lease is what is known of this instance's lease. Who has its turn may change it,
// and call the store meanwhile.
type lease struct {
	turn  chan struct{} // has room for one
	until time.Time     // it lasts at least until then
	used  time.Time     // when a room was there last
}

// alive makes sure that there is a lease, which is renewed from then on.
func (h *Host) alive(ctx context.Context, again bool) error {
	l := &h.lease
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	l.used = time.Now()
	if !again && time.Until(l.until) > 0 {
		return nil
	}
	return h.beat(ctx)
}

// beat renews the lease; the caller has its turn.
func (h *Host) beat(ctx context.Context) error {
	begun := time.Now()
	ctx, cancel := context.WithTimeout(ctx, h.options.Lease)
	defer cancel()
	err := h.options.Store.Beat(ctx, h.instance, h.options.Lease)
	if err == nil {
		h.lease.until = begun.Add(h.options.Lease)
	}
	return err
}

// Start begins to renew the lease, to follow what others append, and to remove old
// rooms. When the context ends, other instances get the rooms. Those that are open
// go on, without being owned here, until [Host.Close].
func (h *Host) Start(ctx context.Context) {
	if len(h.definitions) > 0 {
		h.spawn(func(context.Context) { h.tend(ctx) })
	}
}

func (h *Host) tend(ctx context.Context) {
	beats := time.NewTicker(h.options.Lease / 3)
	defer beats.Stop()
	sweeps := time.NewTicker(sweepEvery)
	defer sweeps.Stop()
	looks := time.NewTicker(lookEvery)
	defer looks.Stop()
	done := ctx.Done()
	for {
		select {
		case <-done:
			done = nil
			h.retire()
		case <-h.context.Done():
			return
		case <-beats.C:
			if !h.retired.Load() {
				h.renew()
			}
		case <-looks.C:
			h.look()
		case <-sweeps.C:
			h.sweep()
		}
	}
}

// renew renews the lease while there are rooms. If it was over for a time, the
// rooms that were owned may be others'.
func (h *Host) renew() {
	l := &h.lease
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	default:
		return // it is being renewed
	}
	if l.until.IsZero() {
		return // no room was claimed yet
	}
	list := h.all()
	if len(list) > 0 {
		l.used = time.Now()
	}
	if time.Since(l.used) > rest {
		l.until = time.Time{}
		return
	}
	over := time.Until(l.until) <= 0
	if err := h.beat(h.context); err != nil || !over {
		return
	}
	for _, r := range list {
		if r.token.Load() != 0 {
			r.poke()
		}
	}
}

// look pokes the rooms that are appended to by several instances, if others have.
func (h *Host) look() {
	var names []string
	var list []*room
	for _, r := range h.all() {
		if r.direct.Load() {
			names, list = append(names, r.name), append(list, r)
		}
	}
	if len(names) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(h.context, storeCall)
	defer cancel()
	known := make([]uint64, len(list))
	for i, r := range list {
		known[i] = r.seq.Load()
	}
	found, err := h.options.Store.Positions(ctx, names)
	if err != nil {
		return // what members ask for will say so
	}
	for i, at := range found {
		if at.Seq != known[i] {
			list[i].poke()
		}
	}
}

// sweep removes the rooms that were not used for as long as their kind is kept.
func (h *Host) sweep() {
	for _, d := range h.definitions {
		for d.Keep > 0 && h.context.Err() == nil {
			ctx, cancel := context.WithTimeout(h.context, time.Minute)
			n, err := h.options.Store.Sweep(ctx, d.Name+"/", d.Keep)
			cancel()
			if err != nil {
				h.logger().Warn("old rooms could not be removed: it is tried again", "room", d.Name, "error", err)
			}
			if n == 0 || err != nil {
				break
			}
		}
	}
}

// retire gives the rooms to other instances.
func (h *Host) retire() {
	h.retired.Store(true)
	_ = h.leave() // or the lease ends
	for _, r := range h.all() {
		r.poke()
	}
}

// leave ends the lease.
func (h *Host) leave() error {
	h.lease.turn <- struct{}{}
	defer func() { <-h.lease.turn }()
	if h.lease.until.IsZero() {
		return nil
	}
	h.lease.until = time.Time{}
	ctx, cancel := context.WithTimeout(context.Background(), storeCall)
	defer cancel()
	return h.options.Store.Leave(ctx, h.instance.ID)
}
