// Browsers that get pieces themselves, since each visitor has others; and pieces
// that cannot be made.

package live_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/live"
)

// Keys from own on name a row, and the value that a browser has of it.
const own = 1000

func keyOf(row, value int) int { return own*(value+1) + row }

// named is what a hub can know of such a row.
func (w *world) named(key int) live.Piece {
	row, value := key%own, key/own-1
	p := live.Piece{Subjects: []string{"all", subject(row)}, Holds: func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.flaw == noHolds || value >= w.known[row]
	}}
	if w.flaw == noSubject {
		p.Subjects = nil
	}
	return p
}

// alone opens a page whose rows the browser gets itself, of any instance, when it
// is told to.
func (w *world) alone(h *live.Hub[int], ctx context.Context, b *browser, slow time.Duration) {
	w.mu.Lock()
	keys := make([]int, len(b.shows))
	for row := range w.rows {
		b.shows[row] = w.rows[row]
		if w.dice.IntN(2) == 0 {
			b.shows[row] = w.known[row]
		}
		keys[row] = keyOf(row, b.shows[row])
	}
	gap := time.Duration(w.dice.IntN(300)) * time.Millisecond
	w.mu.Unlock()
	for ctx.Err() == nil {
		time.Sleep(gap)
		wants := make([]live.Want[int], len(keys))
		for row, key := range keys {
			if w.flaw != unread {
				w.hear(row)
			}
			wants[row] = live.Want[int]{Key: key}
		}
		s := h.Follow(wants)
		news, err := s.Next(ctx)
		if err == nil {
			w.get(b, news, keys)
		}
		s.Close()
		time.Sleep(slow)
	}
}

// get gets rows, each at least as new as the last purge that is known here.
func (w *world) get(b *browser, news []live.News, keys []int) {
	for _, n := range news {
		row := n.At
		w.mu.Lock()
		token, wait := w.known[row], time.Duration(w.dice.IntN(200))*time.Millisecond
		w.mu.Unlock()
		time.Sleep(wait)
		w.mu.Lock()
		value := w.rows[row]
		if w.dice.IntN(2) == 0 {
			value = token // of an instance that knows no more
		}
		if w.flaw == oldOwn {
			value = max(0, token-1)
		}
		w.mu.Unlock()
		if !n.Ask || value <= b.shows[row] {
			b.fault = errors.Join(b.fault, fmt.Errorf("row %d: %d was got after %d (%+v)", row, value, b.shows[row], n))
		}
		b.shows[row] = value
		if w.flaw != oldName {
			keys[row] = keyOf(row, value)
		}
	}
}

// A purge has a piece that could not be made tried again, at most once a second.
func TestPurgesEndTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tell func(string)
		var made atomic.Int64
		var works atomic.Bool
		h := live.New(t.Context(), live.Config[int]{
			Make: func(context.Context, int) (live.Piece, error) {
				n := made.Add(1)
				if !works.Load() && n > 1 {
					return live.Piece{}, errLoader
				}
				return live.Piece{Version: strconv.FormatInt(n, 10), Subjects: []string{"s"}}, nil
			},
			Listen: func(f func(string)) func() { tell = f; return func() {} },
		})
		defer h.Close()
		s := h.Follow([]live.Want[int]{{Key: 1, Version: "1"}})
		defer s.Close()
		time.Sleep(time.Second)
		tell("s")
		time.Sleep(5 * time.Minute) // by now it is tried once a minute
		before := made.Load()
		for range 100 { // in five seconds
			tell("s")
			time.Sleep(50 * time.Millisecond)
		}
		if tried := made.Load() - before; tried < 4 || tried > 6 {
			t.Errorf("it was tried %d times in five seconds", tried)
		}
		time.Sleep(2 * time.Second)
		works.Store(true)
		tell("s")
		time.Sleep(time.Millisecond)
		if news := s.Take(); len(news) != 1 {
			t.Errorf("%d news after the purge", len(news))
		}
	})
}
