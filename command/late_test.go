// What the log says of late jobs and commits.

package command

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/wire"
)

// ages are jobs that do not run: how long each kind has been due.
type ages struct {
	Jobs
	of map[string]time.Duration
}

func (a ages) State(s *metrics.State) {
	for name, age := range a.of {
		s.Kinds = append(s.Kinds, metrics.Kind{Name: name, Oldest: age})
	}
}

// Each minute the log has an event for each kind that has been due for more than
// ten minutes, and none for others: alerts count them.
func TestLateJobsAreSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := &program{log: slog.New(slog.NewJSONHandler(&out, nil))}
		p.config.Jobs = ages{of: map[string]time.Duration{"receipt": 11 * time.Minute, "reminder": 10 * time.Minute}}
		ctx, stop := context.WithCancel(t.Context())
		go p.sayLate(ctx)
		time.Sleep(2*time.Minute + time.Second)
		stop()
		synctest.Wait()
		said := strings.Count(out.String(), `"kind":"receipt"`)
		if events := count(&out, wire.EventJobsLate); events != 2 || said != 2 {
			t.Errorf("%d events in two minutes, %d of them of the kind that is late", events, said)
		}
	})
}

// outbox is a database with a commit that waits.
type outbox struct {
	Database
	oldest time.Duration
}

func (o outbox) State(s *metrics.State) { s.Changes, s.Oldest = 1, o.oldest }

// Each minute the log has an event while a commit has waited for more than a minute,
// also in an app without jobs.
func TestLateCommitsAreSaid(t *testing.T) {
	for oldest, want := range map[time.Duration]int{time.Minute: 0, 61 * time.Second: 2} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			p := &program{log: slog.New(slog.NewJSONHandler(&out, nil))}
			p.config.Database = outbox{oldest: oldest}
			ctx, stop := context.WithCancel(t.Context())
			go p.sayLate(ctx)
			time.Sleep(2*time.Minute + time.Second)
			stop()
			synctest.Wait()
			if events := count(&out, wire.EventCommitsLate); events != want {
				t.Errorf("a commit has waited for %v: %d events in two minutes, want %d", oldest, events, want)
			}
		})
	}
}

func TestBatchesSayWhatTheyLeave(t *testing.T) {
	for due, want := range map[int]int{0: 0, 2: 1} {
		var out bytes.Buffer
		p := &program{log: slog.New(slog.NewJSONHandler(&out, nil))}
		p.sayLeft(metrics.Batch{Ran: 5, Due: due})
		if got := count(&out, wire.EventJobsLate); got != want {
			t.Errorf("%d kinds are left: %d events, want %d", due, got, want)
		}
	}
}

// count is how many lines are of an event.
func count(out *bytes.Buffer, event string) (n int) {
	for line := range strings.Lines(out.String()) {
		if wire.ParseEvent(line).Name == event {
			n++
		}
	}
	return n
}
