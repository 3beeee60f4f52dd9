// What a target offers, and how an app is to be set up there.

package plan

import "time"

// A Target is where an app can run.
type Target struct {
	Name   string `json:"name"`  // as in deploy --to NAME: "cloudrun"
	Title  string `json:"title"` // "Google Cloud Run"
	Offers Offers `json:"offers"`
}

// Offers are what a target provides. The zero Offers are those of a static host.
type Offers struct {
	// Process says that the target runs a program that answers requests.
	Process bool `json:"process"`

	// Single says that no more than one instance can run.
	Single bool `json:"single,omitempty"`

	// Elastic says that instances are started and stopped with the load, and
	// that none runs without requests.
	Elastic bool `json:"elastic,omitempty"`

	// Scaled says that instances are started and stopped with the load, and
	// that at least one always runs.
	Scaled bool `json:"scaled,omitempty"`

	// Drain is the longest that an instance may take to end, with what is
	// open there. Default: no limit.
	Drain time.Duration `json:"drain,omitempty"`

	// Frozen says whether an instance is suspended between requests.
	Frozen Frozen `json:"frozen,omitempty"`

	// Disk says what happens to files that the program writes.
	Disk Files `json:"disk,omitempty"`

	// Buckets is a hint at where the bucket comes from that an app's files are
	// in, or [BucketMade]. Default: the operator has one.
	Buckets string `json:"buckets,omitempty"`

	// OpenFor is how long a connection may stay open; [Always] for no limit.
	// Default: connections cannot stay open.
	OpenFor time.Duration `json:"openFor,omitempty"`

	// Peers says that instances reach each other at the port of the program.
	Peers bool `json:"peers,omitempty"`

	// Schedule names what calls maintain at intervals: "a systemd timer".
	// Default: nothing calls it.
	Schedule string `json:"schedule,omitempty"`
}

// Always is an [Offers.OpenFor] without limit.
const Always time.Duration = 1<<63 - 1

// Frozen says when an instance is suspended: it has no processor.
type Frozen string

const (
	NeverFrozen  Frozen = ""
	UnlessPaid   Frozen = "unless paid" // between requests, unless [Setting.AlwaysOn]
	BetweenCalls Frozen = "always"      // between requests
)

// Files says what happens to files.
type Files string

const (
	NoFiles     Files = ""
	LostFiles   Files = "lost"   // they are deleted with the instance
	VolumeFiles Files = "volume" // they persist on a volume, which one instance can use
	KeptFiles   Files = "kept"   // they persist
)

// BucketMade is an [Offers.Buckets] of a target whose files make the bucket.
const BucketMade = "the files that deploy writes make it"

// A Setting is how an app is to be set up in a target.
type Setting struct {
	// Store is the technology of --store: "postgres". Default: "none".
	Store string `json:"store"`

	// SharedStore says that instances on several machines can share it.
	SharedStore bool `json:"sharedStore,omitempty"`

	// Replicas is how many instances run. Default: one, or, where the target
	// is elastic, as many as the load requires.
	Replicas int `json:"replicas,omitempty"`

	// AlwaysOn pays for a processor between requests, where the target offers it.
	AlwaysOn bool `json:"alwaysOn,omitempty"`

	// ReadOnly says that the disk beside the program is read-only.
	ReadOnly bool `json:"readOnly,omitempty"`

	// Sealed says that GORGON_SECRET is set, for the build and for each instance.
	Sealed bool `json:"sealed,omitempty"`
}

// Instances returns how many instances run at once, 0 for as many as the load
// requires.
func (o Offers) Instances(s Setting) int {
	switch {
	case o.Single:
		return 1
	case s.Replicas > 0:
		return s.Replicas
	case o.Elastic || o.Scaled:
		return 0
	}
	return 1
}

// Keeps reports whether files that the program writes persist, and all instances
// find them: there is one.
func (o Offers) Keeps(s Setting) bool {
	return !s.ReadOnly && (o.Disk == KeptFiles || o.Disk == VolumeFiles) && o.Instances(s) == 1
}

// Stands reports whether an instance is suspended between requests.
func (o Offers) Stands(s Setting) bool {
	return o.Frozen == BetweenCalls || o.Frozen == UnlessPaid && !s.AlwaysOn
}

// WorkAfter is how long a request that added jobs runs them after its response,
// where an instance is suspended between requests.
const WorkAfter = "10s"

// Role returns the role to start instances with: "web" where no work can be
// done between requests, otherwise "serve".
func (o Offers) Role(s Setting) string {
	if o.Stands(s) {
		return "web"
	}
	return "serve"
}
