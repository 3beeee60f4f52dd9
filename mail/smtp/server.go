// Which server MAIL_URL names.

package smtp

import (
	"net/netip"
	"net/url"
	"strconv"

	"github.com/gorgon-go/gorgon/mail"
)

// A server is what a URL says.
type server struct {
	host, user, password string
	port                 int
	secure               bool // TLS from the beginning
	near                 bool // on this machine: TLS is not required
}

// serverOf reads a URL. Errors do not have it, since it has a password.
func serverOf(text string) (server, error) {
	fault := func(reason string) (server, error) {
		return server{}, mail.Fail(mail.Failure{Reason: "the URL of the mail server " + reason, Hint: "write smtp://user:password@host:587 or smtps://user:password@host:465, with the user and password percent-encoded"})
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return fault("cannot be read")
	case u.Scheme != "smtp" && u.Scheme != "smtps":
		return fault("begins with neither smtp:// nor smtps://")
	case u.Hostname() == "":
		return fault("has no host")
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return fault("has more than a host and a port")
	}
	s := server{host: u.Hostname(), port: 587, secure: u.Scheme == "smtps", user: u.User.Username()}
	s.password, _ = u.User.Password()
	if s.secure {
		s.port = 465
	}
	if text := u.Port(); text != "" {
		if s.port, err = strconv.Atoi(text); err != nil || s.port < 1 || s.port > 65535 {
			return fault("has an invalid port")
		}
	}
	at, err := netip.ParseAddr(s.host)
	s.near = s.host == "localhost" || err == nil && at.IsLoopback()
	return s, nil
}
