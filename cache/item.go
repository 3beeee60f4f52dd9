// An entry in memory, and what can be said of it at a glance.

package cache

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
)

// An item is an entry in memory. It is replaced, never changed, but for the
// verdict, which is what the purges say of it as of one version of the ledger.
type item struct {
	entry    *pages.Entry
	prepared any
	fresh    int64 // FreshUntil in Unix nanoseconds, the greatest for ever
	seeded   bool  // it is the seed's: it lies in the mapped file, and knows no epoch
	foreign  bool  // its state is another build's: it is stale whatever its times say
	tried    tried // when the refresh began that failed last, here
	verdict  atomic.Uint64
	checked  atomic.Uint64 // up to which sequence its purges are known without the ledger
}

// tried says when a refresh began: by the store's sequence, and by time for
// purges that did not reach the store.
type tried struct {
	epoch uint64
	at    time.Time
}

func (c *Cache) newItem(e *pages.Entry) *item {
	i := &item{entry: e, fresh: 1<<63 - 1}
	if !e.FreshUntil.IsZero() {
		i.fresh = e.FreshUntil.UnixNano()
	}
	i.checked.Store(e.Epoch)
	if c.config.Prepare != nil {
		i.prepared = c.config.Prepare(e)
	}
	return i
}

// weight is what the item takes of the memory tier's bound. The page of a
// seed lies in a file; only what is made around it is in memory.
func (i *item) weight(k id) int {
	const overhead = 1024 // item, prepared headers, the cache's own node
	if i.seeded {
		return overhead + len(k.path)
	}
	return overhead + len(k.path) + i.entry.Size()
}

// missing says whether the item stands for a page that no longer exists.
func (i *item) missing() bool {
	return i.entry.Status == http.StatusNotFound || i.entry.Status == http.StatusGone
}

// err is the answer for an item that is missing.
func (i *item) err() error {
	kind := gorgon.Missing
	if i.entry.Status == http.StatusGone {
		kind = gorgon.Removed
	}
	return &gorgon.Error{Op: "get", Path: i.entry.Key.Path, Kind: kind}
}

// A phase is where in its life an item is.
type phase uint8

const (
	fresh phase = iota
	stale
	expired
)

// phase says where in its life an item is, in view of what was purged.
func (i *item) phase(now time.Time, v verdict) phase {
	e := i.entry
	switch {
	case v == purgedExpire, !e.StaleUntil.IsZero() && !now.Before(e.StaleUntil), e.Failures > 0 && !i.lasts(now):
		return expired
	case v == purgedStale, i.foreign, now.UnixNano() >= i.fresh:
		return stale
	}
	return fresh
}

// backingOff says whether a refresh failed and it is too early for the next.
func (i *item) backingOff(now time.Time) bool {
	return i.entry.Failures > 0 && now.Before(i.entry.RetryAt)
}

// lasts says whether the item may be served although making it again failed.
func (i *item) lasts(now time.Time) bool {
	return i.entry.ErrorUntil.IsZero() || now.Before(i.entry.ErrorUntil)
}
