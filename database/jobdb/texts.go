// The table, and the statements.

package jobdb

import (
	"strings"

	"github.com/gorgon-go/gorgon/database"
)

// The values of the column state. A job that is live waits, if worker is NULL, or
// runs. The column due is when a live job may be taken: of one that runs, the end
// of its lease; of others, when they are removed.
const (
	live       = 0
	cancelling = 1
	finished   = 2
	dead       = 3
)

// tables are those of this version. Times are in milliseconds of Unix. The column
// place is what makes a job unique among those of its kind, slot when it was due
// for the run that is under way, series the text of a schedule, next the jobs that
// are added when it is done.
var tables = database.Own{Name: "jobs", Versions: []database.OwnVersion{{
	PostgreSQL: []string{
		`CREATE TABLE {jobs} (
	id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind TEXT COLLATE "C" NOT NULL, key TEXT COLLATE "C" NOT NULL DEFAULT '', place TEXT COLLATE "C",
	holds SMALLINT NOT NULL DEFAULT 0, series TEXT NOT NULL DEFAULT '', state SMALLINT NOT NULL DEFAULT 0, worker TEXT,
	due BIGINT NOT NULL, slot BIGINT NOT NULL DEFAULT 0, token BIGINT NOT NULL DEFAULT 0, attempt INTEGER NOT NULL DEFAULT 0, deaths INTEGER NOT NULL DEFAULT 0,
	added BIGINT NOT NULL, begun BIGINT NOT NULL DEFAULT 0, keep BIGINT NOT NULL DEFAULT 0,
	args BYTEA NOT NULL, next BYTEA, errors TEXT NOT NULL DEFAULT '', report BYTEA
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500)`,
		`CREATE UNIQUE INDEX ON {jobs} (kind, place) WHERE place IS NOT NULL`,
		`CREATE INDEX ON {jobs} (kind, due, id) WHERE state = 0`,
		`CREATE INDEX ON {jobs} (due) WHERE state <> 0`,
		`CREATE INDEX ON {jobs} (kind, key) WHERE key <> ''`,
	},
	SQLite: []string{
		`CREATE TABLE {jobs} (
	id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key TEXT NOT NULL DEFAULT '', place TEXT,
	holds INTEGER NOT NULL DEFAULT 0, series TEXT NOT NULL DEFAULT '', state INTEGER NOT NULL DEFAULT 0, worker TEXT,
	due INTEGER NOT NULL, slot INTEGER NOT NULL DEFAULT 0, token INTEGER NOT NULL DEFAULT 0, attempt INTEGER NOT NULL DEFAULT 0, deaths INTEGER NOT NULL DEFAULT 0,
	added INTEGER NOT NULL, begun INTEGER NOT NULL DEFAULT 0, keep INTEGER NOT NULL DEFAULT 0,
	args BLOB NOT NULL, next BLOB, errors TEXT NOT NULL DEFAULT '', report BLOB
)`,
		`CREATE UNIQUE INDEX {jobs_place} ON {jobs} (kind, place) WHERE place IS NOT NULL`,
		`CREATE INDEX {jobs_due} ON {jobs} (kind, due, id) WHERE state = 0`,
		`CREATE INDEX {jobs_over} ON {jobs} (due) WHERE state <> 0`,
		`CREATE INDEX {jobs_key} ON {jobs} (kind, key) WHERE key <> ''`,
	},
}}}

// texts are the statements of a queue. Their parameters are numbered from 1.
type texts struct {
	replace, insert, insertRow, find                       string // adding
	series, declare                                        string
	next, lock, running, take                              string
	renew, report, refs                                    string
	done, look, remove, again, end                         string // finishing
	tidy, abandoned                                        string
	clock, list, counts, hold, cancelWaiting, cancel, dead string
	now, bury                                              string
}

