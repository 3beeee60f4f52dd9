// Asking a running program for its snapshot.

package diagnose

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/operate"
)

const (
	readTime    = 15 * time.Second // a snapshot asks the database and the store
	maxSnapshot = 64 << 20
	unixScheme  = "unix:"
)

// A Program is where the admin pages of a running program are. Make it with [At].
type Program struct {
	url    string
	shown  string // without secrets
	client *http.Client
}

// At is the program whose admin pages are at a URL, an address such as :9465, or
// a file such as unix:/run/shop/admin.sock.
func At(location string) (*Program, error) {
	transport := &http.Transport{} // without the proxies of the environment
	p := &Program{client: &http.Client{Transport: transport, Timeout: readTime}}
	if file, isFile := strings.CutPrefix(location, unixScheme); isFile {
		if file == "" {
			return nil, errors.New("unix: needs the name of a file")
		}
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", file)
		}
		p.url, p.shown = "http://localhost/snapshot.json", location
		return p, nil
	}
	if !strings.Contains(location, "://") {
		host, port, err := net.SplitHostPort(location)
		if err != nil || port == "" {
			return nil, errors.New("write it as a URL, as host:port, or as unix: and a file")
		}
		if host == "" {
			host = "127.0.0.1"
		}
		location = "http://" + net.JoinHostPort(host, port)
	}
	u, err := url.Parse(location)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("write it as a URL such as http://127.0.0.1:9465, as host:port, or as unix: and a file")
	}
	p.shown = u.Host
	p.url = u.JoinPath("snapshot.json").String()
	return p, nil
}

// Snapshot asks for a snapshot. One of another version is read as far as its
// names are known.
func (p *Program) Snapshot(ctx context.Context) (s operate.Snapshot, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url, nil)
	if err != nil {
		return s, fmt.Errorf("%s cannot be asked", p.shown)
	}
	r.Header.Set("Accept", "application/json")
	res, err := p.client.Do(r)
	if err != nil {
		return s, fmt.Errorf("%s does not answer: %w: %s", p.shown, causeOf(err), howToOpen)
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return s, fmt.Errorf("%s says %s: its guard does not let this in: put a name and a password into the URL if it asks for these, or ask on the program's own machine", p.shown, res.Status)
	default:
		return s, fmt.Errorf("%s says %s to /snapshot.json: it is not the address of --admin, or the program is older than that", p.shown, res.Status)
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, maxSnapshot))
	if err != nil {
		return s, fmt.Errorf("%s did not send its snapshot to the end: %w", p.shown, causeOf(err))
	}
	// What has another type than it has here is left out.
	if err := json.Unmarshal(data, &s); err != nil {
		if _, other := errors.AsType[*json.UnmarshalTypeError](err); !other {
			return s, fmt.Errorf("%s does not answer as the admin pages of a program do", p.shown)
		}
	}
	if s.At.IsZero() || s.About.App == "" {
		return s, fmt.Errorf("%s does not answer as the admin pages of a program do", p.shown)
	}
	return s, nil
}

// Close closes connections that are left open.
func (p *Program) Close() { p.client.CloseIdleConnections() }

const howToOpen = "start the program with --admin :9465 (GORGON_ADMIN), which opens the pages for operators to its own machine, and run this there; or reach them by a tunnel, as in ssh -L 9465:127.0.0.1:9465 HOST"

// causeOf is a failure without the URL, which may have a password.
func causeOf(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		if u.Timeout() {
			return fmt.Errorf("nothing came within %s", readTime)
		}
		return u.Err
	}
	return err
}
