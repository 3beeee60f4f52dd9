// Tests of trusted proxies: what they say is taken, what others say is not.

package listen_test

import (
	"cmp"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/listen"
)

// seen is how a handler behind proxies sees a request.
type seen struct{ client, scheme, id, remote string }

// through sends a request over a socket and says how it is seen.
func through(t *testing.T, proxies string, header http.Header) seen {
	t.Helper()
	trusted, err := listen.ParseProxies(proxies)
	if err != nil {
		t.Fatal(err)
	}
	var got seen
	url, stop := run(t, &listen.Server{TrustedProxies: trusted, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = seen{listen.Client(r).String(), listen.Scheme(r), listen.RequestID(r), r.RemoteAddr}
	})})
	r, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	res, err := client(t, "http/1.1").Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	if err := stop(); err != nil {
		t.Error(err)
	}
	return got
}

func TestTrustedProxies(t *testing.T) {
	const near = "127.0.0.1" // where the tests' own connections come from
	for _, c := range []struct {
		name    string
		proxies string
		header  []string // name, value, ...
		client  string   // default: near
		scheme  string   // default: http
	}{
		{"nothing said", near, nil, "", ""},
		{"no trust", "", []string{"X-Forwarded-For", "1.2.3.4", "X-Forwarded-Proto", "https", "Forwarded", "for=1.2.3.4;proto=https"}, "", ""},
		{"others trusted", "10.0.0.0/8", []string{"X-Forwarded-For", "1.2.3.4", "X-Forwarded-Proto", "https"}, "", ""},
		{"one hop", near, []string{"X-Forwarded-For", "1.2.3.4", "X-Forwarded-Proto", "https"}, "1.2.3.4", "https"},
		{"spoofed chain", near, []string{"X-Forwarded-For", "6.6.6.6, 127.0.0.1, 1.2.3.4"}, "1.2.3.4", ""},
		{"two hops", near + ",10.0.0.0/8", []string{"X-Forwarded-For", "6.6.6.6, 1.2.3.4, 10.1.2.3"}, "1.2.3.4", ""},
		{"several lines", near + ",10.0.0.0/8", []string{"X-Forwarded-For", "6.6.6.6", "X-Forwarded-For", "1.2.3.4", "X-Forwarded-For", "10.1.2.3"}, "1.2.3.4", ""},
		{"only proxies", near + ",10.0.0.0/8", []string{"X-Forwarded-For", "10.1.1.1, 10.1.2.3"}, "10.1.1.1", ""},
		{"IPv6", near, []string{"X-Forwarded-For", "2001:db8::1"}, "2001:db8::1", ""},
		{"IPv6 in brackets", near, []string{"X-Forwarded-For", "[2001:db8::1]"}, "2001:db8::1", ""},
		{"IPv6 with a port", near, []string{"X-Forwarded-For", "[2001:db8::1]:4711"}, "2001:db8::1", ""},
		{"IPv4 with a port", near, []string{"X-Forwarded-For", "1.2.3.4:4711"}, "1.2.3.4", ""},
		{"IPv4 within IPv6", near, []string{"X-Forwarded-For", "::ffff:1.2.3.4"}, "1.2.3.4", ""},
		{"trusted within IPv6", near + ",::ffff:10.0.0.0/104", []string{"X-Forwarded-For", "1.2.3.4, 10.9.9.9"}, "1.2.3.4", ""},
		{"malformed at the end", near, []string{"X-Forwarded-For", "1.2.3.4, evil"}, "", ""},
		{"malformed beyond a proxy", near + ",10.0.0.0/8", []string{"X-Forwarded-For", "1.2.3.4, evil, 10.1.2.3"}, "10.1.2.3", ""},
		{"empty", near, []string{"X-Forwarded-For", ""}, "", ""},
		{"commas alone", near, []string{"X-Forwarded-For", ",,,"}, "", ""},
		{"a zone", near, []string{"X-Forwarded-For", "fe80::1%eth0"}, "", ""},
		{"unknown", near, []string{"X-Forwarded-For", "unknown"}, "", ""},
		{"scheme of each hop", near + ",10.0.0.0/8", []string{"X-Forwarded-For", "1.2.3.4, 10.1.2.3", "X-Forwarded-Proto", "https, http"}, "1.2.3.4", "https"},
		{"spoofed scheme", near, []string{"X-Forwarded-For", "1.2.3.4", "X-Forwarded-Proto", "https, http"}, "1.2.3.4", "http"},
		{"scheme alone", near, []string{"X-Forwarded-Proto", "HTTPS"}, "", "https"},
		{"no scheme at all", near, []string{"X-Forwarded-For", "1.2.3.4", "X-Forwarded-Proto", "gopher"}, "1.2.3.4", ""},
		{"Forwarded", near, []string{"Forwarded", "for=1.2.3.4;proto=https;by=10.0.0.1"}, "1.2.3.4", "https"},
		{"Forwarded, IPv6", near, []string{"Forwarded", `For="[2001:db8:cafe::17]:4711"; Proto="https"`}, "2001:db8:cafe::17", "https"},
		{"Forwarded, two hops", near + ",10.0.0.0/8", []string{"Forwarded", "for=6.6.6.6;proto=http, for=1.2.3.4;proto=https, for=10.1.2.3;proto=http"}, "1.2.3.4", "https"},
		{"Forwarded, several lines", near, []string{"Forwarded", "for=6.6.6.6", "Forwarded", "for=1.2.3.4"}, "1.2.3.4", ""},
		{"Forwarded, an open quote", near, []string{"Forwarded", `for="6.6.6.6, for=1.2.3.4;proto=https`}, "1.2.3.4", "https"},
		{"Forwarded, obfuscated", near, []string{"Forwarded", "for=_hidden;proto=https"}, "", ""},
		{"Forwarded, no address", near, []string{"Forwarded", "proto=https"}, "", ""},
		{"both agree", near, []string{"Forwarded", "for=1.2.3.4;proto=https", "X-Forwarded-For", "1.2.3.4", "X-Forwarded-Proto", "https"}, "1.2.3.4", "https"},
		{"both differ", near, []string{"Forwarded", "for=6.6.6.6;proto=https", "X-Forwarded-For", "1.2.3.4"}, "", ""},
		{"both differ in the scheme", near, []string{"Forwarded", "for=1.2.3.4;proto=https", "X-Forwarded-For", "1.2.3.4", "X-Forwarded-Proto", "http"}, "1.2.3.4", ""},
		{"the other scheme is spoofed", near, []string{"Forwarded", "for=1.2.3.4;proto=http", "X-Forwarded-Proto", "https"}, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			header := http.Header{}
			for i := 0; i < len(c.header); i += 2 {
				header.Add(c.header[i], c.header[i+1])
			}
			got := through(t, c.proxies, header)
			if want := cmp.Or(c.client, near); got.client != want {
				t.Errorf("the client is %s, want %s", got.client, want)
			}
			if want := cmp.Or(c.scheme, "http"); got.scheme != want {
				t.Errorf("the scheme is %s, want %s", got.scheme, want)
			}
			if _, err := netip.ParseAddrPort(got.remote); err != nil {
				t.Errorf("RemoteAddr: %v", err)
			}
		})
	}
}

