// The numbers of a state, under the names that every system shows them by.

package metrics

// A Value is one number of a State, of a Kind or of an Indicator. Prometheus,
// OpenTelemetry and pages for operators show the same ones.
type Value[T any] struct {
	Name    string // as Prometheus has it
	Help    string // a sentence
	Counter bool   // it only grows while the server runs
	Of      func(T) float64
}

// What a value is: one that only grows, or any other.
const (
	counter = true
	gauge   = false
)

// Values are the numbers of a state.
func Values() []Value[State] {
	return []Value[State]{
		{"gorgon_started", "1 once the server has started.", gauge, func(s State) float64 { return truth(s.Started) }},
		{"gorgon_store_degraded", "1 while the store cannot be used.", gauge, func(s State) float64 { return truth(s.Degraded) }},
		{"gorgon_memory_bytes", "Size of the pages in memory, about.", gauge, func(s State) float64 { return float64(s.MemoryBytes) }},
		{"gorgon_memory_entries", "Pages in memory, about.", gauge, func(s State) float64 { return float64(s.MemoryEntries) }},
		{"gorgon_memory_evicted_total", "Pages that left memory because others needed the room.", counter, func(s State) float64 { return float64(s.Evicted) }},
		{"gorgon_purged_total", "Subjects of purges, anywhere, that became known here.", counter, func(s State) float64 { return float64(s.Purged) }},
		{"gorgon_store_faults_total", "Times that the store became unusable.", counter, func(s State) float64 { return float64(s.StoreFaults) }},
		{"gorgon_store_refused_writes_total", "Writes that the store refused since the page had been purged or replaced meanwhile.", counter, func(s State) float64 { return float64(s.StoreRefused) }},
		{"gorgon_makings_running", "Makings of pages that run.", gauge, func(s State) float64 { return float64(s.Running) }},
		{"gorgon_makings_waiting", "Makings of pages that wait for others of their pattern to end.", gauge, func(s State) float64 { return float64(s.Waiting) }},
		{"gorgon_makings_refused_total", "Makings of pages that were not begun since too many waited.", counter, func(s State) float64 { return float64(s.Refused) }},
		{"gorgon_makings_dropped_total", "Makings of pages that were not begun since no request waited for them any more.", counter, func(s State) float64 { return float64(s.Dropped) }},
		{"gorgon_commits_waiting", "Changes of committed transactions that are in the database's outbox; 0 without a database.", gauge, func(s State) float64 { return float64(s.Changes) }},
		{"gorgon_commits_oldest_seconds", "Age of the oldest of these changes.", gauge, func(s State) float64 { return s.Oldest.Seconds() }},
		{"gorgon_sessions_held", "Sessions and API tokens in memory, approximately; 0 without package auth.", gauge, func(s State) float64 { return float64(s.Sessions) }},
		{"gorgon_sessions_lookups_total", "Sessions and API tokens that were looked up in their store.", counter, func(s State) float64 { return float64(s.Lookups) }},
		{"gorgon_sessions_revoked_total", "Sessions and API tokens that this instance has ended.", counter, func(s State) float64 { return float64(s.Revoked) }},
		{"gorgon_jobs_late_total", "Jobs that ended on this instance after their leases, and count for another one.", counter, func(s State) float64 { return float64(s.LateJobs) }},
		{"gorgon_live_parts", "Live parts of pages that browsers have open.", gauge, func(s State) float64 { return float64(s.LiveParts) }},
		{"gorgon_live_followers", "Browsers that follow live parts, counted once for each part.", gauge, func(s State) float64 { return float64(s.Followers) }},
		{"gorgon_live_made_total", "Makings of live parts.", counter, func(s State) float64 { return float64(s.LiveMade) }},
		{"gorgon_live_failed_total", "Makings of live parts that failed.", counter, func(s State) float64 { return float64(s.LiveFails) }},
		{"gorgon_live_sent_total", "Changes of live parts that were sent to browsers.", counter, func(s State) float64 { return float64(s.LiveSent) }},
		{"gorgon_rooms", "Rooms that this instance has copies of.", gauge, func(s State) float64 { return float64(s.Rooms) }},
		{"gorgon_rooms_owned", "Rooms that this instance owns.", gauge, func(s State) float64 { return float64(s.RoomsOwned) }},
		{"gorgon_room_members", "Connections of members of rooms.", gauge, func(s State) float64 { return float64(s.RoomMembers) }},
		{"gorgon_room_operations_total", "Operations that were accepted.", counter, func(s State) float64 { return float64(s.RoomOps) }},
		{"gorgon_room_refused_total", "Operations that were refused.", counter, func(s State) float64 { return float64(s.RoomRefused) }},
		{"gorgon_rooms_claimed_total", "Rooms that this instance got.", counter, func(s State) float64 { return float64(s.RoomsClaimed) }},
		{"gorgon_rooms_taken_total", "Rooms that were taken from an owner that did not answer.", counter, func(s State) float64 { return float64(s.RoomsTaken) }},
		{"gorgon_commits_unlooked", "1 while the database cannot be asked for commits.", gauge, func(s State) float64 { return truth(s.Unlooked) }},
	}
}

// KindValues are the numbers of each kind of jobs, with the label "kind".
func KindValues() []Value[Kind] {
	return []Value[Kind]{
		{"gorgon_jobs_waiting", "Jobs that wait to be due.", gauge, func(k Kind) float64 { return float64(k.Waiting) }},
		{"gorgon_jobs_due", "Jobs that are due and not running.", gauge, func(k Kind) float64 { return float64(k.Due) }},
		{"gorgon_jobs_dead", "Jobs that are not tried again, and stored for 30 days.", gauge, func(k Kind) float64 { return float64(k.Dead) }},
		{"gorgon_jobs_oldest_seconds", "How long the job that was due first has been due and is not running.", gauge, func(k Kind) float64 { return k.Oldest.Seconds() }},
		{"gorgon_jobs_running", "Jobs that run on this instance.", gauge, func(k Kind) float64 { return float64(k.Running) }},
		{"gorgon_jobs_done_total", "Jobs that this instance has done.", counter, func(k Kind) float64 { return float64(k.Done) }},
		{"gorgon_jobs_failed_total", "Attempts on this instance that failed and are repeated.", counter, func(k Kind) float64 { return float64(k.Failed) }},
		{"gorgon_jobs_died_total", "Jobs that failed on this instance for the last time.", counter, func(k Kind) float64 { return float64(k.Died) }},
	}
}

// IndicatorValues are the numbers of each indicator of health, with the label
// "name".
func IndicatorValues() []Value[Indicator] {
	return []Value[Indicator]{
		{"gorgon_health", "1 while the app's own indicator of health holds.", gauge, func(i Indicator) float64 { return truth(i.OK) }},
	}
}

func truth(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
