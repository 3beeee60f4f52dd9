// Where serve listens, and how it takes leave.

package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/serve"
)

// listenFlags say how visitors reach the server.
type listenFlags struct {
	addr  string
	drain duration
}

func (l *listenFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&l.addr, "addr", defaultAddr(), "where to listen (GORGON_HOST, GORGON_PORT, PORT)")
	l.drain.from("GORGON_DRAIN")
	c.Flags().Var(&l.drain, "drain", "how long to go on taking requests once told to stop, so that balancers turn away first (GORGON_DRAIN)")
}

func (l *listenFlags) check() error {
	return cmp.Or(checkAddr(l.addr), l.drain.check("--drain"))
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

// listen opens the listener of a server that has no handler yet.
func (p *program) listen(ctx context.Context, l listenFlags) (*serve.Server, net.Addr, error) {
	server := &serve.Server{Addr: l.addr, Log: p.log, Drain: l.drain.value}
	at, err := server.Listen(ctx)
	if err != nil {
		return nil, nil, listenError(l.addr, err)
	}
	return server, at, nil
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
func listenError(addr string, err error) error {
	mend := "choose another address with --addr, or stop what listens there"
	if _, unknown := errors.AsType[*net.DNSError](err); unknown {
		mend = "choose an address of this machine with --addr, such as 127.0.0.1:8080"
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
