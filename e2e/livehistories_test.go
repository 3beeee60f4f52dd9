//go:build unix

// Histories of live parts: three processes, many clients, a writer, and faults.
// What each client shows is judged at each event.

package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/e2e/internal/scores"
	"github.com/gorgon-go/gorgon/testbed"
)

// settleWithin is how soon after a fault all clients show what was committed
// last. It allows for a machine that does other things; what was measured is in
// the test's log.
const settleWithin = 90 * time.Second

// TestLiveHistories plays each fault once for each of two stands. LIVE_HISTORIES=10m
// plays them again and again for that long, in any order, and a third one, of
// PostgreSQL alone:
//
//	LIVE_HISTORIES=10m go test ./e2e -run LiveHistories -v -timeout 0
//
// The laws:
//
//   - What a client shows never goes back, whichever servers its streams are of.
//   - An event brings something new: no version is sent to one that has it.
//   - When a fault is over, every client shows what was committed last.
//   - While there is no fault, each server makes each part once for each purge of a
//     change, of which there may be two.
func TestLiveHistories(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup
	stands := []struct{ dialect, store string }{{database.PostgreSQL, "redis"}, {database.SQLite, "sqlite"}, {database.PostgreSQL, "postgres"}}
	if os.Getenv("LIVE_HISTORIES") == "" {
		stands = stands[:2]
	}
	for _, s := range stands {
		all.Go(func() {
			t.Run(s.dialect+"/"+s.store, func(t *testing.T) {
				h := openHall(t, s.dialect, groundOf[s.store](t), "", 3)
				h.start()
				h.play(duration(t, "LIVE_HISTORIES", 0))
			})
		})
	}
	all.Wait()
	for _, flaw := range []string{scores.Lagging, scores.Losing, scores.Restless, forgetful} {
		all.Go(func() {
			t.Run("PlantedLive/"+flaw, func(t *testing.T) { planted(t, flaw) })
		})
	}
	all.Wait()
}

// forgetful is the flaw of clients that do not say what they show.
const forgetful = "forgetful"

// liveClients is how many clients a hall has.
const liveClients = 45

// audience is clients of all kinds: a third stays at one server, a third goes to
// any, and a third goes and comes back all the time.
func (h *hall) audience(n int) *viewers {
	h.Helper()
	via := &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: n}}
	h.Cleanup(via.CloseIdleConnections)
	var list []*watcher
	for i := range n {
		w := &watcher{name: fmt.Sprint("client ", i), page: []string{"/", "/whole", "/one"}[i%3], via: via, seen: h.noted}
		switch i / 3 % 3 {
		case 0:
			w.to = h.nearby(i)
		case 1:
			w.to = h.anywhere
		default:
			w.to = h.anywhere
			w.away = func() time.Duration { return 20*time.Millisecond + rand.N(time.Duration(1+rand.IntN(3))*time.Second) }
		}
		list = append(list, w)
	}
	c := gather(h.Context(), list, n)
	h.Cleanup(c.leave)
	until(h.T, "all have loaded their pages", func() bool { return c.loaded.Load() == int64(n) })
	return c
}

// play plays a history.
func (h *hall) play(length time.Duration) {
	c := h.audience(liveClients)
	h.calm(c)
	faults := h.faults()
	began := time.Now()
	for round := 0; round == 0 || time.Since(began) < length; round++ {
		if round > 0 {
			rand.Shuffle(len(faults), func(i, j int) { faults[i], faults[j] = faults[j], faults[i] })
		}
		for _, f := range faults {
			stop := h.writes(60 * time.Millisecond)
			h.mu.Lock()
			before := h.count
			h.mu.Unlock()
			f.does()
			over := time.Now()
			time.Sleep(rand.N(time.Second)) // the writer goes on for a moment
			stop()
			h.mu.Lock()
			commits := h.count - before
			h.mu.Unlock()
			_, ok := h.settles(c, settleWithin)
			if !ok {
				h.Errorf("%s: %s", f.name, c.behind(h.numbers()))
			}
			h.Logf("%s: %d commits; all show the last one %v after the fault was over", f.name, commits, time.Since(over).Round(time.Millisecond))
			if h.tells(c) > 0 || !ok {
				return
			}
		}
	}
	h.calm(c)
	c.leave()
	news, opens := 0, 0
	for _, w := range c.watchers {
		news, opens = news+w.news, opens+w.opens
	}
	h.Logf("%d commits, %d clients, %d streams, %d events: none out of place", h.count, len(c.watchers), opens, news)
	h.tells(c)
}

// tells reports how laws were broken so far.
func (h *hall) tells(c *viewers) int {
	h.Helper()
	faults := c.broken()
	for _, fault := range faults[:min(8, len(faults))] {
		h.Error(fault)
	}
	if len(faults) > 0 {
		h.Errorf("laws were broken %d times", len(faults))
	}
	return len(faults)
}

