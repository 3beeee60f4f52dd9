// Tests of the access log: what a line holds, and that bodies pass it whole.

package serve_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/serve"
)

func TestAccessLog(t *testing.T) {
	log := &lockedBuffer{}
	s := build(t, gorgon.App{
		Parts: []gorgon.Part{
			gorgon.Page[state]{Path: "/p/{id}", Incremental: true, Load: long, View: view},
			gorgon.Page[state]{Path: "/now", View: view, LoadRequest: func(_ context.Context, _ gorgon.Input, r *http.Request) (state, error) {
				return state{serve.RequestID(r)}, nil
			}},
			gorgon.Handler{Pattern: "POST /form/{name}", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusCreated)
				_, _ = io.WriteString(w, "made")
			})},
			gorgon.Handler{Pattern: "/flush", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if err := http.NewResponseController(w).Flush(); err != nil {
					t.Error(err)
				}
			})},
			gorgon.Handler{Pattern: "/cut", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })},
		},
	}, func(c *serve.Config, _ *cache.Config) {
		c.AccessLog = slog.New(slog.NewJSONHandler(log, nil))
		c.Files = func(path string) (answer.File, bool) {
			return answer.File{ContentType: "text/plain", Data: []byte("people")}, path == "/humans.txt"
		}
	})
	for _, c := range []struct {
		method, target string
		status         int
		route          string
		cache          string
	}{
		{"GET", "/p/1?secret=1", 200, "/p/{id}", "gorgon; fwd=uri-miss; stored"},
		{"GET", "/p/1", 200, "/p/{id}", "gorgon; hit"},
		{"HEAD", "/p/1", 200, "/p/{id}", "gorgon; hit"},
		{"GET", "/now", 200, "/now", "gorgon; fwd=bypass"},
		{"GET", "/humans.txt", 200, "file", ""},
		{"POST", "/form/ada", 201, "POST /form/{name}", ""},
		{"GET", "/flush", 200, "/flush", ""},
		{"GET", "/none", 404, "", ""},
		{"GET", "/_gorgon/none", 404, "/_gorgon/", ""},
		{"GET", "/cut", 0, "/cut", ""},
		{"GET", "/livez", 200, "", ""}, // not a line at this level
	} {
		before := len(log.String())
		w := httptest.NewRecorder()
		r := httptest.NewRequest(c.method, c.target, nil)
		r.RemoteAddr = "[2001:db8::1]:99"
		func() {
			defer func() { _ = recover() }()
			s.ServeHTTP(w, r)
		}()
		line := log.String()[before:]
		if c.target == "/livez" {
			if line != "" {
				t.Errorf("a question about health: %s", line)
			}
			continue
		}
		var got struct {
			Msg, Method, Route, Path, Client, Protocol, ID, Cache string
			Status                                                int
			Bytes, Duration                                       int64
			Cut                                                   bool
		}
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatalf("%s %s: %v: %q", c.method, c.target, err, line)
		}
		path, _, _ := strings.Cut(c.target, "?")
		if got.Msg != "request" || got.Method != c.method || got.Route != c.route || got.Path != path || got.Status != c.status ||
			got.Client != "2001:db8::1" || got.Protocol != "HTTP/1.1" || len(got.ID) != 16 || got.Cache != c.cache ||
			got.Cut != (c.target == "/cut") || got.Bytes != int64(w.Body.Len()) || got.Duration <= 0 {
			t.Errorf("%s %s, %d bytes: %s", c.method, c.target, w.Body.Len(), line)
		}
		if c.target == "/now" && !strings.Contains(w.Body.String(), got.ID) {
			t.Errorf("the generator knows another id than the log: %s, %s", w.Body, got.ID)
		}
	}
}

// Large bodies go out joined, and over HTTP/2, with the log as without.
func TestAccessLogOverSockets(t *testing.T) {
	for _, logged := range []bool{false, true} {
		for _, protocol := range []string{"http/1.1", "h2c"} {
			s := build(t, gorgon.App{Parts: []gorgon.Part{gorgon.Page[state]{Path: "/p/{id}", Incremental: true, Load: long, View: view}}}, func(c *serve.Config, _ *cache.Config) {
				if logged {
					c.AccessLog = slog.New(slog.NewTextHandler(io.Discard, nil))
				}
			})
			url, stop := run(t, &listen.Server{Handler: s})
			c := client(t, protocol)
			var first string
			for i := range 5 {
				status, body, err := get(c, url+"/p/1")
				if i == 0 {
					first = body
				}
				if status != 200 || len(body) < 5000 || body != first || err != nil {
					t.Errorf("%s: %d, %d bytes, %v", protocol, status, len(body), err)
				}
			}
			c.CloseIdleConnections()
			if err := stop(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestIdentifiers(t *testing.T) {
	met := map[string]bool{}
	for range 100_000 {
		id := serve.Identifier()
		if met[id] || len(id) != 16 || bytes.ContainsAny([]byte(id), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0189-_= ") {
			t.Fatalf("%q", id)
		}
		met[id] = true
	}
}

func BenchmarkIdentifier(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = serve.Identifier()
	}
}

func BenchmarkLoggedHit(b *testing.B) {
	s, r := hit(b, "")
	logged := build(b, gorgon.App{Parts: []gorgon.Part{gorgon.Page[state]{Path: "/p/{id}", Incremental: true, Load: long, View: view}}}, func(c *serve.Config, _ *cache.Config) {
		c.AccessLog = slog.New(slog.NewJSONHandler(io.Discard, nil))
	})
	for _, v := range []struct {
		name    string
		handler http.Handler
	}{{"off", s}, {"on", logged}} {
		b.Run(v.name, func(b *testing.B) {
			w := &discard{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				v.handler.ServeHTTP(w, r)
				clear(w.header)
			}
		})
	}
}
