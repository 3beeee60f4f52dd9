// The configuration of the collector in the environment.

package opentelemetry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"
)

// spans returns what spans go to; nil for none.
func (o Options) spans(ctx context.Context) (trace.SpanExporter, error) {
	if disabled() || os.Getenv("OTEL_TRACES_EXPORTER") == "none" {
		return nil, nil
	}
	if o.Exporter != nil {
		return o.Exporter, nil
	}
	if asked, err := asked("TRACES"); err != nil || !asked {
		return nil, err
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("opentelemetry: %w: see OTEL_EXPORTER_OTLP_ENDPOINT", unquoted(err))
	}
	return exporter, nil
}

// numbers returns what metrics go to; nil for none.
func numbers(ctx context.Context) (metric.Exporter, error) {
	if disabled() || os.Getenv("OTEL_METRICS_EXPORTER") == "none" {
		return nil, nil
	}
	if asked, err := asked("METRICS"); err != nil || !asked {
		return nil, err
	}
	const temporality = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"
	if p := os.Getenv(temporality); p != "" && !strings.EqualFold(p, "cumulative") {
		return nil, errors.New("opentelemetry: " + temporality + " must be cumulative, or empty: let the collector make deltas of the metrics, with its processor cumulativetodelta")
	}
	for _, name := range []string{intervalVariable, "OTEL_METRIC_EXPORT_TIMEOUT"} {
		if value := os.Getenv(name); value != "" && milliseconds(value) == 0 {
			return nil, errors.New("opentelemetry: " + name + " is malformed: give a number of milliseconds above zero, such as 60000")
		}
	}
	exporter, err := otlpmetrichttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("opentelemetry: %w: see OTEL_EXPORTER_OTLP_ENDPOINT", unquoted(err))
	}
	return exporter, nil
}

func disabled() bool { return strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") }

// asked says whether the environment asks for TRACES or METRICS, which it does
// by the address of a collector.
func asked(signal string) (bool, error) {
	if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && os.Getenv("OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT") == "" {
		return false, nil
	}
	if kind := os.Getenv("OTEL_" + signal + "_EXPORTER"); kind != "" && kind != "otlp" {
		return false, errors.New("opentelemetry: OTEL_" + signal + "_EXPORTER is neither of the two that there are: use otlp or none")
	}
	own, common := "OTEL_EXPORTER_OTLP_"+signal+"_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"
	if p := cmp.Or(os.Getenv(own), os.Getenv(common), "http/protobuf"); p != "http/protobuf" {
		return false, errors.New("opentelemetry: " + common + " or " + own + " asks for another protocol: use http/protobuf, and its port, usually 4318")
	}
	return true, checkEnvironment(signal)
}

const intervalVariable = "OTEL_METRIC_EXPORT_INTERVAL"

// exportInterval is how often metrics are sent.
func exportInterval() time.Duration {
	return cmp.Or(milliseconds(os.Getenv(intervalVariable)), time.Minute)
}

// milliseconds reads a time above zero; 0 for anything else.
func milliseconds(value string) time.Duration {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n <= 0 || n > int64(1<<63-1)/int64(time.Millisecond) {
		return 0
	}
	return time.Duration(n) * time.Millisecond
}

// checkEnvironment refuses values that the exporter would reject, since its
// errors would quote the value, which may contain a password or a token.
func checkEnvironment(signal string) error {
	for _, name := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_" + signal + "_ENDPOINT"} {
		value := os.Getenv(name)
		if u, err := url.Parse(value); err != nil || value != "" && u.Host == "" || strings.ContainsAny(value, "@#") {
			return errors.New("opentelemetry: " + name + " must be a URL without user and password, such as http://127.0.0.1:4318: put credentials into OTEL_EXPORTER_OTLP_HEADERS")
		}
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_" + signal + "_TIMEOUT"} {
		if value := os.Getenv(name); value != "" && milliseconds(value) == 0 {
			return errors.New("opentelemetry: " + name + " is malformed: give a number of milliseconds above zero, such as 10000")
		}
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_" + signal + "_HEADERS"} {
		value := os.Getenv(name)
		if value == "" {
			continue
		}
		for pair := range strings.SplitSeq(value, ",") {
			key, text, found := strings.Cut(pair, "=")
			if _, err := url.PathUnescape(text); err != nil || !found || strings.ContainsFunc(strings.TrimSpace(key), isNoToken) || strings.TrimSpace(key) == "" {
				return errors.New("opentelemetry: " + name + " is malformed: write it as key=value,key=value, the values encoded as in a URL")
			}
		}
	}
	return nil
}

// isNoToken says whether a rune is not allowed in the name of a header.
func isNoToken(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
}
