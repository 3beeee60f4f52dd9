// Sending a stream as server-sent events.

package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/serve"
)

// An event is an [Item] with its type erased.
type event struct {
	id       string
	value    any
	snapshot bool
}

// sending says how a stream is sent.
type sending struct{ heartbeat, write time.Duration }

const (
	grace      = 250 * time.Millisecond // for an error that is the whole answer
	drainCheck = 250 * time.Millisecond // how soon a stream notices that the server stops
)

func (s sending) stream(o *Operation, w http.ResponseWriter, r *http.Request, events func(context.Context) iter.Seq2[event, error]) {
	if r.Method == http.MethodHead {
		announce(w.Header())
		return
	}
	// Handle runs beside this goroutine, so it has no header to write to.
	ctx, cancel := context.WithCancel(&exchange{Context: r.Context(), request: r, w: &verdict{header: http.Header{}}})
	defer cancel()
	out := &eventWriter{w: w, control: http.NewResponseController(w), timeout: s.write}
	if err := out.lift(); err != nil {
		serve.Fail(w, r, err)
		return
	}
	next := make(chan sent)
	go produce(ctx, events, next)
	first, err := begin(ctx, r, next)
	if err != nil {
		serve.Fail(w, r, err)
		return
	}
	announce(w.Header())
	if out.send(":\n\n") && (first == nil || s.item(o, r, out, *first)) {
		s.follow(ctx, o, r, out, next)
	}
}

func announce(header http.Header) {
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "private, no-store, no-transform")
	header.Set("X-Accel-Buffering", "no") // nginx
}

// begin waits a moment for the first item, so that an error can still be the
// whole answer. The item is nil if there is none yet, and for an end.
func begin(ctx context.Context, r *http.Request, next <-chan sent) (*sent, error) {
	if listen.Draining(r) {
		return nil, nil
	}
	wait := time.NewTimer(grace)
	defer wait.Stop()
	select {
	case e, more := <-next:
		if !more {
			return &sent{end: true}, nil
		}
		return &e, e.err
	case <-wait.C:
	case <-ctx.Done():
	}
	return nil, nil
}

// follow sends what comes until the stream ends.
func (s sending) follow(ctx context.Context, o *Operation, r *http.Request, out *eventWriter, next <-chan sent) {
	beat := time.NewTicker(s.heartbeat)
	defer beat.Stop()
	drain := time.NewTicker(drainCheck)
	defer drain.Stop()
	for {
		if listen.Draining(r) {
			// Half a second to five, so that the next instance is not flooded.
			out.send("retry: " + strconv.Itoa(500+rand.IntN(4500)) + "\n\n")
			return
		}
		select {
		case <-ctx.Done():
			if cause := ended(r); cause != nil {
				out.send(problemEvent(r, cause))
			}
			return
		case <-beat.C:
			if !out.send(":\n\n") {
				return
			}
		case <-drain.C:
		case e, more := <-next:
			if !s.item(o, r, out, sent{e.event, e.err, !more}) {
				return
			}
			beat.Reset(s.heartbeat)
		}
	}
}

// item sends what Handle produced. It is false if the stream ends with it.
func (s sending) item(o *Operation, r *http.Request, out *eventWriter, e sent) bool {
	if cause := ended(r); cause != nil {
		out.send(problemEvent(r, cause)) // however Handle ended
		return false
	}
	if e.end {
		out.send("event: end\ndata:\n\n")
		return false
	}
	text, err := "", e.err
	if err == nil {
		text, err = o.event(e.event)
	}
	switch {
	case err == nil:
		return out.send(text)
	case r.Context().Err() == nil: // otherwise the client has left, and that is the error
		out.send(problemEvent(r, err))
	}
	return false
}

// sent is an event, or what ends the stream: an error, or the end of the
// events.
type sent struct {
	event
	err error
	end bool
}

// produce hands over events one at a time.
func produce(ctx context.Context, events func(context.Context) iter.Seq2[event, error], next chan<- sent) {
	defer close(next)
	defer func() {
		if p := recover(); p != nil {
			select {
			case next <- sent{err: fmt.Errorf("panic: %v\n%s", p, debug.Stack())}:
			case <-ctx.Done():
			}
		}
	}()
	for e, err := range events(ctx) {
		select {
		case next <- sent{event: e, err: err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

var errEventID = errors.New("the ID of an event has a line break or a zero byte")

// event writes an event as server-sent events do.
func (o *Operation) event(e event) (string, error) {
	data, err := o.Out.Append(nil, e.value)
	if err != nil {
		return "", fmt.Errorf("%s: the event cannot be sent: %w", o.Name, err)
	}
	var b strings.Builder
	b.Grow(len(data) + len(e.id) + 32)
	if e.id != "" {
		if strings.ContainsAny(e.id, "\r\n\x00") {
			return "", errEventID
		}
		b.WriteString("id: " + e.id + "\n")
	}
	if e.snapshot {
		b.WriteString("event: snapshot\n")
	}
	b.WriteString("data: ")
	b.Write(data)
	b.WriteString("\n\n")
	return b.String(), nil
}

// ended is why a guard has ended the request that it let through; nil if none
// has.
func ended(r *http.Request) error {
	if e, ok := errors.AsType[*gorgon.Error](context.Cause(r.Context())); ok {
		return e
	}
	return nil
}

// problemEvent is the event that ends a stream for an error.
func problemEvent(r *http.Request, err error) string {
	data, _ := json.Marshal(serve.ProblemOf(serve.Report(r, err)))
	return "event: problem\ndata: " + string(data) + "\n\n"
}

// An eventWriter sends events to a client that reads them in time.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration
	endless bool // the writer has no deadlines: it is that of a test
}

// lift removes the limits of the server, which are for requests that end. It
// fails if the response cannot be sent in parts.
func (o *eventWriter) lift() error {
	err := o.control.SetWriteDeadline(time.Time{})
	if err == nil {
		_ = o.control.SetReadDeadline(time.Time{})
		return nil
	}
	o.endless = true
	if errors.Is(err, http.ErrNotSupported) && flushes(o.w) {
		return nil
	}
	return &gorgon.Error{Op: "stream", Err: err, Hint: "a guard or a middleware replaces the http.ResponseWriter: give it a method Unwrap"}
}

// flushes says whether the innermost writer sends in parts.
func flushes(w http.ResponseWriter) bool {
	for {
		outer, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			break
		}
		w = outer.Unwrap()
	}
	_, ok := w.(http.Flusher)
	return ok
}

// send reports whether the client is still there.
func (o *eventWriter) send(text string) bool {
	if !o.endless && o.control.SetWriteDeadline(time.Now().Add(o.timeout)) != nil {
		return false
	}
	if _, err := o.w.Write([]byte(text)); err != nil {
		return false
	}
	if o.control.Flush() != nil {
		return false
	}
	if !o.endless {
		// Over HTTP/2 a deadline ends the stream even if nothing is being written.
		return o.control.SetWriteDeadline(time.Time{}) == nil
	}
	return true
}
