// All figures in one document.

package operate

import (
	"context"
	"time"

	"github.com/gorgon-go/gorgon/metrics"
)

// asking is how long databases and stores have for all questions of a snapshot.
const asking = 5 * time.Second

// A Snapshot is all figures of a program at one moment, as the admin pages answer
// it at /snapshot.json. Durations are in seconds. Names stay as they are; there may
// be more of them.
type Snapshot struct {
	At      time.Time      `json:"at"`
	About   About          `json:"about"`
	Ready   bool           `json:"ready"` // each check that is needed is good
	State   Figures        `json:"state"`
	Checks  []Check        `json:"checks"`
	Changes []Change       `json:"changes"` // of health, the newest first
	Hour    []HourMinute   `json:"hour"`    // the oldest first
	Routes  []RouteFigures `json:"routes"`  // by pattern, since the program was started
	Slowest []Slowest      `json:"slowest"` // makings of the last hour
	Kinds   []KindFigures  `json:"kinds"`   // of jobs
	Gates   []metrics.Gate `json:"gates"`   // of patterns whose makings run, wait or were refused
	Trips   []Trip         `json:"trips"`   // to the store and the database, as they were measured last
	Rooms   []Room         `json:"rooms"`
	Folders []Folder       `json:"folders"`
	Peers   []Instance     `json:"instances"`
	Parts   []Part         `json:"parts"`

	// Faults say what could not be asked: "jobs", "rooms", "folders" or
	// "instances", and why.
	Faults map[string]string `json:"faults,omitempty"`
}

// A HourMinute is one minute of the last hour.
type HourMinute struct {
	At       time.Time `json:"at"`
	Requests uint64    `json:"requests"`
	Errors   uint64    `json:"errors"` // answers of 500 and above
	Hits     uint64    `json:"hits"`
	Made     uint64    `json:"made"`   // makings of pages
	Failed   uint64    `json:"failed"` // of these
	P50      float64   `json:"p50"`    // of answers, in seconds
	P99      float64   `json:"p99"`
	Making99 float64   `json:"making99"` // of makings
}

// RouteFigures are those of one pattern.
type RouteFigures struct {
	Route

	P50       float64 `json:"p50"` // of answers, in seconds
	P99       float64 `json:"p99"`
	Longest   float64 `json:"longest"`
	Making50  float64 `json:"making50"` // of makings
	Making99  float64 `json:"making99"`
	MakingMax float64 `json:"makingLongest"`
}

// A Slowest is one making that took long.
type Slowest struct {
	Route   string    `json:"route"`
	Outcome string    `json:"outcome"`
	Took    float64   `json:"took"`
	At      time.Time `json:"at"`
}

// KindFigures are those of the jobs of one kind, of all instances if the database
// could be asked.
type KindFigures struct {
	Name    string  `json:"name"`
	Waiting int     `json:"waiting"`
	Due     int     `json:"due"` // and not running
	Dead    int     `json:"dead"`
	Oldest  float64 `json:"oldest"` // how long the one that was due first has been due
	Running int64   `json:"running"`
	Done    uint64  `json:"done"`   // on this instance so far, as the next two
	Failed  uint64  `json:"failed"` // attempts, which are repeated
	Died    uint64  `json:"died"`   // jobs that failed for good
}

// Snapshot asks for everything that the program has, and takes as long as one
// question to each database and store: five seconds at most.
func (p *Program) Snapshot(ctx context.Context) Snapshot {
	ctx, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	state := p.State()
	s := Snapshot{
		At: time.Now(), About: p.About, Ready: true, State: figuresOf(state),
		Checks: some(p.Checks(ctx)), Changes: some(p.History.Changes()), Hour: hourOf(p.Recorder.Hour()),
		Routes: routesOf(p.Recorder.Routes()), Slowest: slowestIn(p.Recorder.Slowest()),
		Gates: some(state.Gates), Trips: p.History.Trips(), Parts: some(p.Parts), Faults: map[string]string{},
	}
	for _, c := range s.Checks {
		s.Ready = s.Ready && (c.OK || !c.Needed)
	}
	s.Kinds = kindsOf(p.kinds(ctx, state, s.Faults))
	s.Rooms = asked(ctx, "rooms", p.Rooms, s.Faults)
	s.Folders = asked(ctx, "folders", p.Folders, s.Faults)
	s.Peers = asked(ctx, "instances", p.Instances, s.Faults)
	return s
}

// kinds are those of the database, with what this instance has counted; and what
// this instance knows if it cannot be asked.
func (p *Program) kinds(ctx context.Context, state metrics.State, faults map[string]string) []metrics.Kind {
	if p.Jobs == nil {
		return state.Kinds
	}
	kinds, err := p.Jobs.Kinds(ctx)
	if err != nil {
		faults["jobs"] = err.Error()
		return state.Kinds
	}
	counted := map[string]metrics.Kind{}
	for _, k := range state.Kinds {
		counted[k.Name] = k
	}
	list := make([]metrics.Kind, 0, len(kinds))
	for _, k := range kinds {
		here := counted[k.Name]
		k.Done, k.Failed, k.Died = here.Done, here.Failed, here.Died
		list = append(list, k)
	}
	return list
}

// asked are the answers to a question, which may be nil.
func asked[T any](ctx context.Context, name string, question func(context.Context) ([]T, error), faults map[string]string) []T {
	if question == nil {
		return []T{}
	}
	list, err := question(ctx)
	if err != nil {
		faults[name] = err.Error()
	}
	return some(list)
}

// some is a list that is not nil.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func hourOf(list []Minute) []HourMinute {
	hour := make([]HourMinute, 0, len(list))
	for _, m := range list {
		hour = append(hour, HourMinute{
			At: m.At, Requests: m.Requests, Errors: m.Errors, Hits: m.Hits, Made: m.Made, Failed: m.Failed,
			P50: m.P50.Seconds(), P99: m.P99.Seconds(), Making99: m.Making99.Seconds(),
		})
	}
	return hour
}

func routesOf(list []Route) []RouteFigures {
	routes := make([]RouteFigures, 0, len(list))
	for _, r := range list {
		routes = append(routes, RouteFigures{
			Route: r, P50: r.Took.At(0.5).Seconds(), P99: r.Took.At(0.99).Seconds(), Longest: r.Took.Max().Seconds(),
			Making50: r.Making.At(0.5).Seconds(), Making99: r.Making.At(0.99).Seconds(), MakingMax: r.Making.Max().Seconds(),
		})
	}
	return routes
}

func slowestIn(list []Slow) []Slowest {
	slow := make([]Slowest, 0, len(list))
	for _, s := range list {
		slow = append(slow, Slowest{Route: s.Route, Outcome: s.Outcome, Took: s.Took.Seconds(), At: s.At})
	}
	return slow
}

func kindsOf(list []metrics.Kind) []KindFigures {
	kinds := make([]KindFigures, 0, len(list))
	for _, k := range list {
		kinds = append(kinds, KindFigures{
			Name: k.Name, Waiting: k.Waiting, Due: k.Due, Dead: k.Dead, Oldest: k.Oldest.Seconds(), Running: k.Running,
			Done: k.Done, Failed: k.Failed, Died: k.Died,
		})
	}
	return kinds
}
