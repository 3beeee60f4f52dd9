//go:build unix

// Owners of rooms that are killed and frozen.

package e2e_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/pgdb/pgdbtest"
	"github.com/gorgon-go/gorgon/e2e/internal/roomer"
	"github.com/gorgon-go/gorgon/rooms"
	"github.com/gorgon-go/gorgon/testbed"
)

// TestRoomKills kills the owner of a room again and again, of three processes,
// beside six writers that send each operation until it is acknowledged, and three
// members. ROOMKILLS is how often.
func TestRoomKills(t *testing.T) {
	kills := number(t, "ROOMKILLS", 10)
	for name, url := range roomPlaces {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newLodge(t, url(t), "", "")
			h.writes(6)
			h.members(3)
			for n := range kills {
				// A room is taken from an owner once a second at most.
				time.Sleep(1100*time.Millisecond + rand.N(400*time.Millisecond))
				h.killOwner()
				if n%5 == 4 {
					h.stopOwner()
				}
			}
			h.freezeOwner()
			h.judge().report(t)
		})
	}
	for _, bug := range []string{roomer.AckFirst, roomer.NoFence} {
		t.Run("planted: "+bug, func(t *testing.T) {
			t.Parallel()
			h := newLodge(t, "sqlite:"+filepath.Join(t.TempDir(), "rooms.db"), bug, "")
			h.writes(30)
			h.members(3)
			for range 25 {
				time.Sleep(200*time.Millisecond + rand.N(300*time.Millisecond))
				if bug == roomer.NoFence {
					h.freezeOwner() // one that wakes goes on to append
				} else {
					h.killOwner()
				}
				if h.broken() {
					break
				}
			}
			if v := h.judge(); len(v.faults) == 0 {
				t.Error("the judge does not find it")
			} else {
				t.Logf("found: %s", v.faults[0])
			}
		})
	}
}

// roomPlaces are where rooms are stored.
var roomPlaces = map[string]func(t *testing.T) string{
	"SQLite":     func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "rooms.db") },
	"PostgreSQL": func(t *testing.T) string { return pgdbtest.Open(t, database.Options{}).Options().URL },
	"Redis": func(t *testing.T) string {
		return testbed.For(t, func() (*testbed.Server, error) {
			return testbed.Redis("--appendonly", "yes", "--appendfsync", "always")
		}).URL
	},
}

// TestRoomsWithoutAddresses kills instances that cannot reach each other.
func TestRoomsWithoutAddresses(t *testing.T) {
	h := newLodge(t, "sqlite:"+filepath.Join(t.TempDir(), "rooms.db"), "", "true")
	h.writes(3)
	h.members(3)
	for range 10 {
		time.Sleep(200*time.Millisecond + rand.N(300*time.Millisecond))
		h.kill(h.any())
	}
	h.judge().report(t)
}

// A lodge has processes that run rooms.
type lodge struct {
	*testing.T
	url, bug, direct string
	front            string        // the address of a balancer before the processes; default: none
	program          string        // default: the test's own
	lever            func() string // of the clock of the next process
	store            rooms.Log
	ctx              context.Context
	stop             context.CancelFunc
	writing          sync.WaitGroup
	listening        sync.WaitGroup
	pace             time.Duration // between two operations of a writer, at most; default: 20 ms
	over             chan struct{} // closed when writers may not begin another operation

	mu        sync.Mutex
	processes []*roomProcess
	acked     map[string]bool
	at        []time.Time // of acknowledgements
	killed    []time.Time
	frozen    []time.Time
	stopped   []time.Time
	tries     int
	heard     []*listener
}

// A roomProcess is an instance.
type roomProcess struct {
	cmd   *exec.Cmd
	addr  string
	lever string
	done  chan struct{}
}

// openLodge is one without processes. migrate makes its tables.
func openLodge(t *testing.T, url string) (h *lodge, migrate func(context.Context) error) {
	t.Helper()
	h = &lodge{T: t, url: url, acked: map[string]bool{}, over: make(chan struct{})}
	h.ctx, h.stop = context.WithCancel(context.Background())
	store, migrate, err := roomer.Open(t.Context(), url)
	h.must(err)
	h.store = store
	t.Cleanup(func() { _ = store.Close() })
	return h, migrate
}

