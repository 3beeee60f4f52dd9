// The environment is checked, and never quoted.

package opentelemetry_test

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/opentelemetry"
)

func TestEnvironmentIsNotQuoted(t *testing.T) {
	for name, values := range map[string][]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT":       {"http://user:zq7k#vXw9@collector:4318", "http://user:zq7kvXw9@collector:4318", "http://user:zq7kvXw9", "zq7kvXw9"},
		"OTEL_EXPORTER_OTLP_HEADERS":        {"Authorization: Bearer zq7kvXw9", "zq7kvXw9", "a=%zzzq7kvXw9", "zq7k vXw9=x", "=zq7kvXw9", "a=b,zq7kvXw9"},
		"OTEL_EXPORTER_OTLP_TRACES_HEADERS": {"zq7kvXw9"},

		"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": {"http://user:zq7kvXw9@collector:4318/v1/metrics", "zq7kvXw9"},
		"OTEL_EXPORTER_OTLP_METRICS_HEADERS":  {"zq7kvXw9"},
		"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": {"zq7kvXw9"},
		"OTEL_EXPORTER_OTLP_METRICS_TIMEOUT":  {"zq7kvXw9", "-1"},
		"OTEL_EXPORTER_OTLP_TIMEOUT":          {"zq7kvXw9"},
		"OTEL_METRICS_EXPORTER":               {"zq7kvXw9"},
		"OTEL_TRACES_EXPORTER":                {"zq7kvXw9"},
		"OTEL_METRIC_EXPORT_INTERVAL":         {"zq7kvXw9", "0", "99999999999999999999"},
		"OTEL_METRIC_EXPORT_TIMEOUT":          {"zq7kvXw9"},
		"OTEL_RESOURCE_ATTRIBUTES":            {"zq7kvXw9"},

		"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": {"zq7kvXw9"},
	} {
		for _, value := range values {
			quiet(t)
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
			t.Setenv(name, value)
			said := standardError(t, func() {
				stop, err := opentelemetry.New(opentelemetry.Options{}).Start(t.Context(), metrics.Server{App: "shop"})
				if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "zq7k") || strings.Contains(err.Error(), "vXw9") {
					t.Errorf("%s=%s: %v", name, value, err)
				}
				if stop != nil {
					_ = stop(t.Context())
				}
			})
			if strings.Contains(said, "zq7k") {
				t.Errorf("%s=%s: %s", name, value, said)
			}
		}
	}
}

// standardError returns what is written to it while f runs.
func standardError(t *testing.T, f func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	was := os.Stderr
	os.Stderr = w
	f()
	os.Stderr = was
	_ = w.Close()
	said, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(said)
}
