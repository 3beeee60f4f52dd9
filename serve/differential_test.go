// The lane against net/http: the same bytes to a server with the lane and to one
// without it must have the same answers.
//
//	go test ./serve -run Differential -v
//	DIFFERENTIAL=100000000 DIFFERENTIAL_SEED=7 go test ./serve -run Differential -v -timeout 0

package serve_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/serve"
)

// usualExecutions is how many conversations are held without DIFFERENTIAL.
const usualExecutions = 1000

// A rival pair is two servers over one handler, one of them with a lane.
type rivals struct {
	with, without string // addresses
	tags          []string
	quick         *atomic.Int64 // answers of the lane
}

// pairOf starts two servers; twist may change the lane.
func pairOf(t *testing.T, app gorgon.App, change func(*serve.Config, *cache.Config), warm []string, twist func(listen.Lane) listen.Lane) *rivals {
	t.Helper()
	s := build(t, app, change)
	r := &rivals{quick: new(atomic.Int64)}
	for _, path := range warm {
		s.get(t, path)
		for _, encoding := range []string{"", "gzip", "br", "zstd"} {
			if tag := s.get(t, path, "Accept-Encoding", encoding).Header.Get("Etag"); tag != "" {
				r.tags = append(r.tags, tag)
			}
		}
	}
	lane := s.Lane()
	if lane == nil {
		t.Fatal("the app has no lane")
	}
	if twist != nil {
		lane = twist(lane)
	}
	counted := func(q *listen.Simple) (head, body []byte, ok bool) {
		if head, body, ok = lane(q); ok {
			r.quick.Add(1)
		}
		return head, body, ok
	}
	for lane, at := range map[bool]*string{true: &r.with, false: &r.without} {
		server := &listen.Server{Handler: s, MaxBodyBytes: 4000, MaxHeaderBytes: 8 << 10}
		if lane {
			server.Lane = counted
		}
		url, stop := run(t, server)
		*at = strings.TrimPrefix(url, "http://")
		t.Cleanup(func() { _ = stop() })
	}
	return r
}

// plainApp has every kind of thing that answers, and no middleware.
func plainApp() gorgon.App {
	part := gorgon.Fragment[struct{}, state]{Name: "part", View: view, Load: func(_ context.Context, in gorgon.Input, _ struct{}) (state, error) {
		return state{"part"}, nil
	}}
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %d %x %v", r.Method, r.URL.Path, len(b), b, err != nil)
	})
	return gorgon.App{
		Parts: []gorgon.Part{
			part, page("/"), page("/a"), page("/b/"), page("/both"),
			gorgon.Page[state]{Path: "/n/{id}", Incremental: true, Load: where, View: view},
			gorgon.Page[state]{Path: "/m/{id}", Incremental: true, Load: where, View: view},
			gorgon.Page[state]{Path: "/long", Load: long, View: view},
			gorgon.Page[state]{Path: "/parts", Load: where, View: func(state) gorgon.Component { return part.Use(struct{}{}) }},
			gorgon.Page[state]{Path: "/each", View: view, LoadRequest: func(context.Context, gorgon.Input, *http.Request) (state, error) { return state{"each"}, nil }},
			gorgon.Page[state]{Path: "/guarded", Load: where, View: view, Guards: []func(http.Handler) http.Handler{cookieGuard}},
			gorgon.Page[state]{Path: "/private", Load: where, View: view, Headers: func(state) http.Header { return http.Header{"Cache-Control": {"no-store"}} }},
			gorgon.Page[state]{Path: "/aged", Load: where, View: view, RevalidateAfter: time.Hour},
			gorgon.Page[state]{Path: "/text", Load: where, View: view, Headers: func(state) http.Header { return http.Header{"Content-Type": {"text/plain"}, "Vary": {"Accept"}} }},
			gorgon.Handler{Pattern: "/echo/", Handler: echo},
			gorgon.Handler{Pattern: "POST /both", Handler: echo},
			gorgon.Handler{Pattern: "GET /n/5", Handler: echo},
		},
	}
}

