//go:build unix

// Rolling restarts beneath open streams: servers behind a balancer end and start
// one after the other, and clients come back spread, and miss nothing.

package e2e_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/systemd"
	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/testbed"
)

// TestLiveRestart restarts three servers one after the other, behind nginx and
// behind Caddy, for clients that speak HTTP/1.1 and HTTP/2:
//
//	LIVE_RESTART=1000 go test ./e2e -run LiveRestart -v
//
// is the figure; without the variable there are 60 streams, and each proxy speaks one
// of the two.
func TestLiveRestart(t *testing.T) {
	t.Parallel()
	n := number(t, "LIVE_RESTART", 60)
	h := openHall(t, database.PostgreSQL, groundOf["redis"](t), "", 3)
	var addrs []string
	for range h.servers {
		addr, err := testbed.FreeAddr()
		if err != nil {
			t.Fatal(err)
		}
		addrs = append(addrs, addr)
	}
	for i := range h.servers {
		// An outgoing connection of another program may have the port for a moment.
		until(t, "the port is free", func() bool {
			l, err := net.Listen("tcp", addrs[i])
			if err == nil {
				_ = l.Close()
			}
			return err == nil
		})
		h.restart(i, "--addr", addrs[i])
	}
	for name, open := range map[string]func(*testing.T, []string) (plain, secure string){"nginx": nginxFront, "caddy": caddyFront} {
		plain, secure := open(t, addrs)
		for protocol, url := range map[string]string{"HTTP/1.1": plain, "HTTP/2": secure} {
			if os.Getenv("LIVE_RESTART") == "" && (name == "nginx") != (protocol == "HTTP/1.1") {
				continue
			}
			t.Run(name+" "+protocol, func(t *testing.T) { h.rolls(t, n, addrs, url, protocol) })
		}
	}
}

// rolls restarts all servers beneath some streams.
func (h *hall) rolls(t *testing.T, n int, addrs []string, url, protocol string) {
	var list []*watcher
	var via *http.Client
	for i := range n {
		if i%20 == 0 { // as many streams have one connection, over HTTP/2
			transport := &http.Transport{
				DisableCompression: true, MaxIdleConnsPerHost: 20, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
				Protocols: new(http.Protocols),
			}
			transport.Protocols.SetHTTP1(protocol == "HTTP/1.1")
			transport.Protocols.SetHTTP2(protocol == "HTTP/2")
			t.Cleanup(transport.CloseIdleConnections)
			via = &http.Client{Transport: transport}
		}
		list = append(list, &watcher{name: fmt.Sprint("client ", i), page: []string{"/", "/whole", "/one"}[i%3], via: via, to: func(int) string { return url }})
	}
	c := gather(t.Context(), list, 32)
	t.Cleanup(c.leave)
	ready := func() {
		t.Helper()
		for end := time.Now().Add(2 * patience); c.open() < n; time.Sleep(10 * time.Millisecond) {
			if faults := c.broken(); len(faults) > 0 {
				t.Fatal(faults[0])
			}
			if time.Now().After(end) {
				t.Fatal(c.closed())
			}
		}
	}
	ready()
	stop := h.writes(100 * time.Millisecond)
	defer stop()
	for i := range h.servers {
		began := time.Now()
		v := h.at(i)
		v.signal(syscall.SIGTERM)
		<-v.ended
		took := time.Since(began)
		if code := v.cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("a server ended with %d", code)
		}
		h.restart(i, "--addr", addrs[i])
		again := time.Since(began)
		ready()
		back := reopened(c, began)
		if len(back) == 0 {
			t.Errorf("server %d had no streams", i+1)
			continue
		}
		most := 0 // in half a second
		for k, at := range back {
			last, _ := slices.BinarySearchFunc(back, at.Add(500*time.Millisecond), time.Time.Compare)
			most = max(most, last-k)
		}
		t.Logf("server %d ended after %v and was there again after %v; %d of %d streams came back, within %v; at most %d %% in half a second",
			i+1, took.Round(time.Millisecond), again.Round(time.Millisecond), len(back), n, back[len(back)-1].Sub(began).Round(time.Millisecond), 100*most/len(back))
		// Five seconds are nine halves. On a busy machine they may come later, and
		// few are not spread evenly.
		if share := float64(most) / float64(len(back)); len(back) >= 100 && share > 0.4 {
			t.Errorf("%d of %d come back in half a second", most, len(back))
		}
	}
	stop()
	took, ok := h.settles(c, settleWithin)
	if !ok {
		t.Error(c.behind(h.numbers()))
	}
	c.leave()
	faults := c.broken()
	for _, fault := range faults[:min(5, len(faults))] {
		t.Error(fault)
	}
	refused := 0
	for _, w := range c.watchers {
		refused += w.refused
	}
	t.Logf("nothing is lost: all show the last number %v after the writer stopped; %d attempts failed; load %s", took, refused, machineLoad())
}

