// The state of the server at the moment of a scrape.

package prometheus

import (
	client "github.com/prometheus/client_golang/prometheus"

	"github.com/gorgon-go/gorgon/metrics"
)

// A state asks the server once for each scrape, so that its values are
// consistent.
type state struct {
	ask    func() metrics.State
	values []value
	kinds  []kindValue
}

// A kindValue is one of each kind of jobs.
type kindValue struct {
	desc *client.Desc
	kind client.ValueType
	of   func(metrics.Kind) float64
}

type value struct {
	desc *client.Desc
	kind client.ValueType
	of   func(metrics.State) float64
}

func newState(ask func() metrics.State) *state {
	desc := func(name, help string) *client.Desc { return client.NewDesc(name, help, nil, nil) }
	return &state{ask: ask, kinds: kindValues(), values: []value{
		{desc("gorgon_started", "1 once the server has started."), client.GaugeValue, func(s metrics.State) float64 { return truth(s.Started) }},
		{desc("gorgon_store_degraded", "1 while the store cannot be used."), client.GaugeValue, func(s metrics.State) float64 { return truth(s.Degraded) }},
		{desc("gorgon_memory_bytes", "Size of the pages in memory, about."), client.GaugeValue, func(s metrics.State) float64 { return float64(s.MemoryBytes) }},
		{desc("gorgon_memory_entries", "Pages in memory, about."), client.GaugeValue, func(s metrics.State) float64 { return float64(s.MemoryEntries) }},
		{desc("gorgon_memory_evicted_total", "Pages that left memory because others needed the room."), client.CounterValue, func(s metrics.State) float64 { return float64(s.Evicted) }},
		{desc("gorgon_purged_total", "Subjects of purges, anywhere, that became known here."), client.CounterValue, func(s metrics.State) float64 { return float64(s.Purged) }},
		{desc("gorgon_store_faults_total", "Times that the store became unusable."), client.CounterValue, func(s metrics.State) float64 { return float64(s.StoreFaults) }},
		{desc("gorgon_store_refused_writes_total", "Writes that the store refused since the page had been purged or replaced meanwhile."), client.CounterValue, func(s metrics.State) float64 { return float64(s.StoreRefused) }},
		{desc("gorgon_makings_running", "Makings of pages that run."), client.GaugeValue, func(s metrics.State) float64 { return float64(s.Running) }},
		{desc("gorgon_makings_waiting", "Makings of pages that wait for others of their pattern to end."), client.GaugeValue, func(s metrics.State) float64 { return float64(s.Waiting) }},
		{desc("gorgon_makings_refused_total", "Makings of pages that were not begun since too many waited."), client.CounterValue, func(s metrics.State) float64 { return float64(s.Refused) }},
		{desc("gorgon_makings_dropped_total", "Makings of pages that were not begun since no request waited for them any more."), client.CounterValue, func(s metrics.State) float64 { return float64(s.Dropped) }},
		{desc("gorgon_commits_waiting", "Changes of committed transactions that are in the database's outbox; 0 without a database."), client.GaugeValue, func(s metrics.State) float64 { return float64(s.Changes) }},
		{desc("gorgon_commits_oldest_seconds", "Age of the oldest of these changes."), client.GaugeValue, func(s metrics.State) float64 { return s.Oldest.Seconds() }},
		{desc("gorgon_sessions_held", "Sessions and API tokens in memory, approximately; 0 without package auth."), client.GaugeValue, func(s metrics.State) float64 { return float64(s.Sessions) }},
		{desc("gorgon_sessions_lookups_total", "Sessions and API tokens that were looked up in their store."), client.CounterValue, func(s metrics.State) float64 { return float64(s.Lookups) }},
		{desc("gorgon_sessions_revoked_total", "Sessions and API tokens that this instance has ended."), client.CounterValue, func(s metrics.State) float64 { return float64(s.Revoked) }},
		{desc("gorgon_jobs_late_total", "Jobs that ended on this instance after their leases, and count for another one."), client.CounterValue, func(s metrics.State) float64 { return float64(s.LateJobs) }},
		{desc("gorgon_live_parts", "Live parts of pages that browsers have open."), client.GaugeValue, func(s metrics.State) float64 { return float64(s.LiveParts) }},
		{desc("gorgon_live_followers", "Browsers that follow live parts, counted once for each part."), client.GaugeValue, func(s metrics.State) float64 { return float64(s.Followers) }},
		{desc("gorgon_live_made_total", "Makings of live parts."), client.CounterValue, func(s metrics.State) float64 { return float64(s.LiveMade) }},
		{desc("gorgon_live_failed_total", "Makings of live parts that failed."), client.CounterValue, func(s metrics.State) float64 { return float64(s.LiveFails) }},
		{desc("gorgon_live_sent_total", "Changes of live parts that were sent to browsers."), client.CounterValue, func(s metrics.State) float64 { return float64(s.LiveSent) }},
		{desc("gorgon_rooms", "Rooms that this instance has copies of."), client.GaugeValue, func(s metrics.State) float64 { return float64(s.Rooms) }},
		{desc("gorgon_rooms_owned", "Rooms that this instance owns."), client.GaugeValue, func(s metrics.State) float64 { return float64(s.RoomsOwned) }},
		{desc("gorgon_room_members", "Connections of members of rooms."), client.GaugeValue, func(s metrics.State) float64 { return float64(s.RoomMembers) }},
		{desc("gorgon_room_operations_total", "Operations that were accepted."), client.CounterValue, func(s metrics.State) float64 { return float64(s.RoomOps) }},
		{desc("gorgon_room_refused_total", "Operations that were refused."), client.CounterValue, func(s metrics.State) float64 { return float64(s.RoomRefused) }},
		{desc("gorgon_rooms_claimed_total", "Rooms that this instance got."), client.CounterValue, func(s metrics.State) float64 { return float64(s.RoomsClaimed) }},
		{desc("gorgon_rooms_taken_total", "Rooms that were taken from an owner that did not answer."), client.CounterValue, func(s metrics.State) float64 { return float64(s.RoomsTaken) }},
		{desc("gorgon_commits_unlooked", "1 while the database cannot be asked for commits."), client.GaugeValue, func(s metrics.State) float64 { return truth(s.Unlooked) }},
	}}
}