func cookieGuard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("in"); err != nil {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// spokenApp has languages and a base path.
func spokenApp() gorgon.App {
	a := plainApp()
	a.Locales = gorgon.Locales{Tags: []string{"en", "de"}, Detect: true}
	a.Origin = "https://a.example"
	a.Headers = http.Header{"X-Frame-Options": {"DENY"}}
	return a
}

var targets = []string{
	"/", "/a", "/a", "/a", "/b/", "/b", "/n/1", "/n/5", "/m/1", "/m/2", "/both", "/long", "/parts", "/each", "/guarded", "/private", "/aged", "/text", "/nowhere", "/echo/x", "/livez",
	"/a?b=c", "/%61", "//a", "/a/../b/", "/./a", "/a/", "/_gorgon/page/a.json", "/_gorgon/purge", "/docs/a", "/docs/", "/docs", "/docs/de/a", "/docs/en/a", "/docs/de/", "/docs/n/5", "/docs/parts", "/docs/livez",
}

// keptTargets are those of pages that are in memory.
var keptTargets = []string{
	"/", "/a", "/b/", "/m/1", "/both", "/long", "/parts", "/aged", "/text", "/private",
	"/docs/a", "/docs/de/a", "/docs/de/", "/docs/", "/docs/parts", "/docs/de/long", "/docs/aged", "/docs/text", "/docs/de/b/",
}

// A conversation is what a client sends, in pieces.
type conversation struct {
	pieces []piece
}

type piece struct {
	data []byte
	wait bool          // for the answer of the request that this ends
	head bool          // that is to HEAD
	rest time.Duration // before the next piece
}

func (c conversation) String() string {
	var b strings.Builder
	for _, p := range c.pieces {
		fmt.Fprintf(&b, "\n\t%q wait=%v", p.data, p.wait)
	}
	return b.String()
}

// pick is one of a list.
func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// smuggled are headers and bodies about whose end two readers may differ.
var smuggled = []string{
	"Content-Length: 5\r\n\r\nabcde", "Content-Length: 0\r\n\r\n", "Content-Length: 38\r\n\r\nGET /a HTTP/1.1\r\nHost: b\r\nX: y\r\n\r\n1234",
	"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n1\r\na\r\n0\r\n\r\n",
	"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /a HTTP/1.1\r\nHost: b\r\n\r\n",
	"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", "Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
	"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", "X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "X: y\n Content-Length: 3\n\nabc",
	"X: y\nContent-Length: 3\r\n\r\nabc", "X: y\rContent-Length: 3\r\n\r\nabc", "Content-Length: 5, 5\r\n\r\nabcde", "Content-Length: +5\r\n\r\nabcde",
	"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", "Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde", "Content-Length : 5\r\n\r\nabcde", "content-length: 3\r\n\r\nabc",
	"Content-Length: 0x3\r\n\r\nabc", "Content-Length:\r\n\r\n", "Content_Length: 3\r\n\r\nGET", "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
	"Expect: something\r\n\r\n", "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n",
	"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "Trailer: X\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n", "Connection: close\r\n\r\n",
	"Connection: keep-alive, close\r\n\r\n", "Connection: Content-Length\r\nContent-Length: 3\r\n\r\nabc", "Host: b\r\n\r\n", "Host : b\r\n\r\n", ": b\r\n\r\n", "X\r\n\r\n", "\r\n\r\n",
	"X: \x00\r\n\r\n", "X: \x7f\r\n\r\n", "X: \xff\r\n\r\n", "X: a\tb\r\n\r\n", "X\x00: a\r\n\r\n", "Cookie: a\r\nCookie: gorgon-token=99999\r\n\r\n", "\x00\r\n\r\n", "X: y\n\n", "\n", "X: y\r\n\n",
	"Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n", "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n\r\n",
}

// begins are lines that requests begin with.
var begins = []string{
	"POST /a HTTP/1.1", "POST /both HTTP/1.1", "POST /echo/x HTTP/1.1", "PUT /a HTTP/1.1", "OPTIONS * HTTP/1.1", "OPTIONS /a HTTP/1.1", "GET /a HTTP/1.0", "GET /a HTTP/1.2", "GET /a HTTP/2.0", "GET /a", "GET  /a HTTP/1.1",
	"GET /a  HTTP/1.1", " GET /a HTTP/1.1", "GET /a HTTP/1.1 ", "get /a HTTP/1.1", "GET http://b.example/a HTTP/1.1", "GET a HTTP/1.1", "GET * HTTP/1.1", "CONNECT a:80 HTTP/1.1", "HEAD /a HTTP/1.1",
	"GET /a\tHTTP/1.1", "GET /a\x00 HTTP/1.1", "GET /\xe4 HTTP/1.1", "GET /a#b HTTP/1.1", "PRI * HTTP/2.0", "\r\nGET /a HTTP/1.1", "TRACE /a HTTP/1.1", "GET /a HTTP/1.1\r\nGET /b/ HTTP/1.1", "",
}

var encodings = []string{"", "gzip", "br", "zstd", "gzip, deflate, br, zstd", "gzip;q=0, br;q=0.001", "*", "*;q=0", "identity;q=0", "identity", "x-gzip", "br;q=2", ", ,gzip ;q=1.0", "GZIP", "br; q=0.5"}

// taken are lines that the lane takes.
var taken = []string{
	"Connection: keep-alive", "connection:Keep-Alive ", "User-Agent: Mozilla/5.0 (X11; Linux x86_64)", "Accept: text/html,*/*;q=0.8", "Accept-Language: de-DE,de;q=0.9,en;q=0.8", "Upgrade-Insecure-Requests: 1",
	"Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Referer: https://a.example/", "Priority: u=0, i", "Cookie: theme=dark; in=1", "Cache-Control: max-age=0",
	"X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https", "X-Real-IP: 1.2.3.4", "Forwarded: for=1.2.3.4", "Via: 1.1 x", "X-Request-ID: abc", "DNT: 1", `sec-ch-ua: "Chromium";v="142"`, "sec-ch-ua-mobile: ?0",
	"If-Modified-Since: Wed, 06 May 2026 07:08:09 GMT",
}

// passing are lines that a browser or a proxy sends.
var passing = []string{
	"Connection: keep-alive", "connection:Keep-Alive", "User-Agent: Mozilla/5.0 (X11; Linux x86_64)", "Accept: text/html,*/*;q=0.8", "Accept-Language: de-DE,de;q=0.9,en;q=0.8", "Upgrade-Insecure-Requests: 1",
	"Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Referer: https://a.example/", "Priority: u=0, i", "Cookie: theme=dark; in=1", "Cookie: gorgon-token=3", "Cookie: x=gorgon-token",
	"Cache-Control: max-age=0", "Cache-Control: no-cache", "Pragma: no-cache", "Range: bytes=0-3", "Authorization: Basic YTpi", "Gorgon-Token: 9", "Gorgon-Form: 1", "X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https",
	"X-Real-IP: 1.2.3.4", "Forwarded: for=1.2.3.4", "Via: 1.1 x", "X-Request-ID: abc", "If-Match: *", "If-Match: \"x\"", "If-Unmodified-Since: Mon, 02 Jan 2006 15:04:05 GMT", "If-Modified-Since: Thu, 02 Jan 2031 15:04:05 GMT",
	"If-Modified-Since: Wed, 06 May 2026 07:08:09 GMT", "If-Range: \"x\"", "Sec-Purpose: prefetch", "Purpose: prefetch", "Surrogate-Capability: a=\"ESI/1.0\"", "X-Anything: y", "DNT: 1", "Accept-Encoding: gzip", "Empty:", "Origin: https://b.example",
}

// request makes one that is well formed, and says whether it is to HEAD.
func (v *rivals) request(r *rand.Rand) (text string, head bool) {
	method := "GET"
	if head = r.IntN(6) == 0; head {
		method = "HEAD"
	}
	lines := []string{"Host: " + pick(r, []string{"a.example", "a.example:80", "[::1]", "127.0.0.1:8080"})}
	if e := pick(r, encodings); e != "" {
		lines = append(lines, "Accept-Encoding: "+e)
	}
	if r.IntN(3) == 0 && len(v.tags) > 0 {
		tag := pick(r, v.tags)
		lines = append(lines, "If-None-Match: "+pick(r, []string{tag, "W/" + tag, `"x", ` + tag, "*", "x" + tag, tag + "x", strings.Trim(tag, `"`), tag + ", *", ""}))
	}
	seen, simple := map[string]bool{}, r.IntN(4) > 0
	for range r.IntN(8) {
		line := pick(r, passing)
		if simple {
			line = pick(r, taken)
		}
		if name, _, _ := strings.Cut(line, ":"); !seen[strings.ToLower(name)] || r.IntN(30) == 0 {
			seen[strings.ToLower(name)] = true
			lines = append(lines, line)
		}
	}
	r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	target := pick(r, targets)
	if simple {
		target = pick(r, keptTargets)
	}
	return method + " " + target + " HTTP/1.1\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n", head
}

// odd makes one that may be anything.
func (v *rivals) odd(r *rand.Rand) []byte {
	text, _ := v.request(r)
	switch r.IntN(5) {
	case 0:
		text = text[:len(text)-2] + pick(r, smuggled)
	case 1:
		_, rest, _ := strings.Cut(text, "\r\n")
		text = pick(r, begins) + "\r\n" + rest
	case 2:
		_, rest, _ := strings.Cut(text, "\r\n")
		text = pick(r, begins) + "\r\n" + rest[:len(rest)-2] + pick(r, smuggled)
	case 3:
		text = strings.ReplaceAll(text, "\r\n", pick(r, []string{"\n", "\r", "\r\r\n", "\r\n\r\n"}))
	}
	b := []byte(text)
	for range r.IntN(3) {
		if len(b) == 0 {
			break
		}
		at, with := r.IntN(len(b)), pick(r, []byte("\r\n :\t\x00/aGH,;0\x7f\x80\""))
		switch r.IntN(3) {
		case 0:
			b[at] = with
		case 1:
			b = append(b[:at:at], append([]byte{with}, b[at:]...)...)
		default:
			b = append(b[:at], b[at+1:]...)
		}
	}
	return b
}

// conversation makes what one client sends. It ends with what has the server
// close the connection, if it still knows where a request begins.
func (v *rivals) conversation(r *rand.Rand) (c conversation) {
	lockstep := r.IntN(3) > 0
	for range 1 + r.IntN(8) {
		text, head := v.request(r)
		c.pieces = append(c.pieces, piece{data: []byte(text), wait: lockstep || r.IntN(4) == 0, head: head})
	}
	if r.IntN(2) == 0 {
		c.pieces = append(c.pieces, piece{data: v.odd(r)})
		if r.IntN(2) == 0 {
			text, _ := v.request(r)
			c.pieces = append(c.pieces, piece{data: []byte(text)})
		}
	}
	c.pieces = append(c.pieces, piece{data: []byte("GET /a HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n")})
	if r.IntN(3) == 0 {
		c.pieces = split(r, c.pieces)
	} else if !lockstep && r.IntN(2) == 0 {
		c.pieces = joined(c.pieces)
	}
	return c
}

// split cuts pieces into smaller ones.
func split(r *rand.Rand, pieces []piece) (all []piece) {
	for _, p := range pieces {
		for rest := p.data; ; {
			n := len(rest)
			if n > 1 && r.IntN(3) > 0 && len(all) < 60 {
				n = 1 + r.IntN(n-1)
			}
			cut := piece{data: rest[:n], rest: time.Duration(r.IntN(300)) * time.Microsecond}
			if rest = rest[n:]; len(rest) == 0 {
				cut.wait, cut.head = p.wait, p.head
				all = append(all, cut)
				break
			}
			all = append(all, cut)
		}
	}
	return all
}

// joined sends at once what needs not wait.
func joined(pieces []piece) (all []piece) {
	var held []byte
	for _, p := range pieces {
		if held = append(held, p.data...); p.wait {
			all, held = append(all, piece{data: held, wait: true, head: p.head}), nil
		}
	}
	return append(all, piece{data: held})
}

// An outcome is what a client sees.
type outcome struct {
	bytes  []byte // without the dates
	reset  bool   // the server has closed without reading all, and some of it may be lost
	asked  bool   // the server did not close the connection by itself
	failed error
}

var dates = regexp.MustCompile(`\r\nDate: [^\r]*\r\n`)

// hold has a conversation with a server. Where the server waits for more, it
// learns after patience that there is none.
func (c conversation) hold(addr string, patience time.Duration) (o outcome) {
	dialed, err := net.Dial("tcp", addr)
	if err != nil {
		return outcome{failed: err}
	}
	conn := dialed.(*net.TCPConn)
	defer conn.Close()
	var all bytes.Buffer
	in := bufio.NewReader(io.TeeReader(conn, &all))
	ended := func(err error) bool {
		o.reset = o.reset || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
		return err != nil
	}
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	for _, p := range c.pieces {
		if _, err := conn.Write(p.data); ended(err) {
			break
		}
		if p.rest > 0 {
			<-time.After(p.rest)
		}
		if !p.wait {
			continue
		}
		method := http.MethodGet
		if p.head {
			method = http.MethodHead
		}
		res, err := http.ReadResponse(in, &http.Request{Method: method})
		if ended(err) {
			break
		}
		if _, err := io.Copy(io.Discard, res.Body); ended(err) {
			break
		}
	}
	for {
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		_, err := io.Copy(io.Discard, in)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			ended(err)
			break
		}
		if o.asked {
			o.failed = errors.New("the server answers no end of the client's")
			break
		}
		o.asked, patience = true, 20*time.Second
		_ = conn.CloseWrite()
	}
	o.bytes = dates.ReplaceAll(all.Bytes(), []byte("\r\nDate\r\n"))
	return o
}

