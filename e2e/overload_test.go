// A pattern of pages that gets more requests than it can handle. The whole
// server runs in one process, with connections in memory and in virtual time:
// the duration of a loader is exact, however busy the machine is.

package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon"
	httpanswer "github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/serve"
)

const (
	overloadWidth = 64 // as promised in the docs
	overloadTakes = time.Second
	hotInterval   = 5 * time.Second
	hotPage       = "/items/hot"
)

// pipes is a listener whose connections are in memory.
type pipes struct {
	accepted chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func newPipes() *pipes { return &pipes{accepted: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accepted:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.accepted <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// held is a store that counts the leases that are held.
type held struct {
	pages.Store
	now, most atomic.Int64
}

func (h *held) Lease(ctx context.Context, key pages.Key, claim string, ttl time.Duration) (pages.Lease, error) {
	l, err := h.Store.Lease(ctx, key, claim, ttl)
	if err == nil {
		n := h.now.Add(1)
		for was := h.most.Load(); n > was && !h.most.CompareAndSwap(was, n); was = h.most.Load() {
		}
	}
	return l, err
}

func (h *held) Release(ctx context.Context, l pages.Lease) error {
	err := h.Store.Release(ctx, l)
	if err == nil {
		h.now.Add(-1)
	}
	return err
}

// A crowded is a server with a pattern whose loader takes a second.
type crowded struct {
	began, ended atomic.Int64
	hang         atomic.Bool // the loaders of cold pages never return
	release      chan struct{}
	fails        atomic.Bool
	lines        atomic.Int64
	faults       atomic.Int64 // lines of level ERROR
	left         sync.Map     // paths whose visitor went away
	inVain       atomic.Int64 // loaders that began for such a path
	store        *held
	cache        *cache.Cache
	client       *http.Client
	from         time.Time

	mu     sync.Mutex
	bySecs []int // loaders that ended, by second
}

// Write counts the lines of the log.
func (c *crowded) Write(p []byte) (int, error) {
	c.lines.Add(1)
	if bytes.Contains(p, []byte("level=ERROR")) {
		c.faults.Add(1)
	}
	return len(p), nil
}

func (c *crowded) load(ctx context.Context, in gorgon.Input) (string, error) {
	c.began.Add(1)
	if _, left := c.left.Load(in.Path); left {
		c.inVain.Add(1)
	}
	if c.hang.Load() && in.PathValue("id") != "hot" {
		<-c.release
		return "", errors.New("it hung")
	}
	select {
	case <-time.After(overloadTakes):
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	if c.fails.Load() {
		return "", errors.New("no data")
	}
	c.ended.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	second := int(time.Since(c.from) / time.Second)
	for len(c.bySecs) <= second {
		c.bySecs = append(c.bySecs, 0)
	}
	c.bySecs[second]++
	return in.Path, nil
}

func newCrowded(t *testing.T) *crowded {
	t.Helper()
	c := &crowded{release: make(chan struct{}), from: time.Now()}
	view := func(s string) gorgon.Component { return gorgon.Text(s) }
	part := gorgon.Fragment[string, string]{Name: "part", View: view, Timeout: 3 * time.Second,
		Load: func(ctx context.Context, in gorgon.Input, id string) (string, error) {
			if c.hang.Load() {
				<-c.release
			}
			return "part of " + id, nil
		}}
	app := gorgon.App{Name: "crowded", Parts: []gorgon.Part{
		part,
		gorgon.Page[string]{Path: "/items/{id}", Load: c.load, Incremental: true, RevalidateAfter: hotInterval, Timeout: 3 * time.Second, View: view},
		gorgon.Page[string]{Path: "/with/{id}", Incremental: true, Load: func(_ context.Context, in gorgon.Input) (string, error) { return in.PathValue("id"), nil },
			View: func(id string) gorgon.Component { return part.Use(id) }},
		gorgon.Page[string]{Path: "/others/{id}", Incremental: true, View: view,
			Load: func(_ context.Context, in gorgon.Input) (string, error) {
				time.Sleep(overloadTakes)
				return in.Path, nil
			}},
		gorgon.Page[string]{Path: "/now/{id}", View: view, Timeout: 3 * time.Second,
			LoadRequest: func(ctx context.Context, in gorgon.Input, _ *http.Request) (string, error) { return c.load(ctx, in) }},
	}}
	if err := app.Validate(); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(c, nil))
	under := mem.Open(mem.Options{})
	c.store = &held{Store: under}
	r := &render.Renderer{App: app, Build: "b", Effort: compress.None}
	var err error
	if c.cache, err = cache.New(cache.Config{Renderer: r, Store: c.store, Prepare: httpanswer.Prepare, NoSweep: true, Log: log}); err != nil {
		t.Fatal(err)
	}
	handler, err := serve.New(serve.Config{App: app, Renderer: r, Cache: c.cache, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	listener := newPipes()
	c.client = &http.Client{Transport: &http.Transport{DialContext: listener.dial, MaxIdleConnsPerHost: -1, DisableKeepAlives: true}}
	server := &listen.Server{Handler: handler, Listener: listener, Log: log}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	t.Cleanup(func() {
		if c.hang.Load() {
			close(c.release)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := c.cache.Close(); err != nil {
			t.Error(err)
		}
		_ = under.Close()
		time.Sleep(time.Hour) // what was abandoned ends
	})
	return c
}

// An admitted is the result of one request. The status is 0 if the visitor went
// away before the answer.
type admitted struct {
	status int
	header http.Header
	body   string
	took   time.Duration
}

func (c *crowded) ask(ctx context.Context, path string) admitted {
	began := time.Now()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://crowded"+path, nil)
	if err != nil {
		panic(err)
	}
	res, err := c.client.Do(req)
	if err != nil {
		return admitted{took: time.Since(began)}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return admitted{took: time.Since(began)}
	}
	_, text, _ := strings.Cut(string(body), "<main>")
	text, _, _ = strings.Cut(text, "</main>")
	return admitted{res.StatusCode, res.Header, text, time.Since(began)}
}

// ttl is what Cache-Status says of a kept page.
func (v admitted) ttl(t *testing.T) time.Duration {
	t.Helper()
	_, rest, found := strings.Cut(v.header.Get("Cache-Status"), "hit; ttl=")
	digits, _, _ := strings.Cut(rest, ";")
	seconds, err := strconv.Atoi(digits)
	if v.status != http.StatusOK || !found || err != nil {
		t.Errorf("the hot page is answered with %d, %q", v.status, v.header.Get("Cache-Status"))
	}
	return time.Duration(seconds) * time.Second
}

// A tallied collects the results of the visitors of a flood.
type tallied struct {
	mu                     sync.Mutex
	served, refused, other int
	left                   int
	slowest                time.Duration // refusal
	longest                time.Duration // wait for a page
	silent                 int           // refusals without Retry-After
}

func (a *tallied) add(v admitted) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch v.status {
	case 0:
		a.left++
	case http.StatusOK:
		a.served++
		a.longest = max(a.longest, v.took)
	case http.StatusServiceUnavailable:
		a.refused++
		a.slowest = max(a.slowest, v.took)
		if n, err := strconv.Atoi(v.header.Get("Retry-After")); err != nil || n < 1 || n > 60 {
			a.silent++
		}
	default:
		a.other++
	}
}

// flood requests cold pages at a rate, at random times like visitors. Each
// visitor leaves when its patience ends.
func (c *crowded) flood(prefix string, rate float64, lasts time.Duration, patience func(n int) time.Duration) *tallied {
	var all tallied
	var group sync.WaitGroup
	dice := rand.New(rand.NewPCG(1, 2))
	for n, until := 0, time.Now().Add(lasts); time.Now().Before(until); n++ {
		time.Sleep(time.Duration(dice.ExpFloat64() / rate * float64(time.Second)))
		group.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), patience(n))
			defer cancel()
			path := fmt.Sprint(prefix, "cold-", n)
			v := c.ask(ctx, path)
			if v.status == 0 {
				c.left.Store(path, true)
			}
			all.add(v)
		})
	}
	group.Wait()
	return &all
}

// goodput is how many loaders ended in each second of a flood, without the
// first two seconds: the first loaders end after one.
func (c *crowded) goodput(lasts time.Duration) []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := min(len(c.bySecs), int(time.Since(c.from)/time.Second))
	return slices.Clone(c.bySecs[min(2, last):min(last, int(lasts/time.Second))])
}