// calm changes one number after the other, and waits for all clients. Each server
// makes what shows it once.
func (h *hall) calm(c *viewers) {
	h.Helper()
	h.settles(c, settleWithin)
	const changes = 10
	h.mu.Lock()
	h.latency = nil
	h.mu.Unlock()
	before := h.loads()
	for n := range changes {
		if id := int64(1 + n%scores.Rows); n%2 == 0 {
			h.raise(id)
		} else {
			h.ask(h.Context(), h.anywhere(0), id)
		}
		if _, ok := h.settles(c, settleWithin); !ok {
			h.Fatal(c.behind(h.numbers()))
		}
	}
	made := h.loads()
	for i := range made {
		made[i] -= before[i]
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.Logf("no fault: %d changes; clients show them after p50 %v, p99 %v; loads in the servers: %v", changes, quantile(h.latency, 0.5), quantile(h.latency, 0.99), made)
	// A change is in one part of two pages, and in one page: two parts. Two servers
	// may find, and purge, what another program has committed.
	if most := slices.Max(made); most > 2*2*changes {
		h.Errorf("a server made parts %d times for %d changes, which each concern two", most, changes)
	}
}

// A turn is a fault of a hall, which is over when it returns.
type turn struct {
	name string
	does func()
}

// faults are those that the hall can have.
func (h *hall) faults() []turn {
	const length = 2500 * time.Millisecond
	some := func() int { return rand.IntN(len(h.servers)) }
	list := []turn{
		{"a server is killed, and started again", func() {
			i := some()
			v := h.servers[i].Swap(nil)
			v.kill()
			v.end()
			time.Sleep(time.Second)
			h.restart(i)
		}},
		{"a server stops longer than leases last", func() {
			v := h.at(some())
			v.freeze()
			time.Sleep(brief + 5*time.Second + time.Second)
			v.thaw()
		}},
	}
	spoil := func(links []*testbed.Proxy, f testbed.Fault, which ...int) func() {
		for _, i := range which {
			h.spoil(links[i], f)
		}
		return func() {
			for _, i := range which {
				h.spoil(links[i], testbed.Fault{})
			}
		}
	}
	var everyone []int
	for i := range h.servers {
		everyone = append(everyone, i)
	}
	if h.store != nil {
		list = append(list,
			turn{"a server does not reach the store", func() {
				defer spoil(h.store, testbed.Fault{Silent: true}, some())()
				time.Sleep(2 * length)
			}},
			turn{"the store is away", func() {
				defer spoil(h.store, testbed.Fault{Gone: true}, everyone...)()
				time.Sleep(length)
			}},
			turn{"the store is slow", func() {
				defer spoil(h.store, testbed.Fault{Latency: 300, Jitter: 250}, everyone...)()
				time.Sleep(length)
			}},
		)
	}
	if h.database != nil {
		list = append(list,
			turn{"a server does not reach the database", func() {
				defer spoil(h.database, testbed.Fault{Silent: true}, some())()
				time.Sleep(2 * length)
			}},
			turn{"a server reaches neither", func() {
				i := some()
				defer spoil(h.store, testbed.Fault{Gone: true}, i)()
				defer spoil(h.database, testbed.Fault{Gone: true}, i)()
				time.Sleep(2 * length)
			}},
			turn{"the database is away", func() {
				defer spoil(h.database, testbed.Fault{Gone: true}, everyone...)()
				time.Sleep(length)
			}},
		)
	}
	return list
}

// brief is the time that loaders of the scores have.
const brief = 2 * time.Second

func (h *hall) spoil(p *testbed.Proxy, f testbed.Fault) {
	h.Helper()
	if err := p.Spoil(f); err != nil {
		h.Error(err)
	}
}

// planted has a history find a flaw.
func planted(t *testing.T, flaw string) {
	program := flaw
	if flaw == forgetful {
		program = ""
	}
	h := openHall(t, database.PostgreSQL, groundOf["redis"](t), program, 2)
	h.start()
	c := h.audience(24)
	if flaw == forgetful {
		for _, w := range c.watchers {
			w.mu.Lock()
			w.forgets = true
			w.mu.Unlock()
		}
	}
	var found []string
	for end := time.Now().Add(patience); len(found) == 0 && time.Now().Before(end); {
		stop := h.writes(60 * time.Millisecond)
		pause(t.Context(), 1500*time.Millisecond)
		stop()
		if _, ok := h.settles(c, 4*time.Second); !ok {
			found = append(found, "lost: "+c.behind(h.numbers()))
		}
		found = append(c.broken(), found...)
	}
	if c.leave(); len(found) == 0 {
		t.Fatal("it is not found")
	}
	t.Log(found[0])
}