func newLodge(t *testing.T, url, bug, direct string) *lodge {
	t.Helper()
	h, migrate := openLodge(t, url)
	h.bug, h.direct = bug, direct
	h.begin(migrate)
	return h
}

// begin starts three processes.
func (h *lodge) begin(migrate func(context.Context) error) {
	h.Helper()
	h.must(migrate(h.Context()))
	for range 3 {
		h.start()
	}
	h.Cleanup(func() {
		h.stop()
		h.listening.Wait()
		h.mu.Lock()
		list := h.processes
		h.mu.Unlock()
		for _, p := range list {
			_ = p.cmd.Process.Kill()
			<-p.done
		}
	})
}

func (h *lodge) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// start starts an instance, at an address where one is given.
func (h *lodge) start(addr ...string) {
	cmd := exec.Command(cmp.Or(h.program, self(h.T).path))
	cmd.Env = append(os.Environ(), programVariable+"=roomer", roomer.URL+"="+h.url, roomer.Bug+"="+h.bug, roomer.Direct+"="+h.direct, roomer.Addr+"="+strings.Join(addr, ""))
	lever := ""
	if h.lever != nil {
		lever = h.lever()
		cmd.Env = append(cmd.Env, "SITE_CLOCK="+lever)
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	h.must(err)
	h.must(cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	at, ok := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if err != nil || !ok {
		h.Fatalf("an instance says %q: %v", line, err)
	}
	p := &roomProcess{cmd, at, lever, make(chan struct{})}
	go func() {
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait()
		close(p.done)
	}()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.processes = append(h.processes, p)
}

// to is where members and writers send what they have to say.
func (h *lodge) to() string {
	if h.front != "" {
		return h.front
	}
	return h.any().addr
}

func (h *lodge) any() *roomProcess {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.processes[rand.IntN(len(h.processes))]
}

// owner is the instance that owns a room.
func (h *lodge) owner() (found *roomProcess) {
	h.Helper()
	until(h.T, "an instance owns the room", func() bool {
		h.mu.Lock()
		list := slices.Clone(h.processes)
		h.mu.Unlock()
		for _, p := range list {
			var owned, members, ops int
			r, err := http.Get("http://" + p.addr + "/owned")
			if err != nil {
				continue
			}
			_, err = fmt.Fscan(r.Body, &owned, &members, &ops)
			_ = r.Body.Close()
			if err == nil && owned > 0 {
				found = p
				return true
			}
		}
		return false
	})
	return found
}

// kill kills an instance, and starts another one.
func (h *lodge) kill(p *roomProcess) {
	_ = p.cmd.Process.Kill()
	h.mu.Lock()
	h.killed = append(h.killed, time.Now())
	h.processes = slices.DeleteFunc(h.processes, func(o *roomProcess) bool { return o == p })
	h.mu.Unlock()
	<-p.done
	h.start()
}

func (h *lodge) killOwner() { h.kill(h.owner()) }

// stopOwner stops the owner as a deploy does, while another instance starts.
func (h *lodge) stopOwner() {
	p := h.owner()
	h.start()
	h.mu.Lock()
	h.processes = slices.DeleteFunc(h.processes, func(o *roomProcess) bool { return o == p })
	h.stopped = append(h.stopped, time.Now())
	h.mu.Unlock()
	h.must(p.cmd.Process.Signal(syscall.SIGTERM))
	<-p.done
}

// freezeOwner stops the owner for a second more than its lease.
func (h *lodge) freezeOwner() {
	p := h.owner()
	h.must(testbed.Freeze(p.cmd.Process.Pid))
	h.mu.Lock()
	h.frozen = append(h.frozen, time.Now())
	h.mu.Unlock()
	time.Sleep(roomer.Lease + time.Second)
	h.must(testbed.Thaw(p.cmd.Process.Pid))
}

// writes begins to send operations.
func (h *lodge) writes(n int) {
	for i := range n {
		h.writing.Go(func() {
			name := fmt.Sprintf("writer-%d-%s", i, strings.Repeat("-", 16))
			for n := 1; ; n++ {
				select {
				case <-h.over:
					return
				default:
				}
				h.say(name, n, fmt.Sprint(i, "/", n))
				time.Sleep(rand.N(max(h.pace, 20*time.Millisecond)))
			}
		})
	}
}

// say sends an operation until it is acknowledged.
func (h *lodge) say(name string, n int, text string) {
	sent, _ := json.Marshal(map[string]any{"client": name, "ops": []any{map[string]any{"n": n, "op": roomer.Say{Text: text}}}})
	for h.ctx.Err() == nil {
		if h.try(sent) {
			h.mu.Lock()
			h.acked[text] = true
			h.at = append(h.at, time.Now())
			h.mu.Unlock()
			return
		}
		h.mu.Lock()
		h.tries++
		h.mu.Unlock()
		time.Sleep(10*time.Millisecond + rand.N(20*time.Millisecond))
	}
}

func (h *lodge) try(sent []byte) bool {
	ctx, cancel := context.WithTimeout(h.ctx, 5*time.Second)
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+h.to()+"/tapes/a/room", bytes.NewReader(sent))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	var got struct {
		Results []struct {
			N       int
			At      string
			Problem *struct{ Detail string }
		}
	}
	err = json.NewDecoder(answer.Body).Decode(&got)
	return err == nil && answer.StatusCode == http.StatusOK && len(got.Results) == 1 && got.Results[0].Problem == nil
}

// A listener is a member that checks what it hears.
type listener struct {
	mu     sync.Mutex
	id     string
	seq    uint32 // of the last that it heard
	said   map[uint32]string
	resets int
	faults []string
}

func (h *lodge) members(n int) {
	for range n {
		l := &listener{said: map[uint32]string{}}
		h.heard = append(h.heard, l)
		h.listening.Go(func() {
			for h.ctx.Err() == nil {
				h.listen(l)
				time.Sleep(10*time.Millisecond + rand.N(50*time.Millisecond))
			}
		})
	}
}

func (h *lodge) listen(l *listener) {
	ctx, cancel := context.WithCancel(h.ctx)
	defer cancel()
	quiet := time.AfterFunc(5*time.Second, cancel) // a process that is frozen says nothing
	defer quiet.Stop()
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+h.to()+"/tapes/a/room?after="+l.id, nil)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<24)
	var kind, id, data string
	for lines.Scan() {
		quiet.Reset(5 * time.Second)
		switch name, value, _ := strings.Cut(lines.Text(), ": "); name {
		case "event":
			kind = value
		case "id":
			id = value
		case "data":
			data = value
		case "":
			if data != "" {
				l.hear(kind, data)
			}
			if id != "" {
				l.id = id
			}
			kind, id, data = "", "", ""
		}
	}
}

