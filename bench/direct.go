// Calling a handler without a connection.

package main

import (
	"fmt"
	"net/http"
	"net/url"
	"runtime"
)

// A sink takes an answer and keeps nothing of its body.
type sink struct {
	header http.Header
	status int
	bytes  int
}

func newSink() *sink { return &sink{header: http.Header{}} }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(p []byte) (int, error) { s.bytes += len(p); return len(p), nil }

// reset makes the sink ready for the next answer.
func (s *sink) reset() {
	clear(s.header)
	s.status, s.bytes = 0, 0
}

// newRequest is a request for a path as net/http would hand it on.
func newRequest(path string) *http.Request {
	return &http.Request{
		Method: http.MethodGet, URL: &url.URL{Path: path}, RequestURI: path,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Host: "bench", Header: http.Header{}, Body: http.NoBody,
	}
}

// ask asks for a path once and expects a status.
func ask(h http.Handler, path string, status int) (*sink, error) {
	return askAs(h, path, "", status)
}

// askAs asks for a path in a coding; "" for none.
func askAs(h http.Handler, path, coding string, status int) (*sink, error) {
	s, r := newSink(), newRequest(path)
	if coding != "" {
		r.Header["Accept-Encoding"] = []string{coding}
	}
	h.ServeHTTP(s, r)
	if s.status != status {
		return nil, fmt.Errorf("%s answers %d, not %d", path, s.status, status)
	}
	return s, nil
}

// heap is how many bytes live on the Go heap now.
func heap() float64 {
	// What a pool holds is freed by the second collection.
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