// kindValues are those of each kind of jobs.
func kindValues() []kindValue {
	desc := func(name, help string) *client.Desc { return client.NewDesc(name, help, []string{"kind"}, nil) }
	return []kindValue{
		{desc("gorgon_jobs_waiting", "Jobs that wait to be due."), client.GaugeValue, func(k metrics.Kind) float64 { return float64(k.Waiting) }},
		{desc("gorgon_jobs_due", "Jobs that are due and not running."), client.GaugeValue, func(k metrics.Kind) float64 { return float64(k.Due) }},
		{desc("gorgon_jobs_dead", "Jobs that are not tried again, and stored for 30 days."), client.GaugeValue, func(k metrics.Kind) float64 { return float64(k.Dead) }},
		{desc("gorgon_jobs_oldest_seconds", "How long the job that was due first has been due and is not running."), client.GaugeValue, func(k metrics.Kind) float64 { return k.Oldest.Seconds() }},
		{desc("gorgon_jobs_running", "Jobs that run on this instance."), client.GaugeValue, func(k metrics.Kind) float64 { return float64(k.Running) }},
		{desc("gorgon_jobs_done_total", "Jobs that this instance has done."), client.CounterValue, func(k metrics.Kind) float64 { return float64(k.Done) }},
		{desc("gorgon_jobs_failed_total", "Attempts on this instance that failed and are repeated."), client.CounterValue, func(k metrics.Kind) float64 { return float64(k.Failed) }},
		{desc("gorgon_jobs_died_total", "Jobs that failed on this instance for the last time."), client.CounterValue, func(k metrics.Kind) float64 { return float64(k.Died) }},
	}
}

func truth(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// Describe and Collect implement prometheus.Collector.
func (s *state) Describe(to chan<- *client.Desc) {
	for _, v := range s.values {
		to <- v.desc
	}
	for _, v := range s.kinds {
		to <- v.desc
	}
}

func (s *state) Collect(to chan<- client.Metric) {
	now := s.ask()
	for _, v := range s.values {
		to <- client.MustNewConstMetric(v.desc, v.kind, v.of(now))
	}
	for _, k := range now.Kinds {
		for _, v := range s.kinds {
			to <- client.MustNewConstMetric(v.desc, v.kind, v.of(k), k.Name)
		}
	}
}