func TestOverload(t *testing.T) {
	patiences := map[string]func(int) time.Duration{
		"leaving after 30 ms": func(int) time.Duration { return 30 * time.Millisecond },
		"leaving at some time": func(n int) time.Duration {
			return []time.Duration{30 * time.Millisecond, 300 * time.Millisecond, 3 * time.Second, time.Minute}[n%4]
		},
		"who stay": func(int) time.Duration { return time.Minute },
	}
	for _, flood := range []struct {
		times float64
		lasts time.Duration
	}{{1.5, 20 * time.Second}, {10, 12 * time.Second}} {
		times, lasts := flood.times, flood.lasts
		for name, patience := range patiences {
			for _, prefix := range []string{"/items/", "/now/"} {
				if prefix == "/now/" && name != "who stay" {
					continue // a page made for a request ends with it
				}
				t.Run(fmt.Sprintf("%g times, visitors %s, of %s", times, name, prefix), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { overloaded(t, prefix, times, lasts, patience) })
				})
			}
		}
	}
}

func overloaded(t *testing.T, prefix string, times float64, lasts time.Duration, patience func(int) time.Duration) {
	c := newCrowded(t)
	if v := c.ask(t.Context(), hotPage); v.status != http.StatusOK {
		t.Fatalf("the hot page is answered with %d", v.status)
	}
	c.from, c.bySecs = time.Now(), nil
	began, ended := c.began.Load(), c.ended.Load()

	// A visitor of the popular page every tenth of a second, and the memory of
	// the process every second.
	stop := make(chan struct{})
	var watchers sync.WaitGroup
	oldest, goroutines := time.Duration(0), 0
	watchers.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
			}
			v := c.ask(context.Background(), hotPage)
			oldest = min(oldest, v.ttl(t))
			if v.took > 10*time.Millisecond {
				t.Errorf("a visitor of the hot page waited %v", v.took)
			}
			if n%10 == 0 {
				goroutines = max(goroutines, runtime.NumGoroutine())
			}
		}
	})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	all := c.flood(prefix, times*overloadWidth/overloadTakes.Seconds(), lasts, patience)
	close(stop)
	watchers.Wait()
	made := c.goodput(lasts)
	time.Sleep(5 * time.Second)
	runtime.GC()
	runtime.ReadMemStats(&after)

	t.Logf("made in each second, of %d: %v", overloadWidth, made)
	t.Logf("%d served (longest %v), %d refused (slowest %v), %d left; hot page ttl never below %v; %d goroutines, %d leases, %d log lines",
		all.served, all.longest.Round(time.Millisecond), all.refused, all.slowest.Round(time.Millisecond), all.left, oldest, goroutines, c.store.most.Load(), c.lines.Load())
	if len(made) < int(lasts/time.Second)-3 {
		t.Errorf("only %d seconds were measured", len(made))
	}
	for second, n := range made {
		if float64(n) < 0.9*overloadWidth {
			t.Errorf("in second %d %d pages were made, less than 0.9 of %d", second+2, n, overloadWidth)
		}
	}
	if began, ended := c.began.Load()-began, c.ended.Load()-ended; began != ended {
		t.Errorf("of %d loaders that began, %d did not end with a page", began, began-ended)
	}
	if all.other > 0 || all.silent > 0 {
		t.Errorf("%d answers were neither 200 nor 503, and %d refusals had no Retry-After", all.other, all.silent)
	}
	if all.slowest > 100*time.Millisecond {
		t.Errorf("a visitor was refused after %v", all.slowest)
	}
	if all.longest > overloadTakes+2*time.Second {
		t.Errorf("a visitor waited %v for a page", all.longest)
	}
	if oldest < -hotInterval {
		t.Errorf("the hot page was served %v past its interval of %v", -oldest, hotInterval)
	}
	if most := 20 * overloadWidth; goroutines > most {
		t.Errorf("%d goroutines, more than %d", goroutines, most)
	}
	if most := int64(overloadWidth + overloadWidth/4); c.store.most.Load() > most || c.store.now.Load() != 0 {
		t.Errorf("%d leases were held at once, more than %d; %d are still", c.store.most.Load(), most, c.store.now.Load())
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 64<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
	if n := c.inVain.Load(); n > 5 { // who leaves in the same instant
		t.Errorf("%d loaders began for visitors who had left", n)
	}
	if n := c.lines.Load(); n > 5 || c.faults.Load() > 0 {
		t.Errorf("%d lines in the log, %d of them errors", n, c.faults.Load())
	}
}

