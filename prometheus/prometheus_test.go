// Tests of a scrape against a golden file, except Go's own metrics.

package prometheus_test

import (
	"context"
	"flag"
	"io"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	client "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/google/go-cmp/cmp"

	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/prometheus"
)

var update = flag.Bool("update", false, "write the golden file again")

func server() metrics.Server {
	return metrics.Server{App: "shop", Build: "b1", Version: "v1.2.3", State: func() metrics.State {
		return metrics.State{Started: true, Degraded: true, MemoryBytes: 4096, MemoryEntries: 2, StoreFaults: 3, StoreRefused: 1,
			Kinds: []metrics.Kind{{Name: "receipt", Waiting: 5, Due: 2, Dead: 1, Oldest: 90 * time.Second, Running: 3, Done: 10, Failed: 4, Died: 1}}, LateJobs: 1,
			Indicators: []metrics.Indicator{{Name: "payments", OK: true}, {Name: "search", Reason: "refused"}},
			LiveParts:  3, Followers: 40, LiveMade: 12, LiveFails: 1, LiveSent: 90,
			Rooms: 7, RoomsOwned: 5, RoomMembers: 60, RoomOps: 900, RoomRefused: 4, RoomsTaken: 2, RoomsClaimed: 6}
	}}
}

// started returns metrics after some events.
func started(t *testing.T, o prometheus.Options) *prometheus.Metrics {
	t.Helper()
	m := prometheus.New(o)
	if stop, err := m.Start(t.Context(), server()); err != nil || stop == nil {
		t.Fatalf("start: %v", err)
	}
	for _, q := range []metrics.Request{
		{Method: "GET", Route: "/products/{id}", Status: 200, Cache: metrics.Hit, Bytes: 1000, Took: 100 * time.Microsecond},
		{Method: "GET", Route: "/products/{id}", Status: 200, Cache: metrics.Hit, Bytes: 500, Took: 2 * time.Millisecond},
		{Method: "GET", Route: "/products/{id}", Status: 504, Cache: metrics.None, Took: 20 * time.Second},
		{Method: "POST", Route: "POST /form", Status: 0, Cut: true, Cache: metrics.None, Took: time.Second},
	} {
		_, end := m.Request(httptest.NewRequest("GET", "/", nil))
		end(q)
	}
	for _, q := range []metrics.Making{
		{Route: "/products/{id}", Outcome: metrics.Made, Took: 30 * time.Millisecond},
		{Route: "/products/{id}", Outcome: metrics.Timeout, Took: 20 * time.Second},
	} {
		_, end := m.Making(t.Context(), t.Context(), q.Route)
		end(q)
	}
	return m
}

func scrape(t *testing.T, m *prometheus.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("a scrape answers %d: %s", w.Code, w.Body)
	}
	b, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestScrape(t *testing.T) {
	text := scrape(t, started(t, prometheus.Options{Durations: []float64{.001, .1, 1}}))
	for _, name := range []string{"go_goroutines", "go_gc_duration_seconds"} {
		if !strings.Contains(text, "\n"+name) {
			t.Errorf("%s is not among the metrics", name)
		}
	}
	var own []string
	for line := range strings.Lines(text) {
		if strings.Contains(line, "gorgon_") {
			own = append(own, regexp.MustCompile(`goversion="[^"]*"`).ReplaceAllString(line, `goversion="go"`))
		}
	}
	got := strings.Join(own, "")
	const golden = "testdata/scrape.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("a scrape is not as in %s (-want +got):\n%s", golden, diff)
	}
}

func TestNamesFollowConventions(t *testing.T) {
	registry := client.NewRegistry()
	started(t, prometheus.Options{Registry: registry})
	problems, err := testutil.GatherAndLint(registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	if n, err := testutil.GatherAndCount(registry); err != nil || n == 0 {
		t.Errorf("%d metrics were checked: %v", n, err)
	}
}

// docs/metrics.md names every metric, and no others.
func TestEveryMetricIsDocumented(t *testing.T) {
	registry := client.NewRegistry()
	started(t, prometheus.Options{Registry: registry})
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(gorgon_[a-z_]+)`").FindAllStringSubmatch(string(doc), -1) {
		rows[row[1]] = true
	}
	for _, f := range families {
		if !rows[f.GetName()] {
			t.Errorf("docs/metrics.md has no row for %s", f.GetName())
		}
		delete(rows, f.GetName())
	}
	for name := range rows {
		t.Errorf("docs/metrics.md has a row for %s, which does not exist", name)
	}
}

func TestFaults(t *testing.T) {
	for _, durations := range [][]float64{{1, 1}, {2, 1}} {
		_, err := prometheus.New(prometheus.Options{Durations: durations}).Start(t.Context(), server())
		if err == nil || !strings.Contains(err.Error(), "sort them") {
			t.Errorf("%v: %v", durations, err)
		}
	}
	registry := client.NewRegistry()
	first := prometheus.New(prometheus.Options{Registry: registry})
	stop, err := first.Start(t.Context(), server())
	if err != nil {
		t.Fatal(err)
	}
	second := prometheus.New(prometheus.Options{Registry: registry})
	if _, err := second.Start(t.Context(), server()); err == nil || !strings.Contains(err.Error(), "one Metrics for each server") {
		t.Errorf("two servers with one registry: %v", err)
	}
	if err := stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Start(t.Context(), server()); err != nil {
		t.Errorf("after the first has stopped: %v", err)
	}
}

// Many concurrent requests and scrapes; the race detector watches.
func TestManyAtOnce(t *testing.T) {
	m := started(t, prometheus.Options{})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				_, end := m.Request(httptest.NewRequest("GET", "/", nil))
				end(metrics.Request{Method: "GET", Route: "/many", Status: 200, Cache: metrics.Hit})
			}
		})
		all.Go(func() { _ = scrapeQuietly(m) })
	}
	all.Wait()
	if text := scrape(t, m); !strings.Contains(text, `gorgon_requests_total{cache="hit",method="GET",route="/many",status="200"} 800`) {
		t.Errorf("800 requests are not in:\n%s", text)
	}
}

func scrapeQuietly(m *prometheus.Metrics) int {
	w := httptest.NewRecorder()
	m.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Code // 503 if too many scrape at once
}
