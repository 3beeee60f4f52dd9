// The app's own indicators of health, in the time of a test.

package serve_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/serve"
)

// healthy is a site with indicators, whose clock is that of the bubble.
func healthy(t *testing.T, change func(*serve.Config), own ...gorgon.Health) *site {
	t.Helper()
	app := gorgon.App{Parts: []gorgon.Part{page("/")}}
	for _, h := range own {
		app.Parts = append(app.Parts, h)
	}
	return build(t, app, func(c *serve.Config, kept *cache.Config) {
		c.Now, kept.Now = time.Now, time.Now
		c.Details = serve.WithKey("secret")
		if change != nil {
			change(c)
		}
	})
}

// ready asks for /readyz and says how long that took.
func (s *site) ready(header ...string) (status int, body string, took time.Duration) {
	r := httptest.NewRequest("GET", "/readyz", nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	began := time.Now()
	s.ServeHTTP(w, r)
	return w.Code, strings.TrimSpace(w.Body.String()), time.Since(began)
}

func TestIndicators(t *testing.T) {
	fails := func(context.Context) error { return errors.New("10.1.2.3 refused") }
	holds := func(context.Context) error { return nil }
	for _, c := range []struct {
		name   string
		own    []gorgon.Health
		status int
		says   string
	}{
		{"all hold", []gorgon.Health{{Name: "payments", Check: holds}, {Name: "search", Check: holds, Optional: true}}, 200, "ready"},
		{"a needed one fails", []gorgon.Health{{Name: "payments", Check: fails}, {Name: "search", Check: holds}}, 503, "not ready: payments"},
		{"an optional one fails", []gorgon.Health{{Name: "payments", Check: holds}, {Name: "search", Check: fails, Optional: true}}, 200, "ready, degraded: search"},
		{"both fail", []gorgon.Health{{Name: "payments", Check: fails}, {Name: "search", Check: fails, Optional: true}}, 503, "not ready: payments"},
		{"it panics", []gorgon.Health{{Name: "payments", Check: func(context.Context) error { panic("10.1.2.3") }}}, 503, "not ready: payments"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := healthy(t, nil, c.own...)
				if status, says, _ := s.ready(); status != c.status || says != c.says {
					t.Errorf("%d %q, want %d %q", status, says, c.status, c.says)
				}
				_, detail, _ := s.ready("Authorization", "Bearer secret")
				var d struct {
					Says   string
					Checks []struct{ Name, Reason string }
				}
				if err := json.Unmarshal([]byte(detail), &d); err != nil || d.Says != c.says {
					t.Errorf("details: %s, %v", detail, err)
				}
				if bad := c.says != "ready"; bad != strings.Contains(detail, "10.1.2.3") || bad != strings.Contains(s.log.String(), "10.1.2.3") {
					t.Errorf("the reasons are not those of operators: %s; %s", detail, s.log)
				}
				for _, path := range []string{"/livez", "/startupz"} {
					w := httptest.NewRecorder()
					s.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
					if w.Code != http.StatusOK {
						t.Errorf("%s: %d, and it says nothing of what the app depends on", path, w.Code)
					}
				}
			})
		})
	}
}

// Questions are many, and checks are few: one at once, and none within 5 s.
func TestIndicatorsAreAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked, now, most atomic.Int64
		s := healthy(t, nil, gorgon.Health{Name: "payments", Check: func(context.Context) error {
			asked.Add(1)
			most.Store(max(most.Load(), now.Add(1)))
			time.Sleep(100 * time.Millisecond) // what it takes, in the time of the bubble
			now.Add(-1)
			return nil
		}})
		for range 3 {
			var all sync.WaitGroup
			for range 50 {
				all.Go(func() {
					if status, says, _ := s.ready(); status != 200 {
						t.Errorf("%d %s", status, says)
					}
				})
			}
			all.Wait()
			time.Sleep(2 * time.Second)
		}
		if asked.Load() != 1 || most.Load() != 1 {
			t.Errorf("150 questions within 5 s cause %d checks, %d at once", asked.Load(), most.Load())
		}
		time.Sleep(6 * time.Second)
		before := asked.Load()
		s.ready()
		if asked.Load() != before+1 {
			t.Error("an old answer counts")
		}
	})
}

// One that hangs holds up no question for longer than its timeout, and runs
// once; when it returns it is asked again.
func TestIndicatorHangs(t *testing.T) {
	for _, optional := range []bool{false, true} {
		t.Run(fmt.Sprintf("optional %t", optional), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var asked atomic.Int64
				let := make(chan struct{})
				s := healthy(t, nil, gorgon.Health{Name: "search", Optional: optional, Check: func(context.Context) error {
					asked.Add(1)
					<-let
					return nil
				}}, gorgon.Health{Name: "payments", Timeout: time.Second, Optional: optional, Check: func(ctx context.Context) error {
					<-ctx.Done()
					return ctx.Err()
				}})
				want, most := "not ready: search, payments", 2*time.Second
				if optional {
					want, most = "ready, degraded: search, payments", time.Second
				}
				for i := range 5 {
					_, says, took := s.ready()
					if says != want || took > most || i > 0 && took > time.Second {
						t.Errorf("question %d: %q after %s", i, says, took)
					}
					time.Sleep(6 * time.Second)
				}
				if asked.Load() != 1 {
					t.Errorf("it runs %d times at once", asked.Load())
				}
				close(let)
				synctest.Wait()
				if _, says, _ := s.ready(); strings.Contains(says, "search") {
					t.Errorf("it returns again, and %q", says)
				}
				if lines := strings.Count(s.log.String(), "health=search"); lines != 2 {
					t.Errorf("%d lines of one failure and its end:\n%s", lines, s.log)
				}
			})
		})
	}
}

// The figures have what was said last. Where a process may be stopped between
// requests they cause no check.
func TestIndicatorsAreFigures(t *testing.T) {
	for _, attend := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var asked atomic.Int64
			s := healthy(t, func(c *serve.Config) { c.Attend = attend }, gorgon.Health{Name: "payments", Check: func(context.Context) error {
				asked.Add(1)
				return errors.New("refused")
			}})
			figures := func() []metrics.Indicator {
				var now metrics.State
				s.State(&now)
				synctest.Wait()
				s.State(&now)
				return now.Indicators
			}
			list := figures()
			if attend != (len(list) == 0) || attend != (asked.Load() == 0) {
				t.Fatalf("stopped between requests: %t; %v after %d checks", attend, list, asked.Load())
			}
			s.ready()
			if list = figures(); len(list) != 1 || list[0].OK || list[0].Name != "payments" || list[0].Reason != "refused" || asked.Load() != 1 {
				t.Errorf("%v after %d checks", list, asked.Load())
			}
		})
	}
}
