// A database that does not answer.

package drain_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/drain"
)

// hanging is an outbox that does not answer.
type hanging struct{}

func (hanging) Look(ctx context.Context) ([]dataflow.Change, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}
func (hanging) Remove(context.Context, []dataflow.Change) error { return nil }
func (hanging) OnCommit(func(context.Context))                  {}

// However many callers wait for a look, and whenever they came, none waits for
// more than the one that is under way.
func TestHangingDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := coherence.Open(t.Context(), coherence.Config{Changed: func() {}, Log: slog.New(slog.DiscardHandler), Now: time.Now})
		d := drain.New(drain.Config{Outbox: hanging{}, Instance: in, Poll: time.Hour, Log: slog.New(slog.DiscardHandler)})
		in.Follow(d)
		defer in.Close()
		var callers sync.WaitGroup
		for n := range 20 {
			callers.Go(func() {
				time.Sleep(time.Duration(n) * 90 * time.Millisecond)
				began := time.Now()
				if d.CatchUp() {
					t.Error("it says that it could look")
				}
				if took := time.Since(began); took > 2*time.Second {
					t.Errorf("a caller that came after %v waited %v", time.Duration(n)*90*time.Millisecond, took)
				}
			})
		}
		callers.Wait()
	})
}
