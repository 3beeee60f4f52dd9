// Rolling restarts: servers behind a balancer are replaced one after another,
// by another build each time, and visitors notice nothing.

package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/e2e/internal/site"
)

// A balancer sends each request to the next server that says it is ready.
//
// A server that is told to end says that it is not ready, and listens for its
// drain: who looks at least that often loses no request. On a busy machine
// this balancer may look less often. It then tries another server, and counts
// that; one that it has looked at in time must take the request.
type balancer struct {
	drain time.Duration
	late  atomic.Int64 // requests that were sent on what it knew too long ago

	mu    sync.Mutex
	ready []*backend
	all   []*backend
	next  atomic.Uint64
}

type backend struct {
	server *server
	proxy  *httputil.ReverseProxy
	looked atomic.Int64 // when it was last asked and then said that it is ready, in Unix nanoseconds
}

// refused is how a proxy says to its balancer that a server does not listen.
type refused struct{ err error }

type refusedKey struct{}

// lookEvery is how often the balancer asks for /readyz.
const lookEvery = 50 * time.Millisecond

func (b *balancer) add(v *server) {
	u, err := url.Parse(v.url)
	if err != nil {
		panic(err) // it was just parsed
	}
	proxy := httputil.NewSingleHostReverseProxy(u)
	proxy.Transport = &http.Transport{MaxIdleConnsPerHost: 64}
	proxy.ErrorLog = log.New(io.Discard, "", 0) // streams are cut when their clients leave
	proxy.ErrorHandler = func(w http.ResponseWriter, r *http.Request, err error) {
		if told, ok := r.Context().Value(refusedKey{}).(*refused); ok && errors.Is(err, syscall.ECONNREFUSED) {
			told.err = err
			return
		}
		http.Error(w, err.Error(), http.StatusBadGateway)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = append(b.all, &backend{server: v, proxy: proxy})
}

func (b *balancer) remove(v *server) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = slices.DeleteFunc(slices.Clone(b.all), func(e *backend) bool { return e.server == v })
}

// look asks who is ready, until ctx ends.
func (b *balancer) look(ctx context.Context) {
	for ctx.Err() == nil {
		b.mu.Lock()
		all := b.all
		b.mu.Unlock()
		var ready []*backend
		for _, e := range all {
			asked := time.Now()
			if a, err := fetch(e.server.url + "/readyz"); err == nil && a.status == 200 {
				e.looked.Store(asked.UnixNano())
				ready = append(ready, e)
			}
		}
		b.mu.Lock()
		b.ready = ready
		b.mu.Unlock()
		time.Sleep(lookEvery)
	}
}

func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	ready := b.ready
	b.mu.Unlock()
	// A server may answer before it has read all of a request; net/http closes a
	// body then that is still read, and the proxy the connection.
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	first := b.next.Add(1) // each is asked once, whatever other requests do meanwhile
	for n := range uint64(len(ready)) {
		e := ready[(first+n)%uint64(len(ready))]
		told := &refused{}
		sent := r.WithContext(context.WithValue(r.Context(), refusedKey{}, told))
		sent.Body, sent.ContentLength, sent.TransferEncoding = http.NoBody, int64(len(body)), nil
		if len(body) > 0 {
			sent.Body = io.NopCloser(bytes.NewReader(body))
		}
		e.proxy.ServeHTTP(w, sent)
		if told.err == nil {
			return
		}
		if since := time.Since(time.Unix(0, e.looked.Load())); since < b.drain {
			http.Error(w, fmt.Sprintf("it was ready %s ago, and no longer listens: %v", since, told.err), http.StatusBadGateway)
			return
		}
		b.late.Add(1)
	}
	http.Error(w, "no server is ready", http.StatusBadGateway)
}

// count is how many are ready.
func (b *balancer) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.ready)
}

func TestRollingRestarts(t *testing.T) {
	const restarts, perSecond = 20, 300
	one := newStand(t, self(t))
	one.store = "sqlite:" + t.TempDir() + "/pages.db"
	one.build()
	two := one.beside(release(t, next))
	stands := []*stand{one, two}
	b := balancer{drain: 400 * time.Millisecond}
	start := func(n int) *server { return stands[n%2].serve("--drain", b.drain.String()) }

	servers := []*server{start(0), start(0), start(0)}
	for _, v := range servers {
		b.add(v)
	}
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { b.look(ctx) })
	until(t, "all are ready", func() bool { return b.count() == 3 })
	front := httptest.NewServer(&b)
	defer front.Close()

	// The load: as many a second whatever becomes of them.
	var asked, failed atomic.Int64
	var versions sync.Map
	fail := func(format string, args ...any) {
		if failed.Add(1) <= 5 {
			t.Errorf(format, args...)
		}
	}
	visit := func(n int) {
		path := []string{"/about", "/notes/big", "/asked/x", fmt.Sprint("/made/", n%50), fmt.Sprint("/timed/", n%7)}[n%5]
		asked.Add(1)
		a, err := fetch(front.URL + path)
		if err != nil || a.status != 200 {
			fail("%s: %s, %v", path, a, err)
			return
		}
		shown, err := site.Read(a.body)
		if err != nil {
			fail("%s: %v", path, err)
			return
		}
		versions.Store(shown.Version, true)
		if link := stylesheet.FindSubmatch(a.body); n%10 == 0 && link != nil {
			asked.Add(1)
			if css, err := fetch(front.URL + string(link[1])); err != nil || css.status != 200 {
				fail("%s, linked by a page of build %s: %s, %v", link[1], shown.Version, css, err)
			}
		}
	}
	all.Go(func() {
		tick := time.NewTicker(time.Second / perSecond)
		defer tick.Stop()
		for n := 0; ctx.Err() == nil; n++ {
			<-tick.C
			all.Go(func() { visit(n) })
		}
	})

	for n := range restarts {
		old, fresh := servers[n%3], start(n+1)
		b.add(fresh)
		until(t, "the new one is ready", func() bool { return b.count() == 4 })
		servers[n%3] = fresh
		if err := old.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		select {
		case <-old.ended:
		case <-time.After(patience):
			t.Fatal("the old one does not end")
		}
		if code := old.cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("the old one ended with %d:\n%s", code, old.said())
		}
		b.remove(old)
		until(t, "the balancer has noticed", func() bool { return b.count() == 3 })
	}
	stop()
	all.Wait()
	t.Logf("%d restarts, %d requests, %d failed, %d sent by a balancer that looked too late", restarts, asked.Load(), failed.Load(), b.late.Load())
	if failed.Load() > 0 {
		t.Errorf("%d of %d requests failed", failed.Load(), asked.Load())
	}
	for _, v := range []string{"1", "2"} {
		if _, seen := versions.Load(v); !seen {
			t.Errorf("no visitor saw build %s", v)
		}
	}
}
