// Bringing an entry to the store.

package cache

import (
	"context"
	"errors"
	"time"

	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/pages"
)

// write puts an entry into the store, or takes it out where there is none.
// Those who wait for the flight wait for that too, but not long: then the
// flight lands with what it has. Where the store takes up fewer entries than
// are made, some are kept in memory alone.
func (m *maker) write(fl *flight, key pages.Key, e *pages.Entry, fence pages.Fence) error {
	wait := writePatience
	if m.coherence.Store.Breaker(coherence.Writes).Stalled() {
		wait = 0
	}
	patience := time.AfterFunc(wait, fl.land)
	select {
	case m.records.writing <- struct{}{}:
	default:
		select {
		case m.records.writing <- struct{}{}:
		case <-fl.done:
			return errBusy
		}
	}
	err := m.records.put(m.life, key, e, fence)
	<-m.records.writing
	if patience.Stop() {
		fl.kept = err == nil
	} else {
		<-fl.done // the timer's land may still be under way
	}
	return err
}

// errBusy is the outcome where the store has too much to write.
var errBusy = errors.New("the store is slower than what is written to it")

// writePatience is how long a visitor waits for a page to be stored after it
// was made.
const writePatience = 500 * time.Millisecond

// put encodes and writes a record, or deletes the one there is where the entry
// is nil.
func (r *records) put(ctx context.Context, key pages.Key, e *pages.Entry, fence pages.Fence) error {
	if e == nil {
		return r.store.Do(ctx, coherence.Writes, "delete", func(ctx context.Context, s pages.Store) error {
			return s.Delete(ctx, key, fence)
		})
	}
	mine := *e
	mine.Owner = r.config.Owner
	data, err := mine.Encode()
	if err != nil {
		return err
	}
	err = r.store.Do(ctx, coherence.Writes, "put", func(ctx context.Context, s pages.Store) error {
		return s.Put(ctx, pages.Record{Key: key, Data: data, Epoch: e.Epoch}, fence)
	})
	if err == nil {
		r.written.Add(int64(len(data)))
	}
	return err
}
