//go:build unix

package testbed

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// DNS starts a name server, at its Addr, that resolves every name to 127.0.0.1.
func DNS() (*Server, error) {
	program, dir, err := fetched("pebble-challtestsrv")
	if err != nil {
		return nil, err
	}
	addr, err := FreeAddr()
	if err != nil {
		return nil, err
	}
	manage, err := FreeAddr()
	if err != nil {
		return nil, err
	}
	s := &Server{URL: "dns://" + addr, Addr: addr, dir: dir, signal: syscall.SIGTERM}
	s.start = func() *exec.Cmd {
		cmd := exec.Command(program, "-dnsserver", addr, "-management", manage, "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "",
			"-doh", "", "-http01", "", "-https01", "", "-tlsalpn01", "")
		cmd.Dir = dir
		return cmd
	}
	s.ready = func() error { return answers(addr) }
	if err := s.Start(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// ACME starts a Pebble, a certificate authority that certifies the servers on
// these ports of the loopback: HTTP-01 on one, TLS-ALPN-01 on the other. It
// resolves names with a name server. Its URL is that of its directory, and
// Roots is the file with the authorities for its own server.
func ACME(dns string, httpPort, tlsPort string) (*Server, error) {
	program, dir, err := fetched("pebble")
	if err != nil {
		return nil, err
	}
	addr, err := FreeAddr()
	if err != nil {
		return nil, err
	}
	manage, err := FreeAddr()
	if err != nil {
		return nil, err
	}
	cert, key, err := ownCertificate(dir)
	if err != nil {
		return nil, err
	}
	port := func(p string) int { n, _ := strconv.Atoi(p); return n }
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": addr, "managementListenAddress": manage, "certificate": cert, "privateKey": key,
		"httpPort": port(httpPort), "tlsPort": port(tlsPort), "retryAfter": map[string]int{"authz": 1, "order": 1},
		"keyAlgorithm": "ecdsa", "profiles": map[string]any{"default": map[string]any{"description": "the only one", "validityPeriod": 7776000}},
	}})
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "config.json")
	if err := os.WriteFile(file, config, 0o644); err != nil {
		return nil, err
	}
	s := &Server{URL: "https://" + addr + "/dir", Addr: addr, Roots: cert, dir: dir, signal: syscall.SIGTERM}
	s.start = func() *exec.Cmd {
		cmd := exec.Command(program, "-config", file, "-dnsserver", dns)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0")
		return cmd
	}
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}}
	s.ready = func() error {
		res, err := client.Get(s.URL)
		if err != nil {
			return err
		}
		return res.Body.Close()
	}
	if err := s.Start(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// fetched returns a program that scripts/servers installs from the Go module
// proxy, and a folder for it: if the caller is root, its own folders may be
// closed to the user that runs the program.
func fetched(name string) (program, dir string, err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", "", err
	}
	found, err := find(name, filepath.Join(cache, "gorgon-testbed"))
	if err != nil {
		return "", "", err
	}
	if dir, err = folder(); err != nil {
		return "", "", err
	}
	program = filepath.Join(dir, name)
	return program, dir, copyProgram(found, program)
}

// ownCertificate writes a self-signed certificate for the loopback, and its
// key.
func ownCertificate(dir string) (cert, key string, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	public, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return "", "", err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", "", err
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if err := os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: public}), 0o644); err != nil {
		return "", "", err
	}
	return cert, key, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o644)
}
