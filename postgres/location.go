// What a location says, and how it is told without its password.

package postgres

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	defaultSchema  = "gorgon"
	defaultConns   = 8
	connectTimeout = 5 * time.Second
	idleTimeout    = 5 * time.Minute // less than what firewalls allow a silent connection
)

// schemes are what a location may begin with.
func schemes() []string { return []string{"postgres", "postgresql"} }

// place is what a location says.
type place struct {
	pool   *pgxpool.Config
	schema string
	poll   time.Duration // 0: not said
	name   string        // for messages
}

// parse reads a location. What it does not know is pgx's business.
func parse(location string) (place, error) {
	scheme, _, ok := strings.Cut(location, "://")
	if !ok || scheme != schemes()[0] && scheme != schemes()[1] {
		return place{}, errors.New("the location has to be a URL, postgres://user@host:5432/database")
	}
	p := place{schema: defaultSchema}
	base, query, _ := strings.Cut(location, "?")
	var rest []string
	seen := make(map[string]bool)
	for pair := range strings.SplitSeq(query, "&") {
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err := url.PathUnescape(rawName)
		if err != nil {
			return place{}, errors.New("a parameter's name is not encoded as in a URL")
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
		// Not wrapped: the error of pgx carries the location as it was.
		return place{}, errors.New(redact(err.Error(), location))
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

func parsePoll(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is no time such as 500ms", value)
	}
	return d, nil
}

// checkSchema says whether PostgreSQL can have a schema of this name.
func checkSchema(name string) error {
	switch {
	case name == "":
		return errors.New("it is empty")
	case len(name) > 63:
		return fmt.Errorf("%q is longer than 63 bytes", name)
	case !utf8.ValidString(name) || strings.ContainsRune(name, 0):
		return fmt.Errorf("%q is no text", name)
	case strings.HasPrefix(name, "pg_"):
		return fmt.Errorf("%q is the server's own: names that begin with pg_ are", name)
	}
	return nil
}

// redact takes the passwords of a location out of a text about it. Where a
// location is malformed it is not clear what the password is, so everything
// that may be one goes.
func redact(text, location string) string {
	_, rest, _ := strings.Cut(location, "://")
	var secrets []string
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		if _, password, ok := strings.Cut(rest[:at], ":"); ok {
			secrets = append(secrets, password)
		}
	}
	_, query, _ := strings.Cut(rest, "?")
	for pair := range strings.SplitSeq(query, "&") {
		if name, value, _ := strings.Cut(pair, "="); strings.Contains(strings.ToLower(name), "password") {
			secrets = append(secrets, value)
		}
	}
	for _, secret := range secrets {
		for _, form := range [...]string{secret, unescaped(secret), strings.Trim(strconv.Quote(secret), `"`)} {
			if form != "" {
				text = strings.ReplaceAll(text, form, "xxxxx")
			}
		}
	}
	return text
}

func unescaped(s string) string {
	u, err := url.PathUnescape(s)
	if err != nil {
		return ""
	}
	return u
}
