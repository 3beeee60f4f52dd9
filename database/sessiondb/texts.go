// The tables, and the statements.

package sessiondb

import (
	"encoding/hex"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/sessions"
)

// tables are those of this version. Times are in milliseconds of Unix, of limits
// in microseconds. A limit is one number: when all of it has come back. The
// column minute is that minute, rounded up: the index of a limit that is spent
// often is not written each time.
var tables = database.Own{Name: "sessions", Versions: []database.OwnVersion{{
	PostgreSQL: []string{
		`CREATE TABLE {sessions} (
	id BYTEA PRIMARY KEY, kind TEXT COLLATE "C" NOT NULL, user_id TEXT COLLATE "C" NOT NULL, data BYTEA NOT NULL,
	made BIGINT NOT NULL, used BIGINT NOT NULL, expires BIGINT
)`,
		`CREATE INDEX ON {sessions} (user_id, kind, made) WHERE user_id <> ''`,
		`CREATE INDEX ON {sessions} (expires) WHERE expires IS NOT NULL`,
		`CREATE TABLE {limits} (key TEXT COLLATE "C" PRIMARY KEY, back BIGINT NOT NULL, minute BIGINT NOT NULL) WITH (fillfactor = 70)`,
		`CREATE INDEX ON {limits} (minute)`,
	},
	SQLite: []string{
		`CREATE TABLE {sessions} (
	id BLOB PRIMARY KEY, kind TEXT NOT NULL, user_id TEXT NOT NULL, data BLOB NOT NULL,
	made INTEGER NOT NULL, used INTEGER NOT NULL, expires INTEGER
)`,
		`CREATE INDEX {sessions_user} ON {sessions} (user_id, kind, made) WHERE user_id <> ''`,
		`CREATE INDEX {sessions_expires} ON {sessions} (expires) WHERE expires IS NOT NULL`,
		`CREATE TABLE {limits} (key TEXT PRIMARY KEY, back INTEGER NOT NULL, minute INTEGER NOT NULL) WITHOUT ROWID`,
		`CREATE INDEX {limits_minute} ON {limits} (minute)`,
	},
}}}

// texts are the statements of a store. Their parameters are numbered from 1.
type texts struct {
	get, take, list, put, replace, touch, revoke, expire, spend, wait, forget string
}

const columns = "id, kind, user_id, data, made, used, expires"

func textsOf(db *database.DB, postgres bool) texts {
	named := func(text string) string {
		return strings.NewReplacer("{sessions}", db.OwnTable("sessions"), "{limits}", db.OwnTable("limits"), "{columns}", columns).Replace(text)
	}
	t := texts{
		get:  named("SELECT {columns} FROM {sessions} WHERE id = $1 AND kind = $2"),
		take: named("DELETE FROM {sessions} WHERE id = $1 AND kind = $2 RETURNING {columns}"),
		list: named("SELECT {columns} FROM {sessions} WHERE user_id = $1 AND user_id <> '' AND kind = $2 ORDER BY made, id LIMIT 1000"),
		put:  named("INSERT INTO {sessions} ({columns}) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING"),
		// The kind is the same: with it, a row of another kind is not found.
		replace: named("UPDATE {sessions} SET id = $1, kind = $2, user_id = $3, data = $4, made = $5, used = $6, expires = $7 WHERE id = $8 AND kind = $2"),
		touch:   named("UPDATE {sessions} SET used = $3, expires = $4 WHERE id = $1 AND kind = $2"),
		wait:    named("SELECT back FROM {limits} WHERE key = $1"),
	}
	if postgres {
		t.revoke = named("DELETE FROM {sessions} WHERE user_id = $1 AND user_id <> '' AND ($2 = '' OR kind = $2) AND strpos($3, encode(id, 'hex')) = 0")
		t.expire = named("DELETE FROM {sessions} WHERE id = ANY (ARRAY(SELECT id FROM {sessions} WHERE expires < $1 ORDER BY expires LIMIT 32 FOR UPDATE SKIP LOCKED)) AND expires < $1")
		// What one statement has inserted or changed, its other parts do not
		// see: back is that of before.
		t.spend = named(`WITH at AS MATERIALIZED (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now),
spent AS (
	INSERT INTO {limits} AS l (key, back, minute) SELECT $1, now + $2::bigint, (now + $2::bigint) / 60000000 + 1 FROM at
	ON CONFLICT (key) DO UPDATE SET back = greatest(l.back, excluded.back - $2::bigint) + $2::bigint,
		minute = (greatest(l.back, excluded.back - $2::bigint) + $2::bigint) / 60000000 + 1
	WHERE l.back + $2::bigint + $2::bigint - excluded.back <= $3::bigint
	RETURNING 1
)
SELECT (SELECT count(*) FROM spent), now, (SELECT back FROM {limits} WHERE key = $1) FROM at`)
		t.forget = named(`DELETE FROM {limits} WHERE key = ANY (ARRAY(
	SELECT key FROM {limits} WHERE minute <= $1::bigint / 60000000 + 1 AND back <= $1::bigint ORDER BY minute LIMIT 64 FOR UPDATE SKIP LOCKED)) AND back <= $1::bigint`)
		return t
	}
	t.revoke = named("DELETE FROM {sessions} WHERE user_id = $1 AND user_id <> '' AND ($2 = '' OR kind = $2) AND instr($3, lower(hex(id))) = 0")
	t.expire = named("DELETE FROM {sessions} WHERE id IN (SELECT id FROM {sessions} WHERE expires < $1 ORDER BY expires LIMIT 32)")
	t.spend = named(`INSERT INTO {limits} AS l (key, back, minute) VALUES ($1, $4 + $2, ($4 + $2) / 60000000 + 1)
ON CONFLICT (key) DO UPDATE SET back = max(l.back, $4) + $2, minute = (max(l.back, $4) + $2) / 60000000 + 1
WHERE l.back + $2 - $4 <= $3`)
	t.forget = named(`DELETE FROM {limits} WHERE key IN (SELECT key FROM {limits} WHERE minute <= $1 / 60000000 + 1 AND back <= $1 ORDER BY minute LIMIT 64)`)
	return t
}

// fields are a record as the columns have it.
func fields(r sessions.Record) []any {
	data := r.Data
	if data == nil {
		data = []byte{} // not NULL
	}
	return []any{r.ID[:], r.Kind, r.User, data, sessions.Millis(r.Made), sessions.Millis(r.Used), millisOrNull(r.Expires)}
}

func millisOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return sessions.Millis(t)
}

// listed is a list of IDs as one text.
func listed(ids []sessions.ID) string {
	var b strings.Builder
	for _, id := range ids {
		b.WriteString(hex.EncodeToString(id[:]))
		b.WriteByte(' ')
	}
	return b.String()
}
