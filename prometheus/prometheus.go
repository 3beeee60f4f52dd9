// Package prometheus keeps the reports of a server as metrics that Prometheus
// scrapes.
//
//	command.Main(app, command.Config{Observers: []metrics.Observer{prometheus.New(prometheus.Options{})}})
//
// Nothing is counted until --metrics says where to serve the metrics.
// docs/metrics.md explains each of them.
package prometheus

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strconv"

	client "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/gorgon-go/gorgon/metrics"
)

// Options configure how metrics are kept. The zero Options work.
type Options struct {
	// Registry is the registry of the metrics; an app can register its own
	// there too. Default: a new one, with the metrics of Go and of the process.
	Registry *client.Registry

	// Durations are the upper bounds of the histograms' buckets, in seconds,
	// increasing. Default: 0.5 ms to 10 s.
	Durations []float64
}

// defaultDurations separate a hit, which takes less than the first, from a page
// that is made.
var defaultDurations = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// Metrics are an observer, and the handler that answers Prometheus, for one
// server.
type Metrics struct {
	registry *client.Registry
	fault    error // of the options

	requests *client.CounterVec
	duration *client.HistogramVec
	bytes    *client.CounterVec
	cut      *client.CounterVec
	makings  *client.CounterVec
	making   *client.HistogramVec
	handler  http.Handler
}

var _ metrics.Starter = (*Metrics)(nil)

// New returns metrics. Faults in the options are reported by Start.
func New(o Options) *Metrics {
	m := &Metrics{registry: o.Registry}
	if m.registry == nil {
		m.registry = Registry()
	}
	if o.Durations == nil {
		o.Durations = defaultDurations
	}
	for i := 1; i < len(o.Durations); i++ {
		if !(o.Durations[i-1] < o.Durations[i]) {
			m.fault = fmt.Errorf("prometheus: Durations %v do not increase: sort them, each once", o.Durations)
			o.Durations = defaultDurations
		}
	}
	m.requests = client.NewCounterVec(client.CounterOpts{
		Name: "gorgon_requests_total", Help: "Requests answered, without questions about health.",
	}, []string{"method", "route", "status", "cache"})
	m.duration = client.NewHistogramVec(client.HistogramOpts{
		Name: "gorgon_request_duration_seconds", Help: "How long answering a request took.", Buckets: o.Durations,
	}, []string{"route", "cache"})
	m.bytes = client.NewCounterVec(client.CounterOpts{
		Name: "gorgon_response_bytes_total", Help: "Bytes of the bodies of answers, as sent.",
	}, []string{"route"})
	m.cut = client.NewCounterVec(client.CounterOpts{
		Name: "gorgon_responses_cut_total", Help: "Answers that were not sent to their end.",
	}, []string{"route"})
	m.makings = client.NewCounterVec(client.CounterOpts{
		Name: "gorgon_makings_total", Help: "Kept pages made, by how that ended.",
	}, []string{"route", "outcome"})
	m.making = client.NewHistogramVec(client.HistogramOpts{
		Name: "gorgon_making_duration_seconds", Help: "How long making a kept page took.", Buckets: o.Durations,
	}, []string{"route"})
	m.handler = promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
	return m
}

// Registry returns a new registry, with the metrics of Go and of the process.
func Registry() *client.Registry {
	r := client.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// Start registers the metrics, and those of the server's state.
func (m *Metrics) Start(_ context.Context, s metrics.Server) (func(context.Context) error, error) {
	if m.fault != nil {
		return nil, m.fault
	}
	info := client.NewGaugeVec(client.GaugeOpts{
		Name: "gorgon_build_info", Help: "Always 1; the labels say what runs.",
	}, []string{"app", "build", "version", "goversion"})
	info.WithLabelValues(s.App, s.Build, s.Version, runtime.Version()).Set(1)
	all := []client.Collector{m.requests, m.duration, m.bytes, m.cut, m.makings, m.making, info, newState(s.State)}
	for i, c := range all {
		if err := m.registry.Register(c); err != nil {
			for _, done := range all[:i] {
				m.registry.Unregister(done)
			}
			return nil, fmt.Errorf("prometheus: %w: use one Metrics for each server, with a Registry of its own", err)
		}
	}
	return func(context.Context) error {
		for _, c := range all {
			m.registry.Unregister(c)
		}
		return nil
	}, nil
}

// Request counts a request.
func (m *Metrics) Request(r *http.Request) (context.Context, func(metrics.Request)) {
	return r.Context(), m.requested
}

func (m *Metrics) requested(q metrics.Request) {
	m.requests.WithLabelValues(q.Method, q.Route, strconv.Itoa(q.Status), q.Cache).Inc()
	m.duration.WithLabelValues(q.Route, q.Cache).Observe(q.Took.Seconds())
	m.bytes.WithLabelValues(q.Route).Add(float64(q.Bytes))
	if q.Cut {
		m.cut.WithLabelValues(q.Route).Inc()
	}
}

// Making counts the making of a page.
func (m *Metrics) Making(ctx, _ context.Context, _ string) (context.Context, func(metrics.Making)) {
	return ctx, m.made
}

func (m *Metrics) made(q metrics.Making) {
	m.makings.WithLabelValues(q.Route, q.Outcome).Inc()
	m.making.WithLabelValues(q.Route).Observe(q.Took.Seconds())
}

// ServeHTTP answers a scrape.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.handler.ServeHTTP(w, r) }
