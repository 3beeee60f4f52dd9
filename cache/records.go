// The entries in the store: read, decoded and dated; encoded, written and swept.

package cache

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/pages"
)

// records are the entries in the store.
type records struct {
	store   *coherence.Store
	config  *Config
	corrupt coherence.Window // of the log
	ahead   atomic.Bool      // it was logged that entries are
	writing chan struct{}    // a slot for each record that is on its way to the store
	written atomic.Int64     // bytes put since the last sweep
}

// maxWriting is how many records are on their way to the store at once; one
// that finds no slot in time stays in memory alone.
const maxWriting = 128

func newRecords(store *coherence.Store, config *Config) *records {
	if store == nil {
		return nil
	}
	return &records{store: store, config: config, writing: make(chan struct{}, maxWriting)}
}

// get reads and decodes a record. Whatever is wrong with it, it is a miss;
// the error says why.
func (r *records) get(ctx context.Context, key pages.Key) (*pages.Entry, error) {
	var entry *pages.Entry
	err := r.store.Do(ctx, coherence.Reads, "get", func(ctx context.Context, s pages.Store) error {
		record, err := s.Get(ctx, key)
		if err != nil {
			return err
		}
		if entry, err = pages.Decode(record.Data); err == nil && entry.Key != key {
			err = pages.ErrCorrupt
		}
		if err == nil && entry.Owner != "" && r.config.Owner != "" && entry.Owner != r.config.Owner {
			err = pages.ErrNotFound
		}
		return err
	})
	if errors.Is(err, pages.ErrCorrupt) && r.corrupt.Fault(r.config.Now()) {
		r.config.Log.Warn("a record in the store is corrupt; the page is regenerated", "page", key.String(), "err", err)
	}
	if err != nil {
		return nil, err
	}
	return r.dated(entry), nil
}

// maxAhead is how far the clocks of two machines may be apart without a word.
const maxAhead = time.Second

// dated makes an entry whose maker's clock is ahead of this one count as made
// now, and says so once.
func (r *records) dated(e *pages.Entry) *pages.Entry {
	now := r.config.Now()
	ahead := e.MadeAt.Sub(now)
	if ahead <= maxAhead {
		return e
	}
	if !r.ahead.Swap(true) {
		r.config.Log.Warn("entries in the store were made at a time that is ahead of this machine's clock; they count as made now", "page", e.Key.String(), "ahead", ahead.Round(time.Second))
	}
	mine := *e
	for _, t := range []*time.Time{&mine.MadeAt, &mine.FreshUntil, &mine.StaleUntil, &mine.ErrorUntil, &mine.RetryAt,
		&mine.Limits.ReadAt, &mine.Limits.FreshUntil, &mine.Limits.StaleUntil, &mine.Limits.ErrorUntil} {
		if !t.IsZero() {
			*t = t.Add(-ahead)
		}
	}
	return &mine
}

// sweep keeps the store under its bounds.
func (r *records) sweep(life context.Context, config *Config) {
	sweeper, ok := config.Store.(pages.Sweeper)
	if !ok {
		return
	}
	bounds := config.StoreBounds
	var last time.Time
	for pause(life, 10*time.Second) {
		// A sweep looks at the whole store, so it waits until enough was
		// written to matter, here or, as far as can be told, elsewhere and in
		// earlier lives.
		n, since := r.written.Load(), config.Now().Sub(last)
		if n == 0 || n < bounds.Bytes/16 && since < time.Hour && (bounds.PerRoute == 0 || since < time.Minute) {
			continue
		}
		r.written.Store(0)
		last = config.Now()
		if _, err := sweeper.Sweep(life, bounds); err != nil && !errors.Is(err, pages.ErrHeld) && life.Err() == nil {
			config.Log.Warn("the store could not be swept", "err", err)
		}
	}
}
