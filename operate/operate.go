// Package operate is what people who look after a running program want to see of
// it, and may do: the admin pages show it, and the doctor reads it.
//
// It watches without a product beside the program. What a [Recorder] and [Lines]
// remember is bounded: routes are patterns, never paths, the last hour is sixty
// minutes, and the last lines of the log are 500.
package operate

import (
	"context"
	"time"

	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/metrics"
)

// A Program is one running instance as its operators see it. Functions that are
// nil are those of what the app has not: jobs, rooms, buckets. All are safe for
// concurrent use, and take as long as one question to a database or store.
type Program struct {
	About About

	State    func() metrics.State
	Checks   func(ctx context.Context) []Check
	Recorder *Recorder
	Lines    *Lines
	History  *History

	// Trips measures how long the page store and the database take to answer a small
	// question. One that does not answer is left out.
	Trips func(ctx context.Context) []Trip

	// Writes says that operators may change something: purge, and act on jobs.
	Writes bool

	// Parts are what the app declares: pages, fragments, endpoints, handlers,
	// caches, buckets, jobs and rooms.
	Parts []Part

	// Why explains a page by its path, or a value as "cache:NAME:KEY".
	Why func(ctx context.Context, what string) (cache.Report, error)

	// Purge makes out of date what a path, tag, route or fragment names, or all;
	// with expire, visitors wait for what is new. Nil unless Writes.
	Purge func(ctx context.Context, kind, name string, expire bool) error

	Jobs      metrics.Desk
	Rooms     func(ctx context.Context) ([]Room, error)
	Folders   func(ctx context.Context) ([]Folder, error)
	Instances func(ctx context.Context) ([]Instance, error)
}

// About says what runs.
type About struct {
	App      string    `json:"app"`
	Build    string    `json:"build"`             // of the pages
	Version  string    `json:"version,omitempty"` // of the program's module
	Go       string    `json:"go"`
	Role     string    `json:"role"` // serve, web or worker
	Host     string    `json:"host,omitempty"`
	Process  int       `json:"process"`
	Started  time.Time `json:"started"`
	Store    string    `json:"store"`              // without secrets
	Database string    `json:"database,omitempty"` // without secrets
}

// A Check is one thing that health rests on.
type Check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Needed bool   `json:"needed"` // without it the instance is not ready
	Reason string `json:"reason,omitempty"`
}

// A Part is one thing that the app declares.
type Part struct {
	Kind string `json:"kind"` // page, fragment, endpoint, handler, cache, bucket, job, series or room
	Name string `json:"name"` // its pattern or name
	Note string `json:"note"` // its strategy, schedule or limits, in words
}

// A Room is one room of which this instance has a copy.
type Room struct {
	Name    string `json:"name"`
	Owned   bool   `json:"owned"`   // this instance decides what is accepted
	At      uint64 `json:"at"`      // operations so far
	Members int    `json:"members"` // connections here
}

// A Folder is what the keys of files begin with: the name of their bucket.
type Folder struct {
	Name  string `json:"name"`
	Files int64  `json:"files"`
	Bytes int64  `json:"bytes"`
	More  bool   `json:"more"` // only the first files were counted
}

// An Instance is one process that serves the app.
type Instance struct {
	Name    string    `json:"name"`
	Address string    `json:"address,omitempty"`
	Build   string    `json:"build,omitempty"`
	Role    string    `json:"role,omitempty"`
	Started time.Time `json:"started,omitzero"`
	Seen    time.Time `json:"seen,omitzero"`
	Self    bool      `json:"self"`
}
