// The cookie of a session.

package auth

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/listen"
)

// secretLength is the length of 32 random bytes in base64.
const secretLength = 43

func newSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // it never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// prefixHost begins the cookie's name over TLS. Browsers take a cookie with this
// prefix only over TLS, from the host itself, for all paths: no other host of the
// domain, and no one on the line, can plant one.
const prefixHost = "__Host-"

// cookies are the names that the cookie has without TLS and over it.
type cookies struct{ plain, secure string }

func cookiesOf(name string) cookies { return cookies{name, prefixHost + name} }

// name is the name of the cookie for a request.
func (c cookies) name(r *http.Request) string {
	if listen.Scheme(r) == "https" {
		return c.secure
	}
	return c.plain
}

// of is the secret that a request's cookie has; "" for none, or for
// several that differ.
func (c cookies) of(r *http.Request) string {
	lines := r.Header["Cookie"]
	if len(lines) == 0 {
		return ""
	}
	found, name := "", c.name(r)
	for _, line := range lines {
		for pair := range strings.SplitSeq(line, ";") {
			key, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			if key != name {
				continue
			}
			if len(value) != secretLength || found != "" && value != found {
				return ""
			}
			found = value
		}
	}
	return found
}

// with is the cookie with a value. A lifetime of 0 lasts until the browser ends.
func (c cookies) with(r *http.Request, value string, lifetime time.Duration) *http.Cookie {
	return &http.Cookie{
		Name: c.name(r), Value: value, Path: "/", MaxAge: int(lifetime / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: listen.Scheme(r) == "https",
	}
}

// none takes the cookie away.
func (c cookies) none(r *http.Request) *http.Cookie {
	taken := c.with(r, "", 0)
	taken.MaxAge = -1
	return taken
}
