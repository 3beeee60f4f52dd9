// A purge is known by its number and its time, so that a store that went back is
// noticed.

package disk

import (
	"cmp"
	"slices"

	"github.com/gorgon-go/gorgon/pages"
)

// A moment is the number of a purge and its time in nanoseconds. After a backup
// was restored, the same number may belong to another purge, which was made
// later.
type moment struct {
	sequence uint64
	made     int64
}

func momentOf(c pages.Change) moment { return moment{c.Sequence, c.At.UnixNano()} }

// latest returns the last purge that has subjects, as far as it is listed.
func (l *purgeLog) latest() moment {
	if len(l.Latest) == 0 {
		return moment{}
	}
	return momentOf(l.Latest[len(l.Latest)-1])
}

// has says whether a known purge is in the log, or was forgotten there: because
// it is old, or because everything was purged since.
func (l *purgeLog) has(known moment) bool {
	if known.sequence <= l.Dropped {
		return true
	}
	i, ok := slices.BinarySearchFunc(l.Latest, known.sequence, func(c pages.Change, n uint64) int {
		return cmp.Compare(c.Sequence, n)
	})
	return ok && momentOf(l.Latest[i]) == known
}

// published returns what the epochs file says of the log: its last purge, and the
// time of the last one that has subjects.
func (l *purgeLog) published() moment { return moment{l.Sequence, l.latest().made} }
