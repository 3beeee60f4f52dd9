// What a hit costs beyond net/http's own share.

package serve_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
)

// discard takes an answer as net/http does, and keeps its header map between
// answers, so that only what the handler allocates is seen.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

func hit(t testing.TB, coding string) (*site, *http.Request) {
	s := build(t, gorgon.App{Parts: []gorgon.Part{page("/"), page("/about"), gorgon.Page[state]{
		Path: "/p/{id}", Incremental: true, RevalidateAfter: 1e12, View: view,
		Load: func(context.Context, gorgon.Input) (state, error) {
			return state{strings.Repeat("a row of a table ", 1200)}, nil
		},
	}}}, nil)
	r := httptest.NewRequest("GET", "/p/1", nil)
	if coding != "" {
		r.Header.Set("Accept-Encoding", coding)
	}
	for range 2 {
		s.ServeHTTP(httptest.NewRecorder(), r)
	}
	return s, r
}

func TestHitAllocatesNothing(t *testing.T) {
	for _, coding := range []string{"", "gzip, deflate, br, zstd"} {
		s, r := hit(t, coding)
		w := &discard{http.Header{}}
		if n := testing.AllocsPerRun(200, func() { s.ServeHTTP(w, r); clear(w.header) }); n > 0 {
			t.Errorf("%q: %v allocations", coding, n)
		}
	}
}

func BenchmarkHit(b *testing.B) {
	for _, coding := range []string{"identity", "gzip, deflate, br, zstd"} {
		b.Run(coding, func(b *testing.B) {
			s, r := hit(b, coding)
			w := &discard{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				s.ServeHTTP(w, r)
				clear(w.header)
			}
		})
	}
}

// BenchmarkSocket answers over loopback, beside a bare handler with the same
// bytes in memory. The client does nothing but write the request and read as
// many bytes as the first answer had. Compare in alternating runs.
func BenchmarkSocket(b *testing.B) {
	s, r := hit(b, "")
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, r)
	body := rec.Body.Bytes()
	for _, v := range []struct {
		name    string
		handler http.Handler
	}{
		{"bare", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write(body)
		})},
		{"gorgon", s},
	} {
		b.Run(v.name, func(b *testing.B) {
			server := httptest.NewServer(v.handler)
			defer server.Close()
			b.ReportAllocs()
			b.SetParallelism(32)
			b.RunParallel(func(pb *testing.PB) {
				conn, err := net.Dial("tcp", server.Listener.Addr().String())
				if err != nil {
					b.Error(err)
					return
				}
				defer conn.Close()
				request := []byte("GET /p/1 HTTP/1.1\r\nHost: a.example\r\nAccept: text/html\r\n\r\n")
				buffer := make([]byte, 64<<10)
				size := 0
				for pb.Next() {
					if _, err := conn.Write(request); err != nil {
						b.Error(err)
						return
					}
					if size == 0 {
						_ = conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
						for err == nil {
							var n int
							n, err = conn.Read(buffer)
							size += n
						}
						_ = conn.SetReadDeadline(time.Time{})
						continue
					}
					if _, err := io.ReadFull(conn, buffer[:size]); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
