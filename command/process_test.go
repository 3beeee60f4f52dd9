//go:build unix

// The server as a process: what systemd, ACME and signals do to it.

package command_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/testbed"
)

// A process is one run of the site.
type process struct {
	*exec.Cmd
	log    *strings.Builder // read it once it has ended
	exited chan error
}

// start starts the site in a folder. With a listener it is what systemd hands
// over, by its protocol.
func start(t *testing.T, dir string, listeners []*os.File, env []string, args ...string) *process {
	t.Helper()
	script := `exec site "$@"`
	if len(listeners) > 0 {
		script = fmt.Sprintf(`LISTEN_PID=$$ LISTEN_FDS=%d exec site "$@"`, len(listeners))
	}
	p := &process{Cmd: exec.Command("sh", append([]string{"-c", script, "sh"}, args...)...), log: &strings.Builder{}, exited: make(chan error, 1)}
	p.Dir, p.ExtraFiles, p.Stderr, p.Stdout = dir, listeners, p.log, p.log
	p.Env = append(os.Environ(), env...)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.exited <- p.Wait() }()
	t.Cleanup(func() { _ = p.Process.Kill() })
	return p
}

// end sends a signal and wants an orderly end.
func (p *process) end(t *testing.T, signal syscall.Signal) {
	t.Helper()
	_ = p.Process.Signal(signal)
	p.ended(t)
}

func (p *process) ended(t *testing.T) {
	t.Helper()
	select {
	case err := <-p.exited:
		if err != nil {
			t.Errorf("it ended with %v: %s", err, p.log)
		}
	case <-time.After(30 * time.Second):
		_ = p.Process.Kill()
		<-p.exited
		t.Fatalf("it does not end: %s", p.log)
	}
}

// A supervisor hears what is told to systemd.
type supervisor struct {
	*net.UnixConn
	env string
}

func supervise(t *testing.T) *supervisor {
	t.Helper()
	dir, err := os.MkdirTemp("", "notify") // short: a socket's name has a bound
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	name := filepath.Join(dir, "s")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &supervisor{conn, "NOTIFY_SOCKET=" + name}
}

// hears waits for a message, passing over others.
func (s *supervisor) hears(t *testing.T, pattern string) {
	t.Helper()
	want := regexp.MustCompile(pattern)
	_ = s.SetReadDeadline(time.Now().Add(30 * time.Second))
	buffer := make([]byte, 4096)
	for {
		n, err := s.Read(buffer)
		if err != nil {
			t.Fatalf("systemd did not hear %s: %v", pattern, err)
		}
		if want.Match(buffer[:n]) {
			return
		}
	}
}

func listenerFile(t *testing.T) (addr string, file *os.File) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	file, err = l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = l.Close(), file.Close() })
	return l.Addr().String(), file
}

// Between two processes that inherit one listener no connection is refused, and
// no request is lost.
func TestRestartLosesNoRequest(t *testing.T) {
	addr, file := listenerFile(t)
	systemd := supervise(t)
	dir := t.TempDir()
	first := start(t, dir, []*os.File{file}, []string{systemd.env}, "serve")
	systemd.hears(t, "READY=1\nSTATUS=serving at "+regexp.QuoteMeta(addr))

	var answered, failed atomic.Int64
	done := make(chan struct{})
	var load sync.WaitGroup
	for i := range 8 {
		load.Go(func() {
			c := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: i%2 == 0}}
			defer c.CloseIdleConnections()
			for {
				select {
				case <-done:
					return
				default:
				}
				res, err := c.Get("http://" + addr + "/about")
				if err == nil {
					_, err = io.Copy(io.Discard, res.Body)
					_ = res.Body.Close()
				}
				if err != nil || res.StatusCode != http.StatusOK {
					failed.Add(1)
					t.Error(err)
				}
				answered.Add(1)
			}
		})
	}
	more := func(n int64) {
		for until := answered.Load() + n; answered.Load() < until; {
			time.Sleep(time.Millisecond)
		}
	}
	next := first
	for range 3 {
		more(300)
		_ = next.Process.Signal(syscall.SIGTERM)
		systemd.hears(t, "STOPPING=1")
		next.ended(t)
		next = start(t, dir, []*os.File{file}, []string{systemd.env}, "serve")
		systemd.hears(t, "READY=1")
	}
	more(300)
	close(done)
	load.Wait()
	next.end(t, syscall.SIGTERM)
	t.Logf("%d requests over 3 restarts, %d failed", answered.Load(), failed.Load())
}

func TestSystemd(t *testing.T) {
	_, one := listenerFile(t)
	_, other := listenerFile(t)
	systemd := supervise(t)
	dir := t.TempDir()
	p := start(t, dir, []*os.File{one}, []string{systemd.env, "WATCHDOG_USEC=100000"}, "serve")
	systemd.hears(t, "READY=1")
	systemd.hears(t, "^WATCHDOG=1$")
	systemd.hears(t, "^WATCHDOG=1$")
	_ = p.Process.Signal(syscall.SIGHUP)
	systemd.hears(t, "^RELOADING=1(\nMONOTONIC_USEC=[0-9]+)?$")
	systemd.hears(t, "^READY=1$")
	p.end(t, syscall.SIGTERM)
	systemd.hears(t, "STOPPING=1")

	p = start(t, dir, []*os.File{one, other}, nil, "serve")
	if err := <-p.exited; err == nil || !strings.Contains(p.log.String(), "systemd gives 2 sockets") || !strings.Contains(p.log.String(), "name one ListenStream=") {
		t.Errorf("two sockets: %v: %s", err, p.log)
	}
}

