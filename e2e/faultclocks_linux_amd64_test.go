// Clocks that are stepped, and clocks that are wrong, under servers that share
// a store with one whose clock is right.

package e2e_test

import (
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// clocks is the program whose wall clock a test can step.
var clocks = sync.OnceValues(func() (string, error) {
	return goBuild("clocks", "./testdata/clock", "-checklinkname=0")
})

func TestFaultsOfClocks(t *testing.T) {
	t.Parallel()
	p := release(t, clocks)
	var all sync.WaitGroup
	for name, open := range faultPlaces() {
		all.Go(func() {
			t.Run(name, func(t *testing.T) {
				tr := newOrdealOf(t, p, open(t))
				lever := filepath.Join(t.TempDir(), "clock")
				env := "SITE_CLOCK=" + lever
				// The processes of SQLite are on one machine, which has one clock.
				oneClock := name == "sqlite"
				if oneClock {
					tr.stand.env = append(tr.stand.env, env)
				}
				tr.servers = []*server{tr.stand.serve()}
				wrong := tr.servers
				if !oneClock {
					tr.stand.env = append(tr.stand.env, env)
					wrong = nil
				}
				second := tr.stand.serve()
				tr.servers, wrong = append(tr.servers, second), append(wrong, second)
				tr.know()
				step := func(t *ordeal, d time.Duration) {
					t.Helper()
					t.stepping.Lock()
					defer t.stepping.Unlock()
					if err := os.WriteFile(lever, []byte(d.String()), 0o600); err != nil {
						t.Fatal(err)
					}
					for _, v := range wrong {
						until(t.T, "the server's clock is stepped", func() bool { return (v.ahead() - d).Abs() < time.Minute })
					}
				}
				faults := []fault{{"steps", nil, func(t *ordeal) {
					for _, d := range []time.Duration{3 * time.Hour, -3 * time.Hour, 0} {
						step(t, d)
						time.Sleep(t.length / 3)
					}
				}}}
				// S3 refuses whose clock is wrong, so that one serves from
				// memory for as long as it is. And where all clocks are wrong,
				// no purge from here is accepted.
				if name != "s3" && !oneClock {
					for fault, d := range map[string]time.Duration{"ahead": 3 * time.Hour, "behind": -3 * time.Hour} {
						faults = append(faults, faultOfClock(fault, d, step))
					}
				}
				tr.playAll(faults)
			})
		})
	}
	all.Wait()
}

// faultOfClock is a clock that stays wrong.
func faultOfClock(name string, d time.Duration, step func(*ordeal, time.Duration)) fault {
	return fault{name, nil, func(t *ordeal) {
		step(t, d)
		time.Sleep(t.length)
	}}
}

// ahead is how far a server's clock is ahead.
func (v *server) ahead() time.Duration {
	a, err := v.get("/humans.txt")
	if err != nil {
		return 0
	}
	date, err := http.ParseTime(a.header.Get("Date"))
	if err != nil {
		return 0
	}
	return time.Until(date)
}
