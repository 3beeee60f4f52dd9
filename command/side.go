// Servers beside the one for visitors, each at an address of its own.

package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/gorgon-go/gorgon/listen"
)

// A side is a server beside the one for visitors. A nil one is none.
type side struct {
	at       string // where it is reached: "127.0.0.1:9464", "unix:/run/shop.sock"
	flag     string // that says where
	listener net.Listener
	log      *slog.Logger
	stop     context.CancelFunc
	work     sync.WaitGroup
}

// unixScheme begins the address of a socket that is a file.
const unixScheme = "unix:"

// listenSide listens at an address, which without a host is on this machine alone.
// Nothing is answered yet.
func listenSide(ctx context.Context, log *slog.Logger, flag, addr string) (*side, error) {
	network := "tcp"
	if path, isFile := strings.CutPrefix(addr, unixScheme); isFile {
		network, addr = "unix", path
		removeDead(ctx, path)
	} else {
		host, port, _ := net.SplitHostPort(addr)
		addr = net.JoinHostPort(cmp.Or(host, "127.0.0.1"), port)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, network, addr)
	if err == nil && network == "unix" {
		if err = os.Chmod(addr, 0o600); err != nil {
			_ = listener.Close()
		}
	}
	if err != nil {
		if op, ok := errors.AsType[*net.OpError](err); ok {
			err = op.Err
		}
		return nil, fmt.Errorf("listen at %s: %w: choose another address with --%s, or stop what listens there", addr, err, flag)
	}
	s := &side{at: unixScheme + addr, flag: flag, listener: listener, log: log}
	if network == "tcp" {
		s.at = reachable(listener.Addr())
	}
	return s, nil
}

// removeDead removes the file of a socket that a process has left which is gone.
func removeDead(ctx context.Context, path string) {
	if info, err := os.Stat(path); err != nil || info.Mode().Type() != fs.ModeSocket {
		return
	}
	conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err != nil {
		_ = os.Remove(path) // if it cannot be removed, listening says so
		return
	}
	_ = conn.Close()
}

// serve answers, also while the server for visitors drains.
func (s *side) serve(ctx context.Context, handler http.Handler) {
	if s == nil {
		return
	}
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	server := &listen.Server{Listener: s.listener, Handler: handler, Log: s.log}
	s.work.Go(func() {
		if err := server.Run(ctx); err != nil {
			s.log.Error("the address of --"+s.flag+" does not answer any more", "err", err)
		}
	})
}

// close ends it.
func (s *side) close() {
	if s == nil {
		return
	}
	if s.stop == nil { // it never answered
		_ = s.listener.Close()
		return
	}
	s.stop()
	s.work.Wait()
}
