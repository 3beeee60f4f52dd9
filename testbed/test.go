// What tests on every system use.

package testbed

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// FreeAddr returns an address of the loopback at which no program listens now.
// Its port is below those that systems assign to outgoing connections, so that
// none of the many connections of tests takes it.
func FreeAddr() (string, error) {
	var err error
	for range 50 {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(10_000+rand.IntN(20_000)))
		var l net.Listener
		if l, err = net.Listen("tcp", addr); err == nil {
			return addr, l.Close()
		}
	}
	return "", err
}

// For gives a test a server, which ends with the test.
func For(t testing.TB, make func() (*Server, error)) *Server {
	t.Helper()
	s, err := make()
	if errors.Is(err, ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}
