// The statements, and the names in them.

package postgres

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// queries are the statements of one schema and one owner. They read the table
// of the version and the owner, so that they return no row if the layout has
// another version or the store belongs to another owner. Functions that write
// are called for its row and not joined with it: a join may call them before it
// checks the version.
type queries struct {
	names *strings.Replacer // the values in braces, and the quotes of bodies

	of          string // the owner, "" if it is not checked
	channel     string // the channel of notifications
	schema      string // quoted
	lock        int64  // the advisory lock of fences
	migrating   int64  // the advisory lock of Migrate
	version     string
	owner       string
	get         string
	put         string
	remove      string
	touch       string
	epochs      string
	bump        string
	changes     string
	lease       string
	release     string
	renew       string
	acknowledge string
	lagging     string
	claim       string
	recover     string
	list        string
	count       string
	sweepRoute  string
	sweepBytes  string
}

// newQueries makes the statements. Without an owner they do not check the owner
// of the store.
func newQueries(schema, owner string) queries {
	name := func(of string) [sha256.Size]byte { return sha256.Sum256([]byte("gorgon " + of + " " + schema)) }
	number := func(of string) int64 {
		sum := name(of)
		return int64(binary.BigEndian.Uint64(sum[:]))
	}
	channel, body := name("channel"), name("body")
	q := queries{
		of:      owner,
		channel: "gorgon_" + hex.EncodeToString(channel[:8]),
		schema:  pgx.Identifier{schema}.Sanitize(),
		lock:    number("fence"), migrating: number("migrate"),
	}
	q.names = strings.NewReplacer(
		"{schema}", q.schema,
		"{tokens}", literal(q.schema+".tokens"),
		"{channel}", q.channel,
		"{lock}", fmt.Sprintf("(%d)::bigint", q.lock),
		// Choose a quote that no schema name can end.
		"$body$", "$gorgon_"+hex.EncodeToString(body[:8])+"$",
	)
	current := fmt.Sprintf("v.one AND v.version = %d", layoutVersion)
	mine := current
	if owner != "" {
		mine += fmt.Sprintf(" AND (v.owner IS NULL OR v.owner = decode('%x', 'hex'))", owner)
	}
	names := strings.NewReplacer("{mine}", mine, "{current}", current)
	say := func(text string) string { return q.names.Replace(names.Replace(text)) }
	q.version = say(`SELECT version FROM {schema}.layout`)
	q.owner = say(`SELECT v.owner FROM {schema}.layout v WHERE {current}`)
	q.get = say(`SELECT r.data, r.epoch, r.checksum, r.used < now() - interval '10 minutes'
		FROM {schema}.layout v LEFT JOIN {schema}.records r ON r.id = $1::bytea WHERE {mine}`)
	q.put = say(`SELECT {schema}.put($1::bytea, $2::bigint, $3::bytea, $4::bytea, $5::bytea, $6::bigint, $7::bigint, $8::bytea, $9::bigint,
		$10::bigint, $11::bigint, $12::boolean, $13::bigint, $14::bigint) FROM {schema}.layout v WHERE {mine}`)
	q.remove = say(`SELECT {schema}.remove($1::bytea, $2::bigint, $3::bigint) FROM {schema}.layout v WHERE {mine}`)
	q.touch = say(`SELECT {schema}.touch($1::bytea[]) FROM {schema}.layout v WHERE {mine}`)
	q.epochs = say(`SELECT e.* FROM {schema}.layout v CROSS JOIN LATERAL {schema}.epochs($1::bytea[], $2::bigint, $3::bigint) e WHERE {mine}`)
	q.bump = say(`SELECT {schema}.bump($1::boolean, $2::integer, $3::bytea[], $4::bytea[], $5::bigint, $6::bigint, $7::bigint, $8::bigint)
		FROM {schema}.layout v WHERE {mine}`)
	q.changes = say(`SELECT c.* FROM {schema}.layout v CROSS JOIN LATERAL {schema}.changes($1::bigint, $2::bigint, $3::bigint) c WHERE {mine}`)
	q.claim = say(`SELECT {schema}.claim($1::bytea, $2::boolean, $3::bigint, $4::bigint) FROM {schema}.layout v WHERE {current}`)
	q.recover = say(`SELECT {schema}.recover($1::bigint, $2::bigint, $3::bytea, $4::bigint, $5::bigint) FROM {schema}.layout v WHERE {mine}`)
	q.lease = say(`SELECT {schema}.lease($1::bytea, $2::bytea, $3::bigint) FROM {schema}.layout v WHERE {mine}`)
	q.release = say(`SELECT {schema}.release($1::bytea, $2::bigint) FROM {schema}.layout v WHERE {mine}`)
	q.renew = say(`WITH kept AS (UPDATE {schema}.leases SET until = clock_timestamp() + $3::bigint * interval '1 microsecond'
			WHERE id = $1::bytea AND token = $2::bigint RETURNING 1)
		SELECT EXISTS (SELECT FROM kept) FROM {schema}.layout v WHERE {mine}`)
	q.acknowledge = say(`SELECT {schema}.acknowledge($1::bytea, $2::bigint, $3::bigint, $4::bigint, $5::bigint) FROM {schema}.layout v WHERE {mine}`)
	q.lagging = say(`SELECT count(a.id) FROM {schema}.layout v
		LEFT JOIN {schema}.acknowledgements a ON a.sequence < $1::bigint AND a.until > clock_timestamp()
		WHERE {mine} GROUP BY v.version`)
	q.list = say(`SELECT r.* FROM {schema}.layout v LEFT JOIN LATERAL (
			SELECT r.id, r.route, r.path, r.locale, r.size, r.used FROM {schema}.records r WHERE r.id > $1::bytea ORDER BY r.id LIMIT $2::bigint
		) r ON true WHERE {mine} ORDER BY r.id`)
	q.count = say(`SELECT r.route_id, count(r.id), coalesce(sum(r.size), 0)::bigint, (array_agg(r.id ORDER BY r.id DESC))[1]
		FROM {schema}.layout v LEFT JOIN LATERAL (
			SELECT r.id, r.route_id, r.size FROM {schema}.records r WHERE r.id > $1::bytea ORDER BY r.id LIMIT $2::bigint
		) r ON true WHERE {mine} GROUP BY r.route_id`)
	q.sweepRoute = say(`WITH gone AS (DELETE FROM {schema}.records WHERE id IN (
			SELECT r.id FROM {schema}.records r WHERE r.route_id = $1::bigint AND r.used >= $2::timestamptz
			ORDER BY r.used, r.id LIMIT $3::bigint FOR UPDATE SKIP LOCKED) RETURNING size, used)
		SELECT count(*), coalesce(sum(size), 0)::bigint, max(used) FROM gone`)
	q.sweepBytes = say(`WITH oldest AS MATERIALIZED (
			SELECT r.id, r.size, r.used FROM {schema}.records r WHERE r.used >= $2::timestamptz
			ORDER BY r.used, r.id LIMIT $3::bigint FOR UPDATE SKIP LOCKED),
		summed AS (SELECT id, sum(size) OVER (ORDER BY used, id) - size AS before FROM oldest),
		gone AS (DELETE FROM {schema}.records r USING summed o WHERE r.id = o.id AND o.before < $1::bigint RETURNING r.size, r.used)
		SELECT count(*), coalesce(sum(size), 0)::bigint, max(used) FROM gone`)
	return q
}

// literal quotes a string.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
