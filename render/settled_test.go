// Functions that outlive what asked for them.

package render_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/render"
)

// A function that was abandoned counts until it returns: it may read the version
// before, whose memory is a file's.
func TestSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		page := pageOf(func(p *gorgon.Page[state]) {
			p.Load = func(context.Context, gorgon.Input) (state, error) { // it does not look at its context
				<-release
				return state{"late"}, nil
			}
		})
		r := renderer()
		if !r.Settled(0) {
			t.Error("nothing runs, and it is not settled")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := r.Make(ctx, render.Task{Page: page, Path: "/p/1"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("it gave %v", err)
		}
		if r.Settled(time.Minute) {
			t.Error("it is settled while the loader runs")
		}
		time.AfterFunc(time.Second, func() { close(release) })
		if began := time.Now(); !r.Settled(time.Minute) || time.Since(began) < time.Second {
			t.Errorf("settled after %v", time.Since(began))
		}
	})
}
