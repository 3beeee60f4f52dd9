// Figures of live parts: one server's streams, measured from another process.

package e2e_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/e2e/internal/scores"
	"github.com/gorgon-go/gorgon/serve"
)

// TestLiveFigures measures, over PostgreSQL and Redis:
//
//	LIVE_STREAMS=1000 LIVE_IDLE=10000 LIVE_WINDOW=1m go test ./e2e -run LiveFigures -v
//
// Without the variables there are few streams, and the figures mean nothing. The
// race detector allows no more than about 2,000.
func TestLiveFigures(t *testing.T) {
	h := openHall(t, database.PostgreSQL, groundOf["redis"](t), "", 2)
	h.start()
	t.Run("commit", func(t *testing.T) { h.onCommit(t, number(t, "LIVE_STREAMS", 40)) })
	t.Run("idle", func(t *testing.T) { h.idle(t, number(t, "LIVE_IDLE", 60), duration(t, "LIVE_WINDOW", 2*time.Second)) })
}

// streams opens streams of a page at one server.
func (h *hall) streams(t *testing.T, n, at int, page string, seen func(*watcher, time.Time)) *viewers {
	t.Helper()
	via := &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64, ReadBufferSize: 1 << 10, WriteBufferSize: 1 << 10}}
	t.Cleanup(via.CloseIdleConnections)
	list := make([]*watcher, n)
	for i := range list {
		list[i] = &watcher{name: fmt.Sprint("client ", i), page: page, via: via, to: func(int) string { return h.url(at) }, seen: seen}
	}
	c := gather(t.Context(), list, 32)
	t.Cleanup(c.leave)
	until(t, fmt.Sprintf("%d streams are open", n), func() bool {
		if faults := c.broken(); len(faults) > 0 {
			t.Fatal(faults[0])
		}
		return c.open() == n
	})
	return c
}

// onCommit measures from an endpoint's request at one server until the streams of
// the other have the new HTML.
func (h *hall) onCommit(t *testing.T, n int) {
	const changes = 20
	var mu sync.Mutex
	var began time.Time
	var took []time.Duration
	c := h.streams(t, n, 1, "/one", func(_ *watcher, at time.Time) {
		mu.Lock()
		defer mu.Unlock()
		took = append(took, at.Sub(began))
	})
	before := h.loads()
	for i := range changes {
		mu.Lock()
		began = time.Now()
		mu.Unlock()
		h.ask(t.Context(), h.url(0), 1)
		until(t, "all streams have the new HTML", func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(took) >= n*(i+1)
		})
		pause(t.Context(), 100*time.Millisecond+rand.N(200*time.Millisecond))
	}
	after := h.loads()
	c.leave()
	if faults := c.broken(); len(faults) > 0 {
		t.Error(faults[0])
	}
	// A change is purged twice where the server that has committed takes its time.
	if made := after[1] - before[1]; made > 2*changes || len(took) != n*changes {
		t.Errorf("%d loads and %d pieces of HTML for %d changes", made, len(took), changes)
	}
	t.Logf("%d changes at one server, %d streams at another: %d pieces of new HTML after p50 %v, p99 %v, at most %v; loads: %d and %d; load %s",
		changes, n, len(took), quantile(took, 0.5), quantile(took, 0.99), quantile(took, 1), after[0]-before[0], after[1]-before[1], machineLoad())
}

// idle measures what streams cost while nothing happens, and what a purge of
// everything costs others.
func (h *hall) idle(t *testing.T, n int, window time.Duration) {
	v := h.at(1)
	one := h.streams(t, 1, 1, "/one", nil)
	alone := h.queries(t, window)
	memory := v.resident()
	one.leave()
	c := h.streams(t, n, 1, "/one", nil)
	opened := v.resident()
	queries := h.queries(t, window)
	use, err := v.get("/memory")
	if err != nil {
		t.Fatal(err)
	}
	heap, err := v.get("/memory?profile=heap") // after a collection
	if err != nil {
		t.Fatal(err)
	}
	rested := v.resident()
	if file := os.Getenv("LIVE_PROFILE"); file != "" {
		if err := os.WriteFile(file, heap.body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%s", use.body)
	t.Logf("%d idle streams: the server has %d MB, after a collection %d MB, and had %d MB before; transactions of the database: %d in %v, with one stream %d; load %s",
		n, opened>>20, rested>>20, memory>>20, queries, window, alone, machineLoad())

	before := hits(t, v, 4*time.Second)
	var during []time.Duration
	for range 3 {
		measured := make(chan []time.Duration)
		go func() { measured <- hits(t, v, 2*time.Second) }()
		pause(t.Context(), 200*time.Millisecond) // the process starts
		h.raise(1)
		if err := h.purgeAll(v); err != nil {
			t.Error(err)
		}
		during = append(during, <-measured...)
		if _, ok := h.settles(c, settleWithin); !ok {
			t.Fatal(c.behind(h.numbers()))
		}
	}
	t.Logf("ordinary hits beside %d streams: p50 %v, p99 %v; within 2 s of a purge of everything, where all streams get new HTML: p50 %v, p99 %v; the server has %d MB; load %s",
		n, quantile(before, 0.5), quantile(before, 0.99), quantile(during, 0.5), quantile(during, 0.99), v.resident()>>20, machineLoad())
	if faults := c.broken(); len(faults) > 0 {
		t.Error(faults[0])
	}
}

// hits has another process ask a server for a page for a while.
func hits(t *testing.T, v *server, d time.Duration) (took []time.Duration) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), self(t).path)
	cmd.Env = append(os.Environ(), programVariable+"=hits", scores.EnvHits+"="+v.url+"/still", scores.EnvFor+"="+d.String())
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Error(err)
	}
	for _, line := range strings.Fields(string(out)) {
		n, err := strconv.Atoi(line)
		if err != nil {
			t.Error(err)
		}
		took = append(took, time.Duration(n))
	}
	return took
}

// purgeAll purges everything.
func (h *hall) purgeAll(v *server) error {
	body := []byte(`{"verb":"stale","all":true}`)
	r, err := http.NewRequest(http.MethodPost, v.url+"/_gorgon/purge", bytes.NewReader(body))
	if err != nil {
		return err
	}
	serve.SignPurge(r.Header, []byte(purgeKey), "scores", body)
	res, err := client.Do(r)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("purge: %s", res.Status)
	}
	return nil
}

// queries counts the transactions of the database in a while.
func (h *hall) queries(t *testing.T, d time.Duration) int {
	t.Helper()
	count := func() (n int) {
		time.Sleep(1100 * time.Millisecond) // the server counts once a second
		if err := h.foreign.QueryRowContext(t.Context(), "select xact_commit + xact_rollback from pg_stat_database where datname = current_database()").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := count()
	time.Sleep(d)
	return count() - before
}

// resident is the memory of a server.
func (v *server) resident() int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", v.cmd.Process.Pid))
	if err != nil {
		v.t.Fatal(err)
	}
	fields := strings.Fields(string(status))
	kb, _ := strconv.Atoi(fields[slices.Index(fields, "VmRSS:")+1])
	return kb << 10
}
