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
// they are allowed together is what the limit says, within 5 percent.
//
//	go test ./e2e -run SignInLimits -v
func TestSignInLimits(t *testing.T) {
	rate := limit.Rate{N: 40, Per: time.Second, Burst: 100}
	for _, m := range manors {
		t.Run(m.name, func(t *testing.T) {
			held, _ := m.open(t)
			var allowed, refused atomic.Int64
			var all sync.WaitGroup
			began := time.Now()
			until := began.Add(4 * time.Second)
			var last atomic.Int64 // when the last unit was asked for, since it began
			for range 3 {
				limits := &limit.Limiter{Store: held()}
				for range 4 {
					all.Go(func() {
						for time.Now().Before(until) {
							err := limits.Allow(t.Context(), "shared", "one", rate)
							switch {
							case err == nil:
								allowed.Add(1)
							case failure.Kind(err) == gorgon.KindTooMany:
								refused.Add(1)
							default:
								t.Error(err)
								return
							}
							last.Store(int64(time.Since(began)))
							time.Sleep(5 * time.Millisecond)
						}
					})
				}
			}
			all.Wait()
			elapsed := time.Duration(last.Load())
			most := float64(rate.Burst) + float64(rate.N)*elapsed.Seconds()
			got := float64(allowed.Load())
			t.Logf("three instances in %v: %d allowed, %d refused; the limit is %.0f, so %+.1f %%", elapsed.Round(time.Millisecond), allowed.Load(), refused.Load(), most, (got/most-1)*100)
			if got > most*1.05 || got < most*0.95 {
				t.Errorf("%.0f were allowed, and the limit is %.0f", got, most)
			}
			if refused.Load() == 0 {
				t.Error("none was refused: the limit was not reached")
			}
		})
	}
}