func textsOf(db *database.DB, postgres bool) texts {
	t := texts{
		replace:   "UPDATE {jobs} SET args = $3, due = coalesce($4, {now} + $5), next = $6 WHERE kind = $1 AND place = $2 AND state = 0 AND worker IS NULL RETURNING id",
		insert:    "INSERT INTO {jobs} (kind, key, place, holds, due, keep, args, next, added) VALUES ",
		insertRow: "($1, $2, $3, $4, coalesce($5, {now} + $6), $7, $8, $9, {now})",
		find:      "SELECT id FROM {jobs} WHERE kind = $1 AND place = $2",
		series:    "SELECT id, series, worker IS NOT NULL, {now} FROM {jobs} WHERE kind = $1 AND place = 's'",
		declare:   "UPDATE {jobs} SET series = $2, due = $3 WHERE id = $1 AND series <> $2 AND worker IS NULL",
		running:   "SELECT count(*) FROM {jobs} WHERE kind = $1 AND state IN (0, 1) AND worker IS NOT NULL AND due > {now}",
		// SQLite would compile it again each time if the limit was the parameter alone.
		take: `UPDATE {jobs} SET token = token + 1, worker = $2, begun = {now}, due = {now} + $3,
	slot = CASE WHEN worker IS NULL THEN due ELSE slot END, deaths = deaths + CASE WHEN worker IS NULL THEN 0 ELSE 1 END,
	place = CASE WHEN holds = 1 THEN place END
WHERE id {in} (SELECT id FROM {jobs} WHERE state = 0 AND kind = $1 AND due <= {now} ORDER BY due, id LIMIT CAST($4 AS BIGINT){skip}){end} RETURNING id, token, key, args, attempt, deaths, slot, added, begun, series <> ''`,
		renew:  "UPDATE {jobs} SET due = {now} + $1 WHERE worker IS NOT NULL AND (id, token) IN ({refs}) RETURNING id, token, state",
		report: "UPDATE {jobs} SET report = $3 WHERE id = $1 AND token = $2 AND worker IS NOT NULL",
		done:   "DELETE FROM {jobs} WHERE worker IS NOT NULL AND series = '' AND keep = 0 AND (id, token) IN ({refs}) RETURNING id, token, next",
		look:   "SELECT state, series <> '', keep, attempt, errors, next, {now} FROM {jobs} WHERE id = $1 AND token = $2 AND worker IS NOT NULL{lock}",
		remove: "DELETE FROM {jobs} WHERE id = $1",
		again:  "UPDATE {jobs} SET worker = NULL, deaths = 0, due = $2, attempt = $3, errors = $4, report = coalesce($5, report) WHERE id = $1",
		end:    "UPDATE {jobs} SET worker = NULL, deaths = 0, due = $2, attempt = $3, errors = $4, report = coalesce($5, report), state = $6, place = NULL, next = NULL WHERE id = $1",
		tidy:   "DELETE FROM {jobs} WHERE id {in} (SELECT id FROM {jobs} WHERE state <> 0 AND due <= {now} ORDER BY due LIMIT 100{skip}){end}",
		// A series that no program has run for a week is that of an old one.
		abandoned:     "DELETE FROM {jobs} WHERE place = 's' AND series <> '' AND state = 0 AND worker IS NULL AND due < {now} - 604800000",
		list:          "SELECT id, kind, key, state, args, attempt, deaths, due, added, begun, worker, errors, report, series, {now} FROM {jobs} WHERE ",
		hold:          "SELECT id FROM {jobs} WHERE {which} AND state = 0 AND series = '' ORDER BY id{lock}",
		cancelWaiting: "DELETE FROM {jobs} WHERE {which} AND state = 0 AND series = '' AND (worker IS NULL OR due <= {now})",
		cancel:        "UPDATE {jobs} SET state = 1, place = NULL WHERE {which} AND state = 0 AND series = '' AND worker IS NOT NULL",
		clock:         "{now}",
		dead:          "UPDATE {jobs} SET state = 0, due = {now}, attempt = 0, deaths = 0, begun = 0 WHERE id = $1 AND state = 3",
		now:           "UPDATE {jobs} SET due = CASE WHEN due > {now} THEN {now} ELSE due END WHERE id = $1 AND state = 0 AND (worker IS NULL OR due <= {now})",
		bury:          "DELETE FROM {jobs} WHERE id = $1 AND state = 3",
		counts: `SELECT kind, sum(CASE WHEN state = 0 AND worker IS NULL AND due > at THEN 1 ELSE 0 END), sum(CASE WHEN state = 0 AND due <= at THEN 1 ELSE 0 END),
	sum(CASE WHEN state = 0 AND worker IS NOT NULL AND due > at THEN 1 ELSE 0 END), sum(CASE WHEN state = 3 THEN 1 ELSE 0 END),
	max(CASE WHEN state = 0 AND due <= at THEN at - due ELSE 0 END)
FROM {jobs}, (SELECT {now} AS at) AS clock WHERE state IN (0, 3) GROUP BY kind ORDER BY kind`,
	}
	var names *strings.Replacer
	if postgres {
		t.lock = "SELECT pg_advisory_xact_lock(hashtextextended($1, 7067))"
		t.next = "SELECT {now}, kind, (SELECT due FROM {jobs} WHERE state = 0 AND kind = k.kind ORDER BY due LIMIT 1) FROM json_array_elements_text($1::json) AS k (kind)"
		t.refs = "SELECT (r->>0)::bigint, (r->>1)::bigint FROM json_array_elements({list}::json) AS r"
		// The rows are found once, before any is changed.
		names = strings.NewReplacer("{in}", "= ANY (ARRAY", "{end}", ")", "{skip}", " FOR UPDATE SKIP LOCKED", "{lock}", " FOR UPDATE",
			"{now}", "(extract(epoch FROM clock_timestamp()) * 1000)::bigint", "{jobs}", db.OwnTable("jobs"))
	} else {
		t.next = "SELECT {now}, value, (SELECT due FROM {jobs} WHERE state = 0 AND kind = value ORDER BY due LIMIT 1) FROM json_each($1)"
		t.refs = "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each({list})"
		names = strings.NewReplacer("{in}", "IN", "{end}", "", "{skip}", "", "{lock}", "",
			"{now}", "CAST(unixepoch('subsec') * 1000 AS INTEGER)", "{jobs}", db.OwnTable("jobs"))
	}
	t.renew = strings.Replace(t.renew, "{refs}", strings.Replace(t.refs, "{list}", "$2", 1), 1)
	t.done = strings.Replace(t.done, "{refs}", strings.Replace(t.refs, "{list}", "$1", 1), 1)
	for _, text := range []*string{&t.replace, &t.insert, &t.insertRow, &t.find, &t.series, &t.declare, &t.next, &t.running, &t.take, &t.renew, &t.report, &t.done,
		&t.look, &t.remove, &t.again, &t.end, &t.tidy, &t.abandoned, &t.clock, &t.list, &t.hold, &t.cancelWaiting, &t.cancel, &t.dead, &t.now, &t.bury, &t.counts} {
		*text = names.Replace(*text)
	}
	return t
}
