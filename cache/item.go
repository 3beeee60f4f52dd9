// An entry in memory, and what can be said of it at a glance.

package cache

import (
	"net/http"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/pages"
)

// An item is an entry in memory. It is replaced, never changed, but for what
// the copy remembers of its verdict.
type item struct {
	entry    *pages.Entry
	prepared any
	copy     coherence.Copy    // the entry, for purges. It is Dated if it is the seed's: then it lies in the mapped file
	fresh    int64             // FreshUntil in Unix nanoseconds, the greatest value if it never ends
	value    int               // bytes of the decoded value of a cache, about
	foreign  bool              // its state is another build's: it is stale whatever its times say
	tried    coherence.Attempt // when the refresh began that failed last, here
}

func newItem(e *pages.Entry, prepare func(*pages.Entry) any) *item {
	i := &item{entry: e, copy: coherence.Copy{Of: e, Epoch: e.Epoch, MadeAt: dataflow.Earlier(e.MadeAt, e.Limits.ReadAt), Fed: dataflow.IsData(e.Tags)}, fresh: 1<<63 - 1}
	if !e.FreshUntil.IsZero() {
		i.fresh = e.FreshUntil.UnixNano()
	}
	if prepare != nil && e.Value == nil {
		i.prepared = prepare(e)
	}
	return i
}

// weight is what the item takes of the memory tier's bound. The page of a
// seed lies in a file; only what is made around it is in memory.
func (i *item) weight(k id) int {
	const overhead = 1024 // item, prepared headers, the cache's own node
	if i.copy.Dated {
		held := 0
		if p := i.entry.Packed; p != nil {
			held = p.Held() // what was decoded of it is in memory
		}
		return overhead + len(k.path) + held
	}
	return overhead + len(k.path) + i.entry.Size() + i.value
}

// before says whether a stored entry tells more than the item: it was made at a
// later epoch, or at the same and later, or it is the same one with later
// times.
func (i *item) before(e *pages.Entry) bool {
	mine := i.entry
	switch {
	case !i.copy.Dated && e.Epoch != mine.Epoch:
		return e.Epoch > mine.Epoch
	case !e.MadeAt.Equal(mine.MadeAt):
		return e.MadeAt.After(mine.MadeAt)
	}
	return e.FreshUntil.After(mine.FreshUntil) || e.RetryAt.After(mine.RetryAt)
}

// missing says whether the item stands for a page that no longer exists.
func (i *item) missing() bool {
	return i.entry.Status == http.StatusNotFound || i.entry.Status == http.StatusGone
}

// err is the answer for an item that is missing.
func (i *item) err() error {
	kind := gorgon.KindNotFound
	if i.entry.Status == http.StatusGone {
		kind = gorgon.KindGone
	}
	return &gorgon.Error{Op: "get", Path: i.entry.Key.Path, Kind: kind}
}

// outlived says that a value which the item was made of is stale by now.
func (i *item) outlived(now time.Time) bool {
	until := i.entry.Limits.FreshUntil
	return !until.IsZero() && !now.Before(until)
}

// unsure says that commits since the build are not known, on which the item
// depends.
func (i *item) unsure() bool { return i.copy.Dated && i.copy.Fed }

// phase says where in its life an item is, by its times alone.
func (i *item) phase(now time.Time) phase {
	e := i.entry
	switch {
	case !e.StaleUntil.IsZero() && !now.Before(e.StaleUntil), e.Failures > 0 && !i.lasts(now):
		return over
	case i.foreign, now.UnixNano() >= i.fresh:
		return stale
	}
	return fresh
}

// purged says where in its life an item is, in view of what was purged.
func (i *item) purged(now time.Time, v coherence.Verdict) phase {
	return max(i.phase(now), [...]phase{coherence.Good: fresh, coherence.Stale: stale, coherence.Expired: over}[v])
}

// resting says whether a refresh failed and it is too early for the next,
// unless a purge since then asks for one.
func (i *item) resting(now time.Time, in *coherence.Instance) bool {
	return i.entry.Failures > 0 && now.Before(i.entry.RetryAt) && !in.PurgedSince(&i.copy, i.tried)
}

// lasts says whether the item may be served although making it again failed.
func (i *item) lasts(now time.Time) bool {
	return i.entry.ErrorUntil.IsZero() || now.Before(i.entry.ErrorUntil)
}
