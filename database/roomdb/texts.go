// The tables, and the statements.

package roomdb

import (
	"fmt"
	"strings"

	"github.com/gorgon-go/gorgon/database"
)

// tables are those of this version. Times are in milliseconds of Unix. What is
// text elsewhere is bytes here: a name may be any. The row of a room is small and
// none of its columns that an append changes is in an index, so that PostgreSQL
// makes its new version beside the old one, in the same page. A chain is a number
// without a sign that is stored by its bits. The column gone says how many
// entries, from the first on, are not stored any more, owner has the number of an
// instance.
var tables = database.Own{Name: "rooms", Versions: []database.OwnVersion{{
	PostgreSQL: []string{
		`CREATE TABLE {rooms_instances} (
	number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id BYTEA NOT NULL UNIQUE, address BYTEA NOT NULL, key BYTEA NOT NULL, until BIGINT NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 100)`,
		`CREATE TABLE {rooms} (
	id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, seq BIGINT NOT NULL DEFAULT 0, chain BIGINT NOT NULL DEFAULT 0, used BIGINT NOT NULL,
	claims BIGINT NOT NULL DEFAULT 0, token BIGINT NOT NULL DEFAULT 0, owner BIGINT, born BIGINT NOT NULL DEFAULT 0, taken BIGINT NOT NULL DEFAULT 0,
	room BYTEA NOT NULL UNIQUE, build BYTEA NOT NULL DEFAULT ''
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500)`,
		`CREATE TABLE {rooms_entries} (id BIGINT NOT NULL, seq BIGINT NOT NULL, chain BIGINT NOT NULL, entry BYTEA NOT NULL, PRIMARY KEY (id, seq)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 5000)`,
		`CREATE TABLE {rooms_snapshots} (id BIGINT PRIMARY KEY, seq BIGINT NOT NULL, chain BIGINT NOT NULL, gone BIGINT NOT NULL, snapshot BYTEA NOT NULL)`,
	},
	SQLite: []string{
		`CREATE TABLE {rooms_instances} (number INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE, address BLOB NOT NULL, key BLOB NOT NULL, until INTEGER NOT NULL) STRICT`,
		`CREATE TABLE {rooms} (
	id INTEGER PRIMARY KEY AUTOINCREMENT, seq INTEGER NOT NULL DEFAULT 0, chain INTEGER NOT NULL DEFAULT 0, used INTEGER NOT NULL,
	claims INTEGER NOT NULL DEFAULT 0, token INTEGER NOT NULL DEFAULT 0, owner INTEGER, born INTEGER NOT NULL DEFAULT 0, taken INTEGER NOT NULL DEFAULT 0,
	room BLOB NOT NULL UNIQUE, build BLOB NOT NULL DEFAULT x''
) STRICT`,
		`CREATE TABLE {rooms_entries} (id INTEGER NOT NULL, seq INTEGER NOT NULL, chain INTEGER NOT NULL, entry BLOB NOT NULL, PRIMARY KEY (id, seq)) STRICT, WITHOUT ROWID`,
		`CREATE TABLE {rooms_snapshots} (id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, chain INTEGER NOT NULL, gone INTEGER NOT NULL, snapshot BLOB NOT NULL) STRICT`,
	},
}}}

// What a row of the text read is.
const (
	entryRow     = 0
	fromAsked    = 1 // of the room, whose entries follow what was asked for
	fromSnapshot = 2 // of the room, whose entries follow its snapshot
)

// texts are the statements of a store. Their parameters are numbered from 1.
type texts struct {
	beat, join, forget, leave  string
	seat, make, take, release  string
	move, first, append, begin string      // append and begin are all of it, with PostgreSQL
	inserts                    []insertion // with SQLite: those of more rows first
	read, positions            string
	passed, save, trim         string
	idle, inspect              string
	remove                     []string
}

// An insertion inserts some entries of a room: their chains and bytes are its
// parameters after the room's number and what they follow.
type insertion struct {
	rows int
	text string
}

