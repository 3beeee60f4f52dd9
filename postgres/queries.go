// The statements, and the names in them.

package postgres

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// queries are the statements of one schema. They go through the
// table of the version, so that they give no row where the layout is not ours.
// Functions that write are called for its row and not joined with it: a join
// may call them before it looks at the version.
type queries struct {
	names *strings.Replacer // what stands in braces, and the quotes of bodies

	channel     string // of notifications
	schema      string // quoted
	lock        int64  // the advisory lock of fences
	migrating   int64  // that of Migrate
	version     string
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
	list        string
	count       string
	sweepRoute  string
	sweepBytes  string
}

func newQueries(schema string) queries {
	name := func(of string) [sha256.Size]byte { return sha256.Sum256([]byte("gorgon " + of + " " + schema)) }
	number := func(of string) int64 {
		sum := name(of)
		return int64(binary.BigEndian.Uint64(sum[:]))
	}
	channel, body := name("channel"), name("body")
	q := queries{
		channel: "gorgon_" + hex.EncodeToString(channel[:8]),
		schema:  pgx.Identifier{schema}.Sanitize(),
		lock:    number("fence"), migrating: number("migrate"),
	}
	q.names = strings.NewReplacer(
		"{schema}", q.schema,
		"{tokens}", literal(q.schema+".tokens"),
		"{channel}", q.channel,
		"{lock}", fmt.Sprintf("(%d)::bigint", q.lock),
		"{version}", strconv.Itoa(layoutVersion),
		// No schema is named so that its name ends a function's body.
		"$body$", "$gorgon_"+hex.EncodeToString(body[:8])+"$",
	)
	say := q.names.Replace
	q.version = say(`SELECT version FROM {schema}.layout`)
	q.get = say(`SELECT r.data, r.checksum, r.used < now() - interval '10 minutes'
		FROM {schema}.layout v LEFT JOIN {schema}.records r ON r.id = $1::bytea WHERE v.one AND v.version = {version}`)
	q.put = say(`SELECT {schema}.put($1::bytea, $2::bigint, $3::bytea, $4::bytea, $5::bytea, $6::bigint, $7::bigint, $8::bytea,
		$9::bytea[], $10::bigint, $11::bigint, $12::boolean) FROM {schema}.layout WHERE one AND version = {version}`)
	q.remove = say(`SELECT {schema}.remove($1::bytea, $2::bytea[], $3::bigint, $4::bigint) FROM {schema}.layout WHERE one AND version = {version}`)
	q.touch = say(`SELECT {schema}.touch($1::bytea[]) FROM {schema}.layout WHERE one AND version = {version}`)
	q.epochs = say(`SELECT e.* FROM {schema}.layout v CROSS JOIN LATERAL {schema}.epochs($1::bytea[]) e WHERE v.one AND v.version = {version}`)
	q.bump = say(`SELECT {schema}.bump($1::boolean, $2::integer, $3::bytea[], $4::bytea[], $5::bigint, $6::bigint)
		FROM {schema}.layout WHERE one AND version = {version}`)
	// The limits tell the planner that there is one row: it knows nothing of
	// tables that were never analyzed, and would compile a plan for millions.
	q.changes = say(`SELECT s.dropped, c.sequence, c.verb, c.subject, c.at
		FROM (SELECT FROM {schema}.layout WHERE one AND version = {version} LIMIT 1) v
		CROSS JOIN (SELECT dropped FROM {schema}.state WHERE one LIMIT 1) s
		LEFT JOIN {schema}.changes c ON c.sequence > $1::bigint ORDER BY c.sequence, c.ordinal`)
	q.lease = say(`SELECT {schema}.lease($1::bytea, $2::bigint) FROM {schema}.layout WHERE one AND version = {version}`)
	q.release = say(`SELECT {schema}.release($1::bytea, $2::bigint) FROM {schema}.layout WHERE one AND version = {version}`)
	q.renew = say(`WITH kept AS (UPDATE {schema}.leases SET until = clock_timestamp() + $3::bigint * interval '1 microsecond'
			WHERE id = $1::bytea AND token = $2::bigint RETURNING 1)
		SELECT EXISTS (SELECT FROM kept) FROM {schema}.layout WHERE one AND version = {version}`)
	q.acknowledge = say(`SELECT {schema}.acknowledge($1::bytea, $2::bigint, $3::bigint) FROM {schema}.layout WHERE one AND version = {version}`)
	q.lagging = say(`SELECT count(a.id) FROM {schema}.layout v
		LEFT JOIN {schema}.acknowledgements a ON a.sequence < $1::bigint AND a.until > clock_timestamp()
		WHERE v.one AND v.version = {version} GROUP BY v.version`)
	q.list = say(`SELECT r.* FROM {schema}.layout v LEFT JOIN LATERAL (
			SELECT r.id, r.route, r.path, r.locale, r.size, r.used FROM {schema}.records r WHERE r.id > $1::bytea ORDER BY r.id LIMIT $2::bigint
		) r ON true WHERE v.one AND v.version = {version} ORDER BY r.id`)
	q.count = say(`SELECT r.route_id, count(r.id), coalesce(sum(r.size), 0)::bigint, (array_agg(r.id ORDER BY r.id DESC))[1]
		FROM {schema}.layout v LEFT JOIN LATERAL (
			SELECT r.id, r.route_id, r.size FROM {schema}.records r WHERE r.id > $1::bytea ORDER BY r.id LIMIT $2::bigint
		) r ON true WHERE v.one AND v.version = {version} GROUP BY r.route_id`)
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

// literal quotes a text.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
