//go:build unix

// Workers that are killed while they run jobs.

package e2e_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/jobdb"
	"github.com/gorgon-go/gorgon/database/pgdb/pgdbtest"
	"github.com/gorgon-go/gorgon/e2e/internal/jobber"
	"github.com/gorgon-go/gorgon/e2e/internal/record"
	"github.com/gorgon-go/gorgon/jobs"
)

// The kinds of a worker that lives, and of one that is killed.
const (
	livingKinds = jobber.Short + "," + jobber.Long + "," + jobber.Often
	killedKinds = jobber.Short + "," + jobber.Often + "," + jobber.Poison
)

// TestJobKills kills workers with SIGKILL beside one that lives, while jobs are
// added, some in transactions that are rolled back. JOBKILLS is how often.
func TestJobKills(t *testing.T) {
	kills := number(t, "JOBKILLS", 15)
	for name, url := range map[string]func(t *testing.T) string{
		"SQLite":     func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "jobs.db") },
		"PostgreSQL": func(t *testing.T) string { return pgdbtest.Open(t, database.Options{}).Options().URL },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := newYard(t, url(t))
			living := y.start(livingKinds, "")
			y.pickup(60)
			y.long(2)
			y.poison()
			adding := y.adds()
			y.kills(kills)
			adding()
			y.drain()
			living.stop()
			y.judge(living.pid()).report(t)
		})
	}
	t.Run("planted: what runs is handed out by age", func(t *testing.T) {
		t.Parallel()
		y := newYard(t, "sqlite:"+filepath.Join(t.TempDir(), "jobs.db"))
		one, other := y.start(livingKinds, jobber.NoRenew), y.start(livingKinds, jobber.NoRenew)
		y.long(2)
		until(t, "both have run long ones", func() bool { return len(y.runs()[jobber.Long]) == 2 && y.twice(jobber.Long) })
		if v := y.judge(0); v.broken == 0 {
			t.Error("the judge does not find it")
		}
		one.kill()
		other.kill()
	})
}

// A yard is where workers run and are killed.
type yard struct {
	*testing.T
	url    string
	ledger string
	db     *database.DB
	queue  *jobdb.Queue

	mu      sync.Mutex
	ended   map[int]time.Time   // of processes that were killed
	acked   map[int64]bool      // short and long jobs whose Add returned, and was committed
	added   map[int64]time.Time // of pickups
	voided  map[int]bool        // arguments of transactions that were rolled back: their IDs are given again
	killed  int
	poisons int64
}

func newYard(t *testing.T, url string) *yard {
	t.Helper()
	db, queue := jobber.Open(url)
	t.Cleanup(func() { _ = db.Close() })
	y := &yard{T: t, url: url, ledger: filepath.Join(t.TempDir(), "ledger"), db: db, queue: queue,
		ended: map[int]time.Time{}, acked: map[int64]bool{}, added: map[int64]time.Time{}, voided: map[int]bool{}}
	_, err := db.Migrate(t.Context())
	y.must(err)
	y.must(os.WriteFile(y.ledger, nil, 0o600))
	return y
}

func (y *yard) must(err error) {
	y.Helper()
	if err != nil {
		y.Fatal(err)
	}
}

// A worker is one process.
type worker struct {
	y    *yard
	cmd  *exec.Cmd
	over chan struct{}
	once sync.Once
}

// start starts a worker, and waits until it takes jobs.
func (y *yard) start(kinds, bug string) *worker {
	y.Helper()
	p := self(y.T)
	cmd := exec.Command(p.path)
	cmd.Env = append(os.Environ(), programVariable+"=jobber", jobber.URL+"="+y.url, jobber.Ledger+"="+y.ledger, jobber.Kinds+"="+kinds, jobber.Bug+"="+bug)
	out, err := cmd.StdoutPipe()
	y.must(err)
	y.must(cmd.Start())
	w := &worker{y: y, cmd: cmd, over: make(chan struct{})}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "ready\n" {
		y.Fatalf("a worker says %q: %v", line, err)
	}
	go func() {
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait()
		y.mu.Lock()
		y.ended[cmd.Process.Pid] = time.Now()
		y.mu.Unlock()
		close(w.over)
	}()
	y.Cleanup(w.kill)
	return w
}

func (w *worker) pid() int { return w.cmd.Process.Pid }

func (w *worker) kill() {
	w.once.Do(func() {
		_ = w.cmd.Process.Kill()
		<-w.over
	})
}

func (w *worker) stop() {
	w.once.Do(func() {
		_ = w.cmd.Process.Signal(os.Interrupt)
		<-w.over
	})
}

