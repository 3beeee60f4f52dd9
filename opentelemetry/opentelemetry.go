// Package opentelemetry sends what a server does to a collector: requests, and
// the making of pages, as spans of OpenTelemetry, and the numbers that package
// prometheus counts as metrics.
//
//	command.Main(app, command.Config{Observers: []metrics.Observer{opentelemetry.New(opentelemetry.Options{})}})
//
// It sends nothing, and counts nothing, until OTEL_EXPORTER_OTLP_ENDPOINT names
// a collector, such as http://127.0.0.1:4318; OTEL_EXPORTER_OTLP_TRACES_ENDPOINT
// and OTEL_EXPORTER_OTLP_METRICS_ENDPOINT do so for one of the two alone. Spans
// and metrics go there as OTLP over HTTP. The other variables of OpenTelemetry
// work as it defines them, among them OTEL_METRIC_EXPORT_INTERVAL,
// OTEL_TRACES_SAMPLER, OTEL_SERVICE_NAME and OTEL_EXPORTER_OTLP_HEADERS.
//
// The traceparent of a request is continued: a loader finds its span in its
// context, and [Transport] writes it into the loader's own requests.
package opentelemetry

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	client "github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	"golang.org/x/sync/errgroup"

	"github.com/gorgon-go/gorgon/metrics"
)

// name is the instrumentation scope of the spans.
const name = "github.com/gorgon-go/gorgon/opentelemetry"

// Options configure what is sent. The zero Options work.
type Options struct {
	// Exporter receives the spans. Default: OTLP over HTTP to the endpoint in
	// the environment; none if the environment has none.
	Exporter trace.SpanExporter

	// Metrics are the app's own, which are sent with those of the server.
	// Default: none.
	Metrics client.Gatherer
}

// A Sender is an observer for one server.
type Sender struct {
	options  Options
	traces   traces
	counts   counts
	interval time.Duration
}

var _ metrics.Flusher = (*Sender)(nil)

// New returns a sender.
func New(o Options) *Sender { return &Sender{options: o} }

// Start opens the ways to the collector. If there are none, it returns a nil
// stop.
func (s *Sender) Start(ctx context.Context, server metrics.Server) (func(context.Context) error, error) {
	spans, err := s.options.spans(ctx)
	if err != nil {
		return nil, err
	}
	numbers, err := numbers(ctx)
	if err != nil || spans == nil && numbers == nil {
		return nil, errors.Join(err, shutDown(ctx, spans))
	}
	about, err := resourceOf(ctx, server)
	if err != nil {
		return nil, errors.Join(err, shutDown(ctx, spans))
	}
	log := cmp.Or(server.Log, slog.Default())
	s.interval = exportInterval()
	if numbers != nil {
		if err := s.counts.start(ctx, server, numbers, about, s.options.Metrics, &outcome{what: "metrics", log: log}); err != nil {
			return nil, errors.Join(err, shutDown(ctx, spans))
		}
	}
	if spans != nil {
		s.traces.start(spans, about, &outcome{what: "traces", log: log})
	}
	return s.stop, nil
}

// shutDown closes an exporter that is not used.
func shutDown(ctx context.Context, spans trace.SpanExporter) error {
	if spans == nil {
		return nil
	}
	return spans.Shutdown(ctx)
}

// stop sends the rest of both, and waits for both.
func (s *Sender) stop(ctx context.Context) error {
	var both errgroup.Group
	both.Go(func() error { return s.counts.stop(ctx) })
	both.Go(func() error { return s.traces.stop(ctx) })
	return both.Wait()
}

// Flush sends what was not sent yet. Metrics that could not be sent are in those
// that are sent next.
func (s *Sender) Flush(ctx context.Context) error {
	var both errgroup.Group
	both.Go(func() error { return s.counts.flush(ctx) })
	both.Go(func() error { return s.traces.flush(ctx) })
	return both.Wait()
}

// Late says that OTEL_METRIC_EXPORT_INTERVAL has passed since metrics, or
// traces, were sent.
func (s *Sender) Late() bool { return s.counts.sent.late(s.interval) || s.traces.sent.late(s.interval) }

// resourceOf says what sends: the app, and which process of it.
func resourceOf(ctx context.Context, s metrics.Server) (*resource.Resource, error) {
	about, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", s.App), attribute.String("service.version", cmp.Or(s.Version, s.Build)),
			attribute.String("service.instance.id", instance()), attribute.String("gorgon.build", s.Build)),
		resource.WithTelemetrySDK(), resource.WithFromEnv()) // the last wins
	if err != nil {
		return nil, errors.New("opentelemetry: OTEL_RESOURCE_ATTRIBUTES is malformed: write it as key=value,key=value, the values encoded as in a URL")
	}
	return about, nil
}

// instance is a random UUID, so that the counters of two processes are never
// taken for those of one.
func instance() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Request starts the span of a request, as a child of the span in its
// traceparent, and counts it when it ends.
func (s *Sender) Request(r *http.Request) (context.Context, func(metrics.Request)) {
	ctx, end := s.traces.request(r)
	counted := s.counts.kept.Load()
	switch {
	case counted == nil && end == nil:
		return ctx, func(metrics.Request) {}
	case counted == nil:
		return ctx, end
	}
	_, count := counted.Request(r)
	if end == nil {
		return ctx, count
	}
	return ctx, func(q metrics.Request) {
		count(q)
		end(q)
	}
}

// Making starts the span of a page's making, as a child of the request that
// caused it, and counts it when it ends. That request may have ended before.
func (s *Sender) Making(ctx, cause context.Context, route string) (context.Context, func(metrics.Making)) {
	ctx, end := s.traces.making(ctx, cause, route)
	counted := s.counts.kept.Load()
	switch {
	case counted == nil && end == nil:
		return ctx, func(metrics.Making) {}
	case counted == nil:
		return ctx, end
	}
	_, count := counted.Making(ctx, cause, route)
	if end == nil {
		return ctx, count
	}
	return ctx, func(m metrics.Making) {
		count(m)
		end(m)
	}
}
