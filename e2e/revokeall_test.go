// After a revocation has returned, no instance answers as the old user.

package e2e_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	respond "github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/database/pgdb"
	"github.com/gorgon-go/gorgon/database/sessiondb"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/redis"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/s3"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/sessions"
	"github.com/gorgon-go/gorgon/testbed"
	"github.com/gorgon-go/gorgon/viewctx"
)

// A house is an instance of an app with accounts.
type house struct {
	people *auth.Auth
	cache  *cache.Cache
	server *httptest.Server
}

type tick struct {
	N int `json:"n"`
}

// openHouse opens an instance over its own handles of two stores.
func openHouse(t *testing.T, held sessions.Store, store pages.Store, plant string) *house {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	h := &house{people: auth.New(auth.Options{Store: held, Log: log})}
	signedIn := []func(http.Handler) http.Handler{h.people.SignedIn}
	app := gorgon.App{Name: "house", Parts: []gorgon.Part{
		gorgon.Page[string]{
			Path: "/me", Guards: signedIn, View: func(s string) gorgon.Component { return plain("user " + s) },
			LoadRequest: func(ctx context.Context, _ gorgon.Input, _ *http.Request) (string, error) {
				who, err := h.people.Who(ctx)
				return who.User, err
			},
		},
		gorgon.Page[string]{Path: "/sign-in", LoadRequest: func(context.Context, gorgon.Input, *http.Request) (string, error) { return "", nil },
			View: func(string) gorgon.Component { return plain("sign in") }},
		api.Stream[api.None, tick]{Path: "GET /ticks", Guards: signedIn,
			Handle: func(ctx context.Context, _ api.None, _ string) iter.Seq2[api.Item[tick], error] {
				return func(yield func(api.Item[tick], error) bool) {
					if yield(api.Item[tick]{Event: tick{1}}, nil) {
						<-ctx.Done()
					}
				}
			}},
	}}.Erased()
	if err := app.Validate(); err != nil {
		t.Fatal(err)
	}
	renderer := &render.Renderer{App: app, Build: "b1", Effort: compress.None, Site: viewctx.Site{}}
	var err error
	h.cache, err = cache.New(cache.Config{Renderer: renderer, Store: store, NoSweep: true, Prepare: respond.Prepare, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	handler, err := serve.New(serve.Config{App: app, Renderer: renderer, Cache: h.cache, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	instance := h.cache.Coherence()
	if plant == "an instance that hears no purge" {
		instance = coherence.Open(ctx, coherence.Config{Log: log}) // of its own
	}
	h.people.Serve(ctx, instance)
	h.server = httptest.NewServer(handler)
	t.Cleanup(func() {
		h.server.CloseClientConnections()
		h.server.Close()
		stop()
		if err := h.cache.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// cookieOf makes a session of a user.
func (h *house) cookieOf(t *testing.T, user string) *http.Cookie {
	t.Helper()
	c, err := h.people.Issue(httptest.NewRequest(http.MethodGet, "http://house.test/", nil), user)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// as asks an instance with a cookie, and says as whom it was answered.
func (h *house) as(ctx context.Context, c *http.Cookie) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.server.URL+"/me", nil)
	if err != nil {
		return "", err
	}
	r.AddCookie(c)
	res, err := direct.RoundTrip(r)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if _, user, ok := strings.Cut(string(body), "user "); ok && res.StatusCode == http.StatusOK {
		user, _, _ = strings.Cut(user, "<")
		return strings.TrimSpace(user), err
	}
	if res.StatusCode >= 500 {
		return "", fmt.Errorf("status %d: %s", res.StatusCode, body)
	}
	return "", err
}

// direct follows no redirects.
var direct = &http.Transport{MaxIdleConnsPerHost: 64}

// listen opens a stream, and tells when it has ended, and how.
func (h *house) listen(t *testing.T, c *http.Cookie) (ended chan string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.server.URL+"/ticks", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(c)
	res, err := direct.RoundTrip(r)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(res, err)
	}
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "data:") {
	}
	ended = make(chan string, 1)
	go func() {
		defer res.Body.Close()
		last := ""
		for lines.Scan() {
			if lines.Text() != "" && !strings.HasPrefix(lines.Text(), ":") {
				last += lines.Text() + " "
			}
		}
		ended <- last
	}()
	return ended
}

// A manor is how the instances' stores are opened, each with handles of its own.
type manor struct {
	name string
	open func(t *testing.T) (held func() sessions.Store, store func() pages.Store)
}

var manors = []manor{
	{"memory, memory", func(t *testing.T) (func() sessions.Store, func() pages.Store) {
		all := mem.NewSessions()
		return func() sessions.Store { return all }, inMemory(t)
	}},
	{"SQLite, disk", func(t *testing.T) (func() sessions.Store, func() pages.Store) {
		url := "sqlite:" + t.TempDir() + "/people.db"
		return inDatabase(t, litedb.Dialect, url), onDisk(t)
	}},
	{"PostgreSQL, PostgreSQL", func(t *testing.T) (func() sessions.Store, func() pages.Store) {
		url := testbed.For(t, testbed.Postgres).URL
		return inDatabase(t, pgdb.Dialect, url), inPostgres(t, url)
	}},
	{"Redis, Redis", func(t *testing.T) (func() sessions.Store, func() pages.Store) {
		url := testbed.For(t, func() (*testbed.Server, error) { return testbed.Redis() }).URL
		held := func() sessions.Store {
			s, err := redis.OpenSessions(t.Context(), url, redis.SessionsOptions{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			return s
		}
		return held, func() pages.Store {
			s, err := redis.Open(t.Context(), url, redis.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			return s
		}
	}},
}

// overS3 has a page store that tells no instance of purges: each is waited for as long
// as an instance may rely on what it knew.
var overS3 = manor{"memory, S3", func(t *testing.T) (func() sessions.Store, func() pages.Store) {
	t.Setenv("AWS_ACCESS_KEY_ID", testbed.S3Key)
	t.Setenv("AWS_SECRET_ACCESS_KEY", testbed.S3Secret)
	url, all := testbed.For(t, testbed.S3).URL, mem.NewSessions()
	return func() sessions.Store { return all }, func() pages.Store {
		s, err := s3.Open(t.Context(), url, s3.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
}}

func inDatabase(t *testing.T, dialect database.Dialect, url string) func() sessions.Store {
	migrated := false
	return func() sessions.Store {
		db := database.Open(dialect, database.Options{URL: url, Slow: -1})
		db.Use(slog.New(slog.DiscardHandler), false)
		held := sessiondb.In(db)
		t.Cleanup(func() { db.Close() })
		if !migrated {
			if _, err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			migrated = true
		}
		return held
	}
}

// streamPatience is when a stream counts as one that does not end.
const streamPatience = 10 * time.Second

const revokePace = 10 * time.Millisecond // between two requests of all clients together

// TestRevokeAll revokes all sessions of a user on one of three instances, while
// 100 requests a second are made with them: of those that began after the call
// has returned, none is answered as the user, and the user's streams end.
//
//	REVOCATIONS=200 go test ./e2e -run RevokeAll -v
//
// Without the variable there are 6 for each pair of stores; over S3, a fifth.
func TestRevokeAll(t *testing.T) {
	rounds := number(t, "REVOCATIONS", 6)
	for _, m := range append(manors[:len(manors):len(manors)], overS3) {
		t.Run(m.name, func(t *testing.T) {
			rounds := rounds
			if m.name == overS3.name {
				rounds = max(rounds/5, 1) // each takes more than two seconds
			}
			held, store := m.open(t)
			var houses []*house
			for range 3 {
				houses = append(houses, openHouse(t, held(), store(), ""))
			}
			figures := revokeRounds(t, houses, rounds)
			if figures.late > 0 {
				t.Errorf("%d of %d requests that began after the revocation were answered as the old user", figures.late, figures.after)
			}
			if figures.endless > 0 {
				t.Errorf("%d streams did not end", figures.endless)
			}
			if figures.unended > figures.endless {
				t.Errorf("%d streams ended without saying why", figures.unended-figures.endless)
			}
			t.Log(figures)
		})
	}
}

// A planted bug shows within some rounds: an instance that hears no purges goes
// on answering.
func TestRevokeAllIsNotVacuous(t *testing.T) {
	all, store := mem.NewSessions(), inMemory(t)()
	houses := []*house{
		openHouse(t, all, store, ""),
		openHouse(t, all, store, "an instance that hears no purge"),
		openHouse(t, all, store, ""),
	}
	user := "ada"
	c := houses[1].cookieOf(t, user)
	if got, err := houses[1].as(t.Context(), c); got != user || err != nil {
		t.Fatal(got, err)
	}
	if _, err := houses[0].people.RevokeAll(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	if got, err := houses[1].as(t.Context(), c); got != user || err != nil {
		t.Errorf("the planted bug did not show: %q, %v", got, err)
	}
}

// revocations are the figures of some rounds.
type revocations struct {
	rounds, before, after, late, unended, endless int
	calls, streams                                []time.Duration
}

func (f revocations) String() string {
	slices.Sort(f.calls)
	slices.Sort(f.streams)
	at := func(all []time.Duration, part float64) time.Duration {
		return all[int(part*float64(len(all)-1))].Round(100 * time.Microsecond)
	}
	return fmt.Sprintf("%d revocations: %d requests before, %d after, of these %d as the old user; the call took p50 %v, p99 %v; %d streams ended after p50 %v, p99 %v, at most %v",
		f.rounds, f.before, f.after, f.late, at(f.calls, 0.5), at(f.calls, 0.99), len(f.streams), at(f.streams, 0.5), at(f.streams, 0.99), at(f.streams, 1))
}

func revokeRounds(t *testing.T, houses []*house, rounds int) revocations {
	t.Helper()
	f := revocations{rounds: rounds}
	for round := range rounds {
		user := fmt.Sprintf("user%d", round)
		var cookies []*http.Cookie
		for _, h := range houses {
			cookies = append(cookies, h.cookieOf(t, user), h.cookieOf(t, user))
		}
		var streams []chan string
		for i, h := range houses {
			streams = append(streams, h.listen(t, cookies[2*i]))
		}
		var returned atomic.Int64 // when, in Unix nanoseconds
		var mu sync.Mutex
		ctx, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		warm := make(chan struct{})
		var count atomic.Int64
		pace := time.NewTicker(revokePace)
		all.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-pace.C:
				case <-ctx.Done():
					return
				}
				h, c := houses[n%len(houses)], cookies[n/len(houses)%len(cookies)]
				all.Go(func() {
					began := time.Now().UnixNano()
					got, err := h.as(context.WithoutCancel(ctx), c)
					if err != nil {
						t.Error(err)
					}
					at := returned.Load()
					mu.Lock()
					defer mu.Unlock()
					switch {
					case at == 0 || began <= at:
						f.before++
					case got != "":
						f.after++
						f.late++
					default:
						f.after++
					}
					if count.Add(1) == 30 {
						close(warm)
					}
				})
			}
		})
		<-warm
		began := time.Now()
		n, err := houses[round%len(houses)].people.RevokeAll(t.Context(), user)
		now := time.Now()
		if err != nil || n != len(cookies) {
			t.Errorf("revoked %d of %d: %v", n, len(cookies), err)
		}
		returned.Store(now.UnixNano())
		f.calls = append(f.calls, now.Sub(began))
		for _, ended := range streams {
			last := ""
			select {
			case last = <-ended:
			case <-time.After(streamPatience):
				f.endless++
			}
			f.streams = append(f.streams, max(time.Since(now), 0))
			if !strings.Contains(last, "event: problem") || !strings.Contains(last, "401") {
				f.unended++
			}
		}
		for target := count.Load() + 30; count.Load() < target; {
			time.Sleep(revokePace)
		}
		pace.Stop()
		stop()
		all.Wait()
		if f.endless > 0 {
			return f
		}
	}
	return f
}
