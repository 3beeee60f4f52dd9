// What this process has seen of the store, so that it notices when the file
// goes back.

package sqlite

import (
	"sync"

	"github.com/gorgon-go/gorgon/pages"
)

// A moment is the number of a purge and its time in nanoseconds. After a backup
// was restored, the same number may belong to another purge, which was made
// later.
type moment struct {
	sequence uint64
	made     int64 // 0: not known
}

// seen is the latest purge that was read or made here.
type seen struct {
	mu   sync.Mutex
	last moment
}

func (n *seen) get() moment {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.last
}

// learn records a purge, if it is later than the latest known one.
func (n *seen) learn(m moment) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if m.sequence > n.last.sequence {
		n.last = m
	}
}

// follows says whether the state, which was read for this known purge, has that
// purge or was purged as a whole since.
func (st state) follows(c *conn, known moment) (bool, error) {
	switch {
	case st.last.sequence < known.sequence:
		return false, nil
	case known.made == 0, st.made == known.made:
		return true, nil
	case st.made == 0 && known.sequence <= st.dropped:
		return true, nil // the file does not list it any more
	}
	all, _, err := st.mark(c, pages.All)
	return all.Expired > known.sequence, err
}
