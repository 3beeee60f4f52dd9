// How times and addresses are written for people.

package command

import (
	"net"
	"strings"
	"testing"
	"time"
)

func TestWhen(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "(now)", -300 * time.Millisecond: "(now)", 300 * time.Millisecond: "(now)",
		-90 * time.Second: "(1m30s ago)", time.Hour + 400*time.Millisecond: "(in 1h0m0s)",
	} {
		if got := when(time.Now().Add(d)); !strings.HasSuffix(got, want) {
			t.Errorf("%s from now is written %s, want %s", d, got, want)
		}
	}
}

func TestReachable(t *testing.T) {
	for addr, want := range map[string]string{
		"0.0.0.0:8080": "localhost:8080", "[::]:80": "localhost:80", "127.0.0.1:1": "127.0.0.1:1", "[::1]:1": "[::1]:1",
	} {
		at, err := net.ResolveTCPAddr("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if got := reachable(at); got != want {
			t.Errorf("%s is written %s, want %s", addr, got, want)
		}
	}
}