func insertText(rows int) string {
	var b strings.Builder
	b.WriteString("INSERT INTO {entries} (id, seq, chain, entry) VALUES ")
	for i := range rows {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "($1, $2 + %d, $%d, $%d)", i+1, 2*i+3, 2*i+4)
	}
	return b.String()
}

func textsOf(db *database.DB, postgres bool) texts {
	t := texts{
		beat:   "UPDATE {instances} SET address = $2, key = $3, until = {now} + $4 WHERE id = $1",
		join:   "INSERT INTO {instances} (id, address, key, until) VALUES ($1, $2, $3, {now} + $4) ON CONFLICT (id) DO UPDATE SET address = excluded.address, key = excluded.key, until = excluded.until",
		forget: "DELETE FROM {instances} WHERE until < {now} - 3600000",
		leave:  "DELETE FROM {instances} WHERE id = $1",
		seat: `SELECT r.id, coalesce(r.claims, 0), coalesce(r.token, 0), r.owner, r.build, coalesce(r.born, 0), coalesce(r.taken, 0), at.now,
	o.number, o.id, o.address, o.key, me.number, me.address, me.key
FROM (SELECT {now} AS now) AS at LEFT JOIN {rooms} AS r ON r.room = $1 LEFT JOIN {instances} AS o ON o.number = r.owner AND o.until > at.now
	LEFT JOIN {instances} AS me ON me.id = $2 AND me.until > at.now`,
		make:    "INSERT INTO {rooms} (room, claims, token, owner, build, born, taken, used) VALUES ($1, $2 + 1, $3, $4, $5, $6, $7, {now}) ON CONFLICT (room) DO NOTHING",
		take:    "UPDATE {rooms} SET claims = claims + 1, token = $3, owner = $4, build = $5, born = $6, taken = $7, used = {now} WHERE id = $1 AND claims = $2",
		release: "UPDATE {rooms} SET claims = claims + 1, owner = NULL WHERE room = $1 AND token = $2 AND owner IS NOT NULL",
		move: `UPDATE {rooms} SET seq = $2, chain = $3, used = {now} WHERE room = $1 AND seq = $5 AND chain = $6
	AND (CAST($7 AS BIGINT) = 0 OR token = CAST($7 AS BIGINT)) AND (claims = 0 OR build = $4) RETURNING id`,
		first: `INSERT INTO {rooms} AS r (room, seq, chain, used) VALUES ($1, $2, $3, {now})
	ON CONFLICT (room) DO UPDATE SET seq = excluded.seq, chain = excluded.chain, used = excluded.used WHERE r.seq = 0 AND r.chain = 0 AND (r.claims = 0 OR r.build = $4) RETURNING id`,
		// The first row is that of the room. All is of one moment, since it is one
		// statement. SQLite would compile it again each time if the limit was the
		// parameter alone.
		read: `WITH room AS {once} (SELECT r.id, r.seq, r.chain, s.seq AS at, s.chain AS link,
	CASE WHEN CAST($2 AS BIGINT) BETWEEN coalesce(s.gone, 0) AND r.seq THEN 1 ELSE 2 END AS what
	FROM {rooms} AS r LEFT JOIN {snapshots} AS s ON s.id = r.id WHERE r.room = $1)
SELECT what, seq, chain, at, link, (SELECT snapshot FROM {snapshots} WHERE id = room.id AND room.what = 2) FROM room
UNION ALL
SELECT 0, e.seq, 0, 0, 0, e.entry FROM (SELECT seq, entry FROM {entries} WHERE id = (SELECT id FROM room)
	AND seq > (SELECT CASE WHEN what = 1 THEN CAST($2 AS BIGINT) ELSE coalesce(at, 0) END FROM room) ORDER BY seq LIMIT CAST($3 AS BIGINT)) AS e`,
		positions: "SELECT room, seq, chain FROM {rooms} WHERE room {in names}",
		passed: `SELECT r.id, r.seq, r.chain, s.seq, s.chain, e.chain FROM {rooms} AS r LEFT JOIN {snapshots} AS s ON s.id = r.id
	LEFT JOIN {entries} AS e ON e.id = r.id AND e.seq = $2 WHERE r.room = $1{stay}`,
		save: `INSERT INTO {snapshots} AS s (id, seq, chain, gone, snapshot) VALUES ($1, $2, $3, $4, $5)
	ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, chain = excluded.chain, gone = CASE WHEN s.gone > excluded.gone THEN s.gone ELSE excluded.gone END, snapshot = excluded.snapshot
	WHERE s.seq <= excluded.seq RETURNING gone`,
		trim: "DELETE FROM {entries} WHERE id = $1 AND seq <= $2",
		idle: `SELECT r.id, r.room FROM {rooms} AS r WHERE r.room >= $1 AND r.room < $2 AND r.used <= {now} - $3
	AND NOT EXISTS (SELECT 1 FROM {instances} AS o WHERE o.number = r.owner AND o.until > {now}) ORDER BY r.room LIMIT CAST($4 AS BIGINT){lock}`,
		inspect: `SELECT at.now, r.seq, r.chain, r.used, r.build, s.seq, s.chain, s.gone, o.id, o.address, o.until
FROM (SELECT {now} AS now) AS at LEFT JOIN {rooms} AS r ON r.room = $1 LEFT JOIN {snapshots} AS s ON s.id = r.id
	LEFT JOIN {instances} AS o ON o.number = r.owner AND o.until > at.now`,
		remove: []string{"DELETE FROM {entries} WHERE id {in ids}", "DELETE FROM {snapshots} WHERE id {in ids}", "DELETE FROM {rooms} WHERE id {in ids}"},
	}
	words := []string{"{rooms}", db.OwnTable("rooms"), "{entries}", db.OwnTable("rooms_entries"), "{snapshots}", db.OwnTable("rooms_snapshots"), "{instances}", db.OwnTable("rooms_instances")}
	if postgres {
		const rows = "unnest($%d::bytea[], $%d::bigint[]) WITH ORDINALITY AS u (entry, chain, n)"
		t.append = "WITH r AS (" + t.move + ") INSERT INTO {entries} (id, seq, chain, entry) SELECT r.id, $5 + u.n, u.chain, u.entry FROM r, " + fmt.Sprintf(rows, 8, 9)
		t.begin = "WITH r AS (" + t.first + ") INSERT INTO {entries} (id, seq, chain, entry) SELECT r.id, u.n, u.chain, u.entry FROM r, " + fmt.Sprintf(rows, 5, 6)
		words = append(words, "{now}", "(extract(epoch FROM clock_timestamp()) * 1000)::bigint", "{once}", "MATERIALIZED", "{stay}", " FOR KEY SHARE OF r",
			"{lock}", " FOR UPDATE OF r SKIP LOCKED", "{in names}", "= ANY ($1::bytea[])", "{in ids}", "= ANY ($1::bigint[])")
	} else {
		words = append(words, "{now}", "CAST(unixepoch('subsec') * 1000 AS INTEGER)", "{once}", "NOT MATERIALIZED", "{stay}", "",
			"{lock}", "", "{in names}", "IN (SELECT unhex(value) FROM json_each($1))", "{in ids}", "IN (SELECT value FROM json_each($1))")
	}
	for _, rows := range []int{64, 8, 1} {
		t.inserts = append(t.inserts, insertion{rows, insertText(rows)})
	}
	names := strings.NewReplacer(words...)
	for _, text := range []*string{&t.beat, &t.join, &t.forget, &t.leave, &t.seat, &t.make, &t.take, &t.release, &t.move, &t.first, &t.append, &t.begin,
		&t.inserts[0].text, &t.inserts[1].text, &t.inserts[2].text, &t.read, &t.positions, &t.passed, &t.save, &t.trim, &t.idle, &t.inspect, &t.remove[0], &t.remove[1], &t.remove[2]} {
		*text = names.Replace(*text)
	}
	return t
}
