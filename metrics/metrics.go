// Package metrics describes what a server reports about itself, independently
// of any product: packages prometheus and opentelemetry pass it on.
//
// Everything reported is bounded. A route is a pattern such as /products/{id},
// never a path, so that visitors cannot make up names.
package metrics

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// An Observer receives reports of what a server does. Its methods are called by
// many goroutines at once, during every request: they must be quick.
type Observer interface {
	// Request is called when a request arrives. The request continues with the
	// context that it returns, and end is called once the request was answered.
	// It is not called for health checks.
	Request(r *http.Request) (ctx context.Context, end func(Request))

	// Making is called when a stored page is about to be made. The loader runs
	// with the context that it returns, which must be derived from ctx. A page
	// may be made in the background, and for other requests too: only the
	// identity of a trace in cause, the context of the request that started it,
	// may reach the loader.
	Making(ctx, cause context.Context, route string) (context.Context, func(Making))
}

// A Request is how a request was answered.
type Request struct {
	Method string // one that RFC 9110 or 5789 defines, or "OTHER"

	// Route is the pattern of the page, or of the handler, as in "POST
	// /form/{name}"; "file" for a file, "/_gorgon/" for paths of the framework,
	// and "" if nothing was found, or middleware answered.
	Route string

	Status int           // 0: the connection was cut before there was one
	Cut    bool          // the answer was not sent completely
	Cache  string        // one of the words below
	Bytes  int64         // of the body, as sent
	Took   time.Duration // until the handler returned
}

// What the cache did for a request.
const (
	Hit    = "hit"    // fresh
	Stale  = "stale"  // served at once; regenerated in the background
	Made   = "made"   // the visitor waited while it was made
	Bypass = "bypass" // a page that is made for each request
	None   = "none"   // the answer is not a page
)

// A Making is the result of making a stored page.
type Making struct {
	Route   string // the pattern of the page
	Outcome string // one of the words below
	Err     error  // the error of a failed making
	Took    time.Duration
}

// The results of making a page. Made, above, is the usual one.
const (
	Unchanged = "unchanged" // ShouldRevalidate said that there is no need
	Missing   = "missing"   // there is no such page, or not any more
	Timeout   = "timeout"   // it took longer than the page allows
	Failed    = "failed"    // any other failure
	Stopped   = "stopped"   // the server stopped meanwhile
)

// A Server is what an observer may know before the first request.
type Server struct {
	App     string
	Build   string // of the pages
	Version string // of the program's module; "" if it is not known

	// State returns the current state of the server. It is quick, and may be
	// called at any time.
	State func() State

	// Log takes what an observer has to say to operators. Default: slog.Default().
	Log *slog.Logger
}

// A State is the state of a server at one moment.
type State struct {
	Started       bool
	Degraded      bool   // the store cannot be used
	MemoryBytes   int64  // of the pages in memory, approximately
	MemoryEntries int64  // pages in memory, approximately
	MemoryBound   int64  // of MemoryBytes
	Evicted       uint64 // pages that left memory because others needed the room, so far
	Purged        uint64 // subjects of purges, anywhere, that became known here, so far
	StoreFaults   uint64 // how often the store became unusable so far, approximately
	StoreRefused  uint64 // writes that the store refused because the page had been purged or replaced, so far
	Running       int64  // makings of pages that are running
	Waiting       int64  // makings that wait for others to end
	Refused       uint64 // makings that were refused because too many waited, so far
	Dropped       uint64 // makings that were dropped because no request waited for them any more, so far

	Gates []Gate // of patterns whose makings run, wait or were refused, by route

	Changes  int64         // of committed transactions, that are not removed from the outbox yet
	Oldest   time.Duration // the age of the oldest of them
	Unlooked bool          // the outbox could not be looked at

	Indicators []Indicator // of the app's own health, that were asked so far, in order

	Kinds    []Kind // of jobs, by name; nil without jobs
	LateJobs uint64 // that ended after their leases, so far

	LiveParts int64  // of pages that browsers have open
	Followers int64  // of these parts: a browser counts once for each part that it shows
	LiveMade  uint64 // makings of live parts, so far
	LiveFails uint64 // makings of live parts that failed, so far
	LiveSent  uint64 // changes that were sent to browsers, so far

	Rooms        int64  // that this instance has copies of
	RoomsOwned   int64  // of these: it decides what is accepted
	RoomMembers  int64  // connections of members
	RoomOps      uint64 // operations that were accepted here, so far
	RoomRefused  uint64 // operations that were refused here, so far
	RoomsTaken   uint64 // rooms that were taken from an owner that did not answer, so far
	RoomsClaimed uint64 // rooms that this instance got, those taken included, so far

	Sessions int64  // and API tokens in memory, approximately
	Lookups  uint64 // of sessions and tokens in their store, so far
	Revoked  uint64 // sessions and tokens that this instance has ended, so far
}

// An Indicator is what an indicator of the app's own health said last.
type Indicator struct {
	Name     string
	OK       bool
	Optional bool      // the app works without it
	Reason   string    // why it does not hold, for operators alone; "" if it holds
	Asked    time.Time // when
}

// A Gate is what is known of the bound of one pattern's makings.
type Gate struct {
	Route   string `json:"route"`   // the pattern of the page
	Width   int    `json:"width"`   // makings that visitors wait for, and that run at once at most
	Running int    `json:"running"` // makings, those in the background included
	Waiting int    `json:"waiting"` // for others to end
	Refused uint64 `json:"refused"` // because too many waited, so far
	Dropped uint64 `json:"dropped"` // because no request waited any more, so far
}

// A Starter is an Observer that is started and stopped with the server.
type Starter interface {
	Observer

	// Start is called before the first request. If the stop it returns is nil,
	// the observer has no receiver and gets no further calls. Otherwise stop is
	// called after the last request; it sends the remaining reports until ctx
	// ends.
	Start(ctx context.Context, s Server) (stop func(ctx context.Context) error, err error)
}

// A Flusher is a Starter that sends its reports from time to time. Where a
// process may be stopped between requests it is asked to send them after a
// response.
type Flusher interface {
	Starter

	// Flush sends what was not sent yet, and returns once that was received, or
	// when ctx ends. What could not be sent is sent later, as far as it can be.
	Flush(ctx context.Context) error

	// Late says that more time has passed since reports were sent than should.
	Late() bool
}

// Join returns one observer for many; nil for none.
func Join(observers ...Observer) Observer {
	switch len(observers) {
	case 0:
		return nil
	case 1:
		return observers[0]
	}
	return joined(observers)
}

// joined calls each of several observers. Later ones get the contexts of
// earlier ones, and their end is called first.
type joined []Observer

func (j joined) Request(r *http.Request) (context.Context, func(Request)) {
	ends := make([]func(Request), len(j))
	ctx := r.Context()
	for i, o := range j {
		ctx, ends[i] = o.Request(r)
		r = r.WithContext(ctx)
	}
	return ctx, func(q Request) {
		for i := range ends {
			ends[len(ends)-1-i](q)
		}
	}
}

func (j joined) Making(ctx, cause context.Context, route string) (context.Context, func(Making)) {
	ends := make([]func(Making), len(j))
	for i, o := range j {
		ctx, ends[i] = o.Making(ctx, cause, route)
	}
	return ctx, func(m Making) {
		for i := range ends {
			ends[len(ends)-1-i](m)
		}
	}
}

// Method returns a request's method, bounded: "OTHER" for an unknown one.
func Method(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodOptions, http.MethodConnect, http.MethodTrace:
		return method
	}
	return "OTHER"
}