// differs says how two outcomes differ; "" for not at all.
func (o outcome) differs(other outcome) string {
	switch {
	case o.failed != nil || other.failed != nil:
		if o.failed != nil && other.failed != nil {
			return ""
		}
		return fmt.Sprintf("one fails: %v, %v", o.failed, other.failed)
	case o.reset || other.reset:
		n := min(len(o.bytes), len(other.bytes))
		if bytes.Equal(o.bytes[:n], other.bytes[:n]) {
			return ""
		}
	case bytes.Equal(o.bytes, other.bytes) && o.asked == other.asked:
		return ""
	}
	at := 0
	for at < min(len(o.bytes), len(other.bytes)) && o.bytes[at] == other.bytes[at] {
		at++
	}
	from := max(0, at-200)
	return fmt.Sprintf("closed by the server: %v, %v; at byte %d of %d and %d:\n\t%.500q\n\t%.500q", !o.asked, !other.asked, at, len(o.bytes), len(other.bytes), o.bytes[from:], other.bytes[from:])
}

// compare has one conversation with both, and again where they differ: a
// difference is one that is there each time.
func (v *rivals) compare(c conversation) (difference string) {
	for _, patience := range []time.Duration{100 * time.Millisecond, time.Second, 3 * time.Second} {
		var with, without outcome
		var both sync.WaitGroup
		both.Go(func() { with = c.hold(v.with, patience) })
		both.Go(func() { without = c.hold(v.without, patience) })
		both.Wait()
		if difference = with.differs(without); difference == "" {
			return ""
		}
	}
	return difference
}

