// Purges that do not come from callers.

package coherence

import "time"

// A Feed makes purges of its own: those that follow from the commits of a
// database. It purges through the [Instance] that it was made with. Of a copy
// that it may purge ([Copy].Fed) an instance knows all that has happened only if
// the feed does, too.
type Feed interface {
	// Current says whether everything that happened is purged, but for the
	// last two seconds (pages.Trust). It is asked on every hit.
	Current(now time.Time) bool

	// CatchUp purges what happened before it was called, and says whether it
	// could.
	CatchUp() bool

	// Close ends its background work, and waits for it.
	Close()
}

// Follow adds a feed, before the instance is used. The instance closes it.
func (i *Instance) Follow(f Feed) { i.feed = f }

// fed says whether what the feed purges is known here.
func (i *Instance) fed(now time.Time) bool { return i.feed == nil || i.feed.Current(now) }

// Attend says that the instance is in use although nothing is asked of it: the
// feed goes on looking for what others commit.
func (i *Instance) Attend() {
	if i.feed != nil {
		i.feed.Current(i.config.Now())
	}
}
