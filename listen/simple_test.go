// Tests of how plain requests are read, against net/http.

package listen_test

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/listen"
)

func TestSimple(t *testing.T) {
	const begin, host, end = "GET /a HTTP/1.1\r\n", "Host: a.example\r\n", "\r\n"
	for text, want := range map[string]int{
		begin + host + end:                  listen.SimpleOne,
		"HEAD /a HTTP/1.1\r\n" + host + end: listen.SimpleOne,
		begin + "hOST:a.example:80\r\nConnection: Keep-Alive\r\nCookie: a=b\r\nCache-Control: max-age=0\r\n" + end: listen.SimpleOne,
		begin + host + "If-None-Match: \"x\"\r\nIf-Modified-Since: Mon, 02 Jan 2006 15:04:05 GMT\r\n" + end:        listen.SimpleOne,

		begin + host + "If-Modified-Since: Mon, 02 Jan 2006 15:04:05 GMT\r\n" + end: listen.PlainOne,
		begin + host + "Cache-Control: no-cache\r\n" + end:                          listen.PlainOne,
		begin + host + "Pragma: no-cache\r\n" + end:                                 listen.PlainOne,
		begin + host + "Range: bytes=0-1\r\n" + end:                                 listen.PlainOne,
		begin + host + "Authorization: Basic x\r\n" + end:                           listen.PlainOne,
		begin + host + "Gorgon-Token: 7\r\n" + end:                                  listen.PlainOne,
		begin + host + "If-Match: *\r\n" + end:                                      listen.PlainOne,
		begin + host + strings.Repeat("x", 100) + ": y\r\n" + end:                   listen.PlainOne,
		"GET /a?b HTTP/1.1\r\n" + host + end:                                        listen.PlainOne,
		"GET /%61 HTTP/1.1\r\n" + host + end:                                        listen.PlainOne,

		"GET /a%7 HTTP/1.1\r\n" + host + end:                    listen.Odd,
		"GET /%zz HTTP/1.1\r\n" + host + end:                    listen.Odd,
		"POST /a HTTP/1.1\r\n" + host + end:                     listen.Odd,
		"GET /a HTTP/1.0\r\n" + host + end:                      listen.Odd,
		"GET  /a HTTP/1.1\r\n" + host + end:                     listen.Odd,
		"GET /a  HTTP/1.1\r\n" + host + end:                     listen.Odd,
		"GET /a b HTTP/1.1\r\n" + host + end:                    listen.Odd,
		"get /a HTTP/1.1\r\n" + host + end:                      listen.Odd,
		"GET a HTTP/1.1\r\n" + host + end:                       listen.Odd,
		"GET http://a.example/a HTTP/1.1\r\n" + host + end:      listen.Odd,
		"GET /\u00e4 HTTP/1.1\r\n" + host + end:                 listen.Odd,
		"GET /a HTTP/1.1\n" + host + end:                        listen.Odd,
		"\r\n" + begin + host + end:                             listen.Odd,
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n":                      listen.Odd,
		begin + end:                                             listen.Odd,
		begin + host + host + end:                               listen.Odd,
		begin + "Host:\r\n" + end:                               listen.Odd,
		begin + "Host: a/b\r\n" + end:                           listen.Odd,
		begin + "Host: a.example\n" + end:                       listen.Odd,
		begin + host + "\n":                                     listen.Odd,
		begin + host + "Content-Length: 0\r\n" + end:            listen.Odd,
		begin + host + "content-length: 0\r\n" + end:            listen.Odd,
		begin + host + "Content-Length : 5\r\n" + end:           listen.Odd,
		begin + host + "Transfer-Encoding: chunked\r\n" + end:   listen.Odd,
		begin + host + "Transfer-Encoding\t: chunked\r\n" + end: listen.Odd,
		begin + host + "A: b\r\n Content-Length: 5\r\n" + end:   listen.Odd,
		begin + host + "A: b\rContent-Length: 5\r\n" + end:      listen.Odd,
		begin + host + "A: \x00\r\n" + end:                      listen.Odd,
		begin + host + "A: b\tc\r\n" + end:                      listen.Odd,
		begin + host + ": b\r\n" + end:                          listen.Odd,
		begin + host + "A\r\n" + end:                            listen.Odd,
		begin + host + "Upgrade: websocket\r\n" + end:           listen.Odd,
		begin + host + "Expect: 100-continue\r\n" + end:         listen.Odd,
		begin + host + "Trailer: a\r\n" + end:                   listen.Odd,
		begin + host + "Connection: close\r\n" + end:            listen.Odd,
		begin + host + "Connection: keep-alive, a\r\n" + end:    listen.Odd,
		begin + host + "Accept: a\r\naccept: b\r\n" + end:       listen.Odd,
	} {
		var q listen.Simple
		length, got := q.Read([]byte(text + "GET"))
		if got != want || got >= listen.PlainOne && length != len(text) {
			t.Errorf("%q: %d of %d bytes are %d, want %d", text, length, len(text), got, want)
		}
		if want == listen.Odd {
			continue
		}
		for n := range text {
			if _, got := q.Read([]byte(text[:n])); got != listen.Unclear {
				t.Errorf("%q is %d", text[:n], got)
			}
		}
	}
}

func TestPrintable(t *testing.T) {
	for c := range 256 {
		for at := range 17 {
			b := []byte("aaaaaaaaaaaaaaaaa")
			b[at] = byte(c)
			if got := listen.Printable(b); got != (c >= ' ' && c < 0x7f) {
				t.Fatalf("%q: %v", b, got)
			}
		}
	}
}

// What the lane takes for a whole request, net/http takes for the same one, with
// the same end and without a body.
func FuzzSimple(f *testing.F) {
	for _, text := range []string{
		"GET /a HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD /a?b=%20 HTTP/1.1\r\nHost: [::1]:80\r\nAccept-Encoding: gzip, br;q=0.5 \r\nX: y\r\n\r\nGET",
		"GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "GET /a HTTP/1.1\r\nHost: a\r\nA: b\r\n c\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"GET //a/../b HTTP/1.1\r\nHost: a:b:c\r\nCookie: a=b; c\r\nIf-None-Match: W/\"x\"\r\n\r\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var q listen.Simple
		length, verdict := q.Read(b)
		if verdict < listen.PlainOne {
			return
		}
		in := bufio.NewReader(bytes.NewReader(b))
		r, err := http.ReadRequest(in)
		if err != nil {
			// Such a URL is refused by net/http: 400, and the connection ends.
			if verdict == listen.SimpleOne {
				t.Fatalf("%q is simple, and net/http says: %v", b, err)
			}
			return
		}
		if left := in.Buffered(); len(b) <= 4096 && len(b)-left != length {
			t.Fatalf("%q ends after %d bytes, and for net/http after %d", b, length, len(b)-left)
		}
		if r.ContentLength != 0 || len(r.TransferEncoding) > 0 || r.Close || r.ProtoMajor != 1 || r.ProtoMinor != 1 || r.Method != "GET" && r.Method != "HEAD" || r.Host == "" {
			t.Fatalf("%q is %+v", b, r)
		}
		if verdict == listen.SimpleOne && (r.URL.Path != string(q.Path) || r.URL.RawQuery != "" || r.URL.Host != "" || (r.Method == "HEAD") != q.Head ||
			r.Header.Get("Accept-Encoding") != string(q.AcceptEncoding) || r.Header.Get("If-None-Match") != string(q.IfNoneMatch) || r.Header.Get("Cookie") != string(q.Cookie)) {
			t.Fatalf("%q is %+v, and for net/http %+v", b, q, r)
		}
	})
}
