package api

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A deadline is what [context.WithTimeout] returns to everyone who asks it
// anything, in whichever order.
func TestDeadlineIsThatOfContext(t *testing.T) {
	type key struct{}
	asks := map[string]func(ctx context.Context) any{
		"Err":      func(ctx context.Context) any { return ctx.Err() },
		"Deadline": func(ctx context.Context) any { at, ok := ctx.Deadline(); return [2]any{at.UnixNano(), ok} },
		"Value":    func(ctx context.Context) any { return ctx.Value(key{}) },
		"Done": func(ctx context.Context) any {
			select {
			case <-ctx.Done():
				return true
			default:
				return false
			}
		},
		"child": func(ctx context.Context) any {
			child, cancel := context.WithCancel(ctx)
			defer cancel()
			synctest.Wait()
			return child.Err()
		},
	}
	events := map[string]func(endParent, cancel func()){
		"nothing":            func(_, _ func()) {},
		"the parent ends":    func(end, _ func()) { end() },
		"it is canceled":     func(_, cancel func()) { cancel() },
		"its time comes":     func(_, _ func()) { time.Sleep(2 * time.Second) },
		"parent, then time":  func(end, _ func()) { end(); time.Sleep(2 * time.Second) },
		"canceled, then all": func(end, cancel func()) { cancel(); end(); time.Sleep(2 * time.Second) },
	}
	for first, before := range asks {
		for happens, event := range events {
			for second, after := range asks {
				for _, parents := range []time.Duration{500 * time.Millisecond, time.Hour} {
					synctest.Test(t, func(t *testing.T) {
						see := func(start func(context.Context) (context.Context, func())) (seen [3]any) {
							parent, end := context.WithTimeout(context.WithValue(t.Context(), key{}, 7), parents)
							defer end()
							ctx, cancel := start(parent)
							defer cancel()
							seen[0] = before(ctx)
							event(end, cancel)
							synctest.Wait()
							seen[1], seen[2] = after(ctx), ctx.Err()
							return seen
						}
						at := time.Now()
						want := see(func(p context.Context) (context.Context, func()) {
							return context.WithTimeout(p, time.Second)
						})
						took := time.Since(at)
						got := see(func(p context.Context) (context.Context, func()) {
							d := &deadline{Context: p, at: time.Now().Add(time.Second)}
							return d, d.cancel
						})
						if first == "Deadline" {
							want[0], got[0] = nil, nil // they started at different times
						}
						if second == "Deadline" {
							want[1], got[1] = nil, nil
						}
						if got != want {
							t.Errorf("%s, %s, %s (parent %v, took %v): %v, and with context.WithTimeout %v", first, happens, second, parents, took, got, want)
						}
					})
				}
			}
		}
	}
}

// Who waits for it is woken at its time, also where it was asked before.
func TestDeadlineWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		d := &deadline{Context: t.Context(), at: began.Add(time.Second)}
		if d.Err() != nil || d.timed != nil {
			t.Fatal("asking for its error starts a timer")
		}
		<-d.Done()
		if got := time.Since(began); got != time.Second || !errors.Is(d.Err(), context.DeadlineExceeded) {
			t.Errorf("woken after %v: %v", got, d.Err())
		}
		d.cancel()
		if !errors.Is(d.Err(), context.DeadlineExceeded) {
			t.Errorf("after it is canceled: %v", d.Err())
		}
	})
}
