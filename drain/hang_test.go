// A database that does not answer.

package drain_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/drain"
	"github.com/gorgon-go/gorgon/wire"
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

// What alerts are made of: one record in a minute with the event, and one without when
// it is over.
func TestDatabaseAwayIsAnEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said bytes.Buffer
		o := &broken{}
		o.away.Store(true)
		in := coherence.Open(t.Context(), coherence.Config{Changed: func() {}, Log: slog.New(slog.DiscardHandler), Now: time.Now})
		d := drain.New(drain.Config{Outbox: o, Instance: in, Poll: time.Second, Now: time.Now, Log: slog.New(slog.NewJSONHandler(&said, nil))})
		in.Follow(d)
		defer in.Close()
		events := func() (n int) {
			for line := range strings.Lines(said.String()) {
				if wire.ParseEvent(line).Name == wire.EventDatabaseAway {
					n++
				}
			}
			return n
		}
		time.Sleep(100 * time.Second)
		synctest.Wait()
		if n := events(); n != 2 {
			t.Errorf("%d events in 100 seconds, want one a minute:\n%s", n, &said)
		}
		o.away.Store(false)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if !d.CatchUp() || events() != 2 || !strings.Contains(said.String(), "answers again") {
			t.Errorf("once it is back: %s", &said)
		}
	})
}

// broken is an outbox that fails for a while.
type broken struct {
	hanging
	away atomic.Bool
}

func (b *broken) Look(context.Context) ([]dataflow.Change, error) {
	if b.away.Load() {
		return nil, errors.New("connection refused")
	}
	return nil, nil
}
