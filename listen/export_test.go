// What the tests of the package's outside need from its inside.

package listen

import (
	"net/http"
	"net/netip"
)

// Behind is how a Server lets its handler see visitors.
func Behind(trusted []netip.Prefix, next http.Handler) http.Handler {
	return proxies(trusted).behind(next)
}

// What bytes from a client are.
const (
	Unclear, Odd, PlainOne, SimpleOne = int(unclear), int(odd), int(plain), int(simple)
)

// Read reads a request as the lane does.
func (q *Simple) Read(b []byte) (length, verdict int) {
	n, v := q.read(b)
	return n, int(v)
}

// Printable is what the values of headers must be.
func Printable(b []byte) bool { return printable(b) }

// Young is how many connections have not been answered yet.
func (s *Server) Young() int64 { return s.young.Load() }
