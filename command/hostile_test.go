//go:build unix

// What nonsense on a command line is answered with, and what visitors can put
// into the log.

package command_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/serve"
)

// nonsense are values that no flag can have.
var nonsense = []string{
	"", " ", "\x00", "\xff\xfe", "-1", "--", "-", "%s%d%v", "%zz", "../../../etc/passwd", "/etc/passwd\x00.png", "$(reboot)", "`id`", "; ls", "99999999999999999999", "1e309", "NaN",
	"[::1", "http://[", "\n\nERROR: all is lost", "\x1b[31mred\x1b[0m", "💥", strings.Repeat("a", 70_000), strings.Repeat("/..", 5000), strings.Repeat("é", 3000),
}

var stack = regexp.MustCompile(`goroutine \d+|panic:|runtime error|\.go:\d+|%!`)

// Each command ends with a code that is not 0 and says one clear thing.
func TestNonsenseIsRefusedClearly(t *testing.T) {
	x := newTrial(t)
	x.does("build")
	root := command.Root(x.app, command.Config{Bundler: bundle.Bundler{}, Stores: drivers})
	var lines [][]string
	for v, value := range nonsense {
		lines = append(lines, []string{value, "x"}, []string{"--" + value + "=x"}, []string{"-" + value + "x"}, []string{"help", value, value})
		for _, c := range root.Commands() {
			switch c.Name() {
			case "environment":
				continue
			case "why":
				lines = append(lines, []string{"why", "nowhere", value}, []string{"why", "/nowhere" + value})
			default:
				lines = append(lines, []string{c.Name(), value, "x"})
			}
			for f, flag := range flagsOf(c) {
				switch flag {
				case "help", "out", "dist", "bundle-cache", "seed", "host", "json", "partial", "force", "no-build", "all", "expire", "tag", "acme-directory", "acme-dir", "tls-cert", "tls-key", "acme-domains", "access-log", "lane", "require-store":
					continue // any text is right, or none is
				}
				// Here no value is right, except for nothing.
				if strings.TrimSpace(value) != "" && (c.Name() == "serve" || c.Name() == "health") && slices.Contains([]string{"addr", "base", "metrics", "role", "drain", "keep-alive", "trusted-proxies", "store", "redirect-from"}, flag) {
					lines = append(lines, []string{c.Name(), "--" + flag + "=" + value})
				}
				if strings.TrimSpace(value) != "" && c.Name() == "purge" && slices.Contains([]string{"path", "route", "fragment"}, flag) {
					lines = append(lines, []string{c.Name(), "--store=disk:s", "--" + flag + "=" + value})
				}
				// Of the others one that is wrong is told first, and what
				// would be right ends with the argument that nothing takes. Each of
				// them meets a third of the values, and each value a third of them.
				if (v+f)%3 != 0 {
					continue
				}
				lines = append(lines, []string{c.Name(), "--" + flag + "=" + value, "surplus", "surplus"})
			}
		}
	}
	for _, line := range lines {
		if line[0] == "serve" || line[0] == "" && len(line) == 1 {
			line = append(line, "surplus")
		}
		code, said := runs(t, x.app, 10*time.Second, line...)
		short := fmt.Sprintf("%.60q", line)
		switch {
		case line[0] == "help" || code == 0 && slices.Contains([]string{"-h", "--help"}, line[0]):
			if stack.MatchString(said) {
				t.Errorf("%s: %.300s", short, said)
			}
			continue
		case code == 0:
			t.Errorf("%s was done: %.300s", short, said)
		case stack.MatchString(said):
			t.Errorf("%s has a stack: %.300s", short, said)
		case len(said) > 3000:
			t.Errorf("%s says %d bytes: %.300s", short, len(said), said)
		case strings.TrimSpace(said) == "":
			t.Errorf("%s says nothing", short)
		}
		told := 0
		for l := range strings.Lines(said) {
			if strings.HasPrefix(l, "site: ") {
				told++
			}
		}
		if told != 1 {
			t.Errorf("%s says %d things: %.300s", short, told, said)
		}
		if strings.ContainsAny(said, "\x00\x1b") || strings.Contains(said, "\nERROR: all is lost") {
			t.Errorf("%s is passed on to the terminal: %.300q", short, said)
		}
	}
	t.Logf("%d command lines", len(lines))
}

