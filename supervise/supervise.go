// Package supervise runs the services of an app: workers continuously, and
// scheduled work once in each of its periods.
package supervise

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
)

// Config says what to run. Only Services is required.
type Config struct {
	Services []gorgon.Service

	// Store remembers when scheduled work was last done, and lets only one of
	// the instances that share it do it. Default: none; each instance does it,
	// and again after a restart.
	Store pages.Store

	Log *slog.Logger // default: slog.Default()
}

// How long a service that ended waits before it is started again: longer each
// time it ends within a minute.
const (
	restMin = time.Second
	restMax = time.Minute
)

// longest limits one run of scheduled work, and so how long a dead instance can
// prevent others from doing it.
const longest = time.Hour

// Run runs the services until ctx ends and all of them have returned.
func Run(ctx context.Context, c Config) {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	var all sync.WaitGroup
	for _, s := range c.Services {
		all.Go(func() {
			if s.Every > 0 {
				c.schedule(ctx, s)
			} else {
				c.keep(ctx, s)
			}
		})
	}
	all.Wait()
}

// Due does the scheduled work that is due, once, and returns the errors of
// failed work. It returns the names of the work done.
func Due(ctx context.Context, c Config) (done []string, err error) {
	var faults []error
	for _, s := range c.Services {
		if s.Every == 0 {
			continue
		}
		did, err := c.once(ctx, s)
		if err != nil {
			faults = append(faults, fmt.Errorf("service %s: %w", s.Name, err))
		} else if did {
			done = append(done, s.Name)
		}
	}
	return done, errors.Join(faults...)
}

// keep runs a worker, and again each time it ends.
func (c Config) keep(ctx context.Context, s gorgon.Service) {
	rest := restMin
	for ctx.Err() == nil {
		began := time.Now()
		err := call(ctx, s)
		if ctx.Err() != nil {
			if err != nil && !errors.Is(err, context.Canceled) {
				c.Log.Error("a service failed as it was stopped", "service", s.Name, "err", err)
			}
			return
		}
		if time.Since(began) > restMax {
			rest = restMin
		}
		c.Log.Error("a service ended and is started again", "service", s.Name, "after", rest, "err", err)
		pause(ctx, rest)
		rest = min(2*rest, restMax)
	}
}

// schedule does a service's work whenever it is due.
func (c Config) schedule(ctx context.Context, s gorgon.Service) {
	// Without a store, this instance must remember.
	look := min(s.Every, max(s.Every/20, time.Second), time.Minute)
	if c.Store == nil {
		look = s.Every
	}
	rest := restMin
	for ctx.Err() == nil {
		wait := look
		if _, err := c.once(ctx, s); err == nil {
			rest = restMin
		} else if ctx.Err() == nil {
			wait = max(look, rest)
			rest = min(2*rest, restMax)
			c.Log.Error("scheduled work failed and is tried again", "service", s.Name, "after", wait, "err", err)
		}
		pause(ctx, wait)
	}
}

// once does a service's work if it is due and no other instance is doing it.
func (c Config) once(ctx context.Context, s gorgon.Service) (did bool, err error) {
	if c.Store == nil {
		return true, c.bounded(ctx, s)
	}
	key := pages.Key{Route: "(service)", Path: s.Name}
	if due, err := c.due(ctx, key, s.Every); !due {
		return false, err
	}
	lease, err := c.Store.Lease(ctx, key, rand.Text(), bound(s))
	if errors.Is(err, pages.ErrHeld) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer func() {
		if e := c.Store.Release(context.WithoutCancel(ctx), lease); err == nil && !errors.Is(e, pages.ErrHeld) {
			err = e
		}
	}()
	// It may have been done before we got the lease.
	if due, err := c.due(ctx, key, s.Every); !due {
		return false, err
	}
	began := time.Now()
	if err := c.bounded(ctx, s); err != nil {
		return false, err
	}
	data, err := (&pages.Entry{Key: key, Status: 200, MadeAt: began}).Encode()
	if err == nil {
		err = c.Store.Put(context.WithoutCancel(ctx), pages.Record{Key: key, Data: data}, pages.Fence{Token: lease.Token})
	}
	return true, err
}

// due says whether a period has passed since the work was last started.
func (c Config) due(ctx context.Context, key pages.Key, every time.Duration) (bool, error) {
	record, err := c.Store.Get(ctx, key)
	if errors.Is(err, pages.ErrNotFound) || errors.Is(err, pages.ErrCorrupt) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	e, err := pages.Decode(record.Data)
	if err != nil {
		return true, nil
	}
	return !time.Now().Before(e.MadeAt.Add(every)), nil
}

// bound returns how long one run may take.
func bound(s gorgon.Service) time.Duration { return min(max(s.Every, time.Minute), longest) }

func (c Config) bounded(ctx context.Context, s gorgon.Service) error {
	ctx, cancel := context.WithTimeoutCause(ctx, bound(s), fmt.Errorf("it took longer than %s", bound(s)))
	defer cancel()
	return call(ctx, s)
}

// call turns a panic into an error.
func call(ctx context.Context, s gorgon.Service) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return s.Run(ctx)
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
