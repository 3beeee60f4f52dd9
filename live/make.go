// When pieces are made, and what becomes of them.

package live

import (
	"context"
	"errors"
	"time"
)

// outdate has a piece made again; the caller holds mu.
func (h *Hub[K]) outdate(p *piece[K], after time.Duration) {
	switch {
	case p.phase == works:
		p.phase = purged
	case p.phase == waits && p.sooner != nil:
		p.sooner <- max(after, time.Until(p.made.Add(retryPurged)))
		p.sooner = nil
	case p.phase == rests && p.have && p.now.Version == "":
		p.asked = true
		p.still()
		for f := range p.followers {
			f.stream.wake()
		}
	case p.phase == rests:
		h.plan(p, max(after, time.Until(p.made.Add(h.config.Settle))))
	}
}

// plan has a piece made after a time; the caller holds mu.
func (h *Hub[K]) plan(p *piece[K], after time.Duration) {
	if h.closed {
		return
	}
	p.still()
	p.phase = waits
	h.work.Go(func() {
		if pause(h.life, after, nil) {
			h.makeAgain(p)
		}
	})
}

// retry has a piece that could not be made made after a time, or sooner; the
// caller holds mu.
func (h *Hub[K]) retry(p *piece[K], after time.Duration) {
	if h.closed {
		return
	}
	sooner := make(chan time.Duration, 1)
	p.phase, p.sooner = waits, sooner
	h.work.Go(func() {
		if pause(h.life, after, sooner) {
			h.makeAgain(p)
		}
	})
}

// still stops the piece's timer; the caller holds mu.
func (p *piece[K]) still() {
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
}

// makeAgain waits for a slot, and makes a piece.
func (h *Hub[K]) makeAgain(p *piece[K]) {
	slots := h.slotsOf(p.key)
	select {
	case slots <- struct{}{}:
	case <-h.life.Done():
		return
	}
	defer func() { <-slots }()
	h.mu.Lock()
	followed := len(p.followers) > 0
	p.phase, p.sooner = works, nil
	p.begun++
	h.mu.Unlock()
	if !followed {
		return // and it was removed with its last follower
	}
	made, err := h.config.Make(h.life, p.key)
	if h.life.Err() != nil {
		return
	}
	h.arrived(p, made, err)
}

// slotsOf are those of a piece's group.
func (h *Hub[K]) slotsOf(key K) chan struct{} {
	var group any
	if h.config.Group != nil {
		group = h.config.Group(key)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.slots[group] == nil {
		h.slots[group] = make(chan struct{}, h.config.AtOnce)
	}
	return h.slots[group]
}

// arrived takes what was made of a piece, or why it was not.
func (h *Hub[K]) arrived(p *piece[K], made Piece, err error) {
	h.mu.Lock()
	again := p.phase == purged
	p.phase, p.made = rests, time.Now()
	if len(p.followers) == 0 {
		h.mu.Unlock()
		return
	}
	switch {
	case errors.Is(err, ErrGone):
		h.index(p, nil)
		p.now, p.have, p.gone = Piece{}, false, true
	case err != nil:
		h.figures.Failed++
		if p.failures++; p.failures == 1 {
			h.config.Log.Warn("a live part of pages cannot be made; browsers keep what they show", "err", err)
		}
		after := min(retryMin<<min(p.failures-1, 10), retryMax)
		if again {
			after = retryPurged
		}
		h.retry(p, after)
		h.mu.Unlock()
		return
	default:
		h.index(p, made.Subjects)
		if p.have && made.Version != "" && made.Version == p.now.Version {
			h.figures.Unchanged++
		}
		p.now, p.have, p.gone = made, true, false
		again = again || !p.holds()
		if made.Version == "" {
			p.asked, again = p.asked || again, false
		}
		if !again && !p.asked && !made.Until.IsZero() {
			h.await(p, made.Until)
		}
	}
	h.figures.Made++
	p.failures = 0
	var wake []*Stream[K]
	stands := !again && p.holds()
	for f := range p.followers {
		f.trusts = f.trusts || stands || f.begun < p.begun
		if f.lacks() {
			wake = append(wake, f.stream)
		}
	}
	if again {
		h.outdate(p, 0)
	}
	h.mu.Unlock()
	h.wake(wake)
}

// wake wakes streams, some at a time.
func (h *Hub[K]) wake(streams []*Stream[K]) {
	together, between := flock, breath
	if len(streams) > crowd {
		together, between = few, rest
	}
	for i, s := range streams {
		if i%together == together-1 && !pause(h.life, between, nil) {
			return
		}
		s.wake()
	}
}

// await has a piece made again at a time; the caller holds mu.
func (h *Hub[K]) await(p *piece[K], until time.Time) {
	var timer *time.Timer
	timer = time.AfterFunc(max(time.Until(until), h.config.Settle), func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if p.timer == timer && len(p.followers) > 0 {
			h.outdate(p, 0)
		}
	})
	p.timer = timer
}

// pause waits, and says whether to go on. What comes from sooner is how long to
// wait from then on.
func pause(ctx context.Context, d time.Duration, sooner <-chan time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return true
		case d := <-sooner:
			timer.Reset(d)
		case <-ctx.Done():
			return false
		}
	}
}