// reopened is when streams were opened again since a time, in order.
func reopened(c *viewers, since time.Time) (back []time.Time) {
	for _, w := range c.watchers {
		w.mu.Lock()
		for _, at := range w.reopens {
			if at.After(since) {
				back = append(back, at)
			}
		}
		w.mu.Unlock()
	}
	slices.SortFunc(back, time.Time.Compare)
	return back
}

// certificate writes a certificate and its key, for no name that anyone checks.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	s.Close()
	own := s.TLS.Certificates[0]
	secret, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: own.Certificate[0]}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []string{dir, filepath.Dir(dir)} { // servers run as another user
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// nginxFront is a usual file for nginx: it says nothing of streams. Without
// max_fails a server that was not there once is left out for ten seconds, so that
// none may be left while others restart.
func nginxFront(t *testing.T, addrs []string) (plain, secure string) {
	t.Helper()
	cert, key := certificate(t)
	addr, err := testbed.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	file := fmt.Sprintf(`upstream app {
	server %s max_fails=0;
}
server {
	listen 80;
	listen %s ssl http2;
	ssl_certificate %s;
	ssl_certificate_key %s;
	location / {
		proxy_pass http://app;
	}
}
`, strings.Join(addrs, " max_fails=0;\n\tserver "), addr, cert, key)
	front := testbed.For(t, func() (*testbed.Server, error) { return testbed.Nginx([]byte(file)) })
	return front.URL, "https://" + addr
}

// caddyFront is the Caddyfile that is written for a machine, with several servers.
func caddyFront(t *testing.T, addrs []string) (plain, secure string) {
	t.Helper()
	folder := t.TempDir()
	app := gorgon.App{Name: "scores", Parts: []gorgon.Part{gorgon.Page[int]{Path: "/", View: func(int) gorgon.Component { return gorgon.Text("") }}}}
	site := deploy.Site{
		App: plan.Describe(app), Outcome: plan.Judge(plan.Describe(app), systemd.Target().Target, plan.Setting{}),
		Package: pack.Manifest{Format: pack.Format, App: app.Name, Build: "b1", Program: app.Name, Seed: app.Name + ".seed", OS: "linux", Arch: "amd64", Parts: plan.Parts(app)},
	}
	if err := systemd.Target().Write(t.Context(), site, folder); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(folder, "Caddyfile"))
	if err != nil {
		t.Fatal(err)
	}
	cert, key := certificate(t)
	addr, err := testbed.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	address := regexp.MustCompile(`(?m)^\{\$SITE:.*\} \{$`)
	if !address.Match(file) {
		t.Fatalf("the Caddyfile has no address:\n%s", file)
	}
	again := address.ReplaceAll(file, []byte("https://"+addr+" {\n\ttls "+cert+" "+key))
	front := testbed.For(t, func() (*testbed.Server, error) {
		return testbed.Caddy(append(append(file, '\n'), again...), "UPSTREAM="+strings.Join(addrs, " "))
	})
	return front.URL, "https://" + addr
}
