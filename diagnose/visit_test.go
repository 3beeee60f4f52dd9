package diagnose_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/diagnose"
	"github.com/gorgon-go/gorgon/operate"
)

// A panel answers with snapshots, one after the other.
type panel struct {
	list   []operate.Snapshot
	text   string // in place of them
	status int
}

func (p *panel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case p.status != 0:
		w.WriteHeader(p.status)
	case r.URL.Path != "/ops/snapshot.json" && r.URL.Path != "/snapshot.json":
		http.NotFound(w, r)
	case p.text != "":
		_, _ = w.Write([]byte(p.text))
	default:
		s := p.list[0]
		p.list = p.list[1:]
		_ = json.NewEncoder(w).Encode(s)
	}
}

// visit makes a visit, and returns its exit code and what it said.
func visit(t *testing.T, v diagnose.Visit) (code int, out, said string) {
	t.Helper()
	var o, l bytes.Buffer
	v.Out, v.Log = &o, &l
	err := v.Run(t.Context())
	if exit, ok := errors.AsType[cli.Exit](err); ok {
		code = exit.Code
		l.WriteString(err.Error())
	} else if err != nil {
		t.Fatal(err)
	}
	return code, o.String(), l.String()
}

func TestVisit(t *testing.T) {
	b := busy()
	p := &panel{list: []operate.Snapshot{b.before, b.after}}
	server := httptest.NewServer(p)
	defer server.Close()
	code, out, said := visit(t, diagnose.Visit{Live: server.URL + "/ops/", For: time.Millisecond})
	if code != 0 || out != "shop, process 7, up 1h0m10s: 1000 requests in the last 10 s\nnothing is wrong that its figures show\n" || !strings.Contains(said, "looking at shop for 1ms") {
		t.Errorf("%d: %s%s", code, out, said)
	}
	b.after.Routes[0].Errors, b.after.State.Degraded = 100, true
	p.list = []operate.Snapshot{b.before, b.after}
	code, out, said = visit(t, diagnose.Visit{Live: strings.TrimPrefix(server.URL, "http://"), For: time.Millisecond})
	want := "\nstore away: redis://store\n  The page store cannot be used. Pages are"
	if code != 1 || !strings.Contains(out, want) || !strings.Contains(out, "\nanswers fail: /products/{id}\n  Of 1000") || !strings.Contains(said, "2 conditions found") {
		t.Errorf("%d: %s%s", code, out, said)
	}
	p.list = []operate.Snapshot{b.after}
	code, out, said = visit(t, diagnose.Visit{Live: server.URL, JSON: true})
	var report struct {
		App, Build string
		Over       *float64
		Process    int
		At         time.Time
		Findings   []map[string]any
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != 1 || report.App != "shop" || report.Over == nil || *report.Over != 0 || report.Process != 7 || !report.At.Equal(b.after.At) ||
		len(report.Findings) != 1 || len(report.Findings[0]) != 5 || report.Findings[0]["name"] != "store away" || report.Findings[0]["weight"] != 100.0 || said != "1 condition found" {
		t.Errorf("%d, %v: %s%s", code, err, out, said)
	}
	b = busy()
	p.list = []operate.Snapshot{b.after}
	if code, out, _ := visit(t, diagnose.Visit{Live: server.URL, JSON: true}); code != 0 || !strings.Contains(out, `"findings": []`) {
		t.Errorf("%d: %s", code, out)
	}
}

// A file that only the owner reaches.
func TestVisitOfAFile(t *testing.T) {
	folder, err := os.MkdirTemp("", "doc") // short enough for the address of a socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "a")
	if code, _, said := visit(t, diagnose.Visit{Live: "unix:" + file}); code != 1 || !strings.Contains(said, "does not answer") || !strings.Contains(said, "--admin :9465") {
		t.Errorf("%d: %s", code, said)
	}
	listener, err := net.Listen("unix", file)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: &panel{list: []operate.Snapshot{busy().after}}}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	if code, out, said := visit(t, diagnose.Visit{Live: "unix:" + file}); code != 0 {
		t.Errorf("%d: %s%s", code, out, said)
	}
}

// A snapshot of an older or newer version is read as far as it goes.
func TestOtherVersions(t *testing.T) {
	p := &panel{}
	server := httptest.NewServer(p)
	defer server.Close()
	for text, found := range map[string]string{
		`{"at":"2026-07-01T12:00:00Z","about":{"app":"shop"}}`:                                                                                                                 "nothing is wrong",
		`{"at":"2026-07-01T12:00:00Z","about":{"app":"shop","store":"redis://x"},"state":{"degraded":true,"new":[1]},"newer":{"a":1}}`:                                         "store away: redis://x",
		`{"at":"2026-07-01T12:00:00Z","routes":{"now":"another type"},"about":{"app":"shop"},"checks":[{"name":"store","ok":false,"needed":"perhaps","reason":"it is gone"}]}`: "cannot be used: it is gone",
	} {
		p.text = text
		if _, out, said := visit(t, diagnose.Visit{Live: server.URL}); !strings.Contains(out, found) {
			t.Errorf("%s: %s%s", text, out, said)
		}
	}
}

// What cannot be meant is misuse, what does not answer is a failure, and neither
// repeats a password.
func TestVisitFails(t *testing.T) {
	p := &panel{}
	server := httptest.NewServer(p)
	defer server.Close()
	secret := strings.Replace(server.URL, "http://", "http://ada:secret@", 1)
	for _, one := range []struct {
		v      diagnose.Visit
		status int
		text   string
		code   int
		says   string
	}{
		{diagnose.Visit{Live: "nothing"}, 0, "", 2, "write it as a URL"},
		{diagnose.Visit{Live: "unix:"}, 0, "", 2, "name of a file"},
		{diagnose.Visit{Live: "ftp://ada:secret@x/"}, 0, "", 2, "write it as a URL"},
		{diagnose.Visit{Live: secret, For: -1}, 0, "", 2, "--for"},
		{diagnose.Visit{Live: secret, For: time.Hour}, 0, "", 2, "10m"},
		{diagnose.Visit{Live: "http://ada:secret@127.0.0.1:1"}, 0, "", 1, "ssh -L 9465"},
		{diagnose.Visit{Live: secret}, 404, "", 1, "it is not the address of --admin"},
		{diagnose.Visit{Live: secret}, 401, "", 1, "its guard does not let this in"},
		{diagnose.Visit{Live: secret}, 0, "<html>", 1, "does not answer as the admin pages"},
		{diagnose.Visit{Live: secret}, 0, "{}", 1, "does not answer as the admin pages"},
	} {
		p.status, p.text = one.status, one.text
		code, out, said := visit(t, one.v)
		if code != one.code || !strings.Contains(said, one.says) || out != "" || strings.Contains(said, "secret") {
			t.Errorf("%+v, %d %q: %d: %s%s", one.v.For, one.status, one.text, code, out, said)
		}
	}
}
