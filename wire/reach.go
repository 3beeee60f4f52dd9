// How far away a program's store and database are.

package wire

import "time"

// A Reach says how long a program waits for something else, as its hidden
// command reach measures it.
type Reach struct {
	What   string        `json:"what"`            // "store" or "database"
	Where  string        `json:"where,omitempty"` // as it may be shown
	Local  bool          `json:"local,omitempty"` // it is a file here, and nothing was measured
	Trips  int           `json:"trips,omitempty"` // how many were measured
	Least  time.Duration `json:"least,omitempty"` // in nanoseconds
	Median time.Duration `json:"median,omitempty"`
	Fault  string        `json:"fault,omitempty"` // why it cannot be reached
}
