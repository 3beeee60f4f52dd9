// Package opentelemetry reports requests, and the making of pages, as spans of
// OpenTelemetry.
//
//	command.Main(app, command.Config{Observers: []metrics.Observer{opentelemetry.New(opentelemetry.Options{})}})
//
// It reports nothing until OTEL_EXPORTER_OTLP_ENDPOINT, or
// OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, names a collector, such as
// http://127.0.0.1:4318. Spans go there as OTLP over HTTP. The other variables
// of OpenTelemetry work as it defines them, among them OTEL_TRACES_SAMPLER,
// OTEL_SERVICE_NAME and OTEL_EXPORTER_OTLP_HEADERS.
//
// The traceparent of a request is continued: a loader finds its span in its
// context, and [Transport] writes it into the loader's own requests.
package opentelemetry

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/gorgon-go/gorgon/metrics"
)

// name is the instrumentation scope of the spans.
const name = "github.com/gorgon-go/gorgon/opentelemetry"

// Options configure where spans go. The zero Options work.
type Options struct {
	// Exporter receives the spans. Default: OTLP over HTTP to the endpoint in
	// the environment; none if the environment has none.
	Exporter sdk.SpanExporter
}

// Traces are an observer for one server.
type Traces struct {
	options Options
	tracer  atomic.Pointer[trace.Tracer] // nil until Start
}

var _ metrics.Starter = (*Traces)(nil)

// New returns traces.
func New(o Options) *Traces { return &Traces{options: o} }

// propagator reads and writes the headers of the W3C's Trace Context.
var propagator propagation.TraceContext

// Start opens the exporter. If there is none, it returns a nil stop.
func (t *Traces) Start(ctx context.Context, s metrics.Server) (func(context.Context) error, error) {
	exporter, err := t.exporter(ctx)
	if err != nil || exporter == nil {
		return nil, err
	}
	about, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", s.App), attribute.String("service.version", cmp.Or(s.Version, s.Build)), attribute.String("gorgon.build", s.Build)),
		resource.WithTelemetrySDK(), resource.WithFromEnv()) // the last wins
	if err != nil {
		_ = exporter.Shutdown(ctx)
		return nil, fmt.Errorf("opentelemetry: %w: see OTEL_RESOURCE_ATTRIBUTES", err)
	}
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about))
	tracer := provider.Tracer(name)
	t.tracer.Store(&tracer)
	return provider.Shutdown, nil
}

// exporter returns the exporter; nil for none.
func (t *Traces) exporter(ctx context.Context) (sdk.SpanExporter, error) {
	switch kind := os.Getenv("OTEL_TRACES_EXPORTER"); {
	case strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true"), kind == "none":
		return nil, nil
	case t.options.Exporter != nil:
		return t.options.Exporter, nil
	case os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "":
		return nil, nil
	case kind != "" && kind != "otlp":
		return nil, fmt.Errorf("opentelemetry: OTEL_TRACES_EXPORTER is %q: use otlp or none", kind)
	}
	if p := cmp.Or(os.Getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL"), "http/protobuf"); p != "http/protobuf" {
		return nil, fmt.Errorf("opentelemetry: OTEL_EXPORTER_OTLP_PROTOCOL is %q: use http/protobuf, and its port, usually 4318", p)
	}
	if err := checkEnvironment(); err != nil {
		return nil, err
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("opentelemetry: %w: see OTEL_EXPORTER_OTLP_ENDPOINT", err)
	}
	return exporter, nil
}

// Request starts the span of a request, as a child of the span in its
// traceparent.
func (t *Traces) Request(r *http.Request) (context.Context, func(metrics.Request)) {
	tracer := t.tracer.Load()
	if tracer == nil {
		return r.Context(), func(metrics.Request) {}
	}
	method := metrics.Method(r.Method)
	ctx := propagator.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	ctx, span := (*tracer).Start(ctx, method, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("http.request.method", methodOf(method)), attribute.String("url.path", r.URL.Path)))
	return ctx, func(q metrics.Request) {
		// The pattern of a handler may begin with its method already.
		route := strings.TrimPrefix(q.Route, method+" ")
		if route != "" {
			span.SetName(method + " " + route)
			span.SetAttributes(attribute.String("http.route", route))
		}
		span.SetAttributes(attribute.String("gorgon.cache", q.Cache), attribute.Int64("http.response.body.size", q.Bytes))
		if q.Status > 0 {
			span.SetAttributes(attribute.Int("http.response.status_code", q.Status))
		}
		switch {
		case q.Cut:
			span.SetStatus(codes.Error, "the answer was not sent completely")
		case q.Status >= 500:
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// methodOf returns a method as OpenTelemetry writes it: "_OTHER" for an unknown
// one.
func methodOf(method string) string {
	if method == "OTHER" {
		return "_OTHER"
	}
	return method
}

// Making starts the span of a page's making, as a child of the request that
// caused it. That request may have ended before.
func (t *Traces) Making(ctx, cause context.Context, route string) (context.Context, func(metrics.Making)) {
	tracer := t.tracer.Load()
	if tracer == nil {
		return ctx, func(metrics.Making) {}
	}
	ctx = trace.ContextWithSpanContext(ctx, trace.SpanContextFromContext(cause))
	ctx, span := (*tracer).Start(ctx, "make "+route, trace.WithAttributes(attribute.String("gorgon.route", route)))
	return ctx, func(m metrics.Making) {
		span.SetAttributes(attribute.String("gorgon.outcome", m.Outcome))
		if m.Err != nil {
			span.RecordError(m.Err)
			span.SetStatus(codes.Error, m.Outcome)
		}
		span.End()
	}
}

// Transport writes the trace of a request's context into the request, as
// traceparent, and sends it with base. Default: http.DefaultTransport.
func Transport(base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	return transport{base}
}

type transport struct{ base http.RoundTripper }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if trace.SpanContextFromContext(r.Context()).IsValid() {
		r = r.Clone(r.Context()) // a RoundTripper must not change the caller's request
		propagator.Inject(r.Context(), propagation.HeaderCarrier(r.Header))
	}
	return t.base.RoundTrip(r)
}
