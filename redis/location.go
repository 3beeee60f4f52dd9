// Parsing locations. No error and no name quotes anything that may be secret.

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

	"github.com/gorgon-go/gorgon/pages"
)

const (
	defaultPrefix  = "gorgon"
	dialTimeout    = 5 * time.Second
	silenceTimeout = 10 * time.Second
	askSilentAfter = 2 * time.Second // with a ping
)

// schemes are what a location may begin with, besides unix.
func schemes() []string { return []string{"redis", "rediss", "valkey", "valkeys"} }

// parameters are what the query of a location may contain.
func parameters() []string {
	return []string{"prefix", "db", "addr", "master_set", "client_name", "dial_timeout", "write_timeout", "skip_verify", "protocol"}
}

// place is a parsed location.
type place struct {
	option rueidis.ClientOption
	prefix string
	name   string // for messages
}

// parse parses a location. Its errors quote no value, which could be part of
// the password.
func parse(location string) (place, error) {
	scheme, _, ok := strings.Cut(location, "://")
	if !ok || scheme != "unix" && !slices.Contains(schemes(), scheme) {
		return place{}, errors.New("the location must be a URL such as redis://user:password@host:6379/0")
	}
	if _, err := pages.ParseURL(location); err != nil {
		return place{}, err
	}
	u, err := url.Parse(location)
	if err != nil {
		return place{}, errors.New("the location is malformed")
	}
	query, err := checkQuery(u)
	if err == nil {
		err = checkHost(u)
	}
	if err != nil {
		return place{}, err
	}
	option, err := rueidis.ParseURL(location)
	if err != nil { // not wrapped: it may quote the location
		return place{}, errors.New("the location's path must be the number of a database, as in redis://host:6379/0")
	}
	p := place{option: option, prefix: cmp.Or(query.Get("prefix"), defaultPrefix), name: strings.Join(option.InitAddress, ",")}
	p.complete()
	return p, nil
}

// complete sets what the location leaves open.
func (p *place) complete() {
	o := &p.option
	o.DisableCache = true // calls find out whether a connection works
	o.DisableRetry = true // only the store knows which calls may be repeated
	o.AlwaysPipelining = true
	if !o.AlwaysRESP2 { // it would need one more right
		o.ClientName = cmp.Or(o.ClientName, "gorgon")
	}
	o.ClientSetInfo = rueidis.DisableClientSetInfo // the same
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

// useTLS replaces the TLS configuration. If it names no server, each node must
// prove its own name.
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
			return nil, fmt.Errorf("a parameter is not known; the known ones are %s", strings.Join(parameters(), ", "))
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
		if host, _, err := net.SplitHostPort(value); err != nil || host == "" || !pages.CheckHosts(value) {
			return errors.New("it must be host:port")
		}
	case "db":
		if _, err := strconv.ParseUint(value, 10, 31); err != nil {
			return errors.New("it must be the number of a database")
		}
	case "skip_verify":
		if _, err := strconv.ParseBool(value); err != nil && value != "" {
			return errors.New("it must be true or false")
		}
	case "dial_timeout", "write_timeout":
		if d, err := time.ParseDuration(value); err != nil || d <= 0 {
			return errors.New("it must be a duration such as 5s")
		}
	case "protocol":
		if value != "2" && value != "3" {
			return errors.New("it must be 2 or 3")
		}
	case "master_set", "client_name":
		if value == "" || strings.ContainsAny(value, " \r\n\t") {
			return errors.New("it must be a name without spaces")
		}
	}
	return nil // rueidis reads the others
}

// checkPrefix says whether a prefix can be used between braces, both in a key
// and in the pattern of an access list.
func checkPrefix(prefix string) error {
	if prefix == "" || len(prefix) > 64 {
		return errors.New("it must have 1 to 64 characters")
	}
	for _, r := range prefix {
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_.:/", r)) {
			return errors.New("it may contain only letters, digits and -_.:/")
		}
	}
	return nil
}

func checkHost(u *url.URL) error {
	database, _ := strings.CutPrefix(u.Path, "/")
	_, err := strconv.ParseUint(database, 10, 31)
	switch {
	case u.Scheme == "unix" && (u.Host != "" || u.Path == "" || u.Path == "/"):
		return errors.New("write a socket as unix:///run/redis.sock")
	case u.Scheme == "unix":
		return nil
	case u.Hostname() == "":
		return errors.New("the location names no host")
	case strings.Contains(u.Host, ","):
		return errors.New("the location names several hosts: write those after the first as &addr=host:port")
	case database != "" && err != nil:
		return errors.New("the location's path must be the number of a database, as in redis://host:6379/0")
	}
	return nil
}
