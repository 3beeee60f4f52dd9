// Tests of stopping: which clients are notified, which requests are awaited,
// and that none is lost.

package serve_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/listen"
)

// run starts a server and says where; stop ends it and says what Run said.
func run(t *testing.T, s *listen.Server) (url string, stop func() error) {
	t.Helper()
	if s.Addr == "" && s.Listener == nil {
		s.Addr = "127.0.0.1:0"
	}
	addr, err := s.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	return "http://" + addr.String(), func() error { cancel(); return <-ended }
}

// client speaks one protocol to a server, and keeps its connections.
func client(t testing.TB, protocol string) *http.Client {
	p := new(http.Protocols)
	p.SetHTTP1(protocol == "http/1.1")
	p.SetHTTP2(protocol == "h2")
	p.SetUnencryptedHTTP2(protocol == "h2c")
	transport := &http.Transport{Protocols: p, MaxIdleConnsPerHost: 1000, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}

func get(c *http.Client, url string) (status int, body string, err error) {
	res, err := c.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

// pipes is a listener without a network, for bubbles with a clock of their own.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	gone  chan struct{}
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), gone: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.gone:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.gone) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

// client speaks one protocol to the listener.
func (p *pipes) client(t testing.TB, protocol string) *http.Client {
	c := client(t, protocol)
	c.Transport.(*http.Transport).DialContext = func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		select {
		case p.conns <- far:
			return near, nil
		case <-p.gone:
			return nil, net.ErrClosed
		}
	}
	return c
}

func TestDrain(t *testing.T) {
	for _, protocol := range []string{"http/1.1", "h2c"} {
		t.Run(protocol, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := build(t, gorgon.App{Parts: []gorgon.Part{page("/")}}, nil)
				l := newPipes()
				server := &listen.Server{Handler: s, Listener: l, Drain: 30 * time.Second}
				url, stop := run(t, server)
				c := l.client(t, protocol)
				if status, body, err := get(c, url+"/readyz"); status != 200 || body != "ready\n" {
					t.Fatalf("%d %q %v", status, body, err)
				}
				if err := server.Check(t.Context(), "/readyz"); err != nil {
					t.Error(err)
				}
				told := time.Now()
				ended := make(chan error, 1)
				go func() { ended <- stop() }()
				synctest.Wait()
				if err := server.Check(t.Context(), "/readyz"); err == nil || !strings.Contains(err.Error(), "draining") {
					t.Errorf("the server's own check: %v", err)
				}
				// What still comes is answered, on connections old and new,
				// and asked to leave.
				for _, c := range []*http.Client{c, l.client(t, protocol)} {
					if status, body, err := get(c, url+"/readyz"); status != 503 || body != "not ready: draining\n" {
						t.Errorf("/readyz: %d %q %v", status, body, err)
					}
					if status, _, err := get(c, url+"/livez"); status != 200 {
						t.Errorf("/livez: %d %v", status, err)
					}
					res, err := c.Get(url + "/")
					if err != nil {
						t.Fatalf("a request while it drains: %v", err)
					}
					_, _ = io.Copy(io.Discard, res.Body)
					_ = res.Body.Close()
					if res.StatusCode != 200 || protocol == "http/1.1" && !res.Close {
						t.Errorf("%s, close is %v", res.Status, res.Close)
					}
				}
				if err := <-ended; err != nil {
					t.Error(err)
				}
				if took := time.Since(told); took < 30*time.Second || took > 45*time.Second {
					t.Errorf("it drained for %s", took)
				}
			})
		})
	}
}