func environment(name string, standard uint64) uint64 {
	if n, err := strconv.ParseUint(os.Getenv(name), 10, 64); err == nil {
		return n
	}
	return standard
}

// fight has many conversations, and returns the first difference.
func fight(pairs []*rivals, seed, executions uint64) (difference string, held uint64) {
	var next atomic.Uint64
	var found atomic.Pointer[string]
	var all sync.WaitGroup
	for range 8 * runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for found.Load() == nil {
				i := next.Add(1)
				if i > executions {
					return
				}
				r := rand.New(rand.NewPCG(seed, i))
				v := pairs[i%uint64(len(pairs))]
				c := v.conversation(r)
				if d := v.compare(c); d != "" {
					d = fmt.Sprintf("seed %d, execution %d: %s%s", seed, i, d, c)
					found.CompareAndSwap(nil, &d)
				}
			}
		})
	}
	all.Wait()
	if d := found.Load(); d != nil {
		difference = *d
	}
	return difference, min(next.Load(), executions)
}

func bothPairs(t *testing.T, twist func(listen.Lane) listen.Lane) []*rivals {
	return []*rivals{
		pairOf(t, plainApp(), nil, []string{"/", "/a", "/b/", "/n/1", "/m/1", "/both", "/long", "/parts", "/aged", "/text", "/private"}, twist),
		pairOf(t, spokenApp(), func(c *serve.Config, _ *cache.Config) { c.Base = "/docs" }, []string{"/docs/a", "/docs/de/a", "/docs/de/", "/docs/", "/docs/parts", "/docs/de/long", "/docs/aged", "/docs/text", "/docs/de/b/"}, twist),
	}
}

