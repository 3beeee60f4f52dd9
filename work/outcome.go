// What becomes of a job that has returned.

package work

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/wire"
)

// outcome says what becomes of a job that returned an error, or nil.
func (m *Machine) outcome(h *hand, err error, took time.Duration) jobs.Outcome {
	o := jobs.Outcome{Ref: h.taken.Ref, Report: h.run.Reported()}
	var next time.Time // of a series
	now := h.taken.Now.Add(took)
	switch {
	case h.foreign():
		next = now.Add(foreignFor)
	case h.taken.Series:
		next = h.task.Next(h.taken.Due, now)
	}
	if err == nil {
		o.At = next
		return o
	}
	o.Error = err.Error()
	fatal, after, ok := jobs.FateOf(err)
	switch {
	case errors.Is(err, jobs.ErrStopped), errors.Is(err, jobs.ErrLost):
		o.Ending = jobs.Released
	case fatal, h.taken.Attempt >= h.task.MaxAttempts:
		o.Ending, o.At = jobs.Dead, next
	default:
		if !ok {
			after = m.backoff(h)
		}
		after = min(max(after, 0), jobs.MaxAfter)
		o.Ending, o.After = jobs.Failed, after
		if h.taken.Series { // it is not later than its next time
			if o.At = now.Add(after); o.At.After(next) {
				o.At = next
			}
		}
	}
	return o
}

// foreignFor is how long a series waits for a build that has it.
const foreignFor = time.Hour

// backoff is how long a job waits after a failure.
func (m *Machine) backoff(h *hand) (after time.Duration) {
	defer func() {
		if r := recover(); r != nil {
			m.log().Error("the Backoff of a job panicked: it waits a minute", "job", h.taken.Kind, "panic", fmt.Sprint(r))
			after = time.Minute
		}
	}()
	return h.task.Backoff(h.taken.Attempt)
}

// tell counts an outcome, and logs it if it is a failure.
func (m *Machine) tell(h *hand, o jobs.Outcome, err error, took time.Duration) {
	k := m.state.kinds[h.taken.Kind]
	attrs := []slog.Attr{slog.String("job", h.taken.Kind), slog.Int64("id", h.taken.ID), slog.Int("attempt", h.taken.Attempt),
		slog.Duration("took", took.Round(time.Millisecond))}
	level, text := slog.LevelDebug, "a job is done"
	switch {
	case h.foreign():
		level, text = slog.LevelInfo, "a series of another build is not run by this one, where its job is one that is added"
	case err == nil:
		k.done.Add(1)
	case o.Ending == jobs.Released:
		text = "a job was stopped and runs again"
	case errors.Is(err, jobs.ErrCancelled):
		text = "a job was cancelled while it ran"
	case o.Ending == jobs.Dead:
		k.dead.Add(1)
		level, text = slog.LevelError, "a job is dead"
		if h.taken.Series {
			text = "a job of a series failed too often and waits for its next time"
		}
		attrs = append(attrs, slog.String(wire.LogEvent, wire.EventJobDead))
	default:
		k.failed.Add(1)
		level, text = slog.LevelWarn, "a job failed and is tried again"
		attrs = append(attrs, slog.Duration("after", o.After))
	}
	if err != nil {
		attrs = append(attrs, slog.Any("err", err))
	}
	if p, ok := errors.AsType[*panicked](err); ok {
		attrs = append(attrs, slog.String("stack", string(p.stack)))
	}
	m.log().LogAttrs(context.Background(), level, text, attrs...)
}

// closing says whether the crew leaves.
func (c *crew) closing() bool {
	select {
	case <-c.close:
		return true
	default:
		return false
	}
}

// finish stores outcomes: all those that are there at a time in one call.
func (c *crew) finish() {
	for {
		var list []jobs.Outcome
		select {
		case o := <-c.ended:
			list = append(list, o)
		case <-c.close:
			select { // what is still there comes first
			case o := <-c.ended:
				list = append(list, o)
			default:
				return
			}
		}
		for more := true; more; {
			select {
			case o := <-c.ended:
				list = append(list, o)
			default:
				more = false
			}
		}
		c.store(list)
	}
}

// store stores outcomes, and tries again while their leases last.
func (c *crew) store(list []jobs.Outcome) {
	m := c.m
	began := time.Now()
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		ctx, cancel := context.WithTimeout(context.Background(), min(m.options.Lease, 5*time.Second))
		late, err := m.options.Store.Finish(ctx, list...)
		cancel()
		if len(list) > 1 && errors.Is(err, jobs.ErrInvalid) { // one of them is in the way of the others
			for _, o := range list {
				c.store([]jobs.Outcome{o})
			}
			return
		}
		if err == nil {
			if len(late) > 0 {
				m.state.lost.Add(uint64(len(late)))
				m.log().Warn("jobs ended after their leases, and count for the instance that runs them now", "jobs", len(late))
			}
			break
		}
		if time.Since(began) > 2*m.options.Lease || c.closing() && time.Since(began) > lastly || errors.Is(err, jobs.ErrInvalid) {
			m.log().Error("the ends of jobs could not be stored: they run again", "jobs", len(list), "err", err)
			break
		}
		time.Sleep(wait)
	}
	c.mu.Lock()
	for _, o := range list {
		delete(c.running, o.Ref)
	}
	c.mu.Unlock()
	c.signal()
}
