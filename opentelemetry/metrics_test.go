// Tests of metrics, as a collector receives them.

package opentelemetry_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	client "github.com/prometheus/client_golang/prometheus"
	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	otlp "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"

	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/opentelemetry"
	"github.com/gorgon-go/gorgon/prometheus"
)

// A receiver is a collector of metrics. What it has is the last of each.
type receiver struct {
	*httptest.Server

	mu       sync.Mutex
	fails    int // the status of each answer; 0 for 200
	received int
	size     int // of the last report, in bytes
	got      map[string]*otlp.Metric
	about    map[string]string // the resource
	headers  http.Header
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (c *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var q collector.ExportMetricsServiceRequest
	if r.URL.Path == "/v1/traces" {
		return
	}
	if err != nil || r.URL.Path != "/v1/metrics" || proto.Unmarshal(body, &q) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fails > 0 {
		w.WriteHeader(c.fails)
		_, _ = io.WriteString(w, "the key zq7kvXw9 is not known")
		return
	}
	c.received++
	c.size = len(body)
	c.got, c.about, c.headers = map[string]*otlp.Metric{}, map[string]string{}, r.Header
	for _, rm := range q.ResourceMetrics {
		for _, a := range rm.Resource.Attributes {
			c.about[a.Key] = a.Value.GetStringValue()
		}
		for _, sm := range rm.ScopeMetrics {
			for _, m := range sm.Metrics {
				c.got[m.Name] = m
			}
		}
	}
}

func (c *receiver) fail(status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fails = status
}

func (c *receiver) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.received
}

// sum is the sum of a counter, or of a gauge, over all labels.
func (c *receiver) sum(name string) (sum float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.got[name]
	for _, p := range slices.Concat(m.GetSum().GetDataPoints(), m.GetGauge().GetDataPoints()) {
		sum += p.GetAsDouble()
	}
	return sum
}

