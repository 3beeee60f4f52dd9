//go:build unix

// What goes wrong with certificates by ACME is said, and repaired where it can be.

package command_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/testbed"
)

// handshake asks a server for the certificate of a domain.
func handshake(addr, domain string) error {
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, ServerName: domain}}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	return conn.Close()
}

// An authority that has forgotten the account is registered with again, and
// one that cannot be reached is one line with the domain.
func TestAuthorityForgetsTheAccount(t *testing.T) {
	const one, other, third = "one.example.test", "other.example.test", "third.example.test"
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	nowhere, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	dns := testbed.For(t, testbed.DNS)
	authority := testbed.For(t, func() (*testbed.Server, error) { return testbed.ACME(dns.Addr, nowhere, port) })
	systemd := supervise(t)
	p := start(t, t.TempDir(), nil, []string{systemd.env, "SSL_CERT_FILE=" + authority.Roots, "GORGON_ACME_DIRECTORY=" + authority.URL, "GORGON_ACME_DOMAINS=" + strings.Join([]string{one, other, third}, ","), "GORGON_ACME_DIR=acme"},
		"serve", "--addr", "127.0.0.1:"+port, "--redirect-from", "none")
	systemd.hears(t, "READY=1")
	if err := handshake("127.0.0.1:"+port, one); err != nil {
		t.Fatalf("%v: %s", err, p.log)
	}
	authority.Stop()
	if err := authority.Start(); err != nil {
		t.Fatal(err)
	}
	if err := handshake("127.0.0.1:"+port, other); err != nil {
		t.Errorf("after the authority forgot the account: %v", err)
	}
	authority.Stop()
	for range 3 {
		if err := handshake("127.0.0.1:"+port, third); err == nil {
			t.Error("there is a certificate without an authority")
		}
	}
	_ = handshake("127.0.0.1:"+port, "stranger.example.test")
	p.end(t, syscall.SIGTERM)
	log := p.log.String()
	if n := strings.Count(log, `"level":"ERROR","msg":"there is no TLS certificate for a domain","domain":"`+third+`"`); n != 1 || strings.Count(log, `"level":"ERROR"`) != 1 {
		t.Errorf("%d lines of the domain: %s", n, log)
	}
}

// A renewal that fails is one line with the domain and when its certificate ends.
func TestFailedRenewalIsSaid(t *testing.T) {
	const domain = "shop.example.test"
	dir, end := t.TempDir(), time.Now().Add(20*24*time.Hour).Truncate(time.Second)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: end.Add(-90 * 24 * time.Hour), NotAfter: end, DNSNames: []string{domain}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	kept := append(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})...)
	if err := os.WriteFile(filepath.Join(dir, domain), kept, 0o600); err != nil {
		t.Fatal(err)
	}
	authority := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(`{"type":"urn:ietf:params:acme:error:serverInternal","detail":"closed for repairs"}`))
	}))
	defer authority.Close()
	log := &screen{}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		command.WatchCertificates(ctx, log, authority.URL, dir, domain)
	}()
	until(t, func() bool { return strings.Contains(log.String(), "level=ERROR") }, log)
	stop()
	<-ended
	said := log.String()
	for _, want := range []string{"the TLS certificate of a domain is not renewed", "domain=" + domain, "closed for repairs", "ends=" + end.UTC().Format("2006-01-02T15:04:05")} {
		if !strings.Contains(said, want) {
			t.Errorf("the log does not have %s: %s", want, said)
		}
	}
	if n := strings.Count(said, "level=ERROR"); n != 1 {
		t.Errorf("%d lines: %s", n, said)
	}
}