// Loaders that hang use up the slots of their pattern and nothing else.
func TestOverloadOfLoadersThatHang(t *testing.T) {
	for name, known := range map[string]bool{"with nothing known of the pattern": false, "after it was fast": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCrowded(t)
				c.ask(t.Context(), hotPage)
				if known {
					c.flood("/items/before-", overloadWidth/2, 5*time.Second, func(int) time.Duration { return time.Minute })
				}
				c.hang.Store(true)
				for n := range overloadWidth {
					go c.ask(context.Background(), fmt.Sprint("/items/hung-", n))
				}
				for range 22 { // as long as it may just be slow
					time.Sleep(overloadTakes / 10)
					c.ask(t.Context(), hotPage)
				}
				oldest := time.Duration(0)
				for n := range 200 {
					time.Sleep(100 * time.Millisecond)
					if v := c.ask(t.Context(), fmt.Sprint("/items/cold-", n)); v.status != http.StatusServiceUnavailable || v.took > 100*time.Millisecond || v.header.Get("Retry-After") == "" {
						t.Fatalf("a cold page is answered with %d after %v", v.status, v.took)
					}
					oldest = min(oldest, c.ask(t.Context(), hotPage).ttl(t))
					if n%20 == 0 {
						if v := c.ask(t.Context(), fmt.Sprint("/others/", n)); v.status != http.StatusOK || v.took > overloadTakes+10*time.Millisecond {
							t.Errorf("a page of another pattern is answered with %d after %v", v.status, v.took)
						}
					}
				}
				t.Logf("hot page ttl never below %v; %d log lines", oldest, c.lines.Load())
				if oldest < -hotInterval {
					t.Errorf("the hot page was served %v past its interval of %v", -oldest, hotInterval)
				}
				if n := c.lines.Load(); n > 20 {
					t.Errorf("%d lines in the log", n)
				}
				// It recovers by itself.
				c.hang.Store(false)
				close(c.release)
				time.Sleep(5 * time.Second)
				if v := c.ask(t.Context(), "/items/after"); v.status != http.StatusOK {
					t.Errorf("once the loaders have returned, a cold page is answered with %d", v.status)
				}
			})
		})
	}
}

