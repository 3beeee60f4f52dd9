// The doctor names what is planted in a running program, and nothing in a healthy
// one under load.

package e2e_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/diagnose"
	"github.com/gorgon-go/gorgon/e2e/internal/patient"
	"github.com/gorgon-go/gorgon/e2e/internal/site"
	"github.com/gorgon-go/gorgon/operate"
	"github.com/gorgon-go/gorgon/testbed"
)

// TestDoctor plants one condition after the other by real means. The law is that
// of condition.judge. Each is also judged without its rule, which has to be found.
func TestDoctor(t *testing.T) {
	t.Parallel()
	began := time.Now()
	w := newWard(t)
	var named atomic.Int64
	t.Run("conditions", func(t *testing.T) {
		t.Run("limits", func(t *testing.T) {
			t.Parallel()
			b := w.bed(t, w.server.URL, w.store.URL, "--loaders", "2", "--memory", "1")
			for _, c := range conditionsOfLimits {
				b.examine(c, &named)
			}
		})
		t.Run("faults", func(t *testing.T) {
			t.Parallel()
			b := w.bed(t, w.databaseLink.URL(w.server), w.storeLink.URL(w.store))
			b.live()
			for _, c := range conditionsOfFaults {
				b.examine(c, &named)
			}
			b.heals()
		})
	})
	t.Run("healthy", func(t *testing.T) {
		b := w.bed(t, w.server.URL, w.store.URL)
		b.live()
		b.visits(8, 2*time.Millisecond, func(n int) string { return fmt.Sprint("/items/", 1+n*7%patient.Items) })
		for range 3 {
			b.healthy()
		}
	})
	planted := len(conditionsOfLimits) + len(conditionsOfFaults)
	t.Logf("%d planted conditions, %d named by the doctor, in %s", planted, named.Load(), time.Since(began).Round(time.Second))
	if int(named.Load()) != planted || planted < 8 {
		t.Error("the doctor does not name all")
	}
}

// A condition is one that is planted, and how the doctor calls it.
type condition struct {
	name, where string
	with        []string // what follows from it
	plant       func(b *bed) (heal func())
}

var conditionsOfLimits = []condition{
	{"starved route", "/slow/{id}", nil, func(b *bed) func() {
		b.stand.set(site.Delay, "300ms")
		stop := b.visits(30, 5*time.Millisecond, func(n int) string { return fmt.Sprint("/slow/starved-", n) })
		return func() { stop(); b.stand.clear(site.Delay) }
	}},
	{"memory too small", "", nil, func(b *bed) func() {
		return b.visits(4, 2*time.Millisecond, func(n int) string { return fmt.Sprint("/big/", n%200) })
	}},
}

var conditionsOfFaults = []condition{
	{"answers fail", "GET /check", nil, func(b *bed) func() {
		b.stand.set(patient.FailAnswers, "it is out of order")
		stop := b.visits(1, 20*time.Millisecond, func(int) string { return "/check" })
		return func() { stop(); b.stand.clear(patient.FailAnswers) }
	}},
	{"loader fails", "/slow/{id}", nil, func(b *bed) func() {
		b.stand.set(site.Fail, "the supplier has no data")
		stop := b.visits(1, 50*time.Millisecond, func(n int) string { return fmt.Sprint("/slow/failing-", n) })
		return func() { stop(); b.stand.clear(site.Fail) }
	}},
	{"job fails again and again", "send", nil, func(b *bed) func() {
		b.stand.set(patient.FailJobs, "the mail server is away")
		return func() { b.stand.clear(patient.FailJobs) }
	}},
	{"jobs are dead", "send", nil, func(b *bed) func() {
		b.stand.set(patient.FailJobs, "the mail server is away")
		until(b.T, "a job is dead", func() bool {
			return !strings.Contains(b.stand.run("jobs", "--state", "dead", "--kind", "send"), "there are none")
		})
		b.stand.clear(patient.FailJobs)
		return func() { b.stand.run("jobs", "--state", "dead", "--kind", "send", "--limit", "1000", "--remove") }
	}},
	{"purge storm", "/items/{id}", nil, func(b *bed) func() {
		return b.often(50*time.Millisecond, func() {
			b.write("UPDATE items SET version = version + 1 WHERE id <= $1", patient.Items)
		})
	}},
	{"database far away", "", nil, func(b *bed) func() { return b.spoil(b.databaseLink, testbed.Fault{Latency: 80}) }},
	{"store far away", "", nil, func(b *bed) func() { return b.spoil(b.storeLink, testbed.Fault{Latency: 80}) }},
	{"database away", "", []string{"loader fails", "answers fail"}, func(b *bed) func() { return b.spoil(b.databaseLink, testbed.Fault{Gone: true}) }},
	{"store away", "", nil, func(b *bed) func() { return b.spoil(b.storeLink, testbed.Fault{Gone: true}) }},
	{"outbox grows", "", []string{"store away"}, func(b *bed) func() {
		stop := b.often(100*time.Millisecond, func() { b.write("UPDATE items SET version = version + 1 WHERE id = $1", 1) })
		heal := b.spoil(b.storeLink, testbed.Fault{Gone: true})
		return func() { stop(); heal() }
	}},
}

