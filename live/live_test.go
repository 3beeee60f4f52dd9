// Histories of a hub, in virtual time, and the bugs that they find.

package live_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/live"
)

// A flaw is a bug that a history finds.
type flaw string

const (
	none      flaw = ""
	noToken   flaw = "a piece is made older than a purge that was known"
	sinceNow  flaw = "a stream begins with what is present, and not with what the page shows"
	noHolds   flaw = "a purge during the making is not noticed"
	unread    flaw = "a stream begins before the purges of the page's instance are known"
	noSubject flaw = "a purge does not find the piece"
	restless  flaw = "a version moves, and the content does not"
	unfailing flaw = "a making that fails counts as one that succeeded"
	oldName   flaw = "who has got a piece alone goes on with the version from before"
	oldOwn    flaw = "who gets a piece alone is not asked to get one as new as the purge"
)

// A world is a database, other instances that show it, and one instance with a hub.
type world struct {
	flaw flaw
	dice *rand.Rand

	mu     sync.Mutex
	rows   []int // what is committed
	known  []int // what was purged here
	tell   func(string)
	making int
	most   int // that were made at once
	makes  int
	fails  bool
}

func subject(row int) string { return "row:" + strconv.Itoa(row) }

// commit changes a row. Its purge becomes known here a little later.
func (w *world) commit(row int) {
	w.mu.Lock()
	w.rows[row]++
	late := time.Duration(w.dice.IntN(200)) * time.Millisecond
	w.mu.Unlock()
	go func() {
		time.Sleep(late)
		w.hear(row)
	}()
}

// hear makes all purges of a row known here.
func (w *world) hear(row int) {
	w.mu.Lock()
	moved := w.known[row] < w.rows[row]
	w.known[row] = w.rows[row]
	w.mu.Unlock()
	if moved {
		w.tell(subject(row))
	}
}

var errLoader = errors.New("the database is away")

func (w *world) make(ctx context.Context, row int) (live.Piece, error) {
	if row >= own {
		return w.named(row), nil
	}
	w.mu.Lock()
	w.makes++
	w.making++
	w.most = max(w.most, w.making)
	value, took := w.known[row], time.Duration(w.dice.IntN(150))*time.Millisecond
	if w.dice.IntN(2) == 0 {
		value = w.rows[row]
	}
	if w.flaw == noToken {
		value = max(0, w.known[row]-1)
	}
	fails := w.fails
	w.mu.Unlock()
	time.Sleep(took)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.making--
	if fails && w.flaw != unfailing {
		return live.Piece{}, errLoader
	}
	p := live.Piece{
		Version: strconv.Itoa(value), Data: []byte(strconv.Itoa(value)), Subjects: []string{"all", subject(row)},
		Holds: func() bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.flaw == noHolds || w.flaw == noToken || value >= w.known[row]
		},
	}
	switch {
	case fails:
		p = live.Piece{Version: "x", Data: []byte("-1")}
	case w.flaw == noSubject:
		p.Subjects = p.Subjects[:1]
	case w.flaw == restless:
		p.Version += "." + strconv.Itoa(w.makes)
	}
	return p, nil
}

// open is a world whose hub listens.
func open(dice *rand.Rand, rows int, bug flaw, config live.Config[int]) (*world, *live.Hub[int]) {
	w := &world{flaw: bug, dice: dice, rows: make([]int, rows), known: make([]int, rows)}
	config.Make, config.Log = w.make, slog.New(slog.DiscardHandler)
	config.Listen = func(f func(string)) func() { w.tell = f; return func() {} }
	return w, live.New(context.Background(), config)
}

// A browser shows some rows.
type browser struct {
	shows []int // values, by row
	fault error
}

// page opens a page, which any instance answered, and its stream after a while.
func (w *world) page(h *live.Hub[int], ctx context.Context, b *browser, slow time.Duration) {
	w.mu.Lock()
	for row := range w.rows {
		b.shows[row] = w.rows[row] // of the instance that committed, or of one that has heard
		if w.dice.IntN(2) == 0 {
			b.shows[row] = w.known[row]
		}
	}
	gap := time.Duration(w.dice.IntN(300)) * time.Millisecond
	w.mu.Unlock()
	time.Sleep(gap)
	wants := make([]live.Want[int], len(b.shows))
	for row, shown := range b.shows {
		if w.flaw != unread {
			w.hear(row)
		}
		wants[row] = live.Want[int]{Key: row, Version: strconv.Itoa(shown)}
		if w.flaw == sinceNow {
			w.mu.Lock()
			wants[row].Version = strconv.Itoa(w.rows[row])
			w.mu.Unlock()
		}
	}
	s := h.Follow(wants)
	defer s.Close()
	for {
		news, err := s.Next(ctx)
		if err != nil {
			return
		}
		for _, n := range news {
			value, err := strconv.Atoi(string(n.Data))
			if err != nil || value <= b.shows[n.At] {
				b.fault = errors.Join(b.fault, fmt.Errorf("row %d: %q comes after %d: %v", n.At, n.Data, b.shows[n.At], err))
			}
			b.shows[n.At] = value
		}
		time.Sleep(slow)
	}
}

