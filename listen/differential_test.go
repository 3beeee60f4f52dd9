// The lane against net/http, with a handler and a lane that answer alike: where one
// request ends and the next begins, and which of the two answers first.
//
//	go test ./listen -run Differential -v
//	DIFFERENTIAL=100000000 DIFFERENTIAL_SEED=7 go test ./listen -run 'Differential$' -v -timeout 0

package listen_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/listen/listentest"
)

// keptBody is the body at a path: small, or larger than the buffer of net/http.
func keptBody(path string) (body string, ok bool) {
	switch path {
	case "/", "/a", "/b/":
		return "kept at " + path, true
	case "/long":
		return strings.Repeat("0123456789abcdef", 600), true
	case "/empty":
		return "", true
	}
	return "", false
}

// alike answers as the lane beside it does, and has handlers of every kind that
// matters to a connection.
func alike(w http.ResponseWriter, r *http.Request) {
	if body, ok := keptBody(r.URL.Path); ok && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		w.Header().Set("X-Asked", fmt.Sprintf("%q %q %q", r.Header.Get("Accept-Encoding"), r.Header.Get("If-None-Match"), r.Header.Get("Cookie")))
		_, _ = io.WriteString(w, body)
		return
	}
	switch r.URL.Path {
	case "/late": // what is pipelined comes while it works
		for range 20 {
			runtime.Gosched()
		}
		fmt.Fprint(w, "late")
	case "/parts":
		for i := range 3 {
			fmt.Fprint(w, "part ", i)
			_ = http.NewResponseController(w).Flush()
		}
	case "/unread":
		fmt.Fprint(w, "unread ", r.ContentLength)
	case "/close":
		w.Header().Set("Connection", "close")
		fmt.Fprint(w, "the last one")
	case "/abort":
		panic(http.ErrAbortHandler)
	case "/early":
		w.WriteHeader(http.StatusEarlyHints)
		fmt.Fprint(w, "early")
	case "/take":
		conn, both, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		_ = conn.SetReadDeadline(time.Now().Add(time.Hour)) // by which the test knows that it waits
		b, _ := io.ReadAll(io.LimitReader(both, 40))
		fmt.Fprintf(listen.Taken(conn), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\ntaken %x", b)
	default:
		b, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %q %d %x %v", r.Method, r.URL.Path, r.Host, len(b), b, err != nil)
	}
}

// rivals are a server with a lane and one without, over that handler.
func rivals() *listentest.Rivals {
	server := func(lane listen.Lane) *listen.Server {
		return &listen.Server{Handler: http.HandlerFunc(alike), Lane: lane, MaxBodyBytes: 4000, MaxHeaderBytes: 8 << 10, Log: slog.New(slog.DiscardHandler)}
	}
	kept := []string{"/", "/a", "/a", "/b/", "/long", "/empty"}
	return &listentest.Rivals{
		Grammar: listentest.Grammar{
			Targets: append(kept, "/late", "/late", "/parts", "/unread", "/close", "/abort", "/early", "/take", "/echo/x", "/a?b=c", "/%61", "//a", "/a/../b/", "*", "/nowhere"),
			Kept:    kept,
			Tags:    []string{`"a"`},
		},
		With: server(func(q *listen.Simple) (head, text []byte, ok bool) {
			body, ok := keptBody(string(q.Path))
			if !ok {
				return nil, nil, false
			}
			head = fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nContent-Type: text/plain\r\nX-Asked: %q %q %q\r\n", len(body), q.AcceptEncoding, q.IfNoneMatch, q.Cookie)
			if q.Head {
				return head, nil, true
			}
			return head, []byte(body), true
		}),
		Without: server(nil),
	}
}

// A client cannot tell whether a server has a lane.
func TestDifferential(t *testing.T) {
	v := rivals()
	v.Start(t)
	seed, executions := listentest.Executions(5000)
	listentest.Hold(t, seed, executions, v)
}

// The same over TLS.
func TestDifferentialTLS(t *testing.T) {
	v := rivals()
	v.StartTLS(t)
	seed, executions := listentest.Executions(400)
	listentest.Hold(t, seed, executions, v)
}

// The same where the network decides in what pieces requests come.
func TestDifferentialTCP(t *testing.T) {
	v := rivals()
	v.StartTCP(t)
	seed, _ := listentest.Executions(0)
	listentest.Hold(t, seed, 200, v)
}

// A fault is a change of the lane's source.
type fault struct{ file, from, to string }

