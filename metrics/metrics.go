// Package metrics is what a server tells of itself, in words of its own:
// packages prometheus and opentelemetry bring them to those who keep them.
//
// Whatever is told is bounded. A route is a pattern such as /products/{id},
// never a path, so that visitors cannot make up names.
package metrics

import (
	"context"
	"net/http"
	"time"
)

// An Observer is told of what a server does. Its methods are called by many
// goroutines at once, and on the way of every request: they must be quick.
type Observer interface {
	// Request is called when a request comes. The request goes on with the
	// context that it returns, and end is called once it was answered.
	// Questions about health are not told.
	Request(r *http.Request) (ctx context.Context, end func(Request))

	// Making is called when a kept page is about to be made. The generator
	// runs with the context that it returns, which must come from ctx. A page
	// may be made behind the back of the request that caused it, and for
	// others too: of cause, the context of that request, nothing but the name
	// of a trace may reach the generator.
	Making(ctx, cause context.Context, route string) (context.Context, func(Making))
}

// A Request is how a request was answered.
type Request struct {
	Method string // one that RFC 9110 or 5789 names, or "OTHER"

	// Route is the pattern of the page, or of the handler, as in
	// "POST /form/{name}"; "file" for a file, "/_gorgon/" for what is the
	// framework's own, and "" where nothing was found, or middleware answered.
	Route string

	Status int           // 0: the connection was cut before there was one
	Cut    bool          // the answer was not sent to its end
	Cache  string        // one of the words below
	Bytes  int64         // of the body, as sent
	Took   time.Duration // until the handler returned
}

// What the cache did for a request.
const (
	Hit    = "hit"    // fresh
	Stale  = "stale"  // served at once; it is made again behind
	Made   = "made"   // the visitor waited while it was made
	Bypass = "bypass" // a page that is made for each request
	None   = "none"   // no page was answered with
)

// A Making is how the making of a kept page ended.
type Making struct {
	Route   string // the pattern of the page
	Outcome string // one of the words below
	Err     error  // of a making that failed
	Took    time.Duration
}

// How a making ends. Made, above, is the usual way.
const (
	Unchanged = "unchanged" // ShouldRevalidate said that there is no need
	Missing   = "missing"   // there is no such page, or no more
	Timeout   = "timeout"   // it took longer than the page allows
	Failed    = "failed"    // any other failure
	Stopped   = "stopped"   // the server stopped meanwhile
)

// A Server is what an observer may know before the first request.
type Server struct {
	App     string
	Build   string // of the pages
	Version string // of the program's module; "" where it is not known

	// State says how the server is now. It is quick, and may be asked from
	// the first request on.
	State func() State
}

// A State is how a server is at one moment.
type State struct {
	Started       bool
	Degraded      bool   // the store cannot be used
	MemoryBytes   int64  // of the pages in memory, about
	MemoryEntries int64  // pages in memory, about
	StoreFaults   uint64 // times that the store became unusable, so far, about
	StoreRefused  uint64 // writes that the store refused since the page had been purged or replaced, so far
}

// A Starter is an Observer that is begun and ended with the server.
type Starter interface {
	Observer

	// Start is called before the first request. Where it returns no stop, the
	// observer has nobody to tell, and is not told anything. Otherwise stop is
	// called after the last request, and sends what is left until ctx ends.
	Start(ctx context.Context, s Server) (stop func(ctx context.Context) error, err error)
}

// Join makes one observer of many; nil of none.
func Join(observers ...Observer) Observer {
	switch len(observers) {
	case 0:
		return nil
	case 1:
		return observers[0]
	}
	return joined(observers)
}

// joined tells each of several observers. The later ones have the contexts of
// the former, and are told first of an end.
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

// Method is a request's method, bounded: "OTHER" for one that is not known.
func Method(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodOptions, http.MethodConnect, http.MethodTrace:
		return method
	}
	return "OTHER"
}