// judge says how what the doctor found breaks the law: the condition is named,
// once and where it is, and nothing is named that does not follow from it.
func (c condition) judge(found []diagnose.Finding) error {
	times := 0
	for _, f := range found {
		switch {
		case f.Name == c.name && (c.where == "" || f.Where == c.where):
			times++
		case !slices.Contains(c.with, f.Name):
			return fmt.Errorf("%s is named at %q: %s", f.Name, f.Where, f.Says)
		}
	}
	if times != 1 {
		return fmt.Errorf("%s was named %d times, and not once", c.name, times)
	}
	return nil
}

// A ward is what programs share: a database, a store, and faulty links to both.
type ward struct {
	*testing.T
	stand                   *stand
	server, store           *testbed.Server
	databaseLink, storeLink *testbed.Proxy
	foreign                 *sql.DB // of another program
}

func newWard(t *testing.T) *ward {
	w := &ward{T: t, server: testbed.For(t, testbed.Postgres), store: testbed.For(t, func() (*testbed.Server, error) { return testbed.Redis() })}
	link := func(s *testbed.Server) *testbed.Proxy {
		p, err := testbed.NewProxy(s.Addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Close)
		return p
	}
	w.databaseLink, w.storeLink = link(w.server), link(w.store)
	var err error
	if w.foreign, err = sql.Open("pgx", w.server.URL); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.foreign.Close() })
	p := self(t)
	p.env = []string{programVariable + "=patient"}
	w.stand = newStand(t, p)
	w.stand.store = w.store.URL
	w.stand.env = append(w.stand.env, database.Variable+"="+w.server.URL)
	w.stand.run("migrate", "--store", w.stand.store)
	w.stand.build()
	return w
}

// A bed is a running program, with levers of its own.
type bed struct {
	*ward
	*testing.T
	stand *stand
	v     *server
	admin string
}

func (w *ward) bed(t *testing.T, database, store string, args ...string) *bed {
	t.Helper()
	folder, err := os.MkdirTemp("", "bed") // short enough for the address of a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	s := *w.stand
	s.t, s.levers, s.store = t, site.Levers(t.TempDir()), store
	s.env = append(slices.Clone(s.env), "DATABASE_URL="+database)
	b := &bed{w, t, &s, nil, "unix:" + filepath.Join(folder, "a")}
	b.v = s.serve(append(args, "--admin", b.admin)...)
	for n := range patient.Items { // it is not cold
		if _, err := b.v.get(fmt.Sprint("/items/", n+1)); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// live is the usual life of the program: visits, commits of this and of another
// program, and jobs.
func (b *bed) live() {
	b.visits(1, 25*time.Millisecond, func(n int) string { return fmt.Sprint("/items/", 1+n%50) })
	n := 0
	b.often(500*time.Millisecond, func() {
		n++
		b.write("UPDATE items SET version = version + 1 WHERE id = $1", 1+n%50)
	})
	b.often(200*time.Millisecond, func() { _, _ = b.v.post("/send", "") }) // which fails while the database is away
}

// often does something again and again until it is stopped, or the test ends.
func (b *bed) often(pause time.Duration, do func()) (stop func()) {
	done := make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() {
		tick := time.NewTicker(pause)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				do()
			case <-done:
				return
			}
		}
	})
	stop = sync.OnceFunc(func() { close(done); work.Wait() })
	b.T.Cleanup(stop)
	return stop
}

