// TLS, and the way there from the plain port.

package listen

import (
	"crypto/tls"
	"net"
	"net/http"
	"slices"
	"strings"
)

// secured is a configuration with what every server needs: TLS 1.2 at least,
// and HTTP/2.
func secured(given *tls.Config) *tls.Config {
	config := given.Clone()
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	for _, p := range []string{"http/1.1", "h2"} {
		if !slices.Contains(config.NextProtos, p) {
			config.NextProtos = slices.Insert(config.NextProtos, 0, p)
		}
	}
	return config
}

// A Redirect sends visitors of the plain port to the same URL over TLS. Hosts
// says which hosts are the site's own: a URL is never made for another, which
// the visitor may not have meant. Port is that of TLS; default: 443.
type Redirect struct {
	Hosts func(host string) bool
	Port  string
}

func (d Redirect) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	header := w.Header()
	header["Cache-Control"] = []string{"private, no-store"}
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		// What was sent was not encrypted, and may have been read on its way.
		http.Error(w, "use https", http.StatusForbidden)
	case d.Hosts == nil || !d.Hosts(host):
		http.Error(w, "this host is not served here", http.StatusMisdirectedRequest)
	default:
		if d.Port != "" && d.Port != "443" {
			host = net.JoinHostPort(host, d.Port)
		} else if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		path := r.URL.EscapedPath()
		if !strings.HasPrefix(path, "/") {
			path = "/"
		}
		if r.URL.RawQuery != "" {
			path += "?" + r.URL.RawQuery
		}
		header["Location"] = []string{"https://" + host + path}
		w.WriteHeader(http.StatusPermanentRedirect)
	}
}
