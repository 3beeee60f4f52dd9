// Limits that several instances share.

package e2e_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/limit"
)

// TestSignInLimits has three instances spend one limit as fast as they can. What
// they are allowed together is what the limit says, within 5 percent: not more
// in all, and not less by the last time that one was refused, since then nothing
// was left. However slow the machine is, both hold.
//
//	go test ./e2e -run SignInLimits -v
func TestSignInLimits(t *testing.T) {
	rate := limit.Rate{N: 40, Per: time.Second, Burst: 100}
	units := func(d time.Duration) float64 { return float64(rate.Burst) + float64(rate.N)*d.Seconds() }
	for _, m := range manors {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			held, _ := m.open(t)
			var allowed, refused, lastRefused atomic.Int64
			var all sync.WaitGroup
			first := &limit.Limiter{Store: held()}
			began := time.Now()
			if err := first.Allow(t.Context(), "shared", "one", rate); err != nil {
				t.Fatal(err)
			}
			allowed.Add(1)
			counted := time.Since(began)
			until := began.Add(4 * time.Second)
			for i := range 3 {
				limits := first
				if i > 0 {
					limits = &limit.Limiter{Store: held()}
				}
				for range 4 {
					all.Go(func() {
						for time.Now().Before(until) {
							asked := time.Since(began)
							err := limits.Allow(t.Context(), "shared", "one", rate)
							switch {
							case err == nil:
								allowed.Add(1)
							case failure.Kind(err) == gorgon.KindTooMany:
								refused.Add(1)
								for {
									last := lastRefused.Load()
									if int64(asked) <= last || lastRefused.CompareAndSwap(last, int64(asked)) {
										break
									}
								}
							default:
								t.Error(err)
								return
							}
							time.Sleep(5 * time.Millisecond)
						}
					})
				}
			}
			all.Wait()
			got, most, least := float64(allowed.Load()), units(time.Since(began)), units(time.Duration(lastRefused.Load())-counted)-1
			t.Logf("three instances: %d allowed, %d refused; the limit is %.0f, so %+.1f %%", allowed.Load(), refused.Load(), most, (got/most-1)*100)
			if refused.Load() == 0 {
				t.Error("none was refused: the limit was not reached")
			}
			if got > most*1.05 || got < least*0.95 {
				t.Errorf("%.0f were allowed, and the limit is %.0f to %.0f", got, least, most)
			}
		})
	}
}
