//go:build unix

// Rolling restarts beneath the members of a room: instances end and start one after
// the other, and members come back spread, and miss nothing.

package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/pgdb/pgdbtest"
)

// TestRoomRestart restarts three instances one after the other, beneath members of
// which half have a WebSocket and half a stream, and six writers:
//
//	ROOM_RESTART=1000 go test ./e2e -run RoomRestart -v
//
// is the figure; without the variable there are 60 members.
func TestRoomRestart(t *testing.T) {
	n := number(t, "ROOM_RESTART", 60)
	for name, url := range map[string]func(t *testing.T) string{
		"SQLite":     func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "rooms.db") },
		"PostgreSQL": func(t *testing.T) string { return pgdbtest.Open(t, database.Options{}).Options().URL },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newLodge(t, url(t), "", "")
			v := h.rolls(n, 3, false)
			if v.acked == 0 {
				t.Error("nothing was acknowledged")
			}
			for _, fault := range v.faults[:min(5, len(v.faults))] {
				t.Error(fault)
			}
			t.Logf("%d operations acknowledged, %d in the log, %d lost, %d twice, sent again %d times; %d states sent to %d members; the longest time without an acknowledgement: %s; load %s",
				v.acked, v.logged, v.lost, v.twice, v.tries, v.resets, n, spread(v.handed), machineLoad())
		})
	}
	t.Run("planted: members that forget how far they are", func(t *testing.T) {
		t.Parallel()
		h := newLodge(t, "sqlite:"+filepath.Join(t.TempDir(), "rooms.db"), "", "")
		if v := h.rolls(30, 1, true); len(v.faults) == 0 {
			t.Error("the judge does not find it")
		} else {
			t.Logf("found: %s", v.faults[0])
		}
	})
}

// rolls restarts instances beneath members, and judges what they heard.
func (h *lodge) rolls(n, restarts int, forgets bool) *roomVerdict {
	h.Helper()
	h.pace = time.Duration(n) * time.Millisecond // each operation goes to all members
	h.writes(6)
	var list []*sitter
	for i := range n {
		s := &sitter{listener: &listener{said: map[uint32]string{}}, socket: i%2 == 0, forgets: forgets}
		list = append(list, s)
		h.heard = append(h.heard, s.listener)
		h.listening.Go(func() { h.sit(s) })
	}
	ready := func() {
		h.Helper()
		for end := time.Now().Add(2*patience + time.Duration(n)*100*time.Millisecond); ; time.Sleep(10 * time.Millisecond) {
			away := 0
			for _, s := range list {
				if !s.there.Load() {
					away++
				}
			}
			if away == 0 {
				return
			}
			if time.Now().After(end) {
				h.Fatalf("%d of %d members are not there", away, n)
			}
		}
	}
	ready()
	for i := range restarts {
		began := time.Now()
		h.mu.Lock()
		p := h.processes[0]
		h.processes = h.processes[1:]
		h.stopped = append(h.stopped, began)
		h.mu.Unlock()
		h.must(p.cmd.Process.Signal(syscall.SIGTERM))
		<-p.done
		took := time.Since(began)
		if code := p.cmd.ProcessState.ExitCode(); code != 0 {
			h.Errorf("an instance ended with %d", code)
		}
		h.start(p.addr)
		again := time.Since(began)
		ready()
		back := cameBack(list, began)
		if len(back) == 0 {
			h.Errorf("instance %d had no members", i+1)
			continue
		}
		most := 0 // in half a second
		for k, at := range back {
			last, _ := slices.BinarySearchFunc(back, at.Add(500*time.Millisecond), time.Time.Compare)
			most = max(most, last-k)
		}
		h.Logf("instance %d ended after %v and was there again after %v; %d of %d members came back, within %v; at most %d %% in half a second",
			i+1, took.Round(time.Millisecond), again.Round(time.Millisecond), len(back), n, back[len(back)-1].Sub(began).Round(time.Millisecond), 100*most/len(back))
		// Five seconds are nine halves. On a busy machine they may come later, and
		// few are not spread evenly.
		if share := float64(most) / float64(len(back)); len(back) >= 200 && share > 0.4 {
			h.Errorf("%d of %d come back in half a second", most, len(back))
		}
	}
	return h.judge()
}

// A sitter is a member that behaves as the generated clients do.
type sitter struct {
	*listener
	socket  bool
	forgets bool // the flaw that it comes back with the first id that it was given
	there   atomic.Bool

	mu    sync.Mutex
	backs []time.Time // when it was there again
}

// cameBack is when members were there again since a time, in order.
func cameBack(list []*sitter, since time.Time) (back []time.Time) {
	for _, s := range list {
		s.mu.Lock()
		for _, at := range s.backs {
			if at.After(since) {
				back = append(back, at)
			}
		}
		s.mu.Unlock()
	}
	slices.SortFunc(back, time.Time.Compare)
	return back
}

// sit is there until the lodge ends.
func (h *lodge) sit(s *sitter) {
	for failures := 0; h.ctx.Err() == nil; failures++ {
		wait := time.Duration(float64(min(500*time.Millisecond<<min(failures, 6), 30*time.Second)) * (.5 + rand.Float64()))
		ctx, cancel := context.WithCancel(h.ctx)
		url := h.to() + "/tapes/a/room?after=" + s.id
		var said time.Duration
		if s.socket {
			said = s.overSocket(ctx, "ws://"+url)
		} else {
			said = s.overStream(ctx, "http://"+url)
		}
		cancel()
		if s.there.Swap(false) {
			failures = -1
		}
		if said > 0 {
			wait = said
		}
		select {
		case <-h.ctx.Done():
		case <-time.After(wait):
		}
	}
}

// takes notes what a member is told.
func (s *sitter) takes(kind, id, data string) {
	if data != "" {
		s.hear(kind, data)
	}
	if id != "" && (!s.forgets || s.id == "") {
		s.id = id
	}
	if id != "" && !s.there.Swap(true) {
		s.mu.Lock()
		s.backs = append(s.backs, time.Now())
		s.mu.Unlock()
	}
}

// overStream is connected by a stream until that ends, and returns how long to wait
// then, if the instance has said it.
func (s *sitter) overStream(ctx context.Context, url string) (wait time.Duration) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return 0
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<24)
	var kind, id, data string
	for lines.Scan() {
		switch name, value, _ := strings.Cut(lines.Text(), ": "); name {
		case "event":
			kind = value
		case "id":
			id = value
		case "data":
			data = value
		case "retry":
			ms, _ := strconv.Atoi(value)
			wait = time.Duration(ms) * time.Millisecond
		case "":
			s.takes(kind, id, data)
			kind, id, data = "", "", ""
		}
	}
	return wait
}

// overSocket is connected by a WebSocket until that ends.
func (s *sitter) overSocket(ctx context.Context, url string) (wait time.Duration) {
	c, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		return 0
	}
	defer func() { _ = c.CloseNow() }()
	c.SetReadLimit(1 << 24)
	for {
		_, text, err := c.Read(ctx)
		if websocket.CloseStatus(err) == websocket.StatusGoingAway { // the instance stops: not all come back at once
			return 500*time.Millisecond + rand.N(4500*time.Millisecond)
		}
		var told struct {
			ID          string
			State, Outs json.RawMessage
		}
		if err != nil || json.Unmarshal(text, &told) != nil {
			return 0
		}
		if told.State != nil {
			s.takes("state", told.ID, string(told.State))
		} else if told.Outs != nil {
			s.takes("", told.ID, string(told.Outs))
		}
	}
}
