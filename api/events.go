// Sending a stream as server-sent events.

package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/events"
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

const grace = 250 * time.Millisecond // for an error that is the whole answer

func (s sending) stream(o *Operation, w http.ResponseWriter, r *http.Request, produced func(context.Context) iter.Seq2[event, error]) {
	if r.Method == http.MethodHead {
		events.Announce(w.Header())
		return
	}
	// Handle runs beside this goroutine, so it has no header to write to.
	ctx, cancel := context.WithCancel(&exchange{Context: r.Context(), request: r, w: &verdict{header: http.Header{}}})
	defer cancel()
	out, err := events.Open(w, r, s.write)
	if err != nil {
		serve.Fail(w, r, err)
		return
	}
	next := make(chan sent)
	go produce(ctx, produced, next)
	first, err := begin(ctx, r, next)
	if err != nil {
		serve.Fail(w, r, err)
		return
	}
	events.Announce(w.Header())
	if out.Send(events.Beat) && (first == nil || s.item(o, r, out, *first)) {
		s.follow(ctx, o, r, out, next)
	}
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
func (s sending) follow(ctx context.Context, o *Operation, r *http.Request, out *events.Writer, next <-chan sent) {
	beat := time.NewTicker(s.heartbeat)
	defer beat.Stop()
	for {
		if listen.Draining(r) {
			out.Send(events.Elsewhere())
			return
		}
		select {
		case <-ctx.Done():
			if cause := ended(r); cause != nil {
				out.Send(problemEvent(r, cause))
			}
			return
		case <-beat.C:
			if !out.Send(events.Beat) {
				return
			}
		case <-listen.Drained(r):
		case e, more := <-next:
			if !s.item(o, r, out, sent{e.event, e.err, !more}) {
				return
			}
			beat.Reset(s.heartbeat)
		}
	}
}

// item sends what Handle produced. It is false if the stream ends with it.
func (s sending) item(o *Operation, r *http.Request, out *events.Writer, e sent) bool {
	if cause := ended(r); cause != nil {
		out.Send(problemEvent(r, cause)) // however Handle ended
		return false
	}
	if e.end {
		out.Send("event: end\ndata:\n\n")
		return false
	}
	text, err := "", e.err
	if err == nil {
		text, err = o.event(e.event)
	}
	switch {
	case err == nil:
		return out.Send(text)
	case r.Context().Err() == nil: // otherwise the client has left, and that is the error
		out.Send(problemEvent(r, err))
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
