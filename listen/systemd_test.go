//go:build unix

// The watchdog is not fed by a server that does not answer.

package listen

import (
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestWatchdogGoesHungry(t *testing.T) {
	dir, err := os.MkdirTemp("", "notify") // short: a socket's name has a bound
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "s")
	systemd, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer systemd.Close()
	t.Setenv("NOTIFY_SOCKET", name)
	hang := make(chan struct{})
	defer close(hang)
	said := &strings.Builder{}
	m := Manager{Log: slog.New(slog.NewTextHandler(said, nil)), Server: &Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		<-hang
	})}}
	m.feed(t.Context(), time.Millisecond)
	if !strings.Contains(said.String(), "the watchdog is not fed") {
		t.Errorf("the log says: %s", said)
	}
	m.tell("STATUS=a mark") // what was fed before would be heard first
	m.Server = &Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	m.feed(t.Context(), time.Minute)
	for _, want := range []string{"STATUS=a mark", "WATCHDOG=1"} {
		_ = systemd.SetReadDeadline(time.Now().Add(10 * time.Second))
		buffer := make([]byte, 100)
		n, err := systemd.Read(buffer)
		if got := string(buffer[:n]); err != nil || got != want {
			t.Fatalf("systemd hears %q (%v), want %q", got, err, want)
		}
	}
}
