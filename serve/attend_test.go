package serve_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/serve"
)

// A slowly makes its first version at once, and each later one once it is let.
type slowly struct {
	version atomic.Int64
	let     chan struct{}
}

func (s *slowly) make(context.Context, gorgon.Input) (int64, error) {
	v := s.version.Add(1)
	if v > 1 {
		<-s.let
	}
	return v, nil
}

func versionView(v int64) gorgon.Component { return gorgon.Text(fmt.Sprint("version ", v)) }

func beside(a, b gorgon.Component) gorgon.Component {
	return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error { return errors.Join(a.Render(ctx, w), b.Render(ctx, w)) })
}

// Where a process stands still between requests, the visitor has all of the
// stale page at once, and the response ends only once the new one is stored.
func TestAttend(t *testing.T) {
	slow := &slowly{let: make(chan struct{})}
	name := func(s string) gorgon.Component { return gorgon.Text(" part " + s) }
	part := gorgon.Fragment[string, string]{Name: "part", View: name, Load: func(_ context.Context, _ gorgon.Input, p string) (string, error) { return p, nil }}
	personal := gorgon.Fragment[string, string]{Name: "personal", View: name, LoadRequest: func(_ context.Context, _ gorgon.Input, p string, _ *http.Request) (string, error) { return p, nil }}
	app := gorgon.App{Parts: []gorgon.Part{
		gorgon.Page[int64]{
			Path: "/p", RevalidateAfter: time.Minute, View: versionView,
			Load: slow.make,
		},
		gorgon.Page[int64]{
			Path: "/both", RevalidateAfter: time.Minute, View: versionView,
			Load:        slow.make,
			LoadRequest: func(context.Context, gorgon.Input, *http.Request) (int64, error) { return 0, nil },
			Merge:       func(_ context.Context, _ gorgon.Input, built, _ int64) (int64, error) { return built, nil },
		},
		gorgon.Page[int64]{Path: "/live", Live: true, RevalidateAfter: time.Minute, View: versionView, Load: slow.make},
		part,
		gorgon.Page[int64]{
			Path: "/parts", RevalidateAfter: time.Minute, Load: slow.make,
			View: func(v int64) gorgon.Component { return beside(versionView(v), part.Use("a")) },
		},
		gorgon.Page[int64]{
			Path: "/personal", AllowRequestTime: true, RevalidateAfter: time.Minute, Load: slow.make,
			View: func(v int64) gorgon.Component { return beside(versionView(v), personal.Use("a")) },
		},
		personal,
	}}
	for _, path := range []string{"/p", "/both", "/live", "/parts", "/personal"} {
		t.Run(path, func(t *testing.T) {
			slow.version.Store(0)
			slow.let = make(chan struct{})
			s := build(t, app, func(c *serve.Config, _ *cache.Config) { c.Attend = true })
			server := httptest.NewServer(s)
			defer server.Close()
			first, err := http.Get(server.URL + path)
			if err != nil {
				t.Fatal(err)
			}
			first.Body.Close()
			s.now.Add(int64(2 * time.Minute))

			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
			// A condition that holds would be answered without a body.
			fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\nConnection: close\r\n\r\n", path)
			r := bufio.NewReader(conn)
			head := ""
			for !strings.Contains(head, "version 1") {
				line, err := r.ReadString('\n')
				if err != nil && !strings.Contains(head+line, "version 1") {
					t.Fatalf("the stale page is not there at once: %q, %v", head+line, err)
				}
				head += line
				if more, _ := r.Peek(r.Buffered()); strings.Contains(head+string(more), "version 1") {
					break
				}
			}
			if !strings.HasPrefix(head, "HTTP/1.1 200") || strings.Contains(head, "Content-Length") {
				t.Errorf("the response cannot be kept open: %q", head)
			}
			close(slow.let)
			for err == nil {
				_, err = r.ReadByte()
			}
			again := s.get(t, path)
			if body := text(t, again); !strings.Contains(body, "version 2") {
				t.Errorf("after the response ended the page is %q", body)
			}
		})
	}
}

// By itself a response has its length, and ends before the work behind it.
func TestUnattended(t *testing.T) {
	slow := &slowly{let: make(chan struct{})}
	defer close(slow.let)
	s := build(t, gorgon.App{Parts: []gorgon.Part{gorgon.Page[int64]{
		Path: "/p", RevalidateAfter: time.Minute, View: versionView,
		Load: slow.make,
	}}}, nil)
	s.get(t, "/p")
	s.now.Add(int64(2 * time.Minute))
	if r := s.get(t, "/p"); r.Header.Get("Content-Length") == "" {
		t.Errorf("no length: %v", r.Header)
	}
}
