// The protocol between systemd and a server.

package listen

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/gorgon-go/gorgon/wire"
)

// Inherited is the listener that systemd opened before it started us, or nil.
// It stays open from one run of the program to the next, so that no client is
// refused.
func Inherited() (net.Listener, error) {
	listeners, err := activation.Listeners()
	if err != nil {
		return nil, fmt.Errorf("sockets from systemd: %w", err)
	}
	var names []string
	for _, l := range listeners {
		if l == nil {
			return nil, fmt.Errorf("sockets from systemd: one takes no connections: use ListenStream= in the socket unit")
		}
		names = append(names, l.Addr().String())
	}
	switch len(listeners) {
	case 0:
		return nil, nil
	case 1:
		return listeners[0], nil
	}
	for _, l := range listeners {
		_ = l.Close()
	}
	return nil, fmt.Errorf("systemd gives %d sockets (%s): name one ListenStream= in the socket unit", len(listeners), strings.Join(names, ", "))
}

// A Manager reports the state of a server to systemd. If systemd did not start
// the process, it does nothing.
type Manager struct {
	Server *Server
	Log    *slog.Logger
}

func (m Manager) tell(state ...string) {
	if _, err := daemon.SdNotify(false, strings.Join(state, "\n")); err != nil {
		m.Log.Warn("the server's state cannot be reported to systemd", "err", err)
	}
}

// Follow reports the server's state to systemd until ctx ends, which is after
// its Run. stop ends when the server is asked to stop.
func (m Manager) Follow(ctx, stop context.Context, where string) {
	if !m.started(ctx, stop) {
		return
	}
	m.tell(daemon.SdNotifyReady, "STATUS=serving at "+where)
	every, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		m.Log.Warn("the watchdog is not fed", "err", err)
	}
	var feed <-chan time.Time
	if every > 0 {
		ticker := time.NewTicker(every / 2)
		defer ticker.Stop()
		feed = ticker.C
	}
	stopping := stop.Done()
	for {
		select {
		case <-feed:
			m.feed(ctx, every/2)
		case <-stopping:
			m.tell(daemon.SdNotifyStopping, "STATUS=draining")
			stopping = nil
		case <-ctx.Done():
			if stopping != nil { // it stopped faster than it was seen to
				m.tell(daemon.SdNotifyStopping)
			}
			return
		}
	}
}

// started waits until the server says that it has started.
func (m Manager) started(ctx, stop context.Context) bool {
	for m.Server.Check(ctx, wire.Started) != nil {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-stop.Done():
			m.tell(daemon.SdNotifyStopping)
			return false
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// feed keeps the watchdog quiet while requests are answered.
func (m Manager) feed(ctx context.Context, within time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if err := m.Server.Check(ctx, wire.Live); err != nil {
		m.Log.Error("the server does not answer itself: the watchdog is not fed", "err", err)
		return
	}
	m.tell(daemon.SdNotifyWatchdog)
}

// Reloading tells that files are read again, while f does so.
func (m Manager) Reloading(f func()) {
	m.tell(daemon.SdNotifyReloading, strings.TrimSpace(daemon.SdNotifyMonotonicUsec()))
	f()
	m.tell(daemon.SdNotifyReady)
}
