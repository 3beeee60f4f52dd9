// Frequent events give few lines, and every event is counted.

package tally_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/tally"
)

// written collects what is written, as "subject count examples".
type written struct {
	mu    sync.Mutex
	lines []string
}

func (w *written) note(t *tally.Tally, subject, example string) {
	line := func(count int, examples []string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.lines = append(w.lines, fmt.Sprint(subject, " ", count, " ", examples))
	}
	if t.Note(subject, example, line) {
		line(1, []string{example})
	}
}

func (w *written) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.lines)
}

func TestOneLineAtOnceAndOneForEachWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all tally.Tally
		var w written
		for n := range 1000 {
			w.note(&all, "a", fmt.Sprint("/", n))
		}
		w.note(&all, "b", "/x")
		want := []string{"a 1 [/0]", "b 1 [/x]"}
		if !slices.Equal(w.all(), want) {
			t.Errorf("at once: %q, want %q", w.all(), want)
		}
		time.Sleep(tally.Window + time.Second)
		synctest.Wait()
		if want = append(want, "a 999 [/1 /2 /3]"); !slices.Equal(w.all(), want) {
			t.Errorf("after a window: %q, want %q", w.all(), want)
		}
		w.note(&all, "a", "/again") // in the window that the last line began
		w.note(&all, "b", "/y")     // whose window has ended
		if want = append(want, "b 1 [/y]"); !slices.Equal(w.all(), want) {
			t.Errorf("in the second window: %q, want %q", w.all(), want)
		}
		time.Sleep(3 * tally.Window)
		synctest.Wait()
		if want = append(want, "a 1 [/again]"); !slices.Equal(w.all(), want) {
			t.Errorf("in the end: %q, want %q", w.all(), want)
		}
	})
}

func TestBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := tally.Tally{Burst: 3}
		var w written
		for n := range 5 {
			w.note(&all, "a", fmt.Sprint("/", n))
		}
		want := []string{"a 1 [/0]", "a 1 [/1]", "a 1 [/2]"}
		if !slices.Equal(w.all(), want) {
			t.Errorf("at once: %q, want %q", w.all(), want)
		}
		time.Sleep(tally.Window + time.Second)
		synctest.Wait()
		if want = append(want, "a 2 [/3 /4]"); !slices.Equal(w.all(), want) {
			t.Errorf("after a window: %q, want %q", w.all(), want)
		}
		time.Sleep(3 * tally.Window)
	})
}

func TestCloseWritesWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all tally.Tally
		var w written
		w.note(&all, "a", "/1")
		w.note(&all, "a", "/2")
		all.Close()
		time.Sleep(3 * tally.Window)
		w.note(&all, "a", "/3")
		if want := []string{"a 1 [/1]", "a 1 [/2]", "a 1 [/3]"}; !slices.Equal(w.all(), want) {
			t.Errorf("%q, want %q", w.all(), want)
		}
	})
}