// On SIGHUP a broken certificate is refused, in the log, and a good one taken.
func TestCertificatesAreReadAgain(t *testing.T) {
	systemd := supervise(t)
	dir := t.TempDir()
	serial := issue(t, dir, 1)
	p := start(t, dir, nil, []string{systemd.env, "GORGON_TLS_CERT=cert.pem", "GORGON_TLS_KEY=key.pem"}, "serve", "--addr", "127.0.0.1:0")
	buffer := make([]byte, 4096)
	n, err := systemd.Read(buffer)
	if err != nil {
		t.Fatal(err)
	}
	_, addr, _ := strings.Cut(string(buffer[:n]), "serving at ")
	served := func() int64 {
		conn, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	reload := func() {
		_ = p.Process.Signal(syscall.SIGHUP)
		systemd.hears(t, "^RELOADING=1")
		systemd.hears(t, "^READY=1$")
	}
	if got := served(); got != serial {
		t.Errorf("certificate %d, want %d", got, serial)
	}
	if err := os.WriteFile(filepath.Join(dir, "key.pem"), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	reload()
	if got := served(); got != serial {
		t.Errorf("after a broken pair: certificate %d, want %d", got, serial)
	}
	serial = issue(t, dir, 2)
	reload()
	if got := served(); got != serial {
		t.Errorf("after a new pair: certificate %d, want %d", got, serial)
	}
	p.end(t, syscall.SIGTERM)
	if log := p.log.String(); !strings.Contains(log, "the TLS certificate is not replaced") || !strings.Contains(log, "the TLS certificate was read again") {
		t.Errorf("the log: %s", log)
	}
}

// issue writes cert.pem and key.pem.
func issue(t *testing.T, dir string, serial int64) int64 {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour), DNSNames: []string{"shop.example"}}
	public, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: public}, "key.pem": {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return serial
}

// A second signal ends at once what the first has set to drain.
func TestSignals(t *testing.T) {
	systemd := supervise(t)
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, t.TempDir(), nil, []string{systemd.env}, "serve", "--addr", "127.0.0.1:"+port, "--drain", "1h")
	systemd.hears(t, "READY=1")
	_ = p.Process.Signal(syscall.SIGTERM)
	systemd.hears(t, "STOPPING=1")
	again := time.NewTicker(20 * time.Millisecond) // the first may still be on its way
	defer again.Stop()
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); {
		select {
		case err := <-p.exited:
			if err == nil {
				t.Error("it ended in good order, and was not to wait for that")
			}
			return
		case <-again.C:
			_ = p.Process.Signal(syscall.SIGTERM)
		}
	}
	t.Error("the second signal does not end it")
}

// Certificates come from a real authority, by either challenge, and are kept.
func TestACME(t *testing.T) {
	const domain = "shop.example.test"
	for _, challenge := range []string{"tls-alpn-01", "http-01"} {
		t.Run(challenge, func(t *testing.T) {
			var ports [3]string
			for i := range ports {
				port, err := freePort()
				if err != nil {
					t.Fatal(err)
				}
				ports[i] = port
			}
			secure, plain, nowhere := ports[0], ports[1], ports[2]
			dns := testbed.For(t, testbed.DNS)
			authority := testbed.For(t, func() (*testbed.Server, error) {
				if challenge == "http-01" {
					return testbed.ACME(dns.Addr, plain, nowhere)
				}
				return testbed.ACME(dns.Addr, nowhere, secure)
			})
			systemd := supervise(t)
			dir := t.TempDir()
			run := func() *process {
				p := start(t, dir, nil, []string{systemd.env, "SSL_CERT_FILE=" + authority.Roots, "GORGON_ACME_DIRECTORY=" + authority.URL},
					"serve", "--addr", "127.0.0.1:"+secure, "--redirect-from", "127.0.0.1:"+plain, "--acme-domains", domain, "--acme-dir", "acme")
				systemd.hears(t, "READY=1")
				return p
			}
			p := run()
			c := &http.Client{Timeout: 60 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Transport: &http.Transport{
				ForceAttemptHTTP2: true, DisableKeepAlives: true,
				TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ServerName: domain},
				DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
					_, port, _ := net.SplitHostPort(addr)
					return new(net.Dialer).DialContext(ctx, network, "127.0.0.1:"+port)
				},
			}}
			serial := func() string {
				res, err := c.Get("https://" + domain + ":" + secure + "/about")
				if err != nil {
					_ = p.Process.Signal(syscall.SIGTERM)
					<-p.exited
					t.Fatalf("%v: %s", err, p.log)
				}
				defer res.Body.Close()
				leaf := res.TLS.PeerCertificates[0]
				if res.StatusCode != 200 || res.Proto != "HTTP/2.0" || leaf.VerifyHostname(domain) != nil || !strings.Contains(leaf.Issuer.CommonName, "Pebble") {
					t.Errorf("%s over %s, certified by %s for %s", res.Status, res.Proto, leaf.Issuer, leaf.DNSNames)
				}
				return leaf.SerialNumber.String()
			}
			made := serial()
			res, err := c.Get("http://" + domain + ":" + plain + "/about?a=b")
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if to := res.Header.Get("Location"); res.StatusCode != 308 || to != "https://"+domain+":"+secure+"/about?a=b" {
				t.Errorf("the plain port: %s to %s", res.Status, to)
			}
			health := exec.Command("site", "health", "--addr", "127.0.0.1:"+secure)
			health.Env = append(os.Environ(), "GORGON_ACME_DOMAINS="+domain)
			if said, err := health.CombinedOutput(); err != nil {
				t.Errorf("health: %v: %s", err, said)
			}
			p.end(t, syscall.SIGTERM)

			p = run()
			if again := serial(); again != made {
				t.Error("after a restart there is another certificate")
			}
			p.end(t, syscall.SIGTERM)
		})
	}
}
