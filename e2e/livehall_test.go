//go:build unix

// A hall: three processes of the scores over one database and one store, each with
// links of its own to both, and all that was committed.

package e2e_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/e2e/internal/scores"
	"github.com/gorgon-go/gorgon/testbed"
)

// A hall is servers of the scores.
type hall struct {
	*testing.T
	stands  []*stand // one for each server
	servers []atomic.Pointer[server]
	foreign *sql.DB // of another program

	// Links of the servers; none for files.
	database, store []*testbed.Proxy

	mu      sync.Mutex
	commits map[int64]map[int64]time.Time // when a number was committed, by row
	count   int
	latency []time.Duration // from a commit until a client shows it
}

// openHall lays out a database, and builds the scores over it.
func openHall(t *testing.T, dialect string, store ground, flaw string, servers int) *hall {
	t.Helper()
	h := &hall{T: t, commits: map[int64]map[int64]time.Time{}, servers: make([]atomic.Pointer[server], servers)}
	driver, url := "sqlite", "sqlite:"+t.TempDir()+"/scores.db"
	var db *testbed.Server
	if dialect == database.PostgreSQL {
		if db = store.server; store.name != "postgres" {
			db = testbed.For(t, testbed.Postgres)
		}
		driver, url = "pgx", db.URL
	}
	var err error
	if h.foreign, err = sql.Open(driver, strings.TrimPrefix(url, "sqlite:")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.foreign.Close() })
	h.foreign.SetMaxOpenConns(1)
	if db == nil {
		h.do("PRAGMA busy_timeout = 20000")
	}
	p := self(t)
	p.env = []string{programVariable + "=scores"}
	one := newStand(t, p)
	one.store = store.place
	one.env = append(one.env, scores.EnvDialect+"="+dialect, scores.EnvFlaw+"="+flaw, "GORGON_PURGE_KEY="+purgeKey)
	env := one.env
	one.env = append(env[:len(env):len(env)], database.Variable+"="+url)
	one.run("migrate", "--store", one.store)
	one.build()
	for range servers {
		s := *one
		to := url
		if db != nil {
			h.database = append(h.database, h.link(db))
			to = h.database[len(h.database)-1].URL(db)
		}
		if store.server != nil {
			h.store = append(h.store, h.link(store.server))
			s.store = h.store[len(h.store)-1].URL(store.server)
		}
		s.env = append(env[:len(env):len(env)], database.Variable+"="+to)
		h.stands = append(h.stands, &s)
	}
	return h
}

// link is a faulty connection to a server.
func (h *hall) link(to *testbed.Server) *testbed.Proxy {
	h.Helper()
	p, err := testbed.NewProxy(to.Addr)
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(p.Close)
	return p
}

// start starts all servers.
func (h *hall) start(args ...string) {
	h.Helper()
	var all sync.WaitGroup
	for i := range h.stands {
		all.Go(func() { h.restart(i, args...) })
	}
	all.Wait()
	for i := range h.servers {
		if h.at(i) == nil {
			h.FailNow() // the test says why
		}
	}
}

// restart starts one server.
func (h *hall) restart(i int, args ...string) { h.servers[i].Store(h.stands[i].serve(args...)) }

func (h *hall) at(i int) *server { return h.servers[i%len(h.servers)].Load() }

// url is that of a server; of one that was killed an address where none listens.
func (h *hall) url(i int) string {
	if v := h.at(i); v != nil {
		return v.url
	}
	return "http://127.0.0.1:1"
}

// anywhere is the URL of any server.
func (h *hall) anywhere(int) string { return h.url(rand.IntN(len(h.servers))) }

// nearby is the URL of one server, and where that does not listen of another.
func (h *hall) nearby(i int) func(n int) string {
	return func(n int) string { return h.url(i + n) }
}

func (h *hall) do(statement string) {
	h.Helper()
	if _, err := h.foreign.ExecContext(h.Context(), statement); err != nil {
		h.Fatalf("%s: %v", statement, err)
	}
}