func (l *listener) hear(kind, data string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch kind {
	case "state":
		var s roomer.Tape
		if err := json.Unmarshal([]byte(data), &s); err != nil || s.Count < l.seq {
			l.faults = append(l.faults, fmt.Sprintf("a state with %d after %d: %v", s.Count, l.seq, err))
		}
		l.seq = s.Count
		l.resets++
	case "":
		var list []roomer.Heard
		if err := json.Unmarshal([]byte(data), &list); err != nil {
			l.faults = append(l.faults, err.Error())
		}
		for _, o := range list {
			if o.Seq != l.seq+1 {
				l.faults = append(l.faults, fmt.Sprintf("entry %d after %d", o.Seq, l.seq))
			}
			l.seq = o.Seq
			l.said[o.Seq] = o.Text
		}
	}
}

// broken says whether members have seen a fault, or something is in the log twice.
func (h *lodge) broken() bool {
	seen := map[string]bool{}
	for _, text := range h.logged() {
		if seen[text] {
			return true
		}
		seen[text] = true
	}
	for _, l := range h.heard {
		l.mu.Lock()
		found := len(l.faults) > 0
		l.mu.Unlock()
		if found {
			return true
		}
	}
	return false
}

// A roomVerdict is what was found in the log, and what members heard.
type roomVerdict struct {
	acked, logged, lost, twice, tries, resets int
	kills                                     int
	homes, woken, handed                      []time.Duration // from a kill to the next acknowledgement; the longest time without one when an owner was frozen, or stopped
	faults                                    []string
}

