// Several servers with one store act as one site.

package e2e_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/e2e/internal/site"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/testbed"
)

// purgeKey signs purges over HTTP.
const purgeKey = "the key of these tests"

// purge purges over HTTP and returns the epoch, and how long it took.
func (v *server) purge(verb, tag string) (epoch string, took time.Duration) {
	v.t.Helper()
	now := time.Now()
	body := []byte(fmt.Sprintf(`{"verb":%q,"tags":[%q]}`, verb, tag))
	req, err := http.NewRequest(http.MethodPost, v.url+"/_gorgon/purge", bytes.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	serve.SignPurge(req.Header, []byte(purgeKey), "site", body)
	res, err := client.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(res.Body); err != nil || res.StatusCode != http.StatusOK {
		v.t.Fatalf("purge: %s %s %v", res.Status, &b, err)
	}
	return strings.Trim(b.String(), `{}:"ephoc`), time.Since(now)
}

// A purge on the first server takes effect on the third at once, whichever way
// it was made.
func TestSharedPurges(t *testing.T) {
	t.Parallel()
	grounds(t, func(t *testing.T, g ground) {
		s := on(t, g)
		s.env = append(s.env, "GORGON_PURGE_KEY="+purgeKey)
		v := s.several(3)
		var longest time.Duration
		for round := range 6 {
			for _, each := range v {
				each.want("/made/one", "gorgon;")
				if round%2 == 0 {
					each.want("/made/one", "gorgon; hit") // in memory
				}
			}
			data := fmt.Sprint("round ", round)
			s.set(site.Data, data)
			switch round % 3 {
			case 0:
				_, took := v[0].purge("expire", "all-made")
				longest = max(longest, took)
				if got := v[2].want("/made/one", "gorgon;"); got.Data != data {
					t.Fatalf("round %d: the third serves %q", round, got.Data)
				}
			case 1:
				epoch, took := v[0].purge("stale", "all-made")
				longest = max(longest, took)
				a, err := v[2].get("/made/one", "Gorgon-Token", epoch)
				if err != nil || !strings.Contains(string(a.body), data) {
					t.Fatalf("round %d: who purged gets %v, %v", round, a, err)
				}
				a, got, err := v[1].page("/made/one")
				if err != nil || got.Data != data && !strings.Contains(a.cache(), "stale") {
					t.Fatalf("round %d: the second serves %q as %s, %v", round, got.Data, a.cache(), err)
				}
			case 2:
				s.purge("--tag", "all-made", "--expire")
				if got := v[2].want("/made/one", "gorgon;"); got.Data != data {
					t.Fatalf("round %d: after the operator's purge the third serves %q", round, got.Data)
				}
			}
		}
		t.Logf("the slowest purge took %v", longest)
	})
}

// Many concurrent requests at several servers make a page once. If the server
// that makes it is killed, its lease must expire first.
func TestSharedMakesOnce(t *testing.T) {
	t.Parallel()
	grounds(t, func(t *testing.T, g ground) {
		s := on(t, g)
		s.set(site.Delay, "400ms")
		v := s.several(3)
		crowd(t, 192, "/made/crowded", v...)
		if n := s.makings("/made/crowded"); n != 1 {
			t.Errorf("it was made %d times", n)
		}

		s.set(site.Hold, "held")
		go func() { _, _ = v[0].get("/brief/one") }()
		until(t, "the first makes it", func() bool { return s.makings("/brief/one") == 1 })
		v[0].kill()
		s.clear(site.Hold)
		start := time.Now()
		crowd(t, 20, "/brief/one", v[1], v[2])
		// Its loader has 3 s, and the lease a little more.
		if took := time.Since(start); took > 12*time.Second {
			t.Errorf("visitors waited %v for who was killed", took)
		}
		// No instance waits longer than a loader may take: if the lease lasts
		// longer, each of the two makes the page itself.
		if n := s.makings("/brief/one"); n != 2 && n != 3 {
			t.Errorf("it was made %d times", n)
		}
	})
}

// While the store is unavailable, every known page is served, and two seconds
// after it is back the servers act as one again.
func TestSharedStoreGoesAway(t *testing.T) {
	t.Parallel()
	outage := duration(t, "GORGON_E2E_OUTAGE", 5*time.Second)
	grounds(t, func(t *testing.T, g ground) {
		if g.server == nil {
			return // a file cannot become unavailable
		}
		for how, gone := range map[string][2]func(){
			"killed":  {g.server.Kill, func() { _ = g.server.Start() }},
			"hanging": {g.server.Pause, g.server.Resume},
		} {
			t.Run(how, func(t *testing.T) {
				s := on(t, g)
				s.env = append(s.env, "GORGON_PURGE_KEY="+purgeKey)
				v := s.several(3)
				known := []string{"/", "/about", "/notes/one", "/made/one", "/made/two", "/timed/one"}
				for _, each := range v {
					for _, path := range known {
						if _, err := each.get(path); err != nil {
							t.Fatal(err)
						}
					}
				}
				stop := load(t, 6, func(n int) (answer, error) {
					a, err := v[n%3].get(known[n%len(known)])
					if err == nil && a.status != http.StatusOK {
						err = fmt.Errorf("%s: %v", known[n%len(known)], a)
					}
					return a, err
				})
				time.Sleep(500 * time.Millisecond)
				gone[0]()
				time.Sleep(outage)
				// A page that is not made yet is made all the same.
				v[0].want("/made/during-"+how, "degraded")
				gone[1]()
				time.Sleep(2 * time.Second)
				if g.name == "redis" && how == "killed" {
					// It stores nothing: as far as is known, everything was
					// purged.
					t.Log("the store is empty now")
				}
				s.set(site.Data, "after")
				v[0].purge("expire", "all-made")
				for i, each := range v {
					if got := each.want("/made/one", "gorgon;"); got.Data != "after" {
						t.Errorf("server %d serves %q", i+1, got.Data)
					}
				}
				asked, longest := stop()
				t.Logf("%d requests, the longest %v", asked, longest)
				if longest > 4*time.Second {
					t.Errorf("a visitor waited %v", longest)
				}
			})
		}
	})
}

// A server that starts while its store is unavailable serves the seed and says
// so.
func TestStartWithoutTheSharedStore(t *testing.T) {
	t.Parallel()
	grounds(t, func(t *testing.T, g ground) {
		if g.server == nil {
			return
		}
		s := on(t, g)
		g.server.Stop()
		start := time.Now()
		v := s.serve()
		if took := time.Since(start); took > 15*time.Second {
			t.Errorf("starting took %v", took)
		}
		v.want("/about", "degraded")
		a, err := v.get("/readyz")
		if err != nil || a.status != http.StatusOK || !strings.Contains(string(a.body), "degraded") {
			t.Errorf("readiness is %v, %v", a, err)
		}
		if err := g.server.Start(); err != nil {
			t.Fatal(err)
		}
		if g.name == "s3" {
			t.Log("the bucket is still there")
		}
		until(t, "it is not degraded", func() bool {
			a, err := v.get("/readyz")
			return err == nil && string(a.body) == "ready\n"
		})
		v.want("/made/after", "stored")
		if n := len(v.warnings()); n == 0 || n > 3 {
			t.Errorf("%d warnings", n)
		}
	})
}

// One of three servers is cut off from the store: the others continue, and it
// reports its state; when it is back it serves nothing old.
func TestOneOfThreeIsCutOff(t *testing.T) {
	t.Parallel()
	grounds(t, func(t *testing.T, g ground) {
		if g.server == nil {
			return
		}
		proxy, err := testbed.NewProxy(g.server.Addr)
		if err != nil {
			t.Fatal(err)
		}
		defer proxy.Close()
		for name, fault := range map[string]testbed.Fault{
			"slow": {Latency: 60, Jitter: 40}, "narrow": {Bandwidth: 200}, "silent": {Silent: true}, "reset": {Reset: true}, "gone": {Gone: true},
		} {
			t.Run(name, func(t *testing.T) {
				s := on(t, g)
				s.env = append(s.env, "GORGON_PURGE_KEY="+purgeKey)
				v := s.several(2)
				s.store = proxy.URL(g.server)
				cut := s.serve()
				servers := append(v, cut)
				for _, each := range servers {
					each.want("/made/one", "gorgon;")
				}
				if err := proxy.Spoil(fault); err != nil {
					t.Fatal(err)
				}
				impaired := fault.Silent || fault.Reset || fault.Gone
				stop := load(t, 4, func(n int) (answer, error) {
					a, _, err := servers[n%3].page("/made/one")
					return a, err
				})
				var epoch string
				for round := range 2 {
					time.Sleep(time.Second)
					data := fmt.Sprint(name, " ", round)
					s.set(site.Data, data)
					var took time.Duration
					if epoch, took = v[0].purge("expire", "all-made"); took > 2*pages.Trust {
						t.Errorf("round %d: the purge took %v", round, took)
					}
					if got := v[1].want("/made/one", "gorgon;"); got.Data != data {
						t.Errorf("round %d: the second serves %q", round, got.Data)
					}
					a, got, err := cut.page("/made/one")
					if err != nil || got.Data != data && !(impaired && strings.Contains(a.cache(), "degraded")) {
						t.Errorf("round %d: who is cut off serves %q as %s, %v", round, got.Data, a.cache(), err)
					}
					// A token that cannot be checked causes no work.
					a, err = cut.get("/made/one", "Gorgon-Token", epoch)
					if err != nil || !strings.Contains(string(a.body), data) && !(impaired && strings.Contains(a.cache(), "degraded")) {
						t.Errorf("round %d: with a token it serves %v, %v", round, a, err)
					}
				}
				if err := proxy.Spoil(testbed.Fault{}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * time.Second)
				if a, got, err := cut.page("/made/one"); err != nil || got.Data != name+" 1" {
					t.Errorf("when it is back it serves %q as %s, %v", got.Data, a.cache(), err)
				}
				_, longest := stop()
				if longest > 5*time.Second {
					t.Errorf("a visitor waited %v", longest)
				}
			})
		}
	})
}

// One of three servers is killed again and again while all write: no page is
// torn, no purge is undone, and nothing hangs.
func TestOneOfThreeIsKilled(t *testing.T) {
	t.Parallel()
	kills := number(t, "GORGON_E2E_SHARED_KILLS", 4)
	grounds(t, func(t *testing.T, g ground) {
		s := on(t, g)
		s.env = append(s.env, "GORGON_PURGE_KEY="+purgeKey)
		v := s.several(2)
		stop := load(t, 6, func(n int) (answer, error) {
			a, _, err := v[n%2].page(fmt.Sprintf("/made/%d", n%50))
			return a, err
		})
		for n := range kills {
			victim := s.serve()
			busy := load(t, 4, func(n int) (answer, error) {
				a, _ := victim.get(fmt.Sprintf("/made/%d", n%50)) // it may be dead
				return a, nil
			})
			time.Sleep(time.Duration(20+n*37%200) * time.Millisecond)
			data := fmt.Sprint("kill ", n)
			s.set(site.Data, data)
			victim.signal(syscall.SIGKILL)
			v[0].purge("expire", "all-made")
			busy()
			for i := range 5 {
				if got := v[1].want(fmt.Sprintf("/made/%d", (n*7+i)%50), "gorgon;"); got.Data != data {
					t.Fatalf("kill %d: a purge was undone: %q", n, got.Data)
				}
			}
		}
		if asked, longest := stop(); longest > 12*time.Second {
			t.Errorf("of %d visitors one waited %v", asked, longest)
		}
	})
}
