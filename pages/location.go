// Locations: where a store is, and how much of that may be shown.

package pages

import (
	"errors"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
)

// A Location is where a remote store is, without user, password and parameters:
// it may be shown in logs, messages and errors.
type Location struct {
	Scheme string
	Hosts  string // as in "db.example:5432", with commas between several; "" for none
	Path   string // as in "/shop": a database, a socket or a prefix; "" if it is more than a name
	User   bool   // there is a user, and possibly a password
	More   bool   // there are parameters
}

// String returns the location as a URL, with *** for user and password, and …
// for parameters.
func (l Location) String() string {
	user, more := "", ""
	if l.User {
		user = "***@"
	}
	if l.More {
		more = "?…"
	}
	return l.Scheme + "://" + user + l.Hosts + l.Path + more
}

// Faults of a URL. They quote no part of it: any part may belong to a password.
var (
	errNoURL    = errors.New("the location is not a URL: write it as scheme://user:password@host:port/name")
	errHost     = errors.New("the location is malformed: name a host with a numeric port, and encode special characters in user and password as in a URL: / as %2F, # as %23, ? as %3F, @ as %40, : as %3A")
	errFragment = errors.New("the location is malformed: it contains a #: in a password write it as %23")
	errAt       = errors.New("the location is malformed: it has an @ after its host: encode special characters in user and password as in a URL, / as %2F, # as %23, ? as %3F, and an @ in a parameter as %40")
)

// ParseURL reads a location of the form
// scheme://user:password@host:port/path?parameters. It is strict: it refuses a
// location if it is not clear where the password ends, so the result contains
// no part of one. Neither does the error. Drivers call it before they give a
// location to their client library, which may quote it or look up a part of it
// as a host.
func ParseURL(location string) (Location, error) {
	scheme, rest, ok := strings.Cut(location, "://")
	if !ok || !isScheme(scheme) {
		return Location{}, errNoURL
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority, after := rest[:end], rest[end:]
	switch {
	case strings.Contains(after, "@"):
		return Location{}, errAt
	case strings.Contains(after, "#"):
		return Location{}, errFragment
	}
	path, parameters, _ := strings.Cut(after, "?")
	hosts := authority[strings.LastIndexByte(authority, '@')+1:]
	if !CheckHosts(hosts) {
		return Location{}, errHost
	}
	if _, err := url.Parse(scheme + "://" + authority[:len(authority)-len(hosts)] + "host" + after); err != nil {
		return Location{}, errHost
	}
	if strings.Trim(path, "/") == "" || strings.ContainsFunc(path, isUnclear) {
		path = ""
	}
	return Location{Scheme: scheme, Hosts: hosts, Path: path, User: len(hosts) < len(authority), More: parameters != ""}, nil
}

// CheckHosts says whether a comma-separated list contains only hosts, each a
// name, an address or [an IPv6 address], with or without a port. An empty list
// is valid.
func CheckHosts(hosts string) bool {
	if hosts == "" {
		return true
	}
	for host := range strings.SplitSeq(hosts, ",") {
		name, port, hasPort := host, "", false
		if address, rest, ok := strings.Cut(host, "]"); ok && strings.HasPrefix(host, "[") {
			if strings.Trim(address[1:], "0123456789abcdefABCDEF:.") != "" || rest != "" && rest[0] != ':' {
				return false
			}
			name, port, hasPort = "v6", strings.TrimPrefix(rest, ":"), rest != ""
		} else {
			name, port, hasPort = strings.Cut(host, ":")
		}
		if hasPort {
			if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
				return false
			}
		}
		if name == "" && len(hosts) != len(host) || strings.ContainsFunc(name, isNoHost) {
			return false
		}
	}
	return true
}

func isNoHost(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r))
}

// isUnclear says whether a character in a path is not plainly part of a name.
func isUnclear(r rune) bool { return isNoHost(r) && r != '/' }

func isScheme(s string) bool {
	return s != "" && s[0] >= 'a' && s[0] <= 'z' && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("+-.", r))
	})
}

// errPath quotes no part of the location: it may be a URL meant for another
// driver.
var errPath = errors.New("the location is not a plain path: write a relative path with special characters as ./name, and the home directory in full")

const maxPath = 1024 // bytes

// CheckPath says whether a location can be the path of a file or a folder. A
// URL, a list of settings or a ~ is refused, though a file could have such a
// name: to use one, begin the path with / or ./. Errors quote no part of it.
func CheckPath(location string) error {
	volume := filepath.VolumeName(location)
	rest := filepath.ToSlash(location[len(volume):])
	switch {
	case len(location) > maxPath:
		return errors.New("the location is longer than a path can be")
	case strings.ContainsFunc(rest, unicode.IsControl):
		return errPath
	case volume == "" && strings.HasPrefix(rest, "//"):
		return errors.New("the location is a URL, but must be a path: write it with one slash, as in /var/lib/shop")
	case strings.HasPrefix(rest, "/"), strings.HasPrefix(rest, "./"), strings.HasPrefix(rest, "../"), rest == ".", rest == "..":
		return nil
	case strings.HasPrefix(rest, "~"):
		return errors.New("the location begins with ~, which only a shell expands: write the path of the home directory in full")
	case strings.ContainsAny(rest, ":@=?#&|;*\"'<>`$\\"):
		return errPath
	}
	return nil
}

// ShowLocation returns "technology:location", as a command line names a store,
// in a form that may be shown: for a URL what [ParseURL] returns, and otherwise
// the scheme alone.
func ShowLocation(location string) string {
	if at, err := ParseURL(location); err == nil {
		return at.String()
	}
	scheme, _, ok := strings.Cut(location, ":")
	if !ok || !isScheme(scheme) {
		return "?"
	}
	return scheme + ":…"
}

// Show is [ShowLocation] for a location of the driver, which may be a path.
func (d Driver) Show(location string) string {
	if scheme, path, ok := strings.Cut(location, ":"); ok && !d.Remote && isScheme(scheme) && CheckPath(path) == nil {
		return location
	}
	return ShowLocation(location)
}
