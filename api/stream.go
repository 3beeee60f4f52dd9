// Events from the server to a client, over server-sent events.

package api

import (
	"cmp"
	"context"
	"iter"
	"net/http"
	"reflect"
	"time"

	"github.com/gorgon-go/gorgon"
)

const (
	defaultHeartbeat = 15 * time.Second
	defaultWrite     = 10 * time.Second
)

// A Stream sends typed events to a client as they happen, as server-sent
// events. A client that was cut off comes back with the id of the last event
// that it received, and goes on after it: no event is lost and none comes
// twice, if Handle keeps to that.
//
// A stream needs a target that keeps connections open
// ([gorgon.NeedConnections]): a plan refuses others. When the server stops, it
// ends its streams and tells each client to come back after another time, so
// that they do not all come at once.
type Stream[In, Event any] struct {
	Path string // "GET /rooms/{id}/events"
	Name string // as in [Endpoint]

	// Handle returns the events after the one with an id, which is "" for a
	// client that comes for the first time. It waits for the next event until
	// the context ends. If it no longer knows the events after that id, its
	// first item is a Snapshot.
	//
	// An error ends the stream. If it is the first item and comes within a
	// quarter of a second, the response has its status, as that of an
	// [Endpoint] has. Later, the client receives it as the event "problem", and
	// comes back if its status is 500 or more.
	//
	// Handle needs no buffer for slow clients: the next event is asked for when
	// the last one was sent. It is called in a goroutine of its own, and may
	// still run for a moment after the response has ended. [Header] is discarded.
	Handle func(ctx context.Context, in In, after string) iter.Seq2[Item[Event], error]

	Guards  []func(http.Handler) http.Handler // as in [Endpoint]
	Origins []string                          // as in [Endpoint]

	// Heartbeat is the time after which a line without meaning is sent if
	// nothing else was, so that proxies do not close the connection. Default:
	// 15 s.
	Heartbeat time.Duration

	// WriteTimeout is the time after which a client that does not read is
	// disconnected. Default: 10 s.
	WriteTimeout time.Duration

	Summary    string        // as in [Endpoint]
	Deprecated time.Time     // as in [Endpoint]
	Needs      []gorgon.Need // as in [Endpoint], beyond connections
}

// An Item is an event with its id.
type Item[Event any] struct {
	ID       string // by which a client comes back; one line. Default: the client keeps the last one
	Event    Event
	Snapshot bool // Event replaces everything that the client knows, and does not follow its last event
}

// Part returns the stream as a handler.
func (e Stream[In, Event]) Part() gorgon.Part {
	o := newOperation(Events, e.Path, named(e.Name, e.Path), reflect.TypeFor[In](), reflect.TypeFor[Event]())
	o.Summary, o.Deprecated, o.origins = e.Summary, e.Deprecated, e.Origins
	o.checkLimits()
	if o.Method != http.MethodGet {
		o.fault("Path %q: browsers open a stream with GET: write \"GET /…\"", e.Path)
	}
	if e.Handle == nil {
		o.fault("there is no Handle: add one")
	}
	if e.Heartbeat < 0 || e.WriteTimeout < 0 {
		o.fault("Heartbeat and WriteTimeout must not be negative: give a duration above zero, or none for %v and %v", defaultHeartbeat, defaultWrite)
	}
	s := sending{heartbeat: cmp.Or(max(e.Heartbeat, 0), defaultHeartbeat), write: cmp.Or(max(e.WriteTimeout, 0), defaultWrite)}
	o.answer = func(o *Operation, w http.ResponseWriter, r *http.Request, in any, _ *typed) {
		after := r.Header.Get("Last-Event-ID")
		if after == "" {
			after = r.URL.Query().Get("after")
		}
		s.stream(o, w, r, func(ctx context.Context) iter.Seq2[event, error] {
			return func(yield func(event, error) bool) {
				for item, err := range e.Handle(ctx, *in.(*In), after) {
					if !yield(event{item.ID, item.Event, item.Snapshot}, err) {
						return
					}
				}
			}
		})
	}
	needs := append([]gorgon.Need{gorgon.NeedConnections}, e.Needs...)
	return gorgon.Handler{Pattern: e.Path, Handler: o, Name: o.Name, Guards: e.Guards, Needs: needs}
}
