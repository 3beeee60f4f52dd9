// The owner of a room, and an instance that appends without owning.

package host

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/gorgon-go/gorgon/rooms"
)

// own decides what members ask for, until the room is lost. The token is 0 for an
// instance that appends without owning.
func (r *room) own(ctx context.Context, token uint64) error {
	r.token.Store(token)
	r.direct.Store(token == 0)
	defer func() {
		r.token.Store(0)
		r.direct.Store(false)
	}()
	if err := r.catchUp(ctx); err != nil {
		return err
	}
	r.retry = 0
	idle := time.NewTicker(idleAfter / 4)
	defer idle.Stop()
	for {
		var err error
		switch {
		case len(r.pending) > 0:
			batch := r.pending[:min(len(r.pending), maxBatch)]
			r.pending = r.pending[len(batch):]
			err = r.commit(ctx, token, batch)
		default:
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-r.poked:
				if token != 0 {
					return nil // is it still the owner?
				}
				if err = r.catchUp(ctx); err == nil {
					var seat rooms.Seat
					if seat, err = r.claim(ctx, 0); err == nil && seat.Owner.ID != "" {
						return nil
					}
				}
			case f := <-r.calls:
				if f(); r.copy == nil {
					return nil
				}
			case a := <-r.asks:
				err = r.commit(ctx, token, r.gather(a))
			case <-r.presence.changed:
				r.announce()
			case <-idle.C:
				if r.closes(idleAfter) {
					return errIdle
				}
			}
		}
		if err != nil {
			return err
		}
	}
}

// gather takes what else waits.
func (r *room) gather(first *ask) []*ask {
	batch := []*ask{first}
	for len(batch) < maxBatch {
		select {
		case a := <-r.asks:
			batch = append(batch, a)
		default:
			return batch
		}
	}
	return batch
}

// commit decides a batch, appends what is accepted, and then answers and tells.
// After an error the batch is pending, and the copy is to be read again.
func (r *room) commit(ctx context.Context, token uint64, batch []*ask) error {
	before := r.copy.at
	results := make([]Result, 0, len(batch))
	var entries [][]byte
	var broken error
	decided := batch[:0:0]
	for i, a := range batch {
		if a.ctx.Err() != nil {
			continue // it was told that nothing is known
		}
		rec, accepted, err := r.copy.decide(a.Act, time.Now(), rand.Uint64())
		result := Result{At: r.copy.at}
		switch {
		case errors.Is(err, rooms.ErrPanic):
			// The state may be half changed. What was decided before is in order.
			broken = err
			result.Refusal = refusalOf(err)
			r.pending = append(append([]*ask(nil), batch[i+1:]...), r.pending...)
		case err != nil:
			result.Refusal = r.refuse(err)
		case accepted:
			entries = append(entries, rec.entry)
		}
		decided, results = append(decided, a), append(results, result)
		if broken != nil {
			break
		}
	}
	if len(entries) > 0 {
		call, cancel := context.WithTimeout(ctx, storeCall)
		_, err := r.h.options.Store.Append(call, r.name, rooms.Append{Token: token, Build: r.h.build, After: before, Entries: entries})
		cancel()
		if err != nil {
			r.drop()
			r.pending = append(decided, r.pending...)
			return err
		}
		r.h.counts.accepted.Add(uint64(len(entries)))
		r.tell()
	}
	for i, a := range decided {
		a.answer(results[i], nil)
	}
	if broken != nil {
		r.log.Error("Apply of a room panicked: the operation is refused", "error", broken)
		r.drop()
		return r.catchUp(ctx)
	}
	r.save(saveEvery)
	return nil
}

// refuse is what a member hears of an error of Apply.
func (r *room) refuse(err error) *Refusal {
	r.h.counts.refused.Add(1)
	refusal := refusalOf(err)
	if refusal.Status >= 500 {
		r.log.Error("Apply of a room failed: the operation is refused", "error", err)
	}
	return refusal
}
