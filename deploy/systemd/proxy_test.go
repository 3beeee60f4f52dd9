// Caddy in front of the program, with the Caddyfile that is written.

package systemd_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/testbed"
)

// pulse lets the stream of the program send its next event.
var pulse = make(chan struct{})

// program serves an app, a handler that says who asks, and a stream.
func program(t *testing.T) *httptest.Server {
	t.Helper()
	app := gorgon.App{
		Name: "shop", Parts: []gorgon.Part{
			page{Path: "/", View: func(string) gorgon.Component { return gorgon.Text(strings.Repeat("a page ", 1000)) }},
			gorgon.Handler{Pattern: "/who", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprint(w, r.Host, " ", r.Header.Get("X-Forwarded-Proto"), " ", r.Header.Get("X-Forwarded-For"))
			})},
			api.Stream[api.None, int]{Path: "GET /events", Handle: func(ctx context.Context, _ api.None, _ string) iter.Seq2[api.Item[int], error] {
				return func(yield func(api.Item[int], error) bool) {
					for i := 0; ; i++ {
						select {
						case <-pulse:
						case <-ctx.Done():
							return
						}
						if !yield(api.Item[int]{Event: i}, nil) {
							return
						}
					}
				}
			}},
		},
	}
	store := mem.Open(mem.Options{})
	r := &render.Renderer{App: app}
	kept, err := cache.New(cache.Config{Renderer: r, Store: store, Prepare: answer.Prepare})
	if err != nil {
		t.Fatal(err)
	}
	h, err := serve.New(serve.Config{App: app, Renderer: r, Cache: kept})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	t.Cleanup(func() { server.Close(); _ = kept.Close(); _ = store.Close() })
	return server
}

// ask is an answer without what a proxy says of itself.
func ask(t *testing.T, at string, header ...string) (status int, head http.Header, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Server", "Date", "Age", "Strict-Transport-Security"} {
		delete(response.Header, name)
	}
	return response.StatusCode, response.Header, string(data)
}

func TestCaddyPassesAnswersOnAsTheyAre(t *testing.T) {
	for name, s := range sites() {
		t.Run(name, func(t *testing.T) {
			file, err := os.ReadFile(filepath.Join(write(t, s), "Caddyfile"))
			if err != nil {
				t.Fatal(err)
			}
			behind := program(t)
			front := testbed.For(t, func() (*testbed.Server, error) {
				return testbed.Caddy(file, "UPSTREAM="+strings.TrimPrefix(behind.URL, "http://"))
			})
			_, head, _ := ask(t, behind.URL)
			for _, request := range [][]string{
				{"/"}, {"/", "Accept-Encoding", "identity"}, {"/", "Accept-Encoding", "gzip"}, {"/", "Accept-Encoding", "br"},
				{"/", "Accept-Encoding", "zstd"}, {"/nothing", "Accept-Encoding", "gzip"},
				{"/", "If-None-Match", head.Get("Etag")}, {"/", "Accept-Encoding", "identity", "If-None-Match", head.Get("Etag")},
			} {
				status, head, body := ask(t, behind.URL+request[0], request[1:]...)
				gotStatus, gotHead, gotBody := ask(t, front.URL+request[0], request[1:]...)
				if diff := cmp.Diff(head, gotHead); status != gotStatus || diff != "" || body != gotBody {
					t.Errorf("%q: %d, %d bytes; through Caddy %d, %d bytes (-program +caddy):\n%s", request, status, len(body), gotStatus, len(gotBody), diff)
				}
			}
			// What a visitor says of itself is not believed.
			want := front.Addr + " http 127.0.0.1"
			if _, _, who := ask(t, front.URL+"/who", "X-Forwarded-For", "10.9.8.7", "X-Forwarded-Proto", "https"); who != want {
				t.Errorf("the program hears %q, want %q", who, want)
			}
		})
	}
}

// nginx is a usual file for nginx in front of a program: it says nothing of
// streams.
const nginx = `server {
	listen 80;
	gzip on;
	gzip_types text/css text/xml application/json application/javascript;
	location / {
		proxy_pass http://%s;
	}
}
`

// Events pass each proxy one by one: the next one is made only after the last
// one has arrived.
func TestEventsPassAsTheyCome(t *testing.T) {
	file, err := os.ReadFile(filepath.Join(write(t, sites()["still"]), "Caddyfile"))
	if err != nil {
		t.Fatal(err)
	}
	behind := program(t)
	addr := behind.Listener.Addr().String()
	for name, start := range map[string]func() (*testbed.Server, error){
		"caddy": func() (*testbed.Server, error) { return testbed.Caddy(file, "UPSTREAM="+addr) },
		"nginx": func() (*testbed.Server, error) { return testbed.Nginx(fmt.Appendf(nil, nginx, addr)) },
	} {
		t.Run(name, func(t *testing.T) {
			front := testbed.For(t, start)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, front.URL+"/events", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Accept-Encoding", "gzip, br, zstd")
			res, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.StatusCode != 200 || res.Header.Get("Content-Encoding") != "" {
				t.Fatalf("%s %v", res.Status, res.Header)
			}
			lines := bufio.NewScanner(res.Body)
			for i := range 20 {
				select {
				case pulse <- struct{}{}:
				case <-ctx.Done():
					t.Fatalf("event %d was not asked for", i)
				}
				for lines.Scan() && lines.Text() != fmt.Sprintf("data: %d", i) {
				}
				if lines.Err() != nil || ctx.Err() != nil {
					t.Fatalf("event %d: %v", i, lines.Err())
				}
			}
		})
	}
}

// A socket that is open while nothing answers is waited for, and one that is
// not is asked again.
func TestCaddyWaitsForARestart(t *testing.T) {
	file, err := os.ReadFile(filepath.Join(write(t, sites()["still"]), "Caddyfile"))
	if err != nil {
		t.Fatal(err)
	}
	behind := program(t)
	addr := behind.Listener.Addr().String()
	front := testbed.For(t, func() (*testbed.Server, error) { return testbed.Caddy(file, "UPSTREAM="+addr) })
	if status, _, _ := ask(t, front.URL); status != http.StatusOK {
		t.Fatal(status)
	}
	handler := behind.Config.Handler
	behind.Close()
	answered := make(chan int)
	go func() {
		response, err := http.Get(front.URL)
		if err != nil {
			answered <- 0
			return
		}
		_ = response.Body.Close()
		answered <- response.StatusCode
	}()
	again := httptest.NewUnstartedServer(handler)
	if err := again.Listener.Close(); err != nil {
		t.Fatal(err)
	}
	if again.Listener, err = new(net.ListenConfig).Listen(t.Context(), "tcp", addr); err != nil {
		t.Fatal(err)
	}
	again.Start()
	t.Cleanup(again.Close)
	if status := <-answered; status != http.StatusOK {
		t.Errorf("while it restarted: %d", status)
	}
}