var (
	shortJob  = jobs.Job[int]{Name: jobber.Short}
	longJob   = jobs.Job[int]{Name: jobber.Long}
	poisonJob = jobs.Job[int]{Name: jobber.Poison}
)

// pickup adds jobs one by one for a worker that has nothing to do.
func (y *yard) pickup(n int) {
	for range n {
		a, err := shortJob.Add(y.Context(), y.queue, 0)
		y.must(err)
		y.mu.Lock()
		y.acked[a.ID], y.added[a.ID] = true, time.Now()
		y.mu.Unlock()
		time.Sleep(20*time.Millisecond + rand.N(60*time.Millisecond))
	}
	until(y.T, "all have begun", func() bool { return len(y.runs()[jobber.Short]) >= n })
}

func (y *yard) long(n int) {
	for i := range n {
		a, err := longJob.Add(y.Context(), y.queue, i)
		y.must(err)
		y.acked[a.ID] = true
	}
}

func (y *yard) poison() {
	a, err := poisonJob.Add(y.Context(), y.queue, 0)
	y.must(err)
	y.poisons = a.ID
}

// errVoid is why a transaction is rolled back.
var errVoid = errors.New("rolled back")

// adds adds jobs until the function that it returns is called: single ones, and
// in transactions, of which each third is rolled back.
func (y *yard) adds() (stop func()) {
	ctx, cancel := context.WithCancel(y.Context())
	var all sync.WaitGroup
	all.Go(func() {
		for n := 1; ctx.Err() == nil; n++ {
			var id int64
			var err error
			if n%2 == 0 {
				var a jobs.Added
				a, err = shortJob.Add(ctx, y.queue, n)
				id = a.ID
			} else {
				err = y.db.Tx(ctx, nil, func(tx *sql.Tx) error {
					a, err := shortJob.Add(ctx, y.queue.In(tx), n)
					id = a.ID
					if err == nil && n%3 == 0 {
						err = errVoid
					}
					return err
				})
			}
			y.mu.Lock()
			switch {
			case err == nil:
				y.acked[id] = true
			case errors.Is(err, errVoid):
				y.voided[n] = true
			case ctx.Err() == nil:
				y.Errorf("add: %v", err)
			}
			y.mu.Unlock()
			time.Sleep(rand.N(10 * time.Millisecond))
		}
	})
	return func() { cancel(); all.Wait() }
}

// kills starts a worker again and again, and kills it.
func (y *yard) kills(n int) {
	for range n {
		w := y.start(killedKinds, "")
		time.Sleep(60*time.Millisecond + rand.N(160*time.Millisecond))
		w.kill()
		y.killed++
	}
}

// drain waits until nothing is left to be run.
func (y *yard) drain() {
	w := y.start(killedKinds, "") // there may be poison left
	defer w.kill()
	until(y.T, "nothing is left to be run", func() bool {
		select {
		case <-w.over:
			w = y.start(killedKinds, "")
		default:
		}
		counts, err := y.queue.Counts(y.Context())
		y.must(err)
		return !slices.ContainsFunc(counts, func(c jobs.Count) bool { return c.Kind != jobber.Often && c.Due+c.Waiting+c.Running > 0 })
	})
}

// A jobRun is one running of a job.
type jobRun struct {
	pid, n     int
	begin, end time.Time // end is zero if it did not
}

// runs are all runnings, by kind and ID.
func (y *yard) runs() map[string]map[int64][]jobRun {
	lines, err := record.Lines(y.ledger)
	y.must(err)
	all := map[string]map[int64][]jobRun{}
	for _, line := range lines {
		var what, kind string
		var id, at int64
		var pid, n int
		if _, err := fmt.Sscan(line, &what, &kind, &id, &n, &pid, &at); err != nil {
			y.Fatalf("%q: %v", line, err)
		}
		if all[kind] == nil {
			all[kind] = map[int64][]jobRun{}
		}
		list := all[kind][id]
		if what == "begin" {
			list = append(list, jobRun{pid: pid, n: n, begin: time.Unix(0, at)})
		} else {
			for i := range list {
				if list[i].pid == pid && list[i].end.IsZero() {
					list[i].end = time.Unix(0, at)
				}
			}
		}
		all[kind][id] = list
	}
	return all
}

func (y *yard) twice(kind string) bool {
	for _, list := range y.runs()[kind] {
		if len(list) < 2 {
			return false
		}
	}
	return true
}