// visits are requests by so many visitors at once. How they are answered is for
// the doctor to judge.
func (b *bed) visits(visitors int, pause time.Duration, path func(n int) string) (stop func()) {
	var n atomic.Int64
	var stops []func()
	for range visitors {
		stops = append(stops, b.often(pause, func() { _, _ = b.v.get(path(int(n.Add(1)))) }))
	}
	return func() {
		for _, stop := range stops {
			stop()
		}
	}
}

// write changes rows as another program does.
func (b *bed) write(statement string, args ...any) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := b.foreign.ExecContext(ctx, statement, args...); err != nil {
		b.T.Error(err)
	}
}

func (b *bed) spoil(link *testbed.Proxy, fault testbed.Fault) (heal func()) {
	b.T.Helper()
	if err := link.Spoil(fault); err != nil {
		b.T.Fatal(err)
	}
	return func() {
		if err := link.Spoil(testbed.Fault{}); err != nil {
			b.T.Fatal(err)
		}
	}
}

// recovery is how long a condition may take until it is seen: what is far away is
// measured every ten seconds.
const recovery = time.Minute

// examine plants a condition, waits until the doctor names it and nothing else, and
// shows that this would not be so without its rule.
func (b *bed) examine(c condition, named *atomic.Int64) {
	b.T.Helper()
	heal := c.plant(b)
	defer heal()
	began := time.Now()
	for {
		before := b.snapshot()
		found := b.doctor()
		err := c.judge(found)
		if err == nil {
			if c.judge(diagnose.All().Without(c.name).Look(before, b.snapshot())) == nil {
				b.T.Errorf("%s: the doctor without this rule is not found out", c.name)
			}
			named.Add(1)
			for _, f := range found {
				b.T.Logf("after %s: %s (%s): %s → %s", time.Since(began).Round(time.Second), f.Name, f.Where, f.Says, f.Hint)
			}
			return
		}
		if time.Since(began) > recovery {
			b.T.Fatalf("%s: %v", c.name, err)
		}
	}
}

// heals wants nothing to be found once what was planted is over.
func (b *bed) heals() {
	b.T.Helper()
	began := time.Now()
	for found := b.doctor(); len(found) > 0; found = b.doctor() {
		if time.Since(began) > recovery {
			b.T.Errorf("healed %s ago: %+v", time.Since(began).Round(time.Second), found)
			return
		}
	}
	b.T.Logf("healed: nothing is found, after %s", time.Since(began).Round(time.Second))
}

// healthy wants nothing to be found. Round trips alone may be long where the machine
// has no time for the program.
func (b *bed) healthy() {
	b.T.Helper()
	before := b.snapshot()
	found := b.doctor()
	after := b.snapshot()
	var visits uint64
	for i, r := range after.Routes {
		visits += r.Requests
		if i < len(before.Routes) {
			visits -= before.Routes[i].Requests
		}
	}
	b.T.Logf("healthy: %d requests in %s, trips %v, found %v", visits, after.At.Sub(before.At).Round(100*time.Millisecond), after.Trips, found)
	for _, f := range found {
		if !strings.HasSuffix(f.Name, "far away") {
			b.T.Errorf("a healthy program under load: %+v", f)
		}
	}
	if visits < 50 {
		b.T.Errorf("%d requests are not a load", visits)
	}
}

// doctor runs the command.
func (b *bed) doctor() []diagnose.Finding {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c := b.stand.command(ctx, "doctor", "--live", b.admin, "--for", "3s", "--json")
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.Output()
	var report diagnose.Report
	if failed := json.Unmarshal(out, &report); failed != nil {
		b.T.Fatalf("doctor: %v, %v: %s%s", err, failed, out, &said)
	}
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	}
	if want := min(1, len(report.Findings)); code != want || report.App != "patient" || report.Over < 3 {
		b.T.Fatalf("doctor: exit code %d, want %d: %s%s", code, want, out, &said)
	}
	return report.Findings
}

// snapshot reads what the doctor reads.
func (b *bed) snapshot() operate.Snapshot {
	b.T.Helper()
	program, err := diagnose.At(b.admin)
	if err != nil {
		b.T.Fatal(err)
	}
	defer program.Close()
	s, err := program.Snapshot(context.Background())
	if err != nil {
		b.T.Fatal(err)
	}
	return s
}
