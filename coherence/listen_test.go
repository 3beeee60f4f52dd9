// Those that listen hear of every purge, although nothing is asked here.

package coherence_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
)

// waiter is a store that says nothing of its sequence but what others may know.
type waiter struct{ pages.Store }

func TestListen(t *testing.T) {
	for name, over := range map[string]func(*mem.Store) pages.Store{
		"a store with a sequence": func(s *mem.Store) pages.Store { return s },
		"a store without one":     func(s *mem.Store) pages.Store { return waiter{s} },
		"no store":                func(*mem.Store) pages.Store { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				under := mem.Open(mem.Options{})
				defer under.Close()
				open := func() *coherence.Instance { return coherence.Open(t.Context(), coherence.Config{Store: over(under)}) }
				a, b := open(), open()
				if name == "no store" {
					b = a
				} else {
					defer b.Close()
				}
				defer a.Close()
				heard := make(chan string, 100)
				end := b.Listen(func(subject string) { heard <- subject })
				next := func() string {
					ctx, stop := context.WithTimeout(t.Context(), 5*time.Second)
					defer stop()
					select {
					case s := <-heard:
						return s
					case <-ctx.Done():
						return "nothing"
					}
				}
				for _, subject := range []string{"tag:one", "tag:two", pages.All} {
					if _, err := a.Purge(t.Context(), pages.Stale, subject); err != nil {
						t.Fatal(err)
					}
					if got := next(); got != subject {
						t.Errorf("%s was purged, and heard was %s", subject, got)
					}
					for len(heard) > 0 {
						<-heard // a purge may be told twice
					}
				}
				b.Hold(time.Now(), pages.Stale, "tag:here")
				if got := next(); got != "tag:here" {
					t.Errorf("a purge that holds here alone: heard was %s", got)
				}
				end()
				if _, err := a.Purge(t.Context(), pages.Stale, "tag:one"); err != nil && !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
				if got := next(); got != "nothing" {
					t.Errorf("it had ended, and heard %s", got)
				}
			})
		})
	}
}
