// The configuration of the collector in the environment.

package opentelemetry

import (
	"errors"
	"net/url"
	"os"
	"strings"
)

// checkEnvironment refuses values that the exporter would reject, since its
// errors would quote the value, which may contain a password or a token.
func checkEnvironment() error {
	for _, name := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"} {
		value := os.Getenv(name)
		if u, err := url.Parse(value); err != nil || value != "" && u.Host == "" || strings.ContainsAny(value, "@#") {
			return errors.New("opentelemetry: " + name + " must be a URL without user and password, such as http://127.0.0.1:4318: put credentials into OTEL_EXPORTER_OTLP_HEADERS")
		}
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"} {
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
