// Two processes' worth of handles on one database.

package roomdb_test

import (
	"encoding/binary"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/database/internal/databasetest"
	"github.com/gorgon-go/gorgon/database/roomdb"
	"github.com/gorgon-go/gorgon/rooms"
)

const (
	writers = 4   // of each handle
	acks    = 150 // that each writer waits for
)

// An entryOf writer: which one wrote it, and how many before.
func entryOf(writer, n int) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(writer)), uint32(n))
}

// Two databases that are opened apart append to the same room at the same time,
// as instances that own it in turns, and as ones that never do. What was
// acknowledged is there, once, at its place.
func TestTogether(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, k databasetest.Kind) {
		for _, owns := range []bool{true, false} {
			name := map[bool]string{true: "owners", false: "without owners"}[owns]
			t.Run(name, func(t *testing.T) { together(t, k, owns) })
		}
	})
}

func together(t *testing.T, k databasetest.Kind, owns bool) {
	url := k.URL(t)
	var logs []rooms.Log
	for range 2 {
		db := open(t, k, url, "")
		logs = append(logs, roomdb.In(db))
		_, err := db.Migrate(t.Context())
		databasetest.Must(t, err)
	}
	var mu sync.Mutex
	acked := map[uint64][]byte{} // by their places
	var work sync.WaitGroup
	for i := range 2 * writers {
		work.Go(func() {
			w := &writer{log: logs[i%2], instance: rooms.Instance{ID: string(rune('a' + i)), Address: "10.0.0.1:80"}}
			if !owns {
				w.instance = rooms.Instance{}
			}
			for n := range acks {
				at, err := w.append(t, entryOf(i, n))
				if err != nil {
					t.Errorf("writer %d: %v", i, err)
					return
				}
				mu.Lock()
				if acked[at.Seq] != nil {
					t.Errorf("two entries were acknowledged at %v", at)
				}
				acked[at.Seq] = entryOf(i, n)
				mu.Unlock()
			}
		})
	}
	work.Wait()
	seen, at := map[string]bool{}, rooms.Position{}
	for {
		tail, err := logs[0].Read(t.Context(), "r", at.Seq, 100)
		databasetest.Must(t, err)
		for _, e := range tail.Entries {
			if at = at.Next(e); seen[string(e)] {
				t.Errorf("entry %x is there twice", e)
			}
			seen[string(e)] = true
			if want := acked[at.Seq]; string(want) != string(e) {
				t.Errorf("at %v is %x, and %x was acknowledged there", at, e, want)
			}
		}
		if len(tail.Entries) == 0 || at.Seq > 2*writers*acks {
			if tail.At != at || len(seen) != 2*writers*acks || len(acked) != len(seen) {
				t.Errorf("%d entries up to %v of a room at %v, and %d were acknowledged", len(seen), at, tail.At, len(acked))
			}
			return
		}
	}
}

// A writer appends to the room, as one instance.
type writer struct {
	log      rooms.Log
	instance rooms.Instance
	token    uint64
	at       rooms.Position
}

// append appends an entry until that is acknowledged. Refused, it takes the room
// if it can, and reads where that is.
func (w *writer) append(t *testing.T, entry []byte) (rooms.Position, error) {
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); {
		at, err := w.log.Append(t.Context(), "r", rooms.Append{Token: w.token, After: w.at, Entries: [][]byte{entry}})
		if err == nil {
			w.at = at
			return at, nil
		}
		if !errors.Is(err, rooms.ErrMoved) {
			return at, err
		}
		if w.instance.ID != "" {
			if err := w.own(t); err != nil {
				return at, err
			}
		}
		list, err := w.log.Positions(t.Context(), []string{"r"})
		if err != nil {
			return at, err
		}
		w.at = list[0]
	}
	return rooms.Position{}, errors.New("it was refused for two minutes")
}

// own claims the room until it is its own. It never renews its lease, which is
// short, so that owners change all the time.
func (w *writer) own(t *testing.T) error {
	for {
		if err := w.log.Beat(t.Context(), w.instance, 20*time.Millisecond); err != nil {
			return err
		}
		seat, err := w.log.Claim(t.Context(), "r", rooms.Claim{Instance: w.instance.ID})
		if err == nil && seat.Mine {
			w.token = seat.Token
			return nil
		}
		if err != nil && !errors.Is(err, rooms.ErrAbsent) {
			return err
		}
	}
}
