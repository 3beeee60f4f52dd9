// Histories: faults at any moment, and the laws afterwards.

package host

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/rooms"
	"github.com/gorgon-go/gorgon/rooms/roomstest"
)

// A history is what happens in a world.
type history struct {
	direct  bool
	planted bool
	faults  int // how many
	writer  int
	plant   func(n *node)     // changes an instance that is started
	client  func(c *client)   // changes a client
	member  func(v *watcher)  // changes a member
	room    func(r *tapeRoom) // changes the room
}

// outcome is what came of a history.
type outcome struct {
	acked, logged, resets int
	faults                []string
}

// run lets a history happen, and checks the laws: what was acknowledged is in the
// log exactly once, each by itself; members are told the log, without a gap and
// without anything twice; in the end all have been told all.
func (h history) run(t *testing.T) (out outcome) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.direct = h.direct
		if h.room != nil {
			h.room(&w.room)
		}
		start := func() *node { return w.start("one", h.plant) }
		for range 3 {
			start()
		}
		pace := 40
		if h.direct {
			pace = 400 // three instances that append contend
		}
		ctx, cancel := context.WithCancel(context.Background())
		writing, stop := context.WithCancel(ctx)
		var writers sync.WaitGroup
		var list []*client
		for i := range max(h.writer, 4) {
			c := w.client(fmt.Sprint("client-", i), "a")
			if h.client != nil {
				h.client(c)
			}
			list = append(list, c)
			writers.Go(func() {
				for k := 0; writing.Err() == nil; k++ {
					// A client that has begun to say something does not stop before it knows.
					c.say(ctx, fmt.Sprint(i, "/", k))
					time.Sleep(time.Duration(rand.IntN(pace)) * time.Millisecond)
				}
			})
		}
		var watchers []*watcher
		for range 3 {
			watchers = append(watchers, w.watch(ctx, "a", h.member))
		}
		for range h.faults {
			time.Sleep(time.Duration(rand.IntN(900)) * time.Millisecond)
			w.fault(start)
		}
		w.heal()
		time.Sleep(10 * time.Second)
		stop()
		writers.Wait()
		time.Sleep(time.Minute)
		synctest.Wait()
		logged := w.logged("a")
		count := map[string]int{}
		for _, text := range logged {
			count[text]++
		}
		bad := func(format string, args ...any) {
			if len(out.faults) < 10 {
				out.faults = append(out.faults, fmt.Sprintf(format, args...))
			}
		}
		for text, n := range count {
			if n > 1 {
				bad("%s is in the log %d times", text, n)
			}
		}
		for _, c := range list {
			out.acked += len(c.acked)
			for _, text := range c.acked {
				if count[text] == 0 {
					bad("%s was acknowledged and is not in the log", text)
				}
			}
		}
		for i, v := range watchers {
			v.mu.Lock()
			for _, f := range v.faults {
				bad("watcher %d: %s", i, f)
			}
			if !slices.Equal(v.said, logged) {
				bad("watcher %d was told %d entries that are not the %d of the log", i, len(v.said), len(logged))
			}
			out.resets += v.resets
			v.mu.Unlock()
		}
		out.logged = len(logged)
		if text := w.log.String(); len(out.faults) > 0 && !h.planted {
			t.Logf("%s\n%q", text[max(0, len(text)-4000):], out.faults)
		}
		cancel()
		for _, v := range watchers {
			<-v.done
		}
		w.mu.Lock()
		var nodes []*node
		for _, n := range w.nodes {
			nodes = append(nodes, n)
		}
		w.mu.Unlock()
		for _, n := range nodes {
			n.end()
		}
	})
	return out
}

