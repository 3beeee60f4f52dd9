// What systemd and a server tell each other.

package command

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/gorgon-go/gorgon/serve"
)

// inherited is the listener that systemd opened before it started us, or nil.
// It stays open between two of our lives, so that nobody is turned away.
func inherited() (net.Listener, error) {
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

// A manager is whoever started the server and wants to hear of it. Without
// one, all it does is nothing.
type manager struct {
	server *serve.Server
	log    *slog.Logger
}

func (m manager) tell(state ...string) {
	if _, err := daemon.SdNotify(false, strings.Join(state, "\n")); err != nil {
		m.log.Warn("systemd cannot be told of the server's state", "err", err)
	}
}

// follow tells of a server's life, until its Run has ended: then ctx does.
// stop is done when the server is told to stop.
func (m manager) follow(ctx, stop context.Context, where string) {
	if !m.started(ctx, stop) {
		return
	}
	m.tell(daemon.SdNotifyReady, "STATUS=serving at "+where)
	every, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		m.log.Warn("the watchdog is not fed", "err", err)
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
func (m manager) started(ctx, stop context.Context) bool {
	for m.server.Check(ctx, "/startupz") != nil {
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
func (m manager) feed(ctx context.Context, within time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if err := m.server.Check(ctx, "/livez"); err != nil {
		m.log.Error("the server does not answer itself: the watchdog is not fed", "err", err)
		return
	}
	m.tell(daemon.SdNotifyWatchdog)
}

// reloading tells that files are read again, while f does so.
func (m manager) reloading(f func()) {
	m.tell(daemon.SdNotifyReloading, strings.TrimSpace(daemon.SdNotifyMonotonicUsec()))
	f()
	m.tell(daemon.SdNotifyReady)
}
