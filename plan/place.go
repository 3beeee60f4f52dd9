// What a place offers, and how an app is to be set up there.

package plan

import "time"

// A Place is where an app can run.
type Place struct {
	Name   string `json:"name"`  // as in deploy --to NAME: "cloudrun"
	Title  string `json:"title"` // "Google Cloud Run"
	Offers Offers `json:"offers"`
}

// Offers are what a place gives. The zero Offers are those of a host of files.
type Offers struct {
	// Process says that the place runs a program that answers requests.
	Process bool `json:"process"`

	// Single says that no more than one instance can run.
	Single bool `json:"single,omitempty"`

	// Elastic says that instances come and go with the load, and that none
	// runs where there is none.
	Elastic bool `json:"elastic,omitempty"`

	// Frozen says when an instance stands still between requests.
	Frozen Frozen `json:"frozen,omitempty"`

	// Disk says what becomes of files that the program writes.
	Disk Files `json:"disk,omitempty"`

	// OpenFor is how long a connection may stay open. Default: not at all;
	// [Always] where nothing ends it.
	OpenFor time.Duration `json:"openFor,omitempty"`

	// Schedule is what calls maintain every so often, in words: "a systemd
	// timer". Default: nothing does.
	Schedule string `json:"schedule,omitempty"`
}

// Always is an [Offers.OpenFor] without end.
const Always time.Duration = 1<<63 - 1

// Frozen says when an instance stands still, without a processor.
type Frozen string

const (
	NeverFrozen  Frozen = ""
	UnlessPaid   Frozen = "unless paid" // between requests, unless [Setting.AlwaysOn]
	BetweenCalls Frozen = "always"      // between requests
)

// Files says what becomes of files.
type Files string

const (
	NoFiles     Files = ""
	LostFiles   Files = "lost"   // they go with the instance
	VolumeFiles Files = "volume" // they last on a volume, which one instance has
	KeptFiles   Files = "kept"   // they last
)

// A Setting is how an app is to be set up in a place.
type Setting struct {
	// Store is the technology of --store: "postgres". Default: "none".
	Store string `json:"store"`

	// SharedStore says that instances on several machines can share it.
	SharedStore bool `json:"sharedStore,omitempty"`

	// Replicas is how many instances run. Default: one, or, where the place
	// is elastic, as many as it likes.
	Replicas int `json:"replicas,omitempty"`

	// AlwaysOn pays for a processor between requests, where that is a choice.
	AlwaysOn bool `json:"alwaysOn,omitempty"`

	// ReadOnly says that nothing can be written beside the program.
	ReadOnly bool `json:"readOnly,omitempty"`
}

// Instances says how many instances run at once, 0 for as many as the load
// asks for.
func (o Offers) Instances(s Setting) int {
	switch {
	case o.Single:
		return 1
	case s.Replicas > 0:
		return s.Replicas
	case o.Elastic:
		return 0
	}
	return 1
}

// Stands says whether an instance stands still between requests.
func (o Offers) Stands(s Setting) bool {
	return o.Frozen == BetweenCalls || o.Frozen == UnlessPaid && !s.AlwaysOn
}

// Role is what instances have to be started as: "web" where no work can be
// done between requests, otherwise "serve".
func (o Offers) Role(s Setting) string {
	if o.Stands(s) {
		return "web"
	}
	return "serve"
}