// A page never waits with a slot for its fragments: if theirs hang, it is sent
// without them, and soon.
func TestOverloadOfFragments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowded(t)
		if v := c.ask(t.Context(), "/with/1"); v.status != http.StatusOK || v.body != "part of 1" {
			t.Fatalf("a page with a fragment is answered with %d, %q", v.status, v.body)
		}
		c.hang.Store(true)
		for n := range 2 * overloadWidth { // each takes a slot of the fragment, as long as there are some
			go c.ask(context.Background(), fmt.Sprint("/with/hung-", n))
		}
		time.Sleep(time.Second)
		for n := range 100 {
			v := c.ask(t.Context(), fmt.Sprint("/with/cold-", n))
			if v.status != http.StatusOK || v.took > 100*time.Millisecond || !strings.Contains(v.body, "Service Unavailable") {
				t.Fatalf("a page whose fragment is refused is answered with %d after %v: %s", v.status, v.took, v.body)
			}
		}
		if v := c.ask(t.Context(), "/with/1"); v.body != "part of 1" {
			t.Errorf("what is kept is answered with %q", v.body)
		}
		if n := c.lines.Load(); n > 20 {
			t.Errorf("%d lines in the log", n)
		}
	})
}

// Visitors choose the paths, but not how much is logged about them.
func TestOverloadOfLoadersThatFail(t *testing.T) {
	for _, prefix := range []string{"/items/", "/now/"} {
		t.Run(prefix, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCrowded(t)
				c.fails.Store(true)
				c.flood(prefix, overloadWidth, 2*time.Minute, func(int) time.Duration { return time.Minute })
				t.Logf("%d loaders failed; %d log lines", c.began.Load(), c.lines.Load())
				if n := c.lines.Load(); n > 60 || n == 0 {
					t.Errorf("%d lines in the log of %d failures", n, c.began.Load())
				}
			})
		})
	}
}
