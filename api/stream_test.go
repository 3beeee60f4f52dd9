package api_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/listen"
)

// A ticker is an app with a stream of numbers; how many there are grows.
type ticker struct {
	mu    sync.Mutex
	wake  chan struct{}
	total int
}

func newTicker(total int) *ticker { return &ticker{wake: make(chan struct{}), total: total} }

func (k *ticker) add(n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.total += n
	close(k.wake)
	k.wake = make(chan struct{})
}

func (k *ticker) state() (int, <-chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.total, k.wake
}

func (k *ticker) events(ctx context.Context, _ api.None, after string) iter.Seq2[api.Item[int], error] {
	return func(yield func(api.Item[int], error) bool) {
		next, _ := strconv.Atoi(after)
		for {
			total, wake := k.state()
			for ; next < total; next++ {
				if !yield(api.Item[int]{ID: strconv.Itoa(next + 1), Event: next + 1}, nil) {
					return
				}
			}
			select {
			case <-wake:
			case <-ctx.Done():
				return
			}
		}
	}
}

func streaming(parts ...gorgon.Part) gorgon.App {
	home := gorgon.Page[string]{Path: "/", View: func(string) gorgon.Component { return gorgon.Text("home") }}
	return gorgon.App{Name: "streams", Parts: append([]gorgon.Part{home}, parts...)}
}

// listening serves an app as a program does.
func listening(t *testing.T, app gorgon.App, s *listen.Server) (url string, stop func() error) {
	t.Helper()
	s.Handler, s.Addr = gorgontest.Open(t, app), "127.0.0.1:0"
	addr, err := s.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = stop() })
	return "http://" + addr.String(), stop
}

// clientOf speaks one protocol.
func clientOf(t *testing.T, protocol string) *http.Client {
	p := new(http.Protocols)
	p.SetHTTP1(protocol == "http/1.1")
	p.SetUnencryptedHTTP2(protocol == "h2c")
	transport := &http.Transport{Protocols: p}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func open(t *testing.T, c *http.Client, url, after string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if after != "" {
		r.Header.Set("Last-Event-ID", after)
	}
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

// message reads up to the next message that is not a comment.
func message(r *bufio.Reader) (string, error) {
	for {
		var b strings.Builder
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return "", err // a message that is not whole does not count
			}
			if line == "\n" {
				break
			}
			b.WriteString(line)
		}
		if text := b.String(); text != ":\n" {
			return text, nil
		}
	}
}

// A client that is cut off at any byte and comes back loses no event, and gets
// none twice.
func TestStreamResumes(t *testing.T) {
	const events, cuts = 10000, 100
	k := newTicker(events)
	url, _ := listening(t, streaming(api.Stream[api.None, int]{Path: "GET /events", Handle: k.events}), &listen.Server{})
	client := clientOf(t, "http/1.1")
	const size = len("id: 10000\ndata: \"10000\"\n\n")
	last, connections := 0, 0
	for last < events {
		connections++
		after := ""
		if last > 0 {
			after = strconv.Itoa(last)
		}
		body := open(t, client, url+"/events", after).Body
		var in io.Reader = body
		if connections <= cuts {
			in = io.LimitReader(body, 1+rand.Int64N(2*int64(size)*events/cuts-1)/2)
		}
		r := bufio.NewReader(in)
		for last < events {
			text, err := message(r)
			if err != nil {
				break
			}
			if want := fmt.Sprintf("id: %d\ndata: %d\n", last+1, last+1); text != want {
				t.Fatalf("after %d: %q", last, text)
			}
			last++
		}
		_ = body.Close()
	}
	if connections <= cuts {
		t.Errorf("%d connections, and %d cuts were wanted", connections, cuts)
	}
	t.Logf("%d events over %d connections: none lost, twice or out of place", last, connections)
}

