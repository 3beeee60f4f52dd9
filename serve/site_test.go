// The site that the tests ask, and how they ask it.

package serve_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/viewctx"
)

// A state of a test's page.
type state struct{ Text string }

func view(s state) gorgon.Component {
	return gorgon.HTML("<p>" + html.EscapeString(s.Text) + "</p>")
}

// where is a generator that says which page it was asked for.
func where(_ context.Context, in gorgon.Input) (state, error) {
	return state{"[" + in.Locale + "]" + in.Path}, nil
}

func long(_ context.Context, in gorgon.Input) (state, error) {
	return state{strings.Repeat(in.Path+" is long. ", 500)}, nil
}

type site struct {
	*serve.Handler
	cache *cache.Cache
	log   *lockedBuffer
	now   *atomic.Int64 // Unix nanoseconds
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// build makes a site of an app; change may be nil.
func build(t testing.TB, app gorgon.App, change func(*serve.Config, *cache.Config)) *site {
	t.Helper()
	if app.Name == "" {
		app.Name = "test"
	}
	if err := app.Validate(); err != nil {
		t.Fatal(err)
	}
	s := &site{log: &lockedBuffer{}, now: new(atomic.Int64)}
	s.now.Store(time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC).UnixNano())
	now := func() time.Time { return time.Unix(0, s.now.Load()) }
	store := mem.Open(mem.Options{})
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	config := serve.Config{App: app, Log: log, Now: now}
	kept := cache.Config{Store: store, Prepare: answer.Prepare, Log: log, Now: now}
	if change != nil {
		change(&config, &kept)
	}
	if config.Renderer == nil {
		config.Renderer = &render.Renderer{}
	}
	r := config.Renderer
	r.App, r.Build, r.Now, r.Site = app, "b1", now, viewctx.Site{Base: config.Base, Locales: app.Locales.Tags, Origin: app.Origin}
	kept.Renderer = r
	var err error
	if s.cache, err = cache.New(kept); err != nil {
		t.Fatal(err)
	}
	config.Cache = s.cache
	t.Cleanup(func() { _ = s.cache.Close(); _ = store.Close() })
	if s.Handler, err = serve.New(config); err != nil {
		t.Fatal(err)
	}
	return s
}

// ask sends a request; header is name, value, ….
func (s *site) ask(t testing.TB, method, target string, header ...string) *http.Response {
	t.Helper()
	return askWith(t, s, method, target, nil, header...)
}

func askWith(t testing.TB, h http.Handler, method, target string, body io.Reader, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, body)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func (s *site) get(t testing.TB, target string, header ...string) *http.Response {
	t.Helper()
	return s.ask(t, "GET", target, header...)
}

func text(t testing.TB, res *http.Response) string {
	t.Helper()
	var r io.Reader = res.Body
	switch res.Header.Get("Content-Encoding") {
	case "gzip":
		g, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		r = g
	case "br":
		r = brotli.NewReader(r)
	case "zstd":
		z, err := zstd.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		r = z
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// want checks headers: name, value, …; an empty value means that there is none.
func want(t testing.TB, res *http.Response, status int, header ...string) {
	t.Helper()
	if res.StatusCode != status {
		t.Errorf("status %d, want %d", res.StatusCode, status)
	}
	for i := 0; i < len(header); i += 2 {
		if got := strings.Join(res.Header.Values(header[i]), " | "); got != header[i+1] {
			t.Errorf("%s: %q, want %q", header[i], got, header[i+1])
		}
	}
}

func page(path string) gorgon.Part {
	return gorgon.Page[state]{Path: path, Load: where, View: view}
}