// numbers are those in the database.
func (h *hall) numbers() map[int64]int64 {
	h.Helper()
	rows, err := h.foreign.QueryContext(h.Context(), "select id, number from numbers")
	if err != nil {
		h.Fatal(err)
	}
	defer rows.Close()
	all := map[int64]int64{}
	for rows.Next() {
		var id, number int64
		if err := rows.Scan(&id, &number); err != nil {
			h.Fatal(err)
		}
		all[id] = number
	}
	if err := rows.Err(); err != nil {
		h.Fatal(err)
	}
	return all
}

// raise raises a number as another program does.
func (h *hall) raise(id int64) (number int64) {
	h.Helper()
	if err := h.foreign.QueryRowContext(h.Context(), scores.Change, id).Scan(&number); err != nil {
		h.Error(err)
		return 0
	}
	h.committed(id, number)
	return number
}

// ask raises a number by an endpoint. It may fail; then it is not known whether it
// was raised.
func (h *hall) ask(ctx context.Context, at string, id int64) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, at+"/numbers/"+strconv.FormatInt(id, 10), nil)
	if err != nil {
		h.Error(err)
		return
	}
	r.Header.Set("Accept", "application/json")
	res, err := client.Do(r)
	if err != nil {
		return
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	var number int64
	if _, failed := fmt.Sscanf(string(body), `{"number":"%d"}`, &number); err == nil && failed == nil {
		h.committed(id, number)
	}
}

// committed notes that a number is in the database.
func (h *hall) committed(id, number int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.commits[id] == nil {
		h.commits[id] = map[int64]time.Time{}
	}
	h.commits[id][number] = time.Now()
	h.count++
}

// writes raises numbers until it is told to stop: each other one by an endpoint.
func (h *hall) writes(every time.Duration) (stop func()) {
	ctx, end := context.WithCancel(h.Context())
	var work sync.WaitGroup
	for n := range 2 {
		work.Go(func() {
			for ctx.Err() == nil {
				if id := 1 + rand.Int64N(scores.Rows); n == 0 {
					h.raise(id)
				} else {
					h.ask(ctx, h.anywhere(0), id)
				}
				pause(ctx, every/2+rand.N(every))
			}
		})
	}
	stop = sync.OnceFunc(func() { end(); work.Wait() })
	h.Cleanup(stop)
	return stop
}

// loads is how often loaders have run in all servers, each one's own count.
func (h *hall) loads() (list []int) {
	h.Helper()
	for i := range h.servers {
		a, err := h.at(i).get("/loads")
		n, failed := strconv.Atoi(string(a.body))
		if err != nil || failed != nil {
			h.Fatal(err, failed)
		}
		list = append(list, n)
	}
	return list
}

// noted notes how long after its commit a client shows a number.
func (h *hall) noted(w *watcher, at time.Time) {
	w.mu.Lock()
	shows := make(map[int64]int64, len(w.shows))
	for id, number := range w.shows {
		shows[id] = number
	}
	w.mu.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	var newest time.Time // the news is of the number that was committed last
	for id, number := range shows {
		if t := h.commits[id][number]; t.After(newest) {
			newest = t
		}
	}
	if !newest.IsZero() {
		h.latency = append(h.latency, max(0, at.Sub(newest)))
	}
}

// settles waits until all clients show what is in the database, and says how long
// that took; false if they do not.
func (h *hall) settles(c *viewers, within time.Duration) (time.Duration, bool) {
	h.Helper()
	began := time.Now()
	for time.Since(began) < within {
		// An endpoint that was given up may still commit.
		if c.behind(h.numbers()) == "" {
			return time.Since(began).Round(time.Millisecond), true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return within, false
}

// machineLoad is how busy the machine is.
func machineLoad() string {
	b, _ := os.ReadFile("/proc/loadavg")
	return strings.Join(strings.Fields(string(b))[:2], ", ")
}
