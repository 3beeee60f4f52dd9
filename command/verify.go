// Whether the package is what was packed: found out while it serves.

package command

import (
	"context"
	"errors"
	"sync"
)

// errVerifying is why a server has not started yet.
var errVerifying = errors.New("the files of the package are being verified")

// A verification is the state of it.
type verification struct {
	mu   sync.Mutex
	err  error
	over bool
}

// verify reads the whole package in the background. Where it is not what was
// packed, it stops the server.
func verify(ctx context.Context, p *program, stop context.CancelCauseFunc) *verification {
	v := &verification{over: p.pkg == nil}
	if v.over {
		return v
	}
	go func() {
		err := p.pkg.Verify(ctx, false)
		if ctx.Err() != nil {
			return // the server stops
		}
		v.mu.Lock()
		v.err, v.over = err, true
		v.mu.Unlock()
		if err != nil {
			p.log.Error("the server stops", "err", err)
			stop(err)
		}
	}()
	return v
}

// done says why the server has not started yet; nil once it has.
func (v *verification) done() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.over {
		return errVerifying
	}
	return v.err
}

// fault is what was found.
func (v *verification) fault() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.err
}