// Readers that never read are disconnected, and cost no memory meanwhile.
// GORGON_STREAM_READERS is how many there are.
func TestStreamReadersThatDoNotRead(t *testing.T) {
	readers := 50
	if n, err := strconv.Atoi(os.Getenv("GORGON_STREAM_READERS")); err == nil {
		readers = n
	}
	text := strings.Repeat("x", 8<<10)
	var started, running, sent atomic.Int64
	url, stop := listening(t, streaming(api.Stream[api.None, string]{Path: "GET /events", WriteTimeout: 3 * time.Second,
		Handle: func(context.Context, api.None, string) iter.Seq2[api.Item[string], error] {
			return func(yield func(api.Item[string], error) bool) {
				started.Add(1)
				running.Add(1)
				defer running.Add(-1)
				for yield(api.Item[string]{Event: text}, nil) {
					sent.Add(1)
				}
			}
		}}), &listen.Server{})
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	for range readers {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		if _, err := io.WriteString(conn, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	for seen, still := int64(-1), 0; still < 3 && time.Since(began) < 20*time.Second; time.Sleep(50 * time.Millisecond) {
		if now := sent.Load(); now == seen && running.Load() > 0 {
			still++ // nothing more fits between them
		} else {
			seen, still = now, 0
		}
	}
	grown := max(heap()-before, 0)
	blocked := running.Load()
	for (running.Load() > 0 || started.Load() < int64(readers)) && time.Since(began) < 30*time.Second {
		time.Sleep(10 * time.Millisecond)
	}
	t.Logf("%d of %d readers blocked after %d events of 8 KiB; heap + %d KiB, %d bytes a reader; all gone after %v",
		blocked, readers, sent.Load(), grown>>10, grown/int64(readers), time.Since(began).Round(time.Millisecond))
	if n := running.Load(); n > 0 || started.Load() != int64(readers) {
		t.Errorf("of %d handlers %d still run", started.Load(), n)
	}
	if grown > int64(readers)*(64<<10) {
		t.Errorf("the heap grew by %d bytes for each reader", grown/int64(readers))
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// A stream outlives the server's limits for requests that end, and its own
// WriteTimeout while nothing happens, over both protocols.
func TestStreamOutlivesTimeouts(t *testing.T) {
	for _, protocol := range []string{"http/1.1", "h2c"} {
		for name, beat := range map[string]time.Duration{"heartbeat": 50 * time.Millisecond, "silence": time.Hour} {
			t.Run(protocol+", "+name, func(t *testing.T) {
				t.Parallel()
				k := newTicker(1)
				url, _ := listening(t, streaming(api.Stream[api.None, int]{Path: "GET /events", Handle: k.events, Heartbeat: beat, WriteTimeout: 200 * time.Millisecond}),
					&listen.Server{ReadTimeout: 200 * time.Millisecond, WriteTimeout: 200 * time.Millisecond})
				began := time.Now()
				body := open(t, clientOf(t, protocol), url+"/events", "").Body
				time.AfterFunc(time.Second, func() { k.add(1) })
				r := bufio.NewReader(body)
				beats := 0
				for id := 1; id <= 2; {
					line, err := r.ReadString('\n')
					if err != nil {
						t.Fatalf("after %v: %v", time.Since(began), err)
					}
					if line == ":\n" {
						beats++
					}
					if line == fmt.Sprintf("id: %d\n", id) {
						id++
					}
				}
				if time.Since(began) < time.Second || (beats > 3) != (name == "heartbeat") {
					t.Errorf("%d beats in %v", beats, time.Since(began))
				}
			})
		}
	}
}

// A server that stops ends its streams at once, each with another time to come
// back after, and what follows is sent by the next server.
func TestStreamsEndWithTheServer(t *testing.T) {
	for _, protocol := range []string{"http/1.1", "h2c"} {
		t.Run(protocol, func(t *testing.T) {
			const readers = 20
			k := newTicker(0)
			app := streaming(api.Stream[api.None, int]{Path: "GET /events", Handle: k.events})
			first, stop := listening(t, app, &listen.Server{Drain: 500 * time.Millisecond})
			second, _ := listening(t, app, &listen.Server{})
			retries := map[string]bool{}
			var mu sync.Mutex
			var opened, done sync.WaitGroup
			opened.Add(readers)
			const events = 300
			for range readers {
				client := clientOf(t, protocol)
				body := open(t, client, first+"/events", "").Body
				done.Go(func() {
					last := 0
					read := func(r *bufio.Reader) {
						for last < events {
							text, err := message(r)
							if retry, ok := strings.CutPrefix(text, "retry: "); ok {
								n, _ := strconv.Atoi(strings.TrimSpace(retry))
								if n < 500 || n > 5000 {
									t.Errorf("retry after %d ms", n)
								}
								mu.Lock()
								retries[retry] = true
								mu.Unlock()
								continue
							}
							if err != nil {
								return
							}
							if text != fmt.Sprintf("id: %d\ndata: %d\n", last+1, last+1) {
								t.Errorf("after %d: %q", last, text)
								return
							}
							last++
							if last == 1 {
								opened.Done()
							}
						}
					}
					read(bufio.NewReader(body))
					read(bufio.NewReader(open(t, client, second+"/events", strconv.Itoa(last)).Body))
					if last != events {
						t.Errorf("%d events", last)
					}
				})
			}
			k.add(1)
			opened.Wait()
			go func() {
				for range events - 1 {
					k.add(1)
					time.Sleep(time.Millisecond)
				}
			}()
			time.Sleep(200 * time.Millisecond)
			began := time.Now()
			if err := stop(); err != nil {
				t.Error(err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
			done.Wait()
			if len(retries) < readers/2 {
				t.Errorf("all come back at once: %v", retries)
			}
		})
	}
}

// What a stream answers besides events.
func TestStreamAnswers(t *testing.T) {
	type asking struct {
		How string `query:"how"`
	}
	called := 0
	bad := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("guard") == "wrap" {
				w = struct{ http.ResponseWriter }{w}
			}
			next.ServeHTTP(w, r)
		})
	}
	url, _ := listening(t, streaming(gorgon.Group{Guards: []func(http.Handler) http.Handler{bad}, Parts: []gorgon.Part{api.Stream[asking, float64]{Path: "GET /events",
		Handle: func(ctx context.Context, in asking, after string) iter.Seq2[api.Item[float64], error] {
			called++
			return func(yield func(api.Item[float64], error) bool) {
				api.SetCookie(ctx, &http.Cookie{Name: "a", Value: "b"})
				fail := func(err error) { yield(api.Item[float64]{}, err) }
				switch in.How {
				case "late":
					time.Sleep(500 * time.Millisecond)
					fail(gorgon.Gone())
					return
				case "missing":
					fail(gorgon.NotFound())
					return
				case "panic":
					panic("the oven")
				case "busy":
					fail(&gorgon.Error{Kind: gorgon.KindUnavailable, RetryAfter: 7 * time.Second})
					return
				case "moved":
					fail(gorgon.Redirect("/"))
					return
				case "empty":
					return
				}
				if !yield(api.Item[float64]{ID: after + "1", Event: 1, Snapshot: after == "old"}, nil) {
					return
				}
				switch in.How {
				case "then panic":
					panic("the oven")
				case "then fail":
					fail(errors.New("the oven"))
				case "then conflict":
					fail(&gorgon.Error{Kind: gorgon.KindConflict, Message: "It changed."})
				case "NaN":
					yield(api.Item[float64]{Event: math.NaN()}, nil)
				case "id":
					yield(api.Item[float64]{ID: "a\nb"}, nil)
				}
			}
		}}}}), &listen.Server{})
	client := clientOf(t, "http/1.1")
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	const one = ":\n\nid: 1\ndata: 1\n\n"
	for _, c := range []struct {
		method, query, after string
		status               int
		want                 string // the body, or its beginning
		calls                int
	}{
		{"GET", "how=x", "", 200, one + "event: end\ndata:\n\n", 1},
		{"GET", "how=x", "old", 200, ":\n\nid: old1\nevent: snapshot\ndata: 1\n\n", 1},
		{"GET", "how=x&after=7", "", 200, ":\n\nid: 71\ndata: 1\n\n", 1},
		{"GET", "how=empty", "", 200, ":\n\nevent: end\ndata:\n\n", 1},
		{"HEAD", "how=x", "", 200, "", 0},
		{"POST", "how=x", "", 405, `{"type"`, 0},
		{"GET", "", "", 422, `{"type"`, 0},
		{"GET", "how=%zz", "", 400, `{"type"`, 0},
		{"GET", "how=missing", "", 404, `{"type"`, 1},
		{"GET", "how=moved", "", 302, "", 1},
		{"GET", "how=busy", "", 503, `{"type"`, 1},
		{"GET", "how=panic", "", 500, `{"type"`, 1},
		{"GET", "how=x&guard=wrap", "", 500, `{"type"`, 0},
		{"GET", "how=late", "", 200, ":\n\nevent: problem\ndata: {\"type\":\"about:blank\",\"title\":\"Gone\",\"status\":410}\n\n", 1},
		{"GET", "how=then+panic", "", 200, one + "event: problem\ndata: {\"type\":\"about:blank\",\"title\":\"Internal Server Error\",\"status\":500,\"id\":", 1},
		{"GET", "how=then+fail", "", 200, one + "event: problem\ndata: {\"type\":\"about:blank\",\"title\":\"Internal Server Error\",\"status\":500,\"id\":", 1},
		{"GET", "how=then+conflict", "", 200, one + "event: problem\ndata: {\"type\":\"about:blank\",\"title\":\"Conflict\",\"status\":409,\"detail\":\"It changed.\"}\n\n", 1},
		{"GET", "how=NaN", "", 200, one + "event: problem\n", 1},
		{"GET", "how=id", "", 200, one + "event: problem\n", 1},
	} {
		t.Run(c.method+" "+c.query+c.after, func(t *testing.T) {
			called = 0
			r, _ := http.NewRequestWithContext(t.Context(), c.method, url+"/events?"+c.query, nil)
			r.Header.Set("Accept", "text/event-stream")
			r.Header.Set("Accept-Encoding", "gzip, br, zstd")
			if c.after != "" {
				r.Header.Set("Last-Event-ID", c.after)
			}
			res, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body := text(t, res)
			if res.StatusCode != c.status || !strings.HasPrefix(body, c.want) || c.want == "" && body != "" || called != c.calls {
				t.Errorf("%s, %d calls, %q", res.Status, called, body)
			}
			if strings.Contains(body, "oven") || res.Header.Get("Content-Encoding") != "" || len(res.Cookies()) > 0 {
				t.Errorf("%v %q", res.Header, body)
			}
			if !strings.Contains(res.Header.Get("Cache-Control"), "no-store") || (res.Header.Get("Content-Type") == "text/event-stream") != (c.status == 200) {
				t.Errorf("%v", res.Header)
			}
			if c.status == 503 && res.Header.Get("Retry-After") != "7" {
				t.Errorf("%v", res.Header)
			}
		})
	}
}

// A Handle that ignores its context holds up neither the client nor the server.
func TestStreamThatIgnoresItsContext(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	url, stop := listening(t, streaming(api.Stream[api.None, int]{Path: "GET /events",
		Handle: func(context.Context, api.None, string) iter.Seq2[api.Item[int], error] {
			return func(yield func(api.Item[int], error) bool) {
				yield(api.Item[int]{ID: "1", Event: 1}, nil)
				<-release
			}
		}}), &listen.Server{})
	body := open(t, clientOf(t, "http/1.1"), url+"/events", "").Body
	if text, err := message(bufio.NewReader(body)); err != nil || text != "id: 1\ndata: 1\n" {
		t.Fatalf("%q %v", text, err)
	}
	began := time.Now()
	if err := stop(); err != nil || time.Since(began) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}
