// The state of a program, with names for other programs.

package operate

import "github.com/gorgon-go/gorgon/metrics"

// Figures are the state of a program, as [metrics.State] says it. What is counted is
// counted since the program was started.
type Figures struct {
	Started       bool   `json:"started"`
	Degraded      bool   `json:"degraded"`      // the store cannot be used
	MemoryBytes   int64  `json:"memoryBytes"`   // of the pages in memory, approximately
	MemoryEntries int64  `json:"memoryEntries"` // pages in memory, approximately
	MemoryBound   int64  `json:"memoryBound"`   // of MemoryBytes
	Evicted       uint64 `json:"evicted"`       // pages that left memory because others needed the room, so far
	Purged        uint64 `json:"purged"`        // subjects of purges, anywhere, that became known here, so far
	StoreFaults   uint64 `json:"storeFaults"`   // how often the store became unusable so far, approximately
	StoreRefused  uint64 `json:"storeRefused"`  // writes that the store refused because the page had been purged or replaced, so far
	Running       int64  `json:"running"`       // makings of pages that are running
	Waiting       int64  `json:"waiting"`       // makings that wait for others to end
	Refused       uint64 `json:"refused"`       // makings that were refused because too many waited, so far
	Dropped       uint64 `json:"dropped"`       // makings that were dropped because no request waited for them any more, so far

	Changes  int64   `json:"changes"`  // of committed transactions, that are not removed from the outbox yet
	Oldest   float64 `json:"oldest"`   // the age of the oldest of them, in seconds
	Unlooked bool    `json:"unlooked"` // the outbox could not be looked at

	LateJobs uint64 `json:"lateJobs"` // that ended after their leases, so far

	LiveParts int64  `json:"liveParts"` // of pages that browsers have open
	Followers int64  `json:"followers"` // of these parts: a browser counts once for each part that it shows
	LiveMade  uint64 `json:"liveMade"`  // makings of live parts, so far
	LiveFails uint64 `json:"liveFails"` // makings of live parts that failed, so far
	LiveSent  uint64 `json:"liveSent"`  // changes that were sent to browsers, so far

	Rooms        int64  `json:"rooms"`        // that this instance has copies of
	RoomsOwned   int64  `json:"roomsOwned"`   // of these: it decides what is accepted
	RoomMembers  int64  `json:"roomMembers"`  // connections of members
	RoomOps      uint64 `json:"roomOps"`      // operations that were accepted here, so far
	RoomRefused  uint64 `json:"roomRefused"`  // operations that were refused here, so far
	RoomsTaken   uint64 `json:"roomsTaken"`   // rooms that were taken from an owner that did not answer, so far
	RoomsClaimed uint64 `json:"roomsClaimed"` // rooms that this instance got, those taken included, so far

	Sessions int64  `json:"sessions"` // and API tokens in memory, approximately
	Lookups  uint64 `json:"lookups"`  // of sessions and tokens in their store, so far
	Revoked  uint64 `json:"revoked"`  // sessions and tokens that this instance has ended, so far
}

func figuresOf(s metrics.State) Figures {
	return Figures{
		Started:       s.Started,
		Degraded:      s.Degraded,
		MemoryBytes:   s.MemoryBytes,
		MemoryEntries: s.MemoryEntries,
		MemoryBound:   s.MemoryBound,
		Evicted:       s.Evicted,
		Purged:        s.Purged,
		StoreFaults:   s.StoreFaults,
		StoreRefused:  s.StoreRefused,
		Running:       s.Running,
		Waiting:       s.Waiting,
		Refused:       s.Refused,
		Dropped:       s.Dropped,
		Changes:       s.Changes,
		Oldest:        s.Oldest.Seconds(),
		Unlooked:      s.Unlooked,
		LateJobs:      s.LateJobs,
		LiveParts:     s.LiveParts,
		Followers:     s.Followers,
		LiveMade:      s.LiveMade,
		LiveFails:     s.LiveFails,
		LiveSent:      s.LiveSent,
		Rooms:         s.Rooms,
		RoomsOwned:    s.RoomsOwned,
		RoomMembers:   s.RoomMembers,
		RoomOps:       s.RoomOps,
		RoomRefused:   s.RoomRefused,
		RoomsTaken:    s.RoomsTaken,
		RoomsClaimed:  s.RoomsClaimed,
		Sessions:      s.Sessions,
		Lookups:       s.Lookups,
		Revoked:       s.Revoked,
	}
}