// history runs one history, and returns what is wrong in it.
func history(t *testing.T, seed uint64, bug flaw) (figures live.Figures, fault error) {
	synctest.Test(t, func(t *testing.T) {
		dice := rand.New(rand.NewPCG(seed, 0))
		const rows = 5
		w, h := open(rand.New(rand.NewPCG(seed, 1)), rows, bug, live.Config[int]{AtOnce: 2})
		defer h.Close()
		ctx, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		var browsers []*browser
		for n := range 12 {
			b := &browser{shows: make([]int, rows)}
			browsers = append(browsers, b)
			begin, slow := time.Duration(dice.IntN(4000))*time.Millisecond, time.Duration(n%4)*200*time.Millisecond
			all.Go(func() {
				time.Sleep(begin)
				if n%3 == 2 {
					w.alone(h, ctx, b, slow)
				} else {
					w.page(h, ctx, b, slow)
				}
			})
		}
		for range 60 {
			time.Sleep(time.Duration(dice.IntN(150)) * time.Millisecond)
			w.commit(dice.IntN(rows - 1)) // nothing is ever known of the last one
			fails := dice.IntN(20) == 0
			w.mu.Lock()
			w.fails = fails
			w.mu.Unlock()
		}
		w.mu.Lock()
		w.fails = false
		w.mu.Unlock()
		time.Sleep(3 * time.Minute)
		figures = h.Figures()
		stop()
		all.Wait()
		for _, b := range browsers {
			for row, value := range b.shows {
				if value != w.rows[row] {
					b.fault = errors.Join(b.fault, fmt.Errorf("row %d: a browser shows %d for good, and it is %d", row, value, w.rows[row]))
				}
			}
			fault = errors.Join(fault, b.fault)
		}
		if w.most > 2 {
			fault = errors.Join(fault, fmt.Errorf("%d pieces were made at once", w.most))
		}
		if figures.Followers != len(browsers)*rows || figures.Pieces != 2*rows {
			fault = errors.Join(fault, fmt.Errorf("%+v", figures))
		}
		if left := h.Figures(); left.Followers+left.Pieces > 0 {
			fault = errors.Join(fault, fmt.Errorf("what is not followed is held: %+v", left))
		}
	})
	return figures, fault
}

func TestHistories(t *testing.T) {
	var made, sent uint64
	for seed := range uint64(100) {
		figures, fault := history(t, seed, none)
		if fault != nil {
			t.Fatalf("history %d: %v", seed, fault)
		}
		made, sent = made+figures.Made, sent+figures.Sent
	}
	t.Logf("100 histories: %d pieces made, %d sent", made, sent)
}

func TestPlantedLive(t *testing.T) {
	for _, bug := range []flaw{noToken, sinceNow, noHolds, unread, noSubject, restless, unfailing, oldName, oldOwn} {
		found := false
		for seed := uint64(0); seed < 100 && !found; seed++ {
			if _, fault := history(t, seed, bug); fault != nil {
				t.Logf("found in history %d: %s", seed, bug)
				found = true
			}
		}
		if !found {
			t.Errorf("not found: %s", bug)
		}
	}
}

// One change of a piece is made once, however many follow it; one purge of very
// many pieces is spread.
func TestCrowds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, h := open(rand.New(rand.NewPCG(1, 1)), 1000, none, live.Config[int]{})
		defer h.Close()
		var streams []*live.Stream[int]
		for n := range 3000 {
			streams = append(streams, h.Follow([]live.Want[int]{{Key: n % 1000, Version: "0"}, {Key: 0, Version: "0"}}))
		}
		time.Sleep(time.Hour)
		before := h.Figures()
		if before.Made != 1000 || before.Sent != 0 {
			t.Errorf("%+v", before)
		}
		w.commit(0)
		time.Sleep(5 * time.Second)
		news := 0
		for _, s := range streams {
			news += len(s.Take())
		}
		if after := h.Figures(); after.Made != 1001 || news != 3003 {
			t.Errorf("%d news, %+v", news, after)
		}
		began := time.Now()
		w.tell("all")
		time.Sleep(time.Millisecond)
		w.mu.Lock()
		if w.making > 4 {
			t.Errorf("%d are made at once", w.making)
		}
		w.mu.Unlock()
		for h.Figures().Made < 2001 {
			time.Sleep(10 * time.Millisecond)
		}
		if took := time.Since(began); took < 1900*time.Millisecond {
			t.Errorf("all were made within %v", took)
		}
		if after := h.Figures(); after.Unchanged != 1000 || after.Sent != 3003 {
			t.Errorf("%+v", after)
		}
	})
}

