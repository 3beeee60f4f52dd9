// A limit holds, by whatever instance it is counted.

package limit_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/limit"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/sessions"
)

// broken is a store that cannot be asked.
type broken struct{ sessions.Store }

func (broken) Spend(context.Context, string, limit.Rate) (time.Duration, error) {
	return 0, errors.New("the store is away")
}

func TestAllow(t *testing.T) {
	for name, store := range map[string]sessions.Store{"a store": mem.NewSessions(), "a store that is away": broken{}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if name == "a store" {
					store = mem.NewSessions()
				}
				l := &limit.Limiter{Store: store}
				rate := limit.Rate{N: 5, Per: 15 * time.Minute}
				allowed := func() error { return l.Allow(t.Context(), "sign-in", "ada", rate) }
				for range 5 {
					if err := allowed(); err != nil {
						t.Fatal(err)
					}
				}
				e, ok := errors.AsType[*gorgon.Error](allowed())
				if !ok || e.Kind != gorgon.KindTooMany || e.RetryAfter != 3*time.Minute {
					t.Fatalf("%+v", e)
				}
				if strings.Contains(e.Error(), "ada") {
					t.Errorf("the error has the key: %v", e)
				}
				if err := l.Allow(t.Context(), "sign-in", "bea", rate); err != nil {
					t.Errorf("another key: %v", err)
				}
				if err := l.Allow(t.Context(), "reset", "ada", rate); err != nil {
					t.Errorf("another limit: %v", err)
				}
				time.Sleep(3 * time.Minute)
				if err := allowed(); err != nil {
					t.Errorf("a unit has come back, and is not there: %v", err)
				}
				if allowed() == nil {
					t.Error("two units have come back")
				}
				time.Sleep(time.Hour)
				for range 5 {
					if err := allowed(); err != nil {
						t.Errorf("after an hour: %v", err)
					}
				}
				if allowed() == nil {
					t.Error("more than the burst has come back")
				}
			})
		})
	}
}

func TestGuard(t *testing.T) {
	l := &limit.Limiter{Store: mem.NewSessions()}
	app := gorgon.App{Name: "limits", Parts: []gorgon.Part{
		gorgon.Page[string]{
			Path: "/", View: func(string) gorgon.Component { return gorgon.Text("here") },
			Guards: []func(http.Handler) http.Handler{l.Guard("home", limit.Rate{N: 2, Per: time.Hour}, limit.Address)},
		},
	}}
	site := gorgontest.Open(t, app)
	site.Get("/").Want(200, "here")
	site.Get("/").Want(200, "here")
	site.Get("/").Want(429).WantHeader("Retry-After", "1800").WantHeader("Cache-Control", "private, no-store")
}

func TestAddress(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.7:1234": "192.0.2.7", "[::ffff:192.0.2.7]:1": "192.0.2.7", "[2001:db8:1:2:3:4:5:6]:443": "2001:db8:1:2::/64",
		"[2001:db8:1:2:ffff::1]:443": "2001:db8:1:2::/64", "@": "unknown",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = remote
		if got := limit.Address(r); got != want {
			t.Errorf("%s is counted as %s", remote, got)
		}
	}
}

// A flood of keys while the store is away takes bounded memory, and refuses what
// it cannot count.
func TestFlood(t *testing.T) {
	l := &limit.Limiter{Store: broken{}}
	rate := limit.Rate{N: 1, Per: time.Hour}
	refused := 0
	for i := range 110_000 {
		if l.Allow(t.Context(), "flood", string(rune(i%0xd000))+string(rune(i/0xd000)), rate) != nil {
			refused++
		}
	}
	if refused != 10_000 {
		t.Errorf("%d were refused", refused)
	}
}
