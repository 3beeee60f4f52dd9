// health: ask the server on this machine whether it is ready.

package command

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/wire"

	"github.com/spf13/cobra"
)

// healthTimeout is how long the server may take to answer.
const healthTimeout = 2 * time.Second

func healthCommand(p *program) *cobra.Command {
	var addr string
	c := &cobra.Command{
		Use:   "health",
		Short: "Ask the server on this machine whether it is ready",
		Long: `Asks /readyz of the server on this machine and exits with 0 where it is ready,
and otherwise with 1 and the reason. It is for health checks of containers,
which then need no other program. An answer that takes more than 2 s is none.

Where GORGON_TLS_CERT or GORGON_ACME_DOMAINS is set, it asks over TLS. The
certificate is that of the site, not of the loopback, and is not checked.`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkAddr(addr); err != nil {
				return err
			}
			says, err := askReady(c.Context(), addr)
			if err != nil {
				return err
			}
			fmt.Fprintln(p.out, says)
			return nil
		},
	}
	addrFlag(c, &addr, "where the server listens")
	return c
}

// askReady asks for /readyz; what is not ready is an error.
func askReady(ctx context.Context, addr string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	transport := &http.Transport{} // without the proxies of the environment
	defer transport.CloseIdleConnections()
	scheme := "http"
	if domains := split(os.Getenv("GORGON_ACME_DOMAINS")); len(domains) > 0 || os.Getenv("GORGON_TLS_CERT") != "" {
		scheme = "https"
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
		if len(domains) > 0 {
			transport.TLSClientConfig.ServerName = domains[0] // there is a certificate for it alone
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+local(addr)+wire.Ready, nil)
	if err != nil {
		return "", err
	}
	res, err := (&http.Client{Transport: transport}).Do(r)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "", fmt.Errorf("%s did not answer within %s", local(addr), healthTimeout)
	case err != nil:
		return "", fmt.Errorf("%s does not answer: %w: see that the server runs, or name its address with --addr", local(addr), unwrapped(err))
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(res.Body, 4<<10)) // what was read says enough
	says := strings.TrimSpace(string(body))
	if res.StatusCode != http.StatusOK {
		return "", errors.New(cmp.Or(says, res.Status))
	}
	return says, nil
}

// local is where an address that a server listens at is reached from the same
// machine.
func local(addr string) string {
	host, port, _ := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// unwrapped is a failure to connect without the URL, which the message has.
func unwrapped(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err
	}
	return err
}

// split takes a list with commas apart.
func split(list string) (parts []string) {
	for part := range strings.SplitSeq(list, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}