// judge lets writers end, and checks each operation by itself.
func (h *lodge) judge() *roomVerdict {
	h.Helper()
	time.Sleep(time.Second)
	close(h.over)
	h.writing.Wait()
	logged := h.logged()
	v := &roomVerdict{acked: len(h.acked), logged: len(logged), tries: h.tries, kills: len(h.killed)}
	fault := func(format string, args ...any) { v.faults = append(v.faults, fmt.Sprintf(format, args...)) }
	count := map[string]int{}
	for _, text := range logged {
		if count[text]++; count[text] == 2 {
			v.twice++
			fault("%s is in the log twice", text)
		}
	}
	for text := range h.acked {
		if count[text] == 0 {
			v.lost++
			fault("%s was acknowledged, and is not in the log", text)
		}
	}
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		all := true
		for _, l := range h.heard {
			l.mu.Lock()
			all = all && int(l.seq) == len(logged)
			l.mu.Unlock()
		}
		if all || time.Now().After(end) || h.bug != "" {
			break
		}
	}
	for i, l := range h.heard {
		l.mu.Lock()
		v.faults = append(v.faults, l.faults...)
		if int(l.seq) != len(logged) {
			fault("member %d has heard %d of %d", i, l.seq, len(logged))
		}
		for seq, text := range l.said {
			if int(seq) > len(logged) || logged[seq-1] != text {
				fault("member %d has heard entry %d otherwise than it is in the log", i, seq)
			}
		}
		v.resets += l.resets
		l.mu.Unlock()
	}
	v.homes, v.woken, v.handed = h.until(h.killed), h.longest(h.frozen), h.longest(h.stopped)
	return v
}

// until is how long it took from each time to the next acknowledgement.
func (h *lodge) until(list []time.Time) (took []time.Duration) {
	slices.SortFunc(h.at, time.Time.Compare)
	for _, from := range list {
		// What was on its way when the owner was killed is acknowledged within a few
		// milliseconds, by it.
		i, _ := slices.BinarySearchFunc(h.at, from.Add(5*time.Millisecond), time.Time.Compare)
		if i < len(h.at) {
			took = append(took, h.at[i].Sub(from))
		}
	}
	return took
}

// longest is the longest time without an acknowledgement after each time.
func (h *lodge) longest(list []time.Time) (took []time.Duration) {
	for _, from := range list {
		longest := time.Duration(0)
		for i, at := range h.at {
			if i > 0 && at.After(from) && h.at[i-1].Before(from.Add(roomer.Lease)) {
				longest = max(longest, at.Sub(h.at[i-1]))
			}
		}
		took = append(took, longest)
	}
	return took
}

// logged is what is in the log.
func (h *lodge) logged() (said []string) {
	var seq uint64
	for {
		tail, err := h.store.Read(h.Context(), "tape/a", seq, 1000)
		h.must(err)
		if tail.Snapshot != nil {
			h.Fatal("the log begins with a snapshot: History is to keep all")
		}
		for _, data := range tail.Entries {
			e, err := rooms.DecodeEntry(data)
			h.must(err)
			var op roomer.Say
			h.must(json.Unmarshal(e.Op, &op))
			said = append(said, op.Text)
		}
		if seq += uint64(len(tail.Entries)); seq >= tail.At.Seq || len(tail.Entries) == 0 {
			return said
		}
	}
}

func (v *roomVerdict) report(t *testing.T) {
	t.Helper()
	t.Logf("%d kills; %d operations acknowledged, %d in the log, %d lost, %d twice, sent again %d times", v.kills, v.acked, v.logged, v.lost, v.twice, v.tries)
	t.Logf("from a kill to the next acknowledgement: %s; the longest time without one when an owner is frozen: %s (lease %s), and when it stops: %s; %d states sent to 3 members",
		spread(v.homes), spread(v.woken), roomer.Lease, spread(v.handed), v.resets)
	if len(v.faults) > 0 {
		t.Errorf("%d faults, such as %q", len(v.faults), v.faults[:min(len(v.faults), 5)])
	}
	if v.acked == 0 || v.kills == 0 {
		t.Error("some of what is to be judged did not happen")
	}
}
