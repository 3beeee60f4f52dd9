package operate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/operate"
)

// request lets a recorder count one.
func request(r *operate.Recorder, q metrics.Request) {
	_, end := r.Request(httptest.NewRequest("GET", "/", nil))
	end(q)
}

func making(r *operate.Recorder, q metrics.Making) {
	_, end := r.Making(context.Background(), context.Background(), q.Route)
	end(q)
}

// What is said of durations is at most a fifth above what was counted, and never
// below.
func TestDurations(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	r := operate.NewRecorder(time.Now)
	var all []time.Duration
	for range 10_000 {
		took := time.Duration(random.ExpFloat64() * float64(30*time.Millisecond))
		all = append(all, took)
		request(r, metrics.Request{Route: "/", Status: 200, Took: took})
	}
	slices.Sort(all)
	took := r.Routes()[0].Took
	for _, part := range []float64{0.5, 0.9, 0.99, 0.999, 1} {
		want := all[int(part*float64(len(all)))-1]
		if got := took.At(part); got < want || float64(got) > 1.2*float64(max(want, 20*time.Microsecond)) {
			t.Errorf("within %v stayed %v of them, and %v was said", want, part, got)
		}
	}
	if took.N() != 10_000 || took.Max() != all[len(all)-1] {
		t.Errorf("%d, at most %v", took.N(), took.Max())
	}
	if none := new(operate.Durations).At(0.5); none != 0 {
		t.Errorf("of none %v", none)
	}
}

func TestRoutes(t *testing.T) {
	r := operate.NewRecorder(time.Now)
	request(r, metrics.Request{Route: "/a", Status: 200, Cache: metrics.Hit, Bytes: 10})
	request(r, metrics.Request{Route: "/a", Status: 503, Cache: metrics.None, Bytes: 5, Cut: true})
	making(r, metrics.Making{Route: "/a", Outcome: metrics.Made, Took: time.Second})
	making(r, metrics.Making{Route: "/a", Outcome: metrics.Failed, Err: errors.New("it fails\nand more"), Took: 2 * time.Second})
	making(r, metrics.Making{Route: "/a", Outcome: metrics.Missing, Err: errors.New("none")})
	a := r.Routes()[0]
	if got := fmt.Sprintln(a.Pattern, a.Requests, a.Errors, a.Cut, a.Bytes, a.Cache, a.Made, a.Failed, a.Error); got != "/a 2 1 1 15 map[hit:1 none:1] 3 1 it fails …\n" {
		t.Error(got)
	}
	if slow := r.Slowest(); len(slow) != 3 || slow[0].Took != 2*time.Second || slow[1].Took != time.Second {
		t.Errorf("%v", slow)
	}
}

// A recorder remembers so many routes and makings, whatever there are.
func TestBounds(t *testing.T) {
	r := operate.NewRecorder(time.Now)
	const n = 3000
	for i := range n {
		request(r, metrics.Request{Route: fmt.Sprint("/", i), Status: 200})
		making(r, metrics.Making{Route: "/", Outcome: metrics.Made, Took: time.Duration(i)})
	}
	routes := r.Routes()
	var sum uint64
	for _, route := range routes {
		sum += route.Requests
	}
	if len(routes) > 2001 || sum != n {
		t.Errorf("%d routes with %d requests", len(routes), sum)
	}
	if slow := r.Slowest(); len(slow) < 5 || slow[0].Took != n-1 || slow[4].Took != n-5 {
		t.Errorf("%v", slow)
	}
}

// What is older than an hour is forgotten, by minutes.
func TestHour(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 30, 0, time.UTC)
	r := operate.NewRecorder(func() time.Time { return now })
	for i := range 90 {
		for range i {
			request(r, metrics.Request{Route: "/", Status: 500, Cache: metrics.Hit, Took: time.Duration(i) * time.Millisecond})
		}
		making(r, metrics.Making{Route: "/", Outcome: metrics.Timeout, Took: time.Duration(90-i) * time.Second})
		now = now.Add(time.Minute)
	}
	hour := r.Hour()
	if len(hour) != 60 || !hour[59].At.Equal(now.Truncate(time.Minute)) || hour[59].Requests != 0 {
		t.Fatalf("%d minutes, the last one %+v", len(hour), hour[len(hour)-1])
	}
	for i, m := range hour[:59] {
		n := uint64(31 + i)
		if m.Requests != n || m.Errors != n || m.Hits != n || m.Made != 1 || m.Failed != 1 || m.P50 != time.Duration(n)*time.Millisecond {
			t.Errorf("minute %d: %+v", i, m)
		}
	}
	if slow := r.Slowest(); len(slow) != 20 || slow[0].Took != 59*time.Second || slow[19].Took != 40*time.Second {
		t.Errorf("%v", slow)
	}
	now = now.Add(3 * time.Hour)
	for _, m := range r.Hour() {
		if m.Requests+m.Made > 0 {
			t.Errorf("%+v is of long ago", m)
		}
	}
}

// Lines are those that were logged last, and the log has them, too.
func TestLines(t *testing.T) {
	var lines operate.Lines
	var text bytes.Buffer
	log := slog.New(lines.Beside(slog.NewTextHandler(&text, nil)))
	for i := range 700 {
		log.Info("line", "n", i)
	}
	last := lines.Last(1000, slog.LevelInfo)
	if len(last) != 500 || last[0].With != "n=699" || last[499].With != "n=200" {
		t.Errorf("%d lines, from %q to %q", len(last), last[0].With, last[len(last)-1].With)
	}
	if n := strings.Count(text.String(), "\n"); n != 700 {
		t.Errorf("%d lines in the log", n)
	}
	log.Debug("not logged")
	log.With("a", 1).WithGroup("g").With("b", "two words").WithGroup("").Warn("said", "c", slog.GroupValue(slog.Int("d", 3)), slog.Attr{})
	log.Error("long", "text", strings.Repeat("é", 10_000))
	warned := lines.Last(2, slog.LevelWarn)
	if len(warned) != 2 || len(warned[0].With) > 5<<10 || warned[1].Text != "said" || warned[1].With != `a=1 g.b="two words" g.c.d=3` {
		t.Errorf("%q", warned[1:])
	}
}

// Each change of health is remembered once, and the state of each minute.
func TestHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		p := &operate.Program{
			Checks: func(context.Context) []operate.Check {
				since := time.Since(began)
				return []operate.Check{{Name: "store", OK: since < 5*time.Minute || since > 7*time.Minute, Reason: "away"}, {Name: "database", OK: true}}
			},
			State: func() metrics.State { return metrics.State{Running: int64(time.Since(began) / time.Minute)} },
		}
		ctx, cancel := context.WithCancel(t.Context())
		var h operate.History
		go h.Watch(ctx, p)
		time.Sleep(90*time.Minute + time.Second)
		changes := h.Changes()
		if len(changes) != 2 || !changes[0].OK || changes[1].OK || changes[1].Reason != "away" {
			t.Errorf("%+v", changes)
		}
		hour := h.Hour(time.Now())
		if len(hour) != 60 || hour[59].State.Running-hour[0].State.Running != 59 {
			t.Errorf("%d minutes, from %d to %d", len(hour), hour[0].State.Running, hour[len(hour)-1].State.Running)
		}
		cancel()
		synctest.Wait()
	})
}