// What has no version is asked for once; what is gone is told once; what has an
// end is made again by itself, as long as it is followed.
func TestWithoutVersions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tell func(string)
		var mu sync.Mutex
		var piece live.Piece
		var err error
		made := 0
		becomes := func(p live.Piece, e error) {
			mu.Lock()
			defer mu.Unlock()
			piece, err = p, e
		}
		h := live.New(t.Context(), live.Config[string]{
			Make: func(context.Context, string) (live.Piece, error) {
				mu.Lock()
				defer mu.Unlock()
				made++
				return piece, err
			},
			Listen: func(f func(string)) func() { tell = f; return func() {} },
		})
		defer h.Close()
		take := func(s *live.Stream[string]) string {
			time.Sleep(time.Second)
			var short []string
			for _, n := range s.Take() {
				short = append(short, fmt.Sprint(n.At, n.Data, n.Gone, n.Ask))
			}
			return fmt.Sprint(short)
		}
		want := func(what, got, want string) {
			t.Helper()
			if got != want {
				t.Errorf("%s: %s, want %s", what, got, want)
			}
		}
		becomes(live.Piece{Subjects: []string{"s"}}, nil)
		s := h.Follow([]live.Want[string]{{Key: "asked"}})
		want("nothing changed", take(s), "[]")
		tell("other")
		want("another changed", take(s), "[]")
		tell("s")
		tell("s")
		want("it changed", take(s), "[0 [] false true]")
		tell("s")
		want("it was told", take(s), "[]")
		late := h.Follow([]live.Want[string]{{Key: "asked"}})
		want("it changed before", take(late), "[0 [] false true]")
		s.Close()
		late.Close()

		becomes(live.Piece{Subjects: []string{"s"}, Holds: func() bool { return false }}, nil)
		s = h.Follow([]live.Want[string]{{Key: "asked"}})
		want("it changed after the page", take(s), "[0 [] false true]")
		s.Close()

		becomes(live.Piece{Subjects: []string{"s"}, Until: time.Now().Add(10 * time.Second)}, nil)
		s = h.Follow([]live.Want[string]{{Key: "asked"}})
		want("its time is not over", take(s), "[]")
		time.Sleep(10 * time.Second)
		want("its time is over", take(s), "[0 [] false true]")
		s.Close()

		becomes(live.Piece{Subjects: []string{"s"}, Holds: func() bool { return true }}, nil)
		s = h.Follow([]live.Want[string]{{Key: "asked"}})
		take(s)
		tell("s")
		want("an older change is told again", take(s), "[]")
		s.Close()

		before := made
		becomes(live.Piece{Version: "1", Data: []byte("A"), Until: time.Now().Add(10 * time.Second)}, nil)
		s = h.Follow([]live.Want[string]{{Key: "timed", Version: "1"}})
		want("it is the same", take(s), "[]")
		becomes(live.Piece{Version: "2", Data: []byte("B"), Until: time.Now().Add(15 * time.Second)}, nil)
		time.Sleep(10 * time.Second)
		want("its time is over", take(s), "[0 [66] false false]")
		becomes(live.Piece{}, live.ErrGone)
		time.Sleep(10 * time.Second)
		want("it is gone", take(s), "[0 [] true false]")
		want("it was told", take(s), "[]")
		s.Close()
		time.Sleep(time.Hour)
		synctest.Wait()
		if made -= before; made != 3 {
			t.Errorf("it was made %d times", made)
		}
	})
}

// Pieces that hang hold up no others but those of their group.
func TestGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.New(t.Context(), live.Config[int]{
			Make: func(ctx context.Context, n int) (live.Piece, error) {
				if n%2 == 0 {
					<-ctx.Done()
				}
				return live.Piece{Version: "1"}, ctx.Err()
			},
			Listen: func(func(string)) func() { return func() {} },
			Group:  func(n int) any { return n % 2 },
		})
		defer h.Close()
		var wants []live.Want[int]
		for n := range 40 {
			wants = append(wants, live.Want[int]{Key: n})
		}
		s := h.Follow(wants)
		defer s.Close()
		time.Sleep(time.Second)
		if news := s.Take(); len(news) != 20 {
			t.Errorf("%d of 20 came", len(news))
		}
	})
}

// A hub that is closed ends its streams, whatever is under way.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.New(t.Context(), live.Config[int]{
			Make:   func(ctx context.Context, _ int) (live.Piece, error) { <-ctx.Done(); return live.Piece{}, ctx.Err() },
			Listen: func(func(string)) func() { return func() {} },
		})
		s := h.Follow([]live.Want[int]{{Key: 1}, {Key: 2}, {Key: 3}})
		ended := make(chan error)
		go func() {
			for {
				if _, err := s.Next(context.Background()); err != nil {
					ended <- err
					return
				}
			}
		}()
		synctest.Wait()
		h.Close()
		if err := <-ended; !errors.Is(err, live.ErrClosed) {
			t.Error(err)
		}
		s.Close()
		h.Follow([]live.Want[int]{{Key: 4}}).Close()
	})
}
