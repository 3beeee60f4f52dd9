// The database's URL. No error and no name quotes anything that may be secret.

package pgdb

import (
	"cmp"
	"errors"
	"io/fs"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/gorgon-go/gorgon/database"
)

const (
	defaultConns   = 8
	ownConns       = 2
	connectTimeout = 5 * time.Second
	idleTimeout    = 5 * time.Minute // less than the time after which firewalls drop a silent connection
)

// parse parses a URL into the configuration of the app's connections.
func parse(location string, conns int) (*pgxpool.Config, error) {
	scheme, rest, ok := strings.Cut(location, "://")
	if !ok || scheme != "postgres" && scheme != "postgresql" {
		return nil, errors.New("the database's URL (" + database.Variable + ") " + otherKind(location))
	}
	config, err := pgxpool.ParseConfig(location)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("the database's URL (" + database.Variable + ") names a file that does not exist, such as a certificate")
	case err != nil: // the words of pgx quote the URL
		return nil, errors.New("the database's URL (" + database.Variable + ") is malformed: encode special characters in user and password as in a URL, " +
			"and check its parameters and the environment variables of PostgreSQL, such as PGPORT and PGSSLMODE")
	}
	_, query, _ := strings.Cut(rest, "?")
	given, _ := url.ParseQuery(query)
	switch {
	case conns > 0:
		config.MaxConns = int32(conns)
	case !given.Has("pool_max_conns"):
		config.MaxConns = defaultConns
	}
	if !given.Has("pool_max_conn_idle_time") {
		config.MaxConnIdleTime = idleTimeout
	}
	conn := config.ConnConfig
	conn.ConnectTimeout = cmp.Or(conn.ConnectTimeout, connectTimeout)
	if conn.RuntimeParams["application_name"] == "" {
		conn.RuntimeParams["application_name"] = "gorgon"
	}
	conn.BuildContextWatcherHandler = newCanceler
	return config, nil
}

var (
	ofSQLite = regexp.MustCompile(`^(?i:sqlite3?:|file:)|^[^:?]+\.(?i:db|sqlite3?)(\?|$)`)
	hasKind  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]+://`)
)

// otherKind says what is wrong with a URL that is not one of PostgreSQL, without a part
// of it.
func otherKind(location string) string {
	const example = "postgres://user@host:5432/database"
	switch {
	case ofSQLite.MatchString(location):
		return "is that of a SQLite database, and the program's source opens PostgreSQL (pgdb.Dialect): set one like " + example + ", or use litedb.Dialect in the source"
	case hasKind.MatchString(location):
		return "is that of another kind of database than PostgreSQL, which the program's source opens (pgdb.Dialect): set one like " + example
	}
	return "must be like " + example
}

// chosen says whether a URL chooses how statements are sent.
func chosen(location string) bool { return strings.Contains(location, "default_query_exec_mode=") }

// shown is what of a URL may be shown.
func shown(c *pgx.ConnConfig) string {
	return "postgres://" + net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))) + "/" + c.Database
}
