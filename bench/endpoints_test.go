package main

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/compress"
)

// BenchmarkCall is a validated POST without a connection, and the floor.
func BenchmarkCall(b *testing.B) {
	seedFile := filepath.Join(b.TempDir(), "endpoints.seed")
	if _, err := buildSeed(seedFile, endpointApp(), compress.None); err != nil {
		b.Fatal(err)
	}
	o, err := open(endpointApp(), seedFile, "mem:")
	if err != nil {
		b.Fatal(err)
	}
	defer o.close()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /dishes", bareDishes)
	for name, h := range map[string]http.Handler{"gorgon": o.handler, "bare": mux} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := newRequest("/dishes")
				r.Method, r.Body, r.ContentLength = http.MethodPost, io.NopCloser(strings.NewReader(dishBody)), int64(len(dishBody))
				r.Header["Content-Type"], r.Header["Accept"] = []string{"application/json"}, []string{"application/json"}
				h.ServeHTTP(newSink(), r)
			}
		})
	}
}