func TestRequestIDs(t *testing.T) {
	for id, taken := range map[string]bool{
		"4bf92f3577b34da6a3ce929d0e0e4736": true, "Root=1-67891233-abcdef012345678912345678": true, "a:b/c+d==_.-": true,
		strings.Repeat("a", 128): true, strings.Repeat("a", 129): false, "a b": false, `a"b`: false, "ä": false,
	} {
		if got := through(t, "127.0.0.1", http.Header{"X-Request-Id": {id}}).id; (got == id) != taken {
			t.Errorf("%q: the request is called %q", id, got)
		}
		if got := through(t, "10.0.0.0/8", http.Header{"X-Request-Id": {id}}).id; got == id {
			t.Errorf("%q is taken from anyone", id)
		}
	}
}

func TestParseProxies(t *testing.T) {
	for list, want := range map[string]string{
		"": "", " , ": "", "10.0.0.0/8": "10.0.0.0/8", "10.1.2.3/8,::1": "10.0.0.0/8 ::1/128", "::ffff:10.0.0.1": "10.0.0.1/32",
		"::ffff:10.0.0.0/104": "10.0.0.0/8", "10.0.0.0/33": "error", "proxy": "error", "10.0.0.0/8 11.0.0.0/8": "error", "fe80::1%eth0": "error",
	} {
		proxies, err := listen.ParseProxies(list)
		var parts []string
		for _, p := range proxies {
			parts = append(parts, p.String())
		}
		got := strings.Join(parts, " ")
		if err != nil {
			got = "error"
			if !strings.Contains(err.Error(), "write networks as 10.0.0.0/8") {
				t.Errorf("%q: %v", list, err)
			}
		}
		if got != want {
			t.Errorf("%q: %s, want %s", list, got, want)
		}
	}
}

// Whatever a visitor writes, a trusted proxy appends the visitor's address,
// and that address it is.
func FuzzSpoofing(f *testing.F) {
	f.Add("6.6.6.6", "for=6.6.6.6", "https")
	f.Add(`", 127.0.0.1`, `for="`, ",")
	f.Add(",127.0.0.1,", `for=127.0.0.1;proto=https,;,=";"`, "http,https")
	trusted, err := listen.ParseProxies("127.0.0.0/8")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, xff, forwarded, proto string) {
		for _, header := range []http.Header{
			{"X-Forwarded-For": {xff + ", 1.2.3.4"}, "X-Forwarded-Proto": {"http"}},
			{"X-Forwarded-For": {xff, "1.2.3.4:99"}, "X-Forwarded-Proto": {proto + ",http"}},
			{"Forwarded": {forwarded + ", for=1.2.3.4;proto=http"}},
			{"Forwarded": {forwarded, `for="1.2.3.4:99";proto="http"`}},
			// The visitor writes the header that the proxy does not know.
			{"X-Forwarded-For": {"1.2.3.4"}, "X-Forwarded-Proto": {"http"}, "Forwarded": {forwarded}},
			{"Forwarded": {"for=1.2.3.4;proto=http"}, "X-Forwarded-For": {xff}, "X-Forwarded-Proto": {proto}},
		} {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr, r.Header = "127.0.0.1:1", header
			var got seen
			listen.Behind(trusted, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				got = seen{client: listen.Client(r).String(), scheme: listen.Scheme(r)}
			})).ServeHTTP(nil, r)
			unknown := len(header) > 1 && header["Forwarded"] != nil && got.client == "127.0.0.1"
			if got.client != "1.2.3.4" && !unknown || got.scheme != "http" {
				t.Errorf("%q: %+v", header, got)
			}
		}
	})
}
