// Metrics that instances push: what a collector has once they are gone, where
// they run all the time, are suspended between requests, and end without warning.

package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	metricspb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlptrace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/gorgon-go/gorgon/testbed"
)

// A collector keeps the last report of each instance, as a backend does of
// cumulative counters, and counts spans.
type collector struct {
	*httptest.Server
	t *testing.T

	mu       sync.Mutex
	requests map[string]float64 // by instance: gorgon_requests_total, over all labels
	reports  int
	spans    int // of requests
}

func newCollector(t *testing.T) *collector {
	c := &collector{t: t, requests: map[string]float64{}}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *collector) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // its process was stopped or killed
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch r.URL.Path {
	case "/v1/metrics":
		var q metricspb.ExportMetricsServiceRequest
		if err := proto.Unmarshal(body, &q); err != nil {
			c.t.Error(err)
		}
		c.reports++
		for _, rm := range q.ResourceMetrics {
			id := ""
			for _, a := range rm.Resource.Attributes {
				if a.Key == "service.instance.id" {
					id = a.Value.GetStringValue()
				}
			}
			for _, sm := range rm.ScopeMetrics {
				for _, m := range sm.Metrics {
					if m.Name != "gorgon_requests_total" {
						continue
					}
					sum := 0.0
					for _, p := range m.GetSum().GetDataPoints() {
						sum += p.GetAsDouble()
					}
					if sum < c.requests[id] {
						c.t.Errorf("a counter of %s goes back from %v to %v", id, c.requests[id], sum)
					}
					c.requests[id] = sum
				}
			}
		}
	case "/v1/traces":
		var q tracepb.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &q); err != nil {
			c.t.Error(err)
		}
		for _, rs := range q.ResourceSpans {
			for _, ss := range rs.ScopeSpans {
				for _, s := range ss.Spans {
					if s.Kind == otlptrace.Span_SPAN_KIND_SERVER {
						c.spans++
					}
				}
			}
		}
	}
}

// has is what there is of all instances.
func (c *collector) has() (instances, requests, spans, reports int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.requests {
		requests += int(n)
	}
	return len(c.requests), requests, c.spans, c.reports
}

// pushes is a stand whose program pushes to a collector.
func pushes(t *testing.T, env ...string) (*stand, *collector) {
	to := newCollector(t)
	s := newStand(t, self(t))
	s.env = append([]string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + to.URL}, env...)
	s.build()
	return s, to
}

// An idling function says when it asks for the next event: it is then stopped.
type idling struct {
	*function
	idle chan struct{}
}

func (f *idling) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/next") {
		f.idle <- struct{}{}
	}
	f.function.ServeHTTP(w, r)
}

// On Lambda an instance is stopped when it asks for the next event, and ends
// without warning. The interval is longer than any test: what arrives was sent
// after a response.
func TestMetricsArePushedByLambda(t *testing.T) {
	t.Parallel()
	const instances, requests = 3, 4
	s, to := pushes(t, "OTEL_METRIC_EXPORT_INTERVAL=3600000", "OTEL_BSP_SCHEDULE_DELAY=3600000")
	for range instances {
		f := &idling{&function{t: t, events: make(chan string), said: make(chan []byte, 1)}, make(chan struct{}, 1)}
		api := httptest.NewServer(f)
		c := s.command(context.Background(), "serve", "--dist", s.dist, "--store", s.store)
		c.Env = append(c.Env, "AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(api.URL, "http://"))
		var log bytes.Buffer
		c.Stderr = &log
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		f.stop(c)
		for i := range requests {
			frozen(t, c, testbed.Thaw)
			if status, _ := f.get(fmt.Sprintf("/made/n%d", i%2)); status != http.StatusOK {
				t.Errorf("a page: %d", status)
			}
			f.stop(c)
		}
		_ = c.Process.Kill()
		_ = c.Wait()
		api.CloseClientConnections()
		api.Close()
		if t.Failed() {
			t.Logf("the function said:\n%s", &log)
		}
	}
	if i, n, spans, reports := to.has(); i != instances || n != instances*requests || spans != n {
		t.Errorf("the collector has %d requests and %d spans of %d instances, want %d of %d, after %d reports", n, spans, i, instances*requests, instances, reports)
	}
}

// stop stops an instance once it asks for the next event.
func (f *idling) stop(c *exec.Cmd) {
	f.t.Helper()
	select {
	case <-f.idle:
	case <-time.After(patience):
		f.t.Fatal("it does not ask for the next event")
	}
	frozen(f.t, c, testbed.Freeze)
}

// On Cloud Run an instance is stopped whenever no request is under way, and is
// asked to end by SIGTERM.
func TestMetricsArePushedByCloudRun(t *testing.T) {
	t.Parallel()
	const instances, requests = 2, 6
	s, to := pushes(t, "OTEL_METRIC_EXPORT_INTERVAL=200")
	for range instances {
		v := s.serve("--role", "web")
		v.freeze()
		for i := range requests {
			v.thaw()
			if a, err := fetch(fmt.Sprintf("%s/made/n%d", v.url, i%2)); err != nil || a.status != http.StatusOK {
				t.Errorf("a page: %v, %v", a, err)
			}
			v.freeze()
		}
		v.thaw()
		v.stop()
	}
	if i, n, spans, reports := to.has(); i != instances || n != instances*requests || spans != n {
		t.Errorf("the collector has %d requests and %d spans of %d instances, want %d of %d, after %d reports", n, spans, i, instances*requests, instances, reports)
	}
}

// A request whose response is sent does not end before what is late was sent.
// Spans show that: nothing else sends them here.
func TestMetricsArePushedAfterResponses(t *testing.T) {
	t.Parallel()
	s, to := pushes(t, "OTEL_METRIC_EXPORT_INTERVAL=100", "OTEL_BSP_SCHEDULE_DELAY=3600000", "OTEL_BSP_MAX_QUEUE_SIZE=100000", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE=100000")
	v := s.serve("--work-after", "1s")
	until(t, "the collector has requests of an instance that runs", func() bool {
		if a, err := fetch(v.url + "/made/one"); err != nil || a.status != http.StatusOK {
			t.Fatalf("a page: %v, %v", a, err)
		}
		_, _, spans, _ := to.has()
		return spans > 2
	})
	v.kill()
}
