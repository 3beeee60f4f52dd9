// Where serve listens, and how it takes leave.

package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/pages"
)

// listenFlags say how visitors reach the server.
type listenFlags struct {
	addr    string
	drain   time.Duration
	idle    time.Duration
	proxies string
	access  bool
	lane    bool
	tls     tlsFlags

	trusted []netip.Prefix // what proxies says, once checked
}

func (l *listenFlags) add(p *program, c *cobra.Command) {
	addrFlag(c, &l.addr, "where to listen")
	c.Flags().DurationVar(&l.drain, "drain", 0, "how long to keep accepting requests after SIGTERM, so that load balancers stop sending them first (GORGON_DRAIN)")
	c.Flags().DurationVar(&l.idle, "keep-alive", 2*time.Minute, "how long a connection stays open between two requests: longer than the load balancer in front keeps it, which would else send a request into one that closes (GORGON_KEEP_ALIVE)")
	c.Flags().StringVar(&l.proxies, "trusted-proxies", "", "networks, with commas, whose X-Forwarded-For, X-Forwarded-Proto, Forwarded and X-Request-Id are believed (GORGON_TRUSTED_PROXIES)")
	c.Flags().BoolVar(&l.access, "access-log", false, "log each request (GORGON_ACCESS_LOG=true)")
	c.Flags().BoolVar(&l.lane, "lane", true, "answer plain requests for pages in memory before net/http reads them (GORGON_LANE)")
	p.fromEnv(c, "drain", "GORGON_DRAIN")
	p.fromEnv(c, "keep-alive", "GORGON_KEEP_ALIVE")
	p.fromEnv(c, "trusted-proxies", "GORGON_TRUSTED_PROXIES")
	p.fromEnv(c, "access-log", "GORGON_ACCESS_LOG")
	p.fromEnv(c, "lane", "GORGON_LANE")
	l.tls.add(p, c)
}

func (l *listenFlags) check() (err error) {
	if l.trusted, err = listen.ParseProxies(l.proxies); err != nil {
		return misused("--trusted-proxies %s: write networks with commas, such as 10.0.0.0/8,::1", quoted(l.proxies))
	}
	if l.drain < 0 {
		return misused("--drain %s: give a duration of zero or more", l.drain)
	}
	if l.idle <= 0 {
		return misused("--keep-alive %s: give a duration above zero", l.idle)
	}
	return cmp.Or(checkAddr(l.addr), l.tls.check())
}

// A front is a server with what stands around it, listening before there is a
// handler: so a port that is taken is known before anything is built.
type publicServer struct {
	server       *listen.Server
	redirect     *listen.Server // of the plain port beside it; nil for none
	certificates *certificates  // nil without TLS
	manager      listen.Manager
	at           net.Addr
	log          *slog.Logger
	watched      bool // started on a terminal, whose end stops it
}

func (v *server) listen(ctx context.Context) (*publicServer, error) {
	p, l := v.p, &v.listenFlags
	f := &publicServer{log: p.log, watched: cli.IsTerminal(p.err), server: &listen.Server{Addr: l.addr, Log: p.log, Drain: l.drain, IdleTimeout: l.idle, TrustedProxies: l.trusted}}
	f.manager = listen.Manager{Server: f.server, Log: p.log}
	var err error
	if f.certificates, err = l.tls.keep(p.log); err != nil {
		return nil, err
	}
	if f.certificates != nil {
		f.server.TLS = f.certificates.config
	}
	if f.server.Listener, err = listen.Inherited(); err != nil {
		return nil, err
	}
	if f.at, err = f.server.Listen(ctx); err != nil {
		return nil, listenError("--addr", l.addr, err)
	}
	if f.redirect = f.certificates.redirect(l.tls.redirect, f.at, p.log); f.redirect != nil {
		f.redirect.Drain, f.redirect.IdleTimeout = l.drain, l.idle
		if _, err := f.redirect.Listen(ctx); err != nil {
			return nil, listenError("--redirect-from", l.tls.redirect, err)
		}
	}
	return f, nil
}

// url is where a browser on this machine finds the site.
func (f *publicServer) url(base string) string {
	scheme := "http"
	if f.certificates != nil {
		scheme = "https"
	}
	return scheme + "://" + reachable(f.at) + base + "/"
}

// run serves until ctx ends, and reports its state to systemd.
func (f *publicServer) run(ctx context.Context) error {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	var beside sync.WaitGroup
	defer beside.Wait()
	defer end()
	beside.Go(func() { f.manager.Follow(life, ctx, f.at.String()) })
	beside.Go(func() { f.reload(life) })
	if f.certificates != nil {
		beside.Go(func() { f.certificates.watch(life) })
	}
	if f.redirect == nil {
		return f.server.Run(ctx)
	}
	// Where one of the two fails, the other stops.
	both, stop := context.WithCancel(ctx)
	defer stop()
	plain := make(chan error, 1)
	go func() {
		plain <- f.redirect.Run(both)
		stop()
	}()
	err := f.server.Run(both)
	stop()
	return errors.Join(err, <-plain)
}

// reload reads certificates again on SIGHUP. Without any, the signal that a
// terminal sends when it is closed means what it always does.
func (f *publicServer) reload(ctx context.Context) {
	if f.certificates == nil && f.watched {
		return
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-hangup:
			f.manager.Reloading(func() {
				if f.certificates == nil {
					return
				}
				if err := f.certificates.reload(); err != nil {
					f.log.Error("the TLS certificate is not replaced", "err", err)
				} else {
					f.log.Info("the TLS certificate was read again")
				}
			})
		case <-ctx.Done():
			return
		}
	}
}

// addrFlag is the address of a server, whose default is in the environment.
func addrFlag(c *cobra.Command, addr *string, says string) {
	c.Flags().StringVar(addr, "addr", "127.0.0.1:8080", says+" (GORGON_HOST, GORGON_PORT, PORT)")
	*addr = net.JoinHostPort(env("GORGON_HOST", "127.0.0.1"), env("GORGON_PORT", env("PORT", "8080")))
}

func checkAddr(addr string) error {
	if !isAddr(addr) {
		return misused("--addr %s: write it as host:port, such as 127.0.0.1:8080 (its default comes from GORGON_HOST, GORGON_PORT and PORT)", quoted(addr))
	}
	return nil
}

// isAddr says whether an address has the form host:port.
func isAddr(addr string) bool {
	host, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	_, notIP := netip.ParseAddr(host)
	return err == nil && (notIP == nil || pages.CheckHosts(host))
}

// listenError says why an address cannot be listened on, and what to do.
func listenError(flag, addr string, err error) error {
	hint := "choose another address with " + flag + ", or stop what listens there"
	if _, unknown := errors.AsType[*net.DNSError](err); unknown {
		hint = "choose an address of this machine with " + flag + ", such as 127.0.0.1:8080"
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	return fmt.Errorf("listen at %s: %w: %s", addr, err, hint)
}

// reachable is an address that a browser on this machine can open.
func reachable(at net.Addr) string {
	if tcp, ok := at.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("localhost", strconv.Itoa(tcp.Port))
	}
	return at.String()
}
