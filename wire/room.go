// What a program says of a room.

package wire

import "time"

// A RoomReport is how a room stands, as the command why says it.
type RoomReport struct {
	Room       string    `json:"room"`               // its name in the store
	Pattern    string    `json:"pattern"`            // where members connect
	Keep       string    `json:"keep,omitempty"`     // how long it is stored that is not used; "" for forever
	Store      string    `json:"store"`              // what holds it, in words
	Position   string    `json:"position"`           // how far it is
	Operations uint64    `json:"operations"`         // how many have been done in it
	Snapshot   uint64    `json:"snapshot,omitempty"` // how many of them the stored snapshot has
	Stored     uint64    `json:"stored"`             // how many of them are in the log, the last ones
	Used       time.Time `json:"used,omitzero"`      // when it was last given to an instance or changed
	Build      string    `json:"build,omitempty"`    // that last had it
	Instance   string    `json:"instance,omitempty"` // that owns it; "" for none
	Address    string    `json:"address,omitempty"`  // of that instance
	Until      time.Time `json:"until,omitzero"`     // when the lease of that instance ends, if it is not renewed
}
