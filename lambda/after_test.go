// What is done when an event was answered.

package lambda_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/lambda"
)

// After is called once for each event, when Lambda has the answer and before the
// next event is taken, with a context that ends before the event's own time.
func TestAfter(t *testing.T) {
	for _, buffered := range []bool{false, true} {
		a := newAPI(t)
		var served, after atomic.Int64
		type call struct {
			served int64
			left   time.Duration
		}
		called := make(chan call, 10)
		a.start(t, &lambda.Runtime{Buffered: buffered,
			Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				if n := served.Add(1); after.Load() != n-1 {
					t.Errorf("event %d is taken after %d calls of After", n, after.Load())
				}
			}),
			Tasks: map[string]func(context.Context) error{"maintain": func(context.Context) error { return nil }},
			After: func(ctx context.Context) {
				end, _ := ctx.Deadline()
				after.Add(1)
				called <- call{served.Load(), time.Until(end)}
			}})
		for i, event := range []string{get("/", "", nil), get("/", "", nil), `{"gorgon":"maintain"}`, "nonsense"} {
			a.invoke(t, event) // answered, whatever After does
			c := <-called
			if c.served != min(int64(i)+1, 2) || c.left <= 0 || c.left > time.Minute-100*time.Millisecond {
				t.Errorf("event %d: %+v", i, c)
			}
		}
	}
}
