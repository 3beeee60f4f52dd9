// Many paths that do not exist leave no trace.

package e2e_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// vitals are what must not grow with what visitors ask for.
type vitals struct {
	resident   int // KiB
	goroutines int
	files      int // in the store
	bytes      int64
}

var resident = regexp.MustCompile(`(?m)^VmRSS:\s+(\d+) kB$`)

func (s *stand) vitals(v *server) (w vitals) {
	t := s.t
	t.Helper()
	a, err := v.get("/goroutines")
	if err == nil {
		w.goroutines, err = strconv.Atoi(string(a.body))
	}
	if err != nil {
		t.Fatal(err)
	}
	// Where the system does not tell, the number stays 0.
	if status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", v.cmd.Process.Pid)); err == nil {
		if m := resident.FindSubmatch(status); m != nil {
			w.resident, _ = strconv.Atoi(string(m[1]))
		}
	}
	err = filepath.WalkDir(strings.TrimPrefix(s.store, "disk:"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			w.files++
			if info, err := d.Info(); err == nil {
				w.bytes += info.Size()
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// missing asks for different paths that do not exist, from one number to
// another.
func missing(v *server, from, to int) {
	const connections = 16
	var all sync.WaitGroup
	for c := range connections {
		all.Go(func() {
			for n := from + c; n < to; n += connections {
				a, err := v.get(fmt.Sprintf("/made/no-%d-%x", n, n*7919))
				if err != nil || a.status != http.StatusNotFound {
					v.t.Errorf("%v, %v", a, err)
					return
				}
			}
		})
	}
	all.Wait()
}

func TestMissingPathsLeaveNothing(t *testing.T) {
	// Not the test binary: with the race detector memory says little.
	s := newStand(t, release(t, next))
	s.env = append(s.env, "GOGC=100")
	s.build()
	v := s.serve()
	v.want("/made/known", "stored")
	requests := number(t, "GORGON_E2E_MISSING", 15_000)
	warm := requests / 4
	missing(v, 0, warm)
	before := s.vitals(v)
	start := time.Now()
	missing(v, warm, requests)
	took := time.Since(start)
	client.CloseIdleConnections()
	var after vitals
	until(t, "idle connections end", func() bool {
		after = s.vitals(v)
		return after.goroutines <= before.goroutines+4
	})
	if after.resident > before.resident+before.resident/8+4<<10 {
		t.Errorf("memory grew from %d to %d KiB", before.resident, after.resident)
	}
	if after.files > before.files+2 || after.bytes > before.bytes+before.bytes/10 {
		t.Errorf("the store grew from %d files with %d bytes to %d with %d", before.files, before.bytes, after.files, after.bytes)
	}

	// What is asked for often is still in memory.
	var times []time.Duration
	for range 201 {
		a, _, err := v.page("/made/known")
		if err != nil || a.cache() != "gorgon; hit" {
			t.Fatalf("%v, %v", a, err)
		}
		times = append(times, a.took)
	}
	slices.Sort(times)
	if median := times[100]; median > 20*time.Millisecond {
		t.Errorf("a page in memory takes %v", median)
	}
	t.Logf("%+v, then %+v; %.0f requests a second; a hit takes %v", before, after, float64(requests-warm)/took.Seconds(), times[100])
}