// A client cannot tell whether a server has a lane.
func TestDifferential(t *testing.T) {
	seed, executions := environment("DIFFERENTIAL_SEED", uint64(time.Now().UnixNano())), environment("DIFFERENTIAL", usualExecutions)
	pairs := bothPairs(t, nil)
	began := time.Now()
	difference, held := fight(pairs, seed, executions)
	if difference != "" {
		t.Error(difference)
	}
	quick := int64(0)
	for _, v := range pairs {
		quick += v.quick.Load()
	}
	t.Logf("seed %d: %d conversations, %.0f a second; %d answers of the lane", seed, held, float64(held)/time.Since(began).Seconds(), quick)
	if quick == 0 {
		t.Error("the lane has answered nothing")
	}
}

// A lane that is wrong is found.
func TestDifferentialFinds(t *testing.T) {
	for name, twist := range map[string]func(listen.Lane) listen.Lane{
		"a condition that is not heeded": func(l listen.Lane) listen.Lane {
			return func(q *listen.Simple) (head, body []byte, ok bool) {
				q.IfNoneMatch = nil
				return l(q)
			}
		},
		"a coding that is not heeded": func(l listen.Lane) listen.Lane {
			return func(q *listen.Simple) (head, body []byte, ok bool) {
				q.AcceptEncoding = nil
				return l(q)
			}
		},
		"a body for HEAD": func(l listen.Lane) listen.Lane {
			return func(q *listen.Simple) (head, body []byte, ok bool) {
				q.Head = false
				return l(q)
			}
		},
		"a header more": func(l listen.Lane) listen.Lane {
			return func(q *listen.Simple) (head, body []byte, ok bool) {
				head, body, ok = l(q)
				return append(head[:len(head):len(head)], "X-Lane: 1\r\n"...), body, ok
			}
		},
	} {
		if difference, held := fight(bothPairs(t, twist), 1, 2000); difference == "" {
			t.Errorf("%s: not found in %d conversations", name, held)
		}
	}
}