// asked starts a sender as the environment says, for a site.
func asked(t *testing.T, o opentelemetry.Options, log io.Writer) (*opentelemetry.Sender, http.Handler, func(context.Context) error) {
	t.Helper()
	sender := opentelemetry.New(o)
	h := site(t, sender, "")
	stop, err := sender.Start(t.Context(), metrics.Server{App: "shop", Build: "b1", State: state, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil || stop == nil {
		t.Fatalf("start: %v", err)
	}
	return sender, h, stop
}

func state() metrics.State {
	return metrics.State{Started: true, MemoryBytes: 4096, Kinds: []metrics.Kind{{Name: "receipt", Due: 2}},
		Indicators: []metrics.Indicator{{Name: "payments", OK: true}}}
}

// The collector has what a scrape has: the same names, and the same numbers.
func TestMetricsAreThoseOfAScrape(t *testing.T) {
	quiet(t)
	to := newReceiver(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", to.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=zq7kvXw9")
	t.Setenv("OTEL_SERVICE_NAME", "window")
	own := client.NewRegistry()
	orders := client.NewCounter(client.CounterOpts{Name: "shop_orders_total", Help: "Orders."})
	own.MustRegister(orders)
	orders.Add(3)
	_, h, stop := asked(t, opentelemetry.Options{Metrics: own}, io.Discard)
	for range 5 {
		ask(h, "GET", "/products/1")
	}
	if err := stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{"gorgon_requests_total": 5, "gorgon_makings_total": 1, "gorgon_memory_bytes": 4096,
		"gorgon_jobs_due": 2, "gorgon_health": 1, "gorgon_build_info": 1, "shop_orders_total": 3} {
		if got := to.sum(name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	scraped := client.NewRegistry()
	m := prometheus.New(prometheus.Options{Registry: scraped})
	if _, err := m.Start(t.Context(), metrics.Server{App: "shop", State: state}); err != nil {
		t.Fatal(err)
	}
	_, end := m.Request(httptest.NewRequest("GET", "/", nil))
	end(metrics.Request{Route: "/"})
	_, ended := m.Making(t.Context(), t.Context(), "/")
	ended(metrics.Making{Route: "/"})
	families, err := scraped.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if m := to.got[f.GetName()]; m.GetDescription() != f.GetHelp() {
			t.Errorf("%s is in a scrape, and the collector has %v", f.GetName(), m)
		}
	}
	t.Logf("a report of %d metrics has %d bytes", len(to.got), to.size)
	requests := to.got["gorgon_requests_total"].GetSum()
	if !requests.IsMonotonic || requests.AggregationTemporality != otlp.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE || requests.DataPoints[0].StartTimeUnixNano == 0 {
		t.Errorf("requests are not a cumulative counter: %v", requests)
	}
	if to.got["go_goroutines"] == nil || to.got["gorgon_request_duration_seconds"].GetHistogram() == nil {
		t.Error("there is nothing of Go, or no histogram")
	}
	if to.about["service.name"] != "window" || to.about["service.version"] != "b1" || to.about["gorgon.build"] != "b1" || len(to.about["service.instance.id"]) != 36 {
		t.Errorf("the service is %v", to.about)
	}
	if to.headers.Get("api-key") != "zq7kvXw9" {
		t.Errorf("the headers are %v", to.headers)
	}
}

// Two processes are never taken for one.
func TestInstancesAreTold(t *testing.T) {
	quiet(t)
	to := newReceiver(t)
	t.Setenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", to.URL+"/v1/metrics")
	seen := map[string]bool{}
	for range 3 {
		_, _, stop := asked(t, opentelemetry.Options{}, io.Discard)
		if err := stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		seen[to.about["service.instance.id"]] = true
	}
	if len(seen) != 3 {
		t.Errorf("three starts have %d ids", len(seen))
	}
}

// Metrics are sent each interval, without any request for it.
func TestMetricsAreSentEachInterval(t *testing.T) {
	quiet(t)
	to := newReceiver(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", to.URL)
	t.Setenv("OTEL_METRIC_EXPORT_INTERVAL", "20")
	_, h, stop := asked(t, opentelemetry.Options{}, io.Discard)
	ask(h, "GET", "/products/1")
	for end := time.Now().Add(30 * time.Second); to.count() < 3 || to.sum("gorgon_requests_total") != 1; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %d times there are %v requests", to.count(), to.sum("gorgon_requests_total"))
		}
	}
	if err := stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// What could not be sent is in what is sent next, and the log says each of the
// two once.
func TestFlush(t *testing.T) {
	quiet(t)
	to := newReceiver(t)
	t.Setenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", to.URL+"/v1/metrics")
	var log bytes.Buffer
	sender, h, stop := asked(t, opentelemetry.Options{}, &log)
	for i, status := range []int{0, http.StatusUnauthorized, http.StatusUnauthorized, 0} {
		ask(h, "GET", "/products/1")
		to.fail(status)
		err := sender.Flush(t.Context())
		if (err != nil) != (status != 0) {
			t.Errorf("flush %d, answered with %d: %v", i, status, err)
		}
		if err != nil && (strings.Contains(err.Error(), to.URL) || strings.Contains(err.Error(), "zq7k") || !strings.Contains(err.Error(), "401")) {
			t.Errorf("flush %d: %v", i, err)
		}
	}
	if got := to.sum("gorgon_requests_total"); got != 4 {
		t.Errorf("the collector has %v requests, want 4", got)
	}
	if lines := strings.Count(log.String(), "\n"); lines != 2 || strings.Contains(log.String(), "zq7k") {
		t.Errorf("two lines say that it failed and that it works again:\n%s", &log)
	}
	ask(h, "GET", "/products/1")
	to.Close()
	ended, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := stop(ended); err == nil || strings.Contains(err.Error(), to.URL) {
		t.Errorf("without a collector: %v", err)
	}
}

// It is late once the interval has passed without anything being sent.
func TestLate(t *testing.T) {
	quiet(t)
	to := newReceiver(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", to.URL)
	t.Setenv("OTEL_METRIC_EXPORT_INTERVAL", "3600000")
	sender, _, stop := asked(t, opentelemetry.Options{}, io.Discard)
	defer func() { _ = stop(t.Context()) }()
	if sender.Late() {
		t.Error("it is late within the hour")
	}
	t.Setenv("OTEL_METRIC_EXPORT_INTERVAL", "1")
	t.Setenv("OTEL_METRICS_EXPORTER", "none") // spans alone, which nothing sends meanwhile
	sender, _, stop = asked(t, opentelemetry.Options{}, io.Discard)
	defer func() { _ = stop(t.Context()) }()
	for end := time.Now().Add(30 * time.Second); !sender.Late(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it is never late")
		}
	}
	if unused := opentelemetry.New(opentelemetry.Options{}); unused.Late() || unused.Flush(t.Context()) != nil {
		t.Error("one that was not started is late, or fails")
	}
}
