// What a location says, and how it is told without its password.

package redis

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

const (
	defaultPrefix  = "gorgon"
	dialTimeout    = 5 * time.Second
	silenceTimeout = 10 * time.Second
	askSilentAfter = 2 * time.Second // with a ping
)

// schemes are what a location may begin with, beside unix.
func schemes() []string { return []string{"redis", "rediss", "valkey", "valkeys"} }

// parameters are what a location's query may hold.
func parameters() []string {
	return []string{"prefix", "db", "addr", "master_set", "client_name", "dial_timeout", "write_timeout", "skip_verify", "protocol"}
}

// place is what a location says.
type place struct {
	option rueidis.ClientOption
	prefix string
	name   string // for messages
}

// parse reads a location. What it does not say of an error could be a part of
// the password.
func parse(location string) (place, error) {
	scheme, _, ok := strings.Cut(location, "://")
	if !ok || scheme != "unix" && !slices.Contains(schemes(), scheme) {
		return place{}, errors.New("the location has to be a URL, redis://user:password@host:6379/0")
	}
	u, err := url.Parse(location)
	if err != nil {
		return place{}, errors.New("the location is malformed: check the port, and that special characters in " +
			"user and password are encoded as in a URL, / as %2F")
	}
	query, err := checkQuery(u)
	if err == nil {
		err = checkHost(u)
	}
	if err != nil {
		return place{}, err
	}
	option, err := rueidis.ParseURL(location)
	if err != nil {
		return place{}, err // it is about the path or a parameter, and names that
	}
	if option.SelectDB < 0 {
		return place{}, fmt.Errorf("there is no database %d", option.SelectDB)
	}
	p := place{option: option, prefix: cmp.Or(query.Get("prefix"), defaultPrefix), name: strings.Join(option.InitAddress, ",")}
	p.complete()
	return p, nil
}

// complete sets what the location leaves open.
func (p *place) complete() {
	o := &p.option
	o.DisableCache = true // asking is what tells the truth
	o.DisableRetry = true // it is ours to know what may be done twice
	o.AlwaysPipelining = true
	if !o.AlwaysRESP2 { // where it would be one more right
		o.ClientName = cmp.Or(o.ClientName, "gorgon")
	}
	o.ClientSetInfo = rueidis.DisableClientSetInfo // likewise
	o.Dialer.Timeout = cmp.Or(o.Dialer.Timeout, dialTimeout)
	o.Dialer.KeepAlive = askSilentAfter
	o.ConnWriteTimeout = cmp.Or(o.ConnWriteTimeout, silenceTimeout)
	o.ReadBufferEachConn, o.WriteBufferEachConn = 64<<10, 64<<10
	o.ClusterOption.MaxMovedRedirections = 8
	if o.Sentinel.MasterSet != "" {
		o.Sentinel.TopologyRefreshInterval = 5 * time.Second
		o.Sentinel.Dialer = o.Dialer
	}
	if o.TLSConfig != nil {
		p.useTLS(&tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: o.TLSConfig.InsecureSkipVerify})
	}
}

// useTLS takes a configuration in place of the one there is. Where it names
// no server, each node has to prove its own name.
func (p *place) useTLS(config *tls.Config) {
	config = config.Clone()
	config.InsecureSkipVerify = config.InsecureSkipVerify || p.option.TLSConfig.InsecureSkipVerify
	p.option.TLSConfig = config
	if p.option.Sentinel.MasterSet != "" {
		p.option.Sentinel.TLSConfig = config
	}
}

// checkQuery says what is wrong with the parameters of a location.
func checkQuery(u *url.URL) (url.Values, error) {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, errors.New("the parameters are not encoded as in a URL")
	}
	for name, values := range query {
		if !slices.Contains(parameters(), name) {
			return nil, fmt.Errorf("there is no parameter %q; there are %s", name, strings.Join(parameters(), ", "))
		}
		if len(values) > 1 && name != "addr" {
			return nil, fmt.Errorf("the parameter %s is given twice", name)
		}
		for _, value := range values {
			if err := checkParameter(name, value); err != nil {
				return nil, fmt.Errorf("the parameter %s: %w", name, err)
			}
		}
	}
	return query, nil
}

func checkParameter(name, value string) error {
	switch name {
	case "prefix":
		return checkPrefix(value)
	case "addr":
		if _, port, err := net.SplitHostPort(value); err != nil || !isPort(port) {
			return fmt.Errorf("%q is no host:port", value)
		}
	case "dial_timeout", "write_timeout":
		if d, err := time.ParseDuration(value); err != nil || d <= 0 {
			return fmt.Errorf("%q is no time such as 5s", value)
		}
	case "protocol":
		if value != "2" && value != "3" {
			return fmt.Errorf("%q is neither 2 nor 3", value)
		}
	case "master_set", "client_name":
		if value == "" || strings.ContainsAny(value, " \r\n\t") {
			return fmt.Errorf("%q is no name", value)
		}
	}
	return nil // the others are read by rueidis
}

// checkPrefix says whether a prefix can stand between braces, in a key as in
// the pattern of an access list.
func checkPrefix(prefix string) error {
	if prefix == "" || len(prefix) > 64 {
		return fmt.Errorf("%q has to have 1 to 64 letters", prefix)
	}
	for _, r := range prefix {
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_.:/", r)) {
			return fmt.Errorf("%q may hold letters, digits and -_.:/ alone", prefix)
		}
	}
	return nil
}

func checkHost(u *url.URL) error {
	switch {
	case u.Fragment != "" || u.Opaque != "":
		return errors.New("the location is malformed: a # or : is too many; in a password write %23 or %3A")
	case u.Scheme == "unix" && (u.Host != "" || u.Path == "" || u.Path == "/"):
		return errors.New("a socket is written unix:///run/redis.sock")
	case u.Scheme != "unix" && u.Hostname() == "":
		return errors.New("the location names no host")
	case u.Port() != "" && !isPort(u.Port()):
		return fmt.Errorf("there is no port %s", u.Port())
	}
	return nil
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}
