// Spans: of requests, and of the making of pages.

package opentelemetry

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/gorgon-go/gorgon/metrics"
)

// propagator reads and writes the headers of the W3C's Trace Context.
var propagator propagation.TraceContext

// traces make spans once they are started.
type traces struct {
	tracer   atomic.Pointer[trace.Tracer] // nil until then
	provider *sdk.TracerProvider
	sent     *outcome // nil until then
}

func (t *traces) start(to sdk.SpanExporter, about *resource.Resource, sent *outcome) {
	sent.begin()
	t.sent = sent
	t.provider = sdk.NewTracerProvider(sdk.WithBatcher(heardSpans{to, sent}), sdk.WithResource(about))
	tracer := t.provider.Tracer(name)
	t.tracer.Store(&tracer)
}

func (t *traces) flush(ctx context.Context) error {
	if t.provider == nil {
		return nil
	}
	return t.sent.of(ctx, t.provider.ForceFlush)
}

func (t *traces) stop(ctx context.Context) error {
	if t.provider == nil {
		return nil
	}
	return t.sent.of(ctx, t.provider.Shutdown)
}

// heardSpans notes whether spans could be sent.
type heardSpans struct {
	sdk.SpanExporter
	sent *outcome
}

func (h heardSpans) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	h.sent.note(h.SpanExporter.ExportSpans(ctx, spans))
	return nil // it is noted
}

// request starts the span of a request; end is nil where there are no traces.
func (t *traces) request(r *http.Request) (ctx context.Context, end func(metrics.Request)) {
	tracer := t.tracer.Load()
	if tracer == nil {
		return r.Context(), nil
	}
	method := metrics.Method(r.Method)
	ctx = propagator.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
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

// making starts the span of a page's making; end is nil where there are no
// traces.
func (t *traces) making(ctx, cause context.Context, route string) (_ context.Context, end func(metrics.Making)) {
	tracer := t.tracer.Load()
	if tracer == nil {
		return ctx, nil
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