// What is wrong in the lane is found: each fault is built into a copy of its
// source, with which TestDifferential fails.
func TestDifferentialFinds(t *testing.T) {
	for name, faults := range map[string][]fault{
		"Content-Length is taken as harmless": {
			{"simple.go", `case "content-length", `, `case "x-odd", `},
			{"simple.go", `case "x-amzn-trace-id":`, `case "x-amzn-trace-id", "content-length":`},
		},
		"Content-Length is overlooked, and that net/http reads a body": {
			{"simple.go", `case "content-length", `, `case `},
			{"lane.go", "		l.at = passing // a request has not ended where it seemed to\n		return l.pass(p)\n", ""},
		},
		"Content-Length is judged by its first digit, and that net/http reads a body is overlooked": {
			{"simple.go", "if !ok || f == fieldOdd {", "if !ok || f == fieldOdd && !bytes.HasPrefix(value, []byte(\"0\")) {"},
			{"simple.go", "if f == fieldOther {", "if f == fieldOther || f == fieldOdd {"},
			{"lane.go", "		l.at = passing // a request has not ended where it seemed to\n		return l.pass(p)\n", ""},
		},
		"Transfer-Encoding is overlooked": {
			{"simple.go", `"transfer-encoding", `, ``},
			{"simple.go", `case "via":`, `case "via", "transfer-encoding":`},
		},
		"LF alone ends a line, and what stands before it is cut off": {
			{"simple.go", "if i == 0 || b[i-1] != '\\r' {", "if i == 0 {"},
		},
		"a byte of what is pipelined is lost": {
			{"lane.go", "used += length\n", "used += length\n					if used < len(b) {\n						used++\n					}\n"},
		},
		"a byte behind a request of net/http's is lost": {
			{"lane.go", "l.rest = b[from:end]\n", "l.rest = b[from:end]\n	if to < end {\n		l.rest = append(b[from:to:to], b[to+1:end]...)\n	}\n"},
		},
		"a second Host is overlooked": {
			{"simple.go", "if seen&(1<<f) != 0 {", "if seen&(1<<f) != 0 && f != fieldHost {"},
		},
		"Host is not asked for": {
			{"simple.go", "if seen&(1<<fieldHost) == 0 {", "if false {"},
		},
		"Connection: close is taken for keep-alive": {
			{"simple.go", `if !bytes.EqualFold(value, []byte("keep-alive")) {`, `if !bytes.EqualFold(value, []byte("keep-alive")) && !bytes.EqualFold(value, []byte("close")) {`},
		},
		"HEAD has a body": {
			{"simple.go", "else if target, q.Head = bytes.CutPrefix(target, []byte(\"HEAD \")); !q.Head {", "else if target, get = bytes.CutPrefix(target, []byte(\"HEAD \")); !get {"},
		},
		"a space before the colon is overlooked": {
			{"simple.go", "name, value := text[:colon], text[colon+1:]", "name, value := bytes.TrimRight(text[:colon], \" \"), text[colon+1:]"},
		},
		"HTTP/1.0 is taken for HTTP/1.1": {
			{"simple.go", "target, ok := bytes.CutSuffix(text, []byte(\" HTTP/1.1\"))\n", "target, ok := bytes.CutSuffix(text, []byte(\" HTTP/1.1\"))\n	if !ok {\n		target, ok = bytes.CutSuffix(text, []byte(\" HTTP/1.0\"))\n	}\n"},
		},
		"it answers before net/http is done": {
			{"lane.go", "func (l *lane) watch(p []byte) (int, error) {\n", `func (l *lane) watch(p []byte) (int, error) {
	if n, v := l.asked.read(l.rest); v == simple {
		if head, body, ok := l.answer(&l.asked); ok && l.respond(head, body, time.Now()) == nil {
			l.rest = l.rest[n:]
		}
	}
`},
		},
		"the byte that net/http reads meanwhile is lost": {
			{"lane.go", "		l.rest = []byte{p[0]}\n", "		l.rest = nil\n"},
		},
		"a connection that was taken is read on": {
			{"lane.go", "	case state == http.StateHijacked:\n		l.at, l.due = passing, 0\n", "	case state == http.StateHijacked:\n		l.at, l.due, l.rest = passing, 0, nil\n"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := with(t, faults)
			if err == nil {
				t.Errorf("it is not found:\n%s", out)
			} else if !bytes.Contains(out, []byte("execution ")) {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// with runs TestDifferential with faults.
func with(t *testing.T, faults []fault) (out []byte, err error) {
	t.Helper()
	dir, here := t.TempDir(), ""
	if here, err = os.Getwd(); err != nil {
		t.Fatal(err)
	}
	texts, replace := map[string]string{}, map[string]string{}
	for _, f := range faults {
		if texts[f.file] == "" {
			b, err := os.ReadFile(f.file)
			if err != nil {
				t.Fatal(err)
			}
			texts[f.file] = string(b)
		}
		if strings.Count(texts[f.file], f.from) != 1 {
			t.Fatalf("%s does not hold %q once", f.file, f.from)
		}
		texts[f.file] = strings.Replace(texts[f.file], f.from, f.to, 1)
		at := filepath.Join(dir, f.file)
		if err := os.WriteFile(at, []byte(texts[f.file]), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(here, f.file)] = at
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-vet=off", "-ldflags=-s -w", "-overlay", file, "-run", "^TestDifferential$", "-timeout", "5m", ".")
	c.Env = append(os.Environ(), "DIFFERENTIAL=50000", "DIFFERENTIAL_SEED=1")
	return c.CombinedOutput()
}
