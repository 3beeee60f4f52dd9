// Tests of spans: in memory, and as a collector receives them.

package opentelemetry_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/opentelemetry"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/serve"
)

const (
	traceID     = "0af7651916cd43dd8448eb211c80319c"
	traceparent = "00-" + traceID + "-b7ad6b7169203331-01"
)

// quiet clears the environment of the test.
func quiet(t *testing.T) {
	t.Helper()
	for _, name := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
		"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
		"OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_METRICS_HEADERS", "OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT",
		"OTEL_METRIC_EXPORT_INTERVAL", "OTEL_METRIC_EXPORT_TIMEOUT", "OTEL_METRICS_EXPORTER", "OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", "OTEL_TRACES_SAMPLER", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES"} {
		t.Setenv(name, "")
	}
}

// A kept exporter holds spans after it was shut down.
type kept struct{ *tracetest.InMemoryExporter }

func (kept) Shutdown(context.Context) error { return nil }

// site is a shop that is observed; its loader calls upstream.
func site(t *testing.T, o metrics.Observer, upstream string) http.Handler {
	t.Helper()
	client := &http.Client{Transport: opentelemetry.Transport(nil)}
	app := gorgon.App{
		Name: "shop",
		Parts: []gorgon.Part{
			gorgon.Page[string]{Path: "/products/{id}", Incremental: true, View: func(s string) gorgon.Component { return gorgon.Text(s) },
				Load: func(ctx context.Context, in gorgon.Input) (string, error) {
					switch in.PathValue("id") {
					case "none":
						return "", gorgon.NotFound()
					case "bad":
						return "", errors.New("the database said no")
					}
					if upstream == "" {
						return "fine", nil
					}
					r, err := http.NewRequestWithContext(ctx, "GET", upstream, nil)
					if err != nil {
						return "", err
					}
					res, err := client.Do(r)
					if err != nil {
						return "", err
					}
					if len(r.Header) > 0 {
						t.Errorf("the caller's request was changed: %v", r.Header)
					}
					return "fine", res.Body.Close()
				}},
			gorgon.Handler{Pattern: "POST /form", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})},
		},
	}
	if err := app.Validate(); err != nil {
		t.Fatal(err)
	}
	renderer := &render.Renderer{App: app, Build: "b1"}
	log := slog.New(slog.DiscardHandler)
	pages, err := cache.New(cache.Config{Renderer: renderer, Prepare: answer.Prepare, Observe: o, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pages.Close() })
	h, err := serve.New(serve.Config{App: app, Renderer: renderer, Cache: pages, Observe: o, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func ask(h http.Handler, method, target string, header ...string) {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	h.ServeHTTP(httptest.NewRecorder(), r)
}

func attributes(s tracetest.SpanStub) map[string]string {
	all := map[string]string{}
	for _, a := range s.Attributes {
		all[string(a.Key)] = a.Value.String()
	}
	return all
}

func TestSpans(t *testing.T) {
	quiet(t)
	var heard []string
	upstream := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		heard = append(heard, r.Header.Get("Traceparent"))
	}))
	defer upstream.Close()
	exporter := kept{tracetest.NewInMemoryExporter()}
	traces := opentelemetry.New(opentelemetry.Options{Exporter: exporter})
	h := site(t, traces, upstream.URL)
	ask(h, "GET", "/products/early") // before the start: nothing is reported
	stop, err := traces.Start(t.Context(), metrics.Server{App: "shop", Build: "b1", Version: "v1.0.0"})
	if err != nil || stop == nil {
		t.Fatalf("start: %v", err)
	}
	heard = nil
	ask(h, "GET", "/products/1?secret=1", "Traceparent", traceparent)
	ask(h, "GET", "/products/1")
	ask(h, "GET", "/products/none")
	ask(h, "GET", "/products/bad")
	ask(h, "POST", "/form")
	ask(h, "BREW", "/nothing")
	ask(h, "GET", "/readyz")
	if err := stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	spans := exporter.GetSpans()
	type span struct {
		name, route, status, cache, outcome string
		code                                codes.Code
	}
	var got []span
	byName := map[string][]tracetest.SpanStub{}
	for _, s := range spans {
		a := attributes(s)
		got = append(got, span{s.Name, a["http.route"] + a["gorgon.route"], a["http.response.status_code"], a["gorgon.cache"], a["gorgon.outcome"], s.Status.Code})
		byName[s.Name] = append(byName[s.Name], s)
		if strings.Contains(strings.Join(values(s.Attributes), " "), "secret") {
			t.Errorf("%s contains the query: %v", s.Name, a)
		}
	}
	want := []span{
		{"make /products/{id}", "/products/{id}", "", "", "made", codes.Unset},
		{"GET /products/{id}", "/products/{id}", "200", "made", "", codes.Unset},
		{"GET /products/{id}", "/products/{id}", "200", "hit", "", codes.Unset},
		{"make /products/{id}", "/products/{id}", "", "", "missing", codes.Unset},
		{"GET /products/{id}", "/products/{id}", "404", "none", "", codes.Unset},
		{"make /products/{id}", "/products/{id}", "", "", "failed", codes.Error},
		{"GET /products/{id}", "/products/{id}", "500", "none", "", codes.Error},
		{"POST /form", "/form", "200", "none", "", codes.Unset},
		{"OTHER", "", "404", "none", "", codes.Unset},
	}
	if !slices.Equal(got, want) {
		t.Fatalf("spans\n%+v, want\n%+v", got, want)
	}
	request, making := byName["GET /products/{id}"][0], byName["make /products/{id}"][0]
	if request.SpanContext.TraceID().String() != traceID || !request.Parent.IsRemote() {
		t.Errorf("the request is of trace %s, want that of its traceparent", request.SpanContext.TraceID())
	}
	if making.Parent.SpanID() != request.SpanContext.SpanID() || making.SpanContext.TraceID() != request.SpanContext.TraceID() {
		t.Error("the making is not a child of the request")
	}
	if other := byName["GET /products/{id}"][1]; other.Parent.IsValid() || other.SpanContext.TraceID() == request.SpanContext.TraceID() {
		t.Error("a request without traceparent begins no trace of its own")
	}
	if want := []string{"00-" + traceID + "-" + making.SpanContext.SpanID().String() + "-01"}; !slices.Equal(heard, want) {
		t.Errorf("the loader's request carries %q, want %q", heard, want)
	}
	resource := map[string]string{}
	for _, a := range request.Resource.Attributes() {
		resource[string(a.Key)] = a.Value.String()
	}
	if resource["service.name"] != "shop" || resource["service.version"] != "v1.0.0" || resource["gorgon.build"] != "b1" {
		t.Errorf("the service is %v", resource)
	}
}

