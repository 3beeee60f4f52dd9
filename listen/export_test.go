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
