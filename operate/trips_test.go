package operate_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/operate"
)

// Round trips are measured every ten seconds while the program is used, and one
// that is idle leaves its store and its database alone.
func TestTrips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := program(metrics.State{})
		var calls atomic.Int64
		p.Trips = func(context.Context) []operate.Trip {
			calls.Add(1)
			return []operate.Trip{{What: "store", Took: float64(calls.Load())}}
		}
		if trips := p.Snapshot(t.Context()).Trips; trips == nil || len(trips) > 0 {
			t.Errorf("before they are measured: %v", trips)
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go p.History.Watch(ctx, p)
		time.Sleep(time.Hour + time.Second)
		if n := calls.Load(); n != 1 {
			t.Errorf("an idle program was measured %d times", n)
		}
		for range 6 {
			request(p.Recorder, metrics.Request{Route: "/", Status: 200})
			time.Sleep(10 * time.Second)
		}
		now := time.Now()
		if n := calls.Load(); n != 7 {
			t.Errorf("a program in use was measured %d times in a minute, after the first", n-1)
		}
		if trips := p.Snapshot(t.Context()).Trips; len(trips) != 1 || trips[0].Took != 7 || now.Sub(trips[0].At) > 10*time.Second {
			t.Errorf("%v at %v", trips, now)
		}
		p.State = func() metrics.State {
			return metrics.State{Gates: []metrics.Gate{{Route: "/a", Width: 64, Running: 5, Waiting: 4, Refused: 3, Dropped: 2}}}
		}
		data, err := json.Marshal(p.Snapshot(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		for _, names := range []string{
			`"gates":[{"route":"/a","width":64,"running":5,"waiting":4,"refused":3,"dropped":2}]`, `"trips":[{"what":"store","took":7,"at":"`,
			`"memoryBound":0,"evicted":0,"purged":0`,
		} {
			if !strings.Contains(string(data), names) {
				t.Errorf("the snapshot has no %s: %s", names, data)
			}
		}
	})
}
