// Fields of log records that programs read.

package wire

import "encoding/json"

// Fields of log records.
const (
	LogEvent = "event" // what happened, for programs
	LogPage  = "page"  // its name: [pages.Key.String]
	LogPages = "pages" // names of several
	LogPath  = "path"
	LogID    = "id" // of a request
	LogError = "err"
)

// EventPageFailed is the event of a kept page that could not be made.
const EventPageFailed = "page-failed"

// Events that operators hear of: what is deployed to a cloud has an alert on each.
const (
	EventJobsLate     = "jobs-late"     // jobs are due for long and do not run
	EventJobDead      = "job-dead"      // a job failed for the last time
	EventCommitsLate  = "commits-late"  // commits wait for long to purge what they changed
	EventDatabaseAway = "database-away" // the app's database cannot be asked
	EventRoomAway     = "room-away"     // a room cannot be kept
	EventStoreAway    = "store-away"    // the store cannot be used
)

// An Event is what a program reads of a record.
type Event struct {
	Name  string   // "" for a record that is for people alone
	Pages []string // that it is about
}

// ParseEvent reads a line of a log in JSON. For any other line the event has
// no name.
func ParseEvent(line string) Event {
	var record map[string]json.RawMessage
	if json.Unmarshal([]byte(line), &record) != nil {
		return Event{}
	}
	var e Event
	var page string
	if json.Unmarshal(record[LogEvent], &e.Name) != nil {
		return Event{}
	}
	_ = json.Unmarshal(record[LogPages], &e.Pages)
	if json.Unmarshal(record[LogPage], &page) == nil {
		e.Pages = append(e.Pages, page)
	}
	return e
}
