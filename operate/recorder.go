// What a program has answered and made.

package operate

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/metrics"
)

const (
	minutes  = 60   // that are remembered
	maxRoute = 2000 // routes that are told apart; the others are one
	slowest  = 20   // makings that are shown
	slowEach = 5    // that are remembered of each minute
	rest     = "(other)"
)

// A Recorder is an observer that remembers an hour. Make it with [NewRecorder].
type Recorder struct {
	now func() time.Time

	mu      sync.Mutex
	routes  map[string]*Route
	minutes [minutes]minute // by the minute of its time, modulo
}

var _ metrics.Observer = (*Recorder)(nil)

// NewRecorder returns a recorder with a clock: time.Now.
func NewRecorder(now func() time.Time) *Recorder {
	return &Recorder{now: now, routes: map[string]*Route{}}
}

// A Route is what was counted of one pattern since the program was started.
type Route struct {
	Pattern  string            `json:"pattern"`
	Requests uint64            `json:"requests"`
	Errors   uint64            `json:"errors"` // answers of 500 and above
	Cut      uint64            `json:"cut"`    // not sent to their end
	Bytes    int64             `json:"bytes"`
	Cache    map[string]uint64 `json:"cache"` // by what the cache did: hit, stale, made, bypass or none
	Took     Durations         `json:"-"`     // answering

	Made   uint64    `json:"made"`   // makings of its pages
	Failed uint64    `json:"failed"` // of these, with timeouts
	Making Durations `json:"-"`
	Error  string    `json:"error,omitempty"` // of the last failure, which is also in the log
}

// A Slow is one making that took long.
type Slow struct {
	Route   string        `json:"route"`
	Outcome string        `json:"outcome"`
	Took    time.Duration `json:"took"`
	At      time.Time     `json:"at"`
}

// A Minute is what happened in one minute.
type Minute struct {
	At       time.Time     `json:"at"` // its beginning
	Requests uint64        `json:"requests"`
	Errors   uint64        `json:"errors"`
	Hits     uint64        `json:"hits"`
	Made     uint64        `json:"made"`
	Failed   uint64        `json:"failed"`
	P50      time.Duration `json:"p50"`
	P99      time.Duration `json:"p99"`
	Making99 time.Duration `json:"making99"`
}

type minute struct {
	Minute
	took, making Durations
	slow         []Slow // the slowest first
}

// Request counts a request.
func (r *Recorder) Request(q *http.Request) (context.Context, func(metrics.Request)) {
	return q.Context(), r.requested
}

// Making counts the making of a page.
func (r *Recorder) Making(ctx, _ context.Context, _ string) (context.Context, func(metrics.Making)) {
	return ctx, r.made
}

func (r *Recorder) requested(q metrics.Request) {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	route, m := r.route(q.Route), r.minute(now)
	route.Requests++
	m.Requests++
	route.Bytes += q.Bytes
	route.Cache[q.Cache]++
	route.Took.add(q.Took)
	m.took.add(q.Took)
	if q.Status >= 500 {
		route.Errors++
		m.Errors++
	}
	if q.Cut {
		route.Cut++
	}
	if q.Cache == metrics.Hit {
		m.Hits++
	}
}

func (r *Recorder) made(q metrics.Making) {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	route, m := r.route(q.Route), r.minute(now)
	route.Made++
	m.Made++
	route.Making.add(q.Took)
	m.making.add(q.Took)
	if q.Outcome == metrics.Failed || q.Outcome == metrics.Timeout {
		route.Failed++
		m.Failed++
		if q.Err != nil {
			route.Error = shortened(q.Err.Error())
		}
	}
	m.slow = slowestOf(slowEach, append(m.slow, Slow{Route: q.Route, Outcome: q.Outcome, Took: q.Took, At: now}))
}

// slowestOf are so many of a list at most, the slowest first. It is the list's
// memory.
func slowestOf(n int, list []Slow) []Slow {
	slices.SortStableFunc(list, func(a, b Slow) int { return cmp.Compare(b.Took, a.Took) })
	return list[:min(len(list), n)]
}

// route is what is counted of a pattern.
func (r *Recorder) route(pattern string) *Route {
	route := r.routes[pattern]
	if route == nil && len(r.routes) >= maxRoute {
		pattern = rest
		route = r.routes[pattern]
	}
	if route == nil {
		route = &Route{Pattern: pattern, Cache: map[string]uint64{}}
		r.routes[pattern] = route
	}
	return route
}

// minute is what is counted of the minute of a time.
func (r *Recorder) minute(now time.Time) *minute {
	at := now.Truncate(time.Minute)
	m := &r.minutes[(at.Unix()/60)%minutes]
	if !m.At.Equal(at) {
		*m = minute{Minute: Minute{At: at}}
	}
	return m
}

// Routes are what was counted of each route, by pattern.
func (r *Recorder) Routes() []Route {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]Route, 0, len(r.routes))
	for _, route := range r.routes {
		one := *route
		one.Cache = make(map[string]uint64, len(route.Cache))
		for word, n := range route.Cache {
			one.Cache[word] = n
		}
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b Route) int { return cmp.Compare(a.Pattern, b.Pattern) })
	return list
}

// Slowest are makings of the last hour that took longest, at most five of each
// minute, the slowest first.
func (r *Recorder) Slowest() []Slow {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []Slow
	from := r.now().Add(-minutes * time.Minute)
	for i := range r.minutes {
		if m := &r.minutes[i]; m.At.After(from) {
			list = append(list, m.slow...)
		}
	}
	return slowestOf(slowest, list)
}

// Hour is the last hour, one element for each minute, the oldest first.
func (r *Recorder) Hour() []Minute {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.now().Truncate(time.Minute)
	list := make([]Minute, 0, minutes)
	for i := minutes - 1; i >= 0; i-- {
		at := last.Add(-time.Duration(i) * time.Minute)
		m := &r.minutes[(at.Unix()/60)%minutes]
		if !m.At.Equal(at) {
			list = append(list, Minute{At: at})
			continue
		}
		one := m.Minute
		one.P50, one.P99, one.Making99 = m.took.At(0.5), m.took.At(0.99), m.making.At(0.99)
		list = append(list, one)
	}
	return list
}

// shortened is the first line of a text, or the beginning of it.
func shortened(text string) string {
	const most = 300
	for i, c := range text {
		if c == '\n' || i >= most {
			return text[:i] + " …"
		}
	}
	return text
}
