// Parsing locations. No error and no name quotes anything that may be secret.

package postgres

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/gorgon-go/gorgon/pages"
)

const (
	defaultSchema  = "gorgon"
	defaultConns   = 8
	connectTimeout = 5 * time.Second
	idleTimeout    = 5 * time.Minute // less than the time after which firewalls drop a silent connection
)

// schemes are what a location may begin with.
func schemes() []string { return []string{"postgres", "postgresql"} }

// place is a parsed location.
type place struct {
	pool   *pgxpool.Config
	schema string
	poll   time.Duration // 0: not set
	name   string        // for messages
}

// parse parses a location. Parameters that it does not know are left to pgx.
func parse(location string) (place, error) {
	scheme, _, ok := strings.Cut(location, "://")
	if !ok || scheme != schemes()[0] && scheme != schemes()[1] {
		return place{}, errors.New("the location must be a URL such as postgres://user@host:5432/database")
	}
	if _, err := pages.ParseURL(location); err != nil {
		return place{}, err
	}
	p := place{schema: defaultSchema}
	base, query, _ := strings.Cut(location, "?")
	var rest []string
	seen := make(map[string]bool)
	for pair := range strings.SplitSeq(query, "&") {
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err := url.PathUnescape(rawName)
		if err != nil {
			return place{}, errors.New("the name of a parameter is not encoded as in a URL")
		}
		if name != "schema" && name != "poll" {
			seen[name] = true
			rest = append(rest, pair)
			continue
		}
		if seen[name] {
			return place{}, fmt.Errorf("the parameter %s is given twice", name)
		}
		seen[name] = true
		value, err := url.PathUnescape(rawValue)
		if err == nil && name == "schema" {
			p.schema, err = value, checkSchema(value)
		} else if err == nil {
			p.poll, err = parsePoll(value)
		}
		if err != nil {
			return place{}, fmt.Errorf("the parameter %s: %w", name, err)
		}
	}
	if query = strings.Join(rest, "&"); query != "" {
		base += "?" + query
	}
	config, err := pgxpool.ParseConfig(base)
	if err != nil {
		return place{}, unusable(base, rest, err)
	}
	if err := checkHosts(config.ConnConfig); err != nil {
		return place{}, err
	}
	if !seen["pool_max_conns"] {
		config.MaxConns = defaultConns
	}
	if !seen["pool_max_conn_idle_time"] {
		config.MaxConnIdleTime = idleTimeout
	}
	conn := config.ConnConfig
	conn.ConnectTimeout = cmp.Or(conn.ConnectTimeout, connectTimeout)
	if conn.RuntimeParams["application_name"] == "" {
		conn.RuntimeParams["application_name"] = "gorgon"
	}
	p.pool = config
	p.name = net.JoinHostPort(conn.Host, strconv.Itoa(int(conn.Port))) + "/" + conn.Database
	return p, nil
}

// unusable says why pgx refuses a location, without the words of pgx, which
// quote it. It names the parameter without which pgx would accept it.
func unusable(location string, parameters []string, cause error) error {
	why := "its value cannot be used"
	if errors.Is(cause, fs.ErrNotExist) {
		why = "it names a file that does not exist"
	}
	base, _, _ := strings.Cut(location, "?")
	for i, parameter := range parameters {
		others := slices.Delete(slices.Clone(parameters), i, i+1)
		if _, err := pgxpool.ParseConfig(base + "?" + strings.Join(others, "&")); err == nil {
			name, _, _ := strings.Cut(parameter, "=")
			if !slices.Contains(parametersOfPgx(), name) {
				name = "that pgx does not know" // the parameter's name may be a secret
			}
			return fmt.Errorf("the parameter %s: %s", name, why)
		}
	}
	return errors.New("the location is malformed, or an environment variable such as PGPORT or PGSSLMODE has a value that cannot be used")
}

// parametersOfPgx are those whose values it checks.
func parametersOfPgx() []string {
	return []string{
		"host", "port", "connect_timeout", "target_session_attrs", "service", "servicefile", "passfile",
		"sslmode", "sslcert", "sslkey", "sslrootcert", "sslpassword", "sslcertmode", "sslsni", "sslnegotiation",
		"channel_binding", "require_auth", "min_protocol_version", "max_protocol_version",
		"default_query_exec_mode", "statement_cache_capacity", "description_cache_capacity",
		"pool_max_conns", "pool_min_conns", "pool_min_idle_conns", "pool_max_conn_lifetime", "pool_max_conn_lifetime_jitter",
		"pool_max_conn_idle_time", "pool_health_check_period", "pool_ping_timeout",
	}
}

// checkHosts refuses host names that are not valid, since they would be looked
// up, and shown.
func checkHosts(config *pgx.ConnConfig) error {
	hosts := []string{config.Host}
	for _, f := range config.Fallbacks {
		hosts = append(hosts, f.Host)
	}
	for _, host := range hosts {
		if !filepath.IsAbs(host) && !pages.CheckHosts(host) && net.ParseIP(host) == nil {
			return errors.New("the location, its parameter host or the environment variable PGHOST names something that is not a host: encode special characters in user and password as in a URL, / as %2F")
		}
	}
	return nil
}

func parsePoll(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 {
		return 0, errors.New("it must be a duration such as 500ms")
	}
	return d, nil
}

// checkSchema says whether PostgreSQL allows a schema of this name.
func checkSchema(name string) error {
	switch {
	case name == "":
		return errors.New("it is empty")
	case len(name) > 63:
		return errors.New("it is longer than 63 bytes")
	case !utf8.ValidString(name) || strings.ContainsRune(name, 0):
		return errors.New("it is not valid text")
	case strings.HasPrefix(name, "pg_"):
		return errors.New("names that begin with pg_ are reserved for the server")
	}
	return nil
}
