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

	"github.com/gorgon-go/gorgon/serve"
)

// listenFlags say how visitors reach the server.
type listenFlags struct {
	addr    string
	drain   duration
	proxies string
	access  bool
	tls     tlsFlags

	trusted []netip.Prefix // what proxies says, once checked
}

func (l *listenFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&l.addr, "addr", defaultAddr(), "where to listen (GORGON_HOST, GORGON_PORT, PORT)")
	l.drain.from("GORGON_DRAIN")
	c.Flags().Var(&l.drain, "drain", "how long to go on taking requests once told to stop, so that balancers turn away first (GORGON_DRAIN)")
	c.Flags().StringVar(&l.proxies, "trusted-proxies", env("GORGON_TRUSTED_PROXIES", ""), "networks, with commas, whose X-Forwarded-For, X-Forwarded-Proto, Forwarded and X-Request-Id are believed (GORGON_TRUSTED_PROXIES)")
	c.Flags().BoolVar(&l.access, "access-log", env("GORGON_ACCESS_LOG", "") == "true", "log each request (GORGON_ACCESS_LOG=true)")
	l.tls.add(c)
}

func (l *listenFlags) check() (err error) {
	if l.trusted, err = serve.ParseProxies(l.proxies); err != nil {
		return misused("--trusted-proxies %q: write networks with commas, such as 10.0.0.0/8,::1", l.proxies)
	}
	return cmp.Or(checkAddr(l.addr), l.drain.check("--drain"), l.tls.check())
}

// A duration is a flag whose default is in the environment, where it may be
// malformed: then check says so, and not whoever reads the help.
type duration struct {
	value time.Duration
	fault error
}

func (d *duration) from(name string) {
	if text := os.Getenv(name); text != "" {
		if err := d.Set(text); err != nil {
			d.fault = misused("%s %q: %s", name, text, forms[d.Type()])
		}
	}
}

// Set, String and Type are what a flag's value has.
func (d *duration) Set(text string) (err error) {
	d.fault = nil
	d.value, err = time.ParseDuration(text)
	return err
}

func (d *duration) String() string { return d.value.String() }
func (d *duration) Type() string   { return "duration" }

func (d *duration) check(flag string) error {
	if d.fault == nil && d.value < 0 {
		return misused("%s %s: give a duration of zero or more", flag, d.value)
	}
	return d.fault
}

// A front is a server with what stands around it, listening before there is a
// handler: so a port that is taken is known before anything is built.
type front struct {
	server   *serve.Server
	redirect *serve.Server // of the plain port beside it; nil for none
	keeper   *keeper       // nil without TLS
	manager  manager
	at       net.Addr
	log      *slog.Logger
	watched  bool // by somebody on a terminal, whose leaving ends it
}

func (p *program) listen(ctx context.Context, l listenFlags) (*front, error) {
	f := &front{log: p.log, watched: isTerminal(p.err), server: &serve.Server{Addr: l.addr, Log: p.log, Drain: l.drain.value, TrustedProxies: l.trusted}}
	f.manager = manager{server: f.server, log: p.log}
	var err error
	if f.keeper, err = l.tls.keep(p.log); err != nil {
		return nil, err
	}
	if f.keeper != nil {
		f.server.TLS = f.keeper.config
	}
	if f.server.Listener, err = inherited(); err != nil {
		return nil, err
	}
	if f.at, err = f.server.Listen(ctx); err != nil {
		return nil, listenError("--addr", l.addr, err)
	}
	if f.redirect = f.keeper.redirect(l.tls.redirect, f.at, p.log); f.redirect != nil {
		f.redirect.Drain = l.drain.value
		if _, err := f.redirect.Listen(ctx); err != nil {
			return nil, listenError("--redirect-from", l.tls.redirect, err)
		}
	}
	return f, nil
}

// url is where a browser on this machine finds the site.
func (f *front) url(base string) string {
	scheme := "http"
	if f.keeper != nil {
		scheme = "https"
	}
	return scheme + "://" + reachable(f.at) + base + "/"
}

// run serves until ctx ends, and tells whoever wants to hear of it.
func (f *front) run(ctx context.Context) error {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	var beside sync.WaitGroup
	defer beside.Wait()
	defer end()
	beside.Go(func() { f.manager.follow(life, ctx, f.at.String()) })
	beside.Go(func() { f.reload(life) })
	if f.keeper != nil {
		beside.Go(func() { f.keeper.watch(life) })
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
func (f *front) reload(ctx context.Context) {
	if f.keeper == nil && f.watched {
		return
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-hangup:
			f.manager.reloading(func() {
				if f.keeper == nil {
					return
				}
				if err := f.keeper.reload(); err != nil {
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

// defaultAddr is the address that the environment says.
func defaultAddr() string {
	return net.JoinHostPort(env("GORGON_HOST", "127.0.0.1"), env("GORGON_PORT", env("PORT", "8080")))
}

func checkAddr(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return misused("--addr %q: write it as host:port, such as 127.0.0.1:8080 (its default comes from GORGON_HOST, GORGON_PORT and PORT)", addr)
	}
	return nil
}

// listenError says why an address cannot be listened on, and what to do.
func listenError(flag, addr string, err error) error {
	mend := "choose another address with " + flag + ", or stop what listens there"
	if _, unknown := errors.AsType[*net.DNSError](err); unknown {
		mend = "choose an address of this machine with " + flag + ", such as 127.0.0.1:8080"
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	return fmt.Errorf("listen at %s: %w: %s", addr, err, mend)
}

// reachable is an address that a browser on this machine can open.
func reachable(at net.Addr) string {
	if tcp, ok := at.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("localhost", strconv.Itoa(tcp.Port))
	}
	return at.String()
}