// A verdict is what was found in the ledger.
type verdict struct {
	acked, runs, again, kills, voided int
	lost, undone, broken              int
	orphans, pickups                  []time.Duration
	often, poison                     int
	faults                            []string
}

func (v *verdict) fault(text string, args ...any) {
	v.broken++
	if len(v.faults) < 10 {
		v.faults = append(v.faults, fmt.Sprintf(text, args...))
	}
}

// judge checks the ledger: nothing is lost, nothing that was rolled back ran, and
// a job runs again only when the process that was running it is dead.
func (y *yard) judge(living int) *verdict {
	y.mu.Lock()
	defer y.mu.Unlock()
	v := &verdict{acked: len(y.acked), kills: y.killed, voided: len(y.voided)}
	all := y.runs()
	finished := map[int64]bool{}
	for kind, byID := range all {
		for id, list := range byID {
			slices.SortFunc(list, func(a, b jobRun) int { return a.begin.Compare(b.begin) })
			v.runs += len(list)
			for i, r := range list {
				finished[id] = finished[id] || !r.end.IsZero()
				if i > 0 {
					y.follows(v, kind, id, list[i-1], r)
				}
			}
			switch {
			case kind == jobber.Long && living != 0 && (len(list) != 1 || list[0].pid != living):
				v.fault("a long job ran %d times", len(list))
			case kind == jobber.Short && y.voided[list[0].n]:
				v.undone++
				v.fault("job %d of a transaction that was rolled back ran", id)
			}
		}
	}
	for id := range y.acked {
		if !finished[id] {
			v.lost++
		}
	}
	for id, at := range y.added {
		if list := all[jobber.Short][id]; len(list) > 0 {
			v.pickups = append(v.pickups, max(0, list[0].begin.Sub(at)))
		}
	}
	for _, list := range all[jobber.Often] {
		v.often = len(list)
	}
	if len(all[jobber.Often]) > 1 {
		v.fault("a series has %d rows", len(all[jobber.Often]))
	}
	v.poison = len(all[jobber.Poison][y.poisons])
	if list, err := y.queue.List(y.Context(), jobs.Filter{ID: y.poisons}); living != 0 && (err != nil || len(list) != 1 || list[0].State != jobs.Died || v.poison < 1 || v.poison > 3) {
		v.fault("the job that kills its process ran %d times, and is %+v: %v", v.poison, list, err)
	}
	return v
}

// follows judges two runnings of one job, one after the other.
func (y *yard) follows(v *verdict, kind string, id int64, before, r jobRun) {
	died, dead := y.ended[before.pid]
	if kind == jobber.Often && !before.end.IsZero() {
		if r.begin.Before(before.end) {
			v.fault("a series ran twice at once")
		}
		return // its next time
	}
	v.again++
	if !dead || r.begin.Before(died.Add(-100*time.Millisecond)) { // it was noted when the kernel had told
		v.fault("%s job %d was handed out while its process lived", kind, id)
		return
	}
	v.orphans = append(v.orphans, r.begin.Sub(died))
}

func (v *verdict) report(t *testing.T) {
	t.Helper()
	t.Logf("%d kills; %d jobs acknowledged, %d lost; %d rolled back, %d of them ran; %d runs, %d again", v.kills, v.acked, v.lost, v.voided, v.undone, v.runs, v.again)
	t.Logf("left by a process that was killed, runs again after: %s (lease %s)", spread(v.orphans), jobber.Lease)
	t.Logf("begins after it was added, by another process that has nothing to do: %s", spread(v.pickups))
	t.Logf("a series of each second: %d runs; a job that kills its process: %d runs, then dead", v.often, v.poison)
	if v.lost > 0 || v.broken > 0 {
		t.Errorf("%d lost, %d faults, such as %q", v.lost, v.broken, v.faults)
	}
	if len(v.orphans) == 0 || len(v.pickups) == 0 || v.often == 0 || v.voided == 0 {
		t.Error("some of what is to be judged did not happen")
	}
	if n := len(v.orphans); n > 0 && slices.Max(v.orphans) > 10*jobber.Lease {
		t.Errorf("a job that a dead process left waited %s", slices.Max(v.orphans))
	}
}

// spread says how durations are spread.
func spread(list []time.Duration) string {
	if len(list) == 0 {
		return "none"
	}
	list = slices.Sorted(slices.Values(list))
	at := func(share float64) time.Duration {
		return list[min(len(list)-1, int(share*float64(len(list))))].Round(time.Millisecond)
	}
	return fmt.Sprintf("p50 %s, p99 %s, at most %s, of %d", at(.5), at(.99), at(1), len(list))
}