func values(attributes []attribute.KeyValue) (all []string) {
	for _, a := range attributes {
		all = append(all, a.Value.String())
	}
	return all
}

func TestOffUntilAskedFor(t *testing.T) {
	exporter := func() trace.SpanExporter { return tracetest.NewInMemoryExporter() }
	for _, c := range []struct {
		name     string
		env      []string
		exporter trace.SpanExporter
		on       bool
		fails    bool // to send what it has at the end
		fault    string
	}{
		{name: "nothing said"},
		{name: "disabled", env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1", "OTEL_SDK_DISABLED", "TRUE"}},
		{name: "none", env: []string{"OTEL_TRACES_EXPORTER", "none"}, exporter: exporter()},
		{name: "endpoint", env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"}, on: true, fails: true},
		{name: "endpoint of traces", env: []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:1/v1/traces"}, on: true},
		{name: "exporter", exporter: exporter(), on: true},
		{name: "endpoint of metrics", env: []string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://127.0.0.1:1/v1/metrics"}, on: true, fails: true},
		{name: "endpoint, and neither of the two", env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1", "OTEL_METRICS_EXPORTER", "none", "OTEL_TRACES_EXPORTER", "none"}},
		{name: "metrics by another exporter", env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1", "OTEL_METRICS_EXPORTER", "prometheus"}, fault: "use otlp or none"},
		{name: "metrics by gRPC", env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "grpc"}, fault: "use http/protobuf"},
		{name: "deltas", env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta"}, fault: "cumulativetodelta"},
		{name: "no interval", env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1", "OTEL_METRIC_EXPORT_INTERVAL", "1m"}, fault: "number of milliseconds"},
		{name: "gRPC", env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}, fault: "use http/protobuf"},
		{name: "another exporter", env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER", "zipkin"}, fault: "use otlp or none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			quiet(t)
			for i := 0; i < len(c.env); i += 2 {
				t.Setenv(c.env[i], c.env[i+1])
			}
			stop, err := opentelemetry.New(opentelemetry.Options{Exporter: c.exporter}).Start(t.Context(), metrics.Server{App: "shop", State: state, Log: slog.New(slog.DiscardHandler)})
			if c.fault != "" {
				if err == nil || !strings.Contains(err.Error(), c.fault) {
					t.Errorf("it starts with error %v, want %q", err, c.fault)
				}
				return
			}
			if err != nil || (stop != nil) != c.on {
				t.Fatalf("it is on: %v, want %v; %v", stop != nil, c.on, err)
			}
			if stop != nil {
				if err := stop(t.Context()); (err != nil) != c.fails {
					t.Error(err)
				}
			}
		})
	}
}

// The spans have reached the collector once stop has returned.
func TestCollector(t *testing.T) {
	quiet(t)
	var mu sync.Mutex
	var spans []*otlp.Span
	var service string
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var q collector.ExportTraceServiceRequest
		if r.URL.Path == "/v1/metrics" {
			return
		}
		if err != nil || r.URL.Path != "/v1/traces" || proto.Unmarshal(body, &q) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		for _, rs := range q.ResourceSpans {
			for _, a := range rs.Resource.Attributes {
				if a.Key == "service.name" {
					service = a.Value.GetStringValue()
				}
			}
			for _, ss := range rs.ScopeSpans {
				spans = append(spans, ss.Spans...)
			}
		}
	}))
	defer receiver.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.URL)
	t.Setenv("OTEL_SERVICE_NAME", "window")
	traces := opentelemetry.New(opentelemetry.Options{})
	h := site(t, traces, "")
	stop, err := traces.Start(t.Context(), metrics.Server{App: "shop", Build: "b1", State: state})
	if err != nil || stop == nil {
		t.Fatalf("start: %v", err)
	}
	ask(h, "GET", "/products/1", "Traceparent", traceparent)
	if err := stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	var names []string
	for _, s := range spans {
		names = append(names, s.Name)
	}
	if want := []string{"make /products/{id}", "GET /products/{id}"}; !slices.Equal(names, want) || service != "window" {
		t.Fatalf("the collector has %q of %q, want %q of window", names, service, want)
	}
	if string(spans[0].ParentSpanId) != string(spans[1].SpanId) {
		t.Error("at the collector the making is not a child of the request")
	}
}
