//go:build unix

// TLS, sockets, clusters and RESP2.

package redis_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/pages/pagestest"
	"github.com/gorgon-go/gorgon/redis"
)

var errStillThere = errors.New("a connection is still there")

// shared returns a directory that the server may read and write too, whichever
// user it runs as.
func shared(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "gorgon-redis-")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o777))
	return dir
}

// certificate writes a certificate for localhost, and its key.
func certificate(t *testing.T, dir string) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	must(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	must(t, err)
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	must(t, os.WriteFile(certFile, cert, 0o644))
	must(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), 0o644))
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(cert)
	return certFile, keyFile, pool
}

func TestTLS(t *testing.T) {
	t.Parallel()
	cert, private, pool := certificate(t, shared(t))
	free, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	port := strconv.Itoa(free.Addr().(*net.TCPAddr).Port)
	must(t, free.Close())
	own(t, "--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", private, "--tls-ca-cert-file", cert, "--tls-auth-clients", "no")
	s := open(t, "rediss://localhost:"+port, redis.Options{TLS: &tls.Config{RootCAs: pool}})
	put(t, s, "/a", strings.Repeat("x", 1<<20))
	hears(t, s, open(t, "valkeys://localhost:"+port+"?skip_verify=1", redis.Options{}), func() {})
	for location, options := range map[string]redis.Options{
		"rediss://localhost:" + port: {},                                // an unknown authority
		"rediss://127.0.0.1:" + port: {TLS: &tls.Config{RootCAs: pool}}, // another host name
	} {
		if _, err := open(t, location, options).Get(t.Context(), key("/a")); err == nil || !strings.Contains(err.Error(), "x509") {
			t.Errorf("%s gave %v", location, err)
		}
	}
}

func TestSocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(shared(t), "s")
	own(t, "--unixsocket", path, "--unixsocketperm", "777")
	s := open(t, "unix://"+path+"?db=3&prefix=a", redis.Options{})
	put(t, s, "/a", "one")
	hears(t, s, s, func() {})
}

func TestRESP2(t *testing.T) {
	t.Parallel()
	s := open(t, place(t)+"&protocol=2", redis.Options{})
	put(t, s, "/a", "one")
	if n := len(list(t, s)); n != 1 {
		t.Errorf("%d records are listed", n)
	}
	if _, err := s.Sweep(t.Context(), pages.Bounds{PerRoute: 1, Bytes: 1}); err != nil {
		t.Error(err)
	}
	hears(t, s, s, func() {})
}

// The whole contract holds in a cluster, since all keys are in one slot.
func TestCluster(t *testing.T) {
	t.Parallel()
	node := own(t, "--cluster-enabled", "yes")
	run := direct(t, node.Addr)
	slots := []string{"CLUSTER", "ADDSLOTS"}
	for i := range 16384 {
		slots = append(slots, strconv.Itoa(i))
	}
	run(slots...)
	for state := ""; !strings.Contains(state, "cluster_state:ok"); time.Sleep(10 * time.Millisecond) {
		state, _ = run("CLUSTER", "INFO").ToString()
	}
	pagestest.Harness{TTL: 300 * time.Millisecond, Place: func(t *testing.T) func() pages.Store {
		location := node.URL + prefix()
		return func() pages.Store { return open(t, location, redis.Options{}) }
	}}.Run(t)
	t.Run("sessions", func(t *testing.T) {
		sessionsHarness(node.Addr, func(*testing.T) string { return node.URL + prefix() }).Run(t)
	})
	t.Run("rooms", func(t *testing.T) {
		roomsHarness(func(*testing.T) string { return node.URL + prefix() }).Run(t)
	})
}