// Nothing that a visitor sends is more than DEBUG in the log, except for what
// is ours to look at: then it is one line.
func TestVisitorsRaiseNoAlarm(t *testing.T) {
	x := newTrial(t)
	x.Setenv("GORGON_LOG", "text")
	x.Setenv("GORGON_LOG_LEVEL", "debug")
	x.Setenv("GORGON_PURGE_KEY", "a key")
	x.Setenv("GORGON_HEALTH_KEY", "hush")
	x.Setenv("GORGON_SECRET", "a secret")
	x.app.Parts = append(x.app.Parts, gorgon.Handler{Pattern: "GET /fails", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve.Fail(w, r, fmt.Errorf("a fault of ours")) })})
	x.app.Parts = append(x.app.Parts, gorgon.Handler{Pattern: "GET /panics", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a fault of ours") })})
	x.app.Parts = append(x.app.Parts, gorgon.Handler{Pattern: "GET /forbidden", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serve.Fail(w, r, &gorgon.Error{Kind: gorgon.KindForbidden})
	})})
	x.app.Parts = append(x.app.Parts, gorgon.Handler{Pattern: "GET /next", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve.Fail(w, r, gorgon.Redirect(r.FormValue("to"))) })})
	x.app.Parts = append(x.app.Parts, gorgon.Handler{Pattern: "GET /slow", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		serve.Fail(w, r, r.Context().Err())
	})})
	s := x.serves("--trusted-proxies", "127.0.0.1")
	addr := strings.TrimPrefix(s.url, "http://")
	raw := func(text string) {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		_, _ = io.WriteString(conn, text)
		_, _ = bufio.NewReader(conn).ReadString('\n')
	}
	get := func(path string, header ...string) func() {
		text := "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
		for i := 0; i < len(header); i += 2 {
			text += header[i] + ": " + header[i+1] + "\r\n"
		}
		return func() { raw(text + "\r\n") }
	}
	post := func(path, body string, header ...string) func() {
		text := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n", path, len(body))
		for i := 0; i < len(header); i += 2 {
			text += header[i] + ": " + header[i+1] + "\r\n"
		}
		return func() { raw(text + "\r\n" + body) }
	}
	body := `{"verb":"stale","all":true}`
	signed := http.Header{}
	serve.SignPurge(signed, []byte("a key"), "site", []byte(body))
	sign := []string{"Gorgon-Timestamp", signed.Get("Gorgon-Timestamp"), "Gorgon-Nonce", signed.Get("Gorgon-Nonce"), "Gorgon-Signature", signed.Get("Gorgon-Signature")}
	for _, event := range []struct {
		name  string
		do    func()
		level string // the highest that is logged, and once
	}{
		{"a page", get("/n/1"), ""},
		{"a path of no page", get("/nowhere"), "DEBUG"},
		{"a path that is none", get("/a%00b"), "DEBUG"},
		{"a path with dots", get("/../../etc/passwd"), "DEBUG"},
		{"a long path", get("/" + strings.Repeat("a", 4000)), "DEBUG"},
		{"an asset of no build", get("/_gorgon/assets/app.XXXXXXXX.css"), "DEBUG"},
		{"a fragment that was made up", get("/_gorgon/fragment/part/AAAA"), "DEBUG"},
		{"a payload of no page", get("/_gorgon/page/nowhere.json"), "DEBUG"},
		{"a method that is not allowed", post("/n/1", "x"), "DEBUG"},
		{"a body too large", post("/n/1", strings.Repeat("x", 100_000)), "DEBUG"},
		{"a token that was made up", get("/n/1", "Gorgon-Token", "9007199254740991"), "DEBUG"},
		{"conditions that are none", get("/n/1", "If-None-Match", "\"", "If-Modified-Since", "yesterday"), "DEBUG"},
		{"codings that are none", get("/n/1", "Accept-Encoding", ";;q=,,"), ""},
		{"a range that is none", get("/humans.txt", "Range", "bytes=9-1"), "DEBUG"},
		{"proxies that are none", get("/n/1", "X-Forwarded-For", "x, \", [::1", "Forwarded", "for=\";;", "X-Request-Id", "a b"), ""},
		{"another's key for health", get("/readyz", "Authorization", "Bearer wrong"), ""},
		{"a redirect to another site", get("/next?to=//evil.example/"), "DEBUG"},
		{"a redirect to nothing", get("/next?to=%0d%0aSet-Cookie:x"), "DEBUG"},
		{"a visitor who leaves", func() {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(conn, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
			_ = conn.Close()
			until(t, func() bool { return strings.Contains(s.log.String(), "path=/slow") }, s.log)
		}, "DEBUG"},
		{"what is forbidden", get("/forbidden"), "DEBUG"},
		{"a purge without a signature", post("/_gorgon/purge", body), "DEBUG"},
		{"a purge signed by another key", post("/_gorgon/purge", body, append(slices.Clone(sign[:4]), "Gorgon-Signature", strings.Repeat("0", 64))...), "DEBUG"},
		{"a purge of the earlier form", post("/_gorgon/purge", body, sign[0], sign[1], sign[4], sign[5]), "DEBUG"},
		{"a signed purge", post("/_gorgon/purge", body, sign...), ""},
		{"a signed purge that is replayed", post("/_gorgon/purge", body, sign...), "WARN"},
		{"no HTTP", func() { raw("\x16\x03\x01 hello\r\n\r\n") }, "DEBUG"},
		{"a header too large", get("/n/1", "X", strings.Repeat("x", 60_000)), "DEBUG"},
		{"TLS where there is none", func() {
			if conn, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true}); err == nil {
				_ = conn.Close()
			}
		}, "DEBUG"},
		{"a connection that is cut", func() {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(conn, "POST /n/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx")
			_ = conn.Close()
		}, "DEBUG"},
		{"a fault of ours", get("/fails"), "ERROR"},
	} {
		before := len(s.log.String())
		event.do()
		if event.level == "WARN" || event.level == "ERROR" { // what is to be there comes before the answer
			if said := s.log.String()[before:]; strings.Count(said, "level="+event.level) != 1 || strings.Count(said, "level=WARN")+strings.Count(said, "level=ERROR") != 1 {
				t.Errorf("%s is not one line of level %s: %s", event.name, event.level, said)
			}
			continue
		}
		if said := s.log.String()[before:]; strings.Contains(said, "level=WARN") || strings.Contains(said, "level=ERROR") {
			t.Errorf("%s: %s", event.name, said)
		} else if event.level == "" && strings.Contains(said, "level=") {
			t.Errorf("%s is in the log: %s", event.name, said)
		}
	}
	// Over TLS what does not become a connection is the client's affair.
	issue(x.T, ".", 1)
	secure := x.serves("--tls-cert", "cert.pem", "--tls-key", "key.pem", "--redirect-from", "none")
	for _, text := range []string{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\x00\x05hello", ""} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(secure.url, "https://"))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, text)
		if text != "" {
			_, _ = conn.Read(make([]byte, 100))
		}
		_ = conn.Close()
	}
	if log := secure.end(); strings.Contains(log, "level=WARN") || strings.Contains(log, "level=ERROR") || !strings.Contains(log, "level=DEBUG msg=\"http: TLS handshake error") {
		t.Errorf("over TLS: %s", log)
	}
	if log := s.end(); strings.Contains(log, "hush") || strings.Contains(log, "a key") || strings.Contains(log, "a secret") {
		t.Errorf("a key is in the log: %s", log)
	}
}
