// Workers that have nothing to do.

package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/pgdb/pgdbtest"
	"github.com/gorgon-go/gorgon/e2e/internal/jobber"
)

// spent is the processor time of a worker so far.
func (w *worker) spent() time.Duration {
	w.y.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", w.pid()))
	w.y.must(err)
	_, rest, _ := strings.Cut(string(stat), ") ")
	var user, system time.Duration
	fields := strings.Fields(rest)
	_, err = fmt.Sscan(fields[11]+" "+fields[12], &user, &system)
	w.y.must(err)
	const tick = 10 * time.Millisecond
	return (user + system) * tick
}

// TestJobsIdle measures what a worker takes of a processor while no job is due.
// JOBIDLE is for how long.
func TestJobsIdle(t *testing.T) {
	idle := duration(t, "JOBIDLE", time.Second)
	for name, url := range map[string]func(t *testing.T) string{
		"SQLite":     func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "jobs.db") },
		"PostgreSQL": func(t *testing.T) string { return pgdbtest.Open(t, database.Options{}).Options().URL },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := newYard(t, url(t))
			w := y.start(jobber.Short, "")
			before := w.spent()
			time.Sleep(idle) // what is measured
			took := w.spent() - before
			w.stop()
			t.Logf("%v in %v: %.2f %% of a processor", took, idle, 100*took.Seconds()/idle.Seconds())
		})
	}
}