// fault lets one thing happen.
func (w *world) fault(start func() *node) {
	n := w.any()
	if n == nil {
		start()
		return
	}
	switch rand.IntN(8) {
	case 0, 1:
		n.kill()
		start()
	case 2:
		n.freeze()
		time.AfterFunc(time.Duration(500+rand.IntN(5000))*time.Millisecond, n.thaw)
	case 3:
		other := w.any()
		w.mu.Lock()
		w.cut[[2]string{n.address, other.address}] = true
		w.mu.Unlock()
		time.AfterFunc(time.Duration(500+rand.IntN(4000))*time.Millisecond, func() {
			w.mu.Lock()
			delete(w.cut, [2]string{n.address, other.address})
			w.mu.Unlock()
		})
	case 4: // the store is away for an instance
		n.faulty(func(roomstest.Call) roomstest.Fault { return roomstest.Fault{HangBefore: true} })
		time.AfterFunc(time.Duration(500+rand.IntN(4000))*time.Millisecond, func() { n.faulty(nil) })
	case 5: // answers are lost
		n.faulty(func(roomstest.Call) roomstest.Fault {
			if rand.IntN(3) == 0 {
				return roomstest.Fault{After: roomstest.ErrFault}
			}
			return roomstest.Fault{}
		})
		time.AfterFunc(2*time.Second, func() { n.faulty(nil) })
	case 6: // calls that failed reach the store later
		n.faulty(func(roomstest.Call) roomstest.Fault {
			if rand.IntN(3) == 0 {
				return roomstest.Fault{Before: roomstest.ErrFault, Reaches: time.Duration(rand.IntN(300)) * time.Millisecond}
			}
			return roomstest.Fault{Wait: time.Duration(rand.IntN(60)) * time.Millisecond}
		})
		time.AfterFunc(2*time.Second, func() { n.faulty(nil) })
	case 7: // it stops as a server does, while another one starts
		start()
		n.end()
	}
}

// heal ends all faults that are not over.
func (w *world) heal() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = map[[2]string]bool{}
	for _, n := range w.nodes {
		n.thaw()
		n.faulty(nil)
	}
}

// histories is how many there are of a kind.
func histories(t *testing.T) int {
	if n, err := strconv.Atoi(os.Getenv("ROOM_HISTORIES")); err == nil {
		return n
	}
	return 3
}

func TestHistories(t *testing.T) {
	for _, direct := range []bool{false, true} {
		name := map[bool]string{false: "owners", true: "direct"}[direct]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var all outcome
			for range histories(t) {
				out := history{direct: direct, faults: 40}.run(t)
				for _, f := range out.faults {
					t.Error(f)
				}
				all.acked += out.acked
				all.logged += out.logged
				all.resets += out.resets
				if t.Failed() {
					break
				}
			}
			t.Logf("%d operations acknowledged, %d in the logs, %d states sent to 3 members in %d histories of 40 faults", all.acked, all.logged, all.resets, histories(t))
		})
	}
}

// TestPlantedRooms plants bugs, and the laws find each.
func TestPlantedRooms(t *testing.T) {
	for name, h := range map[string]history{
		"an append that failed is acknowledged": {plant: func(n *node) { n.options.Store = ackFirst{n.options.Store} }},
		"no fence":                              {plant: func(n *node) { n.options.Store = noFence{n.options.Store} }},
		"a client numbers each try again":       {client: func(c *client) { c.again = true }},
		"a member comes back with an old id":    {member: func(v *watcher) { v.old = true }},
		"Apply depends on chance": {room: func(r *tapeRoom) {
			apply := r.Apply
			r.Apply = func(s *tape, do rooms.Act[say]) ([]heard, error) {
				do.Op.Text += fmt.Sprint("?", rand.IntN(1000))
				return apply(s, do)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h.planted, h.faults = true, 40
			for tries := 1; tries <= 40; tries++ {
				if out := h.run(t); len(out.faults) > 0 {
					t.Logf("found in history %d: %s", tries, out.faults[0])
					return
				}
			}
			t.Error("not found in 40 histories")
		})
	}
}

// ackFirst says that what could not be appended is.
type ackFirst struct{ rooms.Log }

func (l ackFirst) Append(ctx context.Context, room string, a rooms.Append) (rooms.Position, error) {
	at, err := l.Log.Append(ctx, room, a)
	if errors.Is(err, roomstest.ErrFault) {
		return a.After.After(a.Entries), nil
	}
	return at, err
}

// noFence appends wherever the room is, whatever instance owns it.
type noFence struct{ rooms.Log }

func (l noFence) Append(ctx context.Context, room string, a rooms.Append) (rooms.Position, error) {
	for {
		at, err := l.Log.Append(ctx, room, a)
		if !errors.Is(err, rooms.ErrMoved) {
			return at, err
		}
		list, err := l.Positions(ctx, []string{room})
		if err != nil {
			return at, err
		}
		a.After, a.Token = list[0], 0
	}
}
