// Tests of purges over HTTP: who may, when, and how often.

package serve_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/sqlite"
)

const purgeBody = `{"verb":"expire","paths":["/"],"tags":["a"],"routes":["/"],"all":true}`

var purgeKey = []byte("a key")

// purgeSite takes purges; store may be nil for one of its own.
func purgeSite(t *testing.T, store pages.Store) *site {
	t.Helper()
	return build(t, gorgon.App{Name: "shop", Parts: []gorgon.Part{page("/")}}, func(c *serve.Config, k *cache.Config) {
		c.PurgeKey, c.Base = purgeKey, "/b"
		if store != nil {
			k.Store = store
		}
	})
}

func (s *site) unix() int64 { return time.Unix(0, s.now.Load()).Unix() }

// A purgeRequest is one that can be sent again.
type purgeRequest struct {
	body   string
	header http.Header
}

func signPurge(key, app string, at int64, nonce, body string) purgeRequest {
	p := purgeRequest{body, http.Header{}}
	serve.SignPurgeAt(p.header, []byte(key), app, time.Unix(at, 0), nonce, []byte(body))
	return p
}

func (p purgeRequest) send(s *site) *http.Response {
	r := httptest.NewRequest("POST", "/b/_gorgon/purge", strings.NewReader(p.body))
	r.Header = p.header.Clone()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

var nonceCount int

// fresh is a nonce that no test has used.
func fresh() string {
	nonceCount++
	return fmt.Sprintf("nonce-%010d", nonceCount)
}

func TestPurge(t *testing.T) {
	s := purgeSite(t, nil)
	now := s.unix()
	signed := func(at int64, body string) *http.Response {
		return signPurge("a key", "shop", at, fresh(), body).send(s)
	}
	s.get(t, "/b/")
	want(t, s.get(t, "/b/"), 200, "Cache-Status", "gorgon; hit")
	res := signed(now, purgeBody)
	want(t, res, 200, "Cache-Control", "private, no-store", "Content-Type", "application/json")
	if got := text(t, res); got != `{"epoch":1}` {
		t.Errorf("answer %s", got)
	}
	want(t, s.get(t, "/b/"), 200, "Cache-Status", "gorgon; fwd=stale; stored")

	want(t, signed(now-299, purgeBody), 200)
	want(t, signed(now+299, purgeBody), 200)
	want(t, signed(now-301, purgeBody), 403)
	want(t, signed(now+301, purgeBody), 403)
	want(t, signed(-1<<40, purgeBody), 403)
	want(t, signed(1<<45, purgeBody), 403)
	for _, bad := range []string{``, `[]`, `{"verb":"delete","all":true}`, `{"verb":"stale"}`, `{"verb":"stale","tags":[""]}`, `{"all":true}`} {
		want(t, signed(now, bad), 400, "Cache-Control", "private, no-store")
	}
	want(t, signed(now, `{"verb":"stale","tags":["`+strings.Repeat("x", 70000)+`"]}`), 413)
	want(t, s.get(t, "/b/_gorgon/purge"), 405, "Allow", "POST")

	s = build(t, gorgon.App{Parts: []gorgon.Part{page("/")}}, nil)
	want(t, askWith(t, s, "POST", "/_gorgon/purge", strings.NewReader(purgeBody)), 404, "Cache-Control", "private, no-store")
}

// What is signed is the app, the time, the nonce and the body.
func TestPurgeSignatureCoversAll(t *testing.T) {
	s := purgeSite(t, nil)
	now := s.unix()
	good := func() purgeRequest { return signPurge("a key", "shop", now, fresh(), purgeBody) }
	for name, c := range map[string]struct {
		change func(*purgeRequest)
		status int
		says   string
	}{
		"none":                   {func(*purgeRequest) {}, 200, "epoch"},
		"another body":           {func(p *purgeRequest) { p.body += " " }, 403, "the signature is not valid"},
		"another time":           {func(p *purgeRequest) { p.header.Set("Gorgon-Timestamp", fmt.Sprint(now+1)) }, 403, "not valid"},
		"another nonce":          {func(p *purgeRequest) { p.header.Set("Gorgon-Nonce", fresh()) }, 403, "not valid"},
		"another app":            {func(p *purgeRequest) { *p = signPurge("a key", "blog", now, fresh(), purgeBody) }, 403, "for this app"},
		"another key":            {func(p *purgeRequest) { *p = signPurge("other", "shop", now, fresh(), purgeBody) }, 403, "not valid"},
		"the time spelled oddly": {func(p *purgeRequest) { p.header.Set("Gorgon-Timestamp", "+"+fmt.Sprint(now)) }, 400, "Unix seconds"},
		"no signature":           {func(p *purgeRequest) { p.header.Del("Gorgon-Signature") }, 403, "not valid"},
		"no hexadecimal":         {func(p *purgeRequest) { p.header.Set("Gorgon-Signature", "zz") }, 403, "not valid"},
		"no nonce, as once":      {func(p *purgeRequest) { p.header.Del("Gorgon-Nonce") }, 400, "there is no Gorgon-Nonce: what is signed has the app's name"},
		"a short nonce":          {func(p *purgeRequest) { *p = signPurge("a key", "shop", now, "short", purgeBody) }, 400, "16 to 128"},
		"a long nonce":           {func(p *purgeRequest) { *p = signPurge("a key", "shop", now, strings.Repeat("n", 129), purgeBody) }, 400, "16 to 128"},
		"a line in a nonce":      {func(p *purgeRequest) { *p = signPurge("a key", "shop", now, "0123456789abcdef\n", purgeBody) }, 400, "16 to 128"},
		"nothing at all":         {func(p *purgeRequest) { p.header = http.Header{} }, 400, "Gorgon-Timestamp"},
	} {
		p := good()
		c.change(&p)
		res := p.send(s)
		if got := text(t, res); res.StatusCode != c.status || !strings.Contains(got, c.says) {
			t.Errorf("%s: %d %s", name, res.StatusCode, got)
		}
	}
	// What anybody can send fills no log.
	if log := s.log.String(); strings.Contains(log, "level=WARN") || strings.Contains(log, "level=ERROR") || strings.Contains(log, "a key") {
		t.Errorf("the log: %s", log)
	}
}

// A purge that is sent again is refused by every instance over the same store,
// also after all of them were restarted; another one like it counts.
func TestPurgeIsNotReplayed(t *testing.T) {
	dir := t.TempDir()
	shared := mem.Open(mem.Options{})
	for name, open := range map[string]func() (pages.Store, error){
		"mem":  func() (pages.Store, error) { return shared, nil },
		"disk": func() (pages.Store, error) { return disk.Open(filepath.Join(dir, "disk"), disk.Options{}) },
		"sqlite": func() (pages.Store, error) {
			return sqlite.Open(t.Context(), filepath.Join(dir, "db"), sqlite.Options{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			instance := func() (*site, func()) {
				store, err := open()
				if err != nil {
					t.Fatal(err)
				}
				s := purgeSite(t, store)
				return s, func() {
					_ = s.cache.Close()
					if name != "mem" {
						_ = store.Close()
					}
				}
			}
			one, endOne := instance()
			other, endOther := instance()
			first := signPurge("a key", "shop", one.unix(), fresh(), purgeBody)
			want(t, first.send(one), 200)
			want(t, first.send(one), 409, "Cache-Control", "private, no-store")
			want(t, first.send(other), 409)
			second := signPurge("a key", "shop", one.unix(), fresh(), purgeBody)
			want(t, second.send(other), 200)
			want(t, second.send(one), 409)
			endOne()
			endOther()
			again, end := instance()
			defer end()
			want(t, first.send(again), 409)
			want(t, second.send(again), 409)
			want(t, signPurge("a key", "shop", one.unix(), fresh(), purgeBody).send(again), 200)
		})
	}
}

// Of the same purge sent to many at once one is made.
func TestPurgeIsMadeOnce(t *testing.T) {
	store := mem.Open(mem.Options{})
	sites := []*site{purgeSite(t, store), purgeSite(t, store), purgeSite(t, store)}
	p := signPurge("a key", "shop", sites[0].unix(), fresh(), purgeBody)
	statuses := make(chan int)
	for i := range 30 {
		go func() { statuses <- p.send(sites[i%3]).StatusCode }()
	}
	made := 0
	for range 30 {
		if <-statuses == 200 {
			made++
		}
	}
	if e, err := store.Epochs(t.Context()); made != 1 || err != nil || e.Sequence != 1 {
		t.Errorf("made %d times, sequence %d (%v)", made, e.Sequence, err)
	}
}

// A faulty store fails in some calls.
type faulty struct {
	pages.Store
	lease, bump error
}

func (f *faulty) Lease(ctx context.Context, key pages.Key, claim string, ttl time.Duration) (pages.Lease, error) {
	if f.lease != nil && key.IsOnce() {
		return pages.Lease{}, f.lease
	}
	return f.Store.Lease(ctx, key, claim, ttl)
}

func (f *faulty) Bump(ctx context.Context, verb pages.Verb, subjects ...string) (uint64, error) {
	if f.bump != nil {
		return 0, f.bump
	}
	return f.Store.Bump(ctx, verb, subjects...)
}

// While the store cannot be asked a purge holds for this instance and says so;
// sent again once the store answers, it is made.
func TestPurgeWhileTheStoreIsAway(t *testing.T) {
	for name, fail := range map[string]func(*faulty, error){
		"leases": func(f *faulty, err error) { f.lease = err },
		"purges": func(f *faulty, err error) { f.bump = err },
	} {
		t.Run(name, func(t *testing.T) {
			store := &faulty{Store: mem.Open(mem.Options{})}
			s := purgeSite(t, store)
			s.get(t, "/b/")
			fail(store, errors.New("it is away"))
			p := signPurge("a key", "shop", s.unix(), fresh(), purgeBody)
			want(t, p.send(s), 503, "Retry-After", "3")
			s.now.Add(int64(time.Second)) // what is made from now on is newer than the purge
			if got := s.get(t, "/b/").Header.Get("Cache-Status"); strings.Contains(got, "hit") {
				t.Errorf("the old page is still %s", got)
			}
			if e, err := store.Epochs(t.Context()); err != nil || e.Sequence != 0 {
				t.Errorf("the store has sequence %d (%v)", e.Sequence, err)
			}
			fail(store, nil)
			want(t, p.send(s), 200)
			want(t, p.send(s), 409)
		})
	}
}

// Without a store the process remembers, up to a bound.
func TestPurgeWithoutAStore(t *testing.T) {
	s := build(t, gorgon.App{Name: "shop", Parts: []gorgon.Part{page("/")}}, func(c *serve.Config, k *cache.Config) {
		c.PurgeKey, c.Base, k.Store = purgeKey, "/b", nil
	})
	p := signPurge("a key", "shop", s.unix(), fresh(), purgeBody)
	want(t, p.send(s), 200)
	want(t, p.send(s), 409)
	want(t, signPurge("a key", "shop", s.unix(), fresh(), purgeBody).send(s), 200)
}
