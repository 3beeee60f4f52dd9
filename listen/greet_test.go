// Tests of TLS with a lane: a server that has one is, in every way but that, a server
// that has none.

package listen_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/listen"
)

// pair is a certificate and its key.
func pair(t *testing.T) tls.Certificate {
	t.Helper()
	cert, key := issue(t, t.TempDir(), 1, time.Now().Add(90*24*time.Hour))
	p, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// secureLaned is a server over TLS, with a lane or without one.
func secureLaned(t *testing.T, lane bool, other http.HandlerFunc) *laned {
	t.Helper()
	s := newLaned("whole", other)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair(t)}}
	if !lane {
		s.Lane = nil
	}
	return s
}

// handshake has one with a server.
func handshake(t *testing.T, url string, config *tls.Config) *peer {
	t.Helper()
	p := dial(t, url)
	c := tls.Client(p.Conn, config)
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	return &peer{c, bufio.NewReader(c)}
}

// speaking is a client's configuration.
func speaking(protocols ...string) *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, NextProtos: protocols}
}

// said is what a handler knows of TLS.
func said(r *http.Request) string {
	s := r.TLS
	if s == nil {
		return "nothing"
	}
	return fmt.Sprint(r.Proto, " ", listen.Scheme(r), " ", s.Version, s.HandshakeComplete, s.DidResume, s.CipherSuite, s.CurveID, s.NegotiatedProtocol, s.ServerName, len(s.PeerCertificates), len(s.VerifiedChains), len(s.TLSUnique), s.ECHAccepted,
		r.Context().Value(http.LocalAddrContextKey) != nil, listen.Client(r))
}

// What a handler knows of TLS is the same with a lane, and so is what is reported of the
// answers of the lane.
func TestTLSIsKnownWithLane(t *testing.T) {
	own := pair(t)
	leaf, err := x509.ParseCertificate(own.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	var seen [2][]string
	for i, lane := range []bool{false, true} {
		told := make(chan string, 100)
		s := secureLaned(t, lane, func(_ http.ResponseWriter, r *http.Request) { told <- said(r) })
		s.TLS.ClientAuth, s.TLS.ClientCAs = tls.RequestClientCert, pool
		answer := s.Lane
		if lane {
			s.Lane = func(q *listen.Simple) (head, body []byte, ok bool) {
				if head, body, ok = answer(q); ok {
					told <- said(q.Request())
				}
				return head, body, ok
			}
		}
		url, stop := run(t, s.Server)
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			for _, protocols := range [][]string{nil, {"http/1.1"}, {"h2", "http/1.1"}} {
				for _, certificates := range [][]tls.Certificate{nil, {own}} {
					config := speaking(protocols...)
					config.ServerName, config.Certificates, config.MaxVersion = "shop.example", certificates, version
					config.ClientSessionCache = tls.NewLRUClientSessionCache(9)
					transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: len(protocols) == 2, Protocols: new(http.Protocols)}
					transport.Protocols.SetHTTP1(len(protocols) < 2)
					transport.Protocols.SetHTTP2(len(protocols) == 2)
					c := &http.Client{Transport: transport, Timeout: 30 * time.Second}
					for range 2 { // the second one resumes
						for _, path := range []string{"/other", "/other", "/kept"} {
							res, err := c.Get(strings.Replace(url, "http:", "https:", 1) + path)
							if err != nil {
								t.Fatal(err)
							}
							_, _ = io.Copy(io.Discard, res.Body)
							_ = res.Body.Close()
							if path == "/other" {
								seen[i] = append(seen[i], <-told)
							} else if lane && len(protocols) < 2 {
								seen[i] = append(seen[i], <-told)
							} else {
								seen[i] = append(seen[i], seen[i][len(seen[i])-1])
							}
						}
						transport.CloseIdleConnections()
					}
				}
			}
		}
		end(t, stop)
	}
	for i, want := range seen[0] {
		// Each answer of the lane comes after one of net/http's on the same connection, and knows the same.
		if got := seen[1][i]; got != want {
			t.Fatalf("%d: with a lane\n%s, without it\n%s", i, got, want)
		}
	}
	all := strings.Join(seen[1], "\n")
	if !strings.Contains(all, "HTTP/2.0 https") || !strings.Contains(all, "HTTP/1.1 https") || strings.Contains(all, "nothing") {
		t.Error(all)
	}
}

// The lane answers over TLS, from the second request of a connection on; HTTP/2 is
// net/http's.
func TestLaneOverTLS(t *testing.T) {
	body := strings.Repeat("0123456789", 20000) // of many records
	s := secureLaned(t, true, nil)
	big := newLaned(body, nil)
	s.Lane, s.Handler = big.Lane, big.Handler
	url, stop := run(t, s.Server)
	defer end(t, stop)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		config := speaking("http/1.1")
		config.MaxVersion = version
		p := handshake(t, url, config)
		for range 4 {
			p.send(t, keptGet)
			p.want(t, "GET", 200, body)
		}
		p.send(t, strings.Repeat(keptGet, 2)+strings.Replace(keptGet, "GET", "HEAD", 1)+strings.Replace(keptGet, "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1))
		for range 2 {
			p.want(t, "GET", 200, body)
		}
		p.want(t, "HEAD", 200, "")
		if res := p.want(t, "GET", 200, body); !res.Close {
			t.Error("the connection stays open")
		}
		p.closed(t)
	}
	big.count(t, 12, 4)
	c := client(t, "h2")
	for range 3 {
		if _, text, err := get(c, strings.Replace(url, "http:", "https:", 1)+"/kept"); text != body {
			t.Errorf("%d bytes, %v", len(text), err)
		}
	}
	big.count(t, 12, 7)
}

// What goes wrong in a handshake is answered and logged as net/http does it, and leaves
// nothing behind.
func TestHandshakesFailAlike(t *testing.T) {
	ports := regexp.MustCompile(`127\.0\.0\.1:\d+`)
	stacks := regexp.MustCompile(`(?s)\\ngoroutine .*`)
	for name, c := range map[string]struct {
		change func(*tls.Config)
		client func(*testing.T, net.Conn) string
	}{
		"HTTP": {client: func(t *testing.T, c net.Conn) string {
			_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
			b, _ := io.ReadAll(c)
			return string(b)
		}},
		"something else": {client: func(t *testing.T, c net.Conn) string {
			_, _ = io.WriteString(c, "SSH-2.0-OpenSSH_9.9\r\n")
			b, _ := io.ReadAll(c)
			return fmt.Sprintf("%x", b)
		}},
		"a client that leaves": {client: func(t *testing.T, c net.Conn) string {
			_ = c.(*net.TCPConn).CloseWrite()
			b, _ := io.ReadAll(c)
			return fmt.Sprintf("%x", b)
		}},
		"silence": {client: func(t *testing.T, c net.Conn) string {
			b, _ := io.ReadAll(c)
			return fmt.Sprintf("%x", b)
		}},
		"an old version": {client: func(t *testing.T, c net.Conn) string {
			config := speaking("http/1.1")
			config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
			return fmt.Sprint(tls.Client(c, config).Handshake())
		}},
		"another protocol": {client: func(t *testing.T, c net.Conn) string {
			return fmt.Sprint(tls.Client(c, speaking("gopher")).Handshake())
		}},
		"a challenge": {
			change: func(config *tls.Config) { config.NextProtos = []string{"acme-tls/1"} },
			client: func(t *testing.T, c net.Conn) string {
				encrypted := tls.Client(c, speaking("acme-tls/1"))
				err := encrypted.Handshake()
				_, _ = io.WriteString(encrypted, keptGet) // which the server does not read
				b, _ := io.ReadAll(encrypted)
				return fmt.Sprint(err, encrypted.ConnectionState().NegotiatedProtocol, string(b))
			},
		},
		"no certificate for it": {
			change: func(config *tls.Config) {
				config.Certificates = nil
				config.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errors.New("none here") }
			},
			client: func(t *testing.T, c net.Conn) string {
				return fmt.Sprint(tls.Client(c, speaking("http/1.1")).Handshake())
			},
		},
		"no certificate of the client": {
			change: func(config *tls.Config) { config.ClientAuth = tls.RequireAnyClientCert },
			client: func(t *testing.T, c net.Conn) string {
				config := speaking("http/1.1")
				config.MaxVersion = tls.VersionTLS12
				return fmt.Sprint(tls.Client(c, config).Handshake())
			},
		},
		"a panic": {
			change: func(config *tls.Config) {
				config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { panic("no configuration") }
			},
			client: func(t *testing.T, c net.Conn) string {
				return fmt.Sprint(tls.Client(c, speaking("http/1.1")).Handshake())
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var seen [2]string
			for i, lane := range []bool{false, true} {
				log := &lockedBuffer{}
				s := secureLaned(t, lane, nil)
				s.ReadHeaderTimeout, s.Log = 200*time.Millisecond, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
					if a.Key == slog.TimeKey {
						return slog.Attr{}
					}
					return a
				}}))
				if c.change != nil {
					c.change(s.TLS)
				}
				url, stop := run(t, s.Server)
				conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
				if err != nil {
					t.Fatal(err)
				}
				_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
				seen[i] = c.client(t, conn)
				_ = conn.Close()
				end(t, stop) // which waits for nothing
				if n := s.Young(); n != 0 {
					t.Errorf("%d connections are still without an answer", n)
				}
				seen[i] = ports.ReplaceAllString(seen[i]+"\n"+stacks.ReplaceAllString(log.String(), ""), "ADDR")
			}
			if seen[0] != seen[1] {
				t.Errorf("with a lane\n%s\nwithout it\n%s", seen[1], seen[0])
			}
		})
	}
}

// A server that stops waits for a handshake under way and what is asked after it, and
// not for one that does not end.
func TestServerStopsWithHandshakes(t *testing.T) {
	begun, release := make(chan struct{}), make(chan struct{})
	var times atomic.Int64
	s := secureLaned(t, true, nil)
	s.TLS.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		if times.Add(1) == 1 {
			close(begun)
			<-release
		}
		return nil, nil
	}
	s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout = time.Hour, -1, -1
	url, stop := run(t, s.Server)
	silent := dial(t, url)
	p := dial(t, url)
	c := tls.Client(p.Conn, speaking("http/1.1"))
	shaken := make(chan error, 1)
	go func() { shaken <- c.Handshake() }()
	<-begun
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	for { // until it listens no more
		c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			break
		}
		_ = c.Close()
	}
	close(release)
	if err := <-shaken; err != nil {
		t.Fatal(err)
	}
	p = &peer{c, bufio.NewReader(c)}
	p.send(t, keptGet)
	if res := p.want(t, "GET", 200, "whole"); !res.Close {
		t.Error("the client is not asked to leave")
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	silent.closed(t)
}

// While a server drains, requests over TLS get to net/http, which asks clients to leave.
func TestLaneDrainsOverTLS(t *testing.T) {
	s := secureLaned(t, true, nil)
	s.Drain, s.Addr = time.Hour, "127.0.0.1:0"
	addr, err := s.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { _ = s.Run(ctx) }()
	p := handshake(t, addr.String(), speaking("http/1.1"))
	for range 2 {
		p.send(t, keptGet)
		p.want(t, "GET", 200, "whole")
	}
	s.count(t, 1, 1)
	cancel()
	for {
		p.send(t, keptGet)
		if res := p.want(t, "GET", 200, "whole"); res.Close {
			p.closed(t)
			break
		}
	}
}

// A connection over TLS that a handler takes is one of TLS.
func TestConnectionsOverTLSAreTaken(t *testing.T) {
	s := secureLaned(t, true, func(w http.ResponseWriter, _ *http.Request) {
		conn, both, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		if line, err := both.ReadString('\n'); line != "more\n" || err != nil {
			t.Errorf("%q %v", line, err)
		}
		if _, ok := listen.Taken(conn).(*tls.Conn); !ok {
			t.Errorf("it is a %T", listen.Taken(conn))
		}
		_, _ = io.WriteString(listen.Taken(conn), "taken")
	})
	url, stop := run(t, s.Server)
	defer end(t, stop)
	p := handshake(t, url, speaking("http/1.1"))
	p.send(t, otherGet)
	p.send(t, "more\n")
	if b, err := io.ReadAll(p.in); string(b) != "taken" || err != nil {
		t.Errorf("%q %v", b, err)
	}
}

// A failing listener's faults get to net/http: it waits after one that is said to pass, and
// gives up after another.
func TestGreeterPassesFaultsOn(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := secureLaned(t, true, nil)
	failing := &failing{Listener: l, then: make(chan error, 2)}
	s.Listener = failing
	failing.then <- passing{}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(t.Context()) }()
	p := handshake(t, l.Addr().String(), speaking("http/1.1"))
	p.send(t, keptGet)
	p.want(t, "GET", 200, "whole")
	failing.then <- errors.New("out of order")
	if c, err := net.Dial("tcp", l.Addr().String()); err == nil {
		defer c.Close()
	}
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "out of order") {
		t.Error(err)
	}
	if _, err := io.ReadAll(p.in); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Logf("the end: %v", err)
	}
}

// A failing listener returns faults after a connection, or in its place.
type failing struct {
	net.Listener
	then chan error
}

func (f *failing) Accept() (net.Conn, error) {
	select {
	case err := <-f.then:
		return nil, err
	default:
		c, err := f.Listener.Accept()
		select {
		case err := <-f.then:
			_ = c.Close()
			return nil, err
		default:
			return c, err
		}
	}
}

// A passing fault is one after which a listener is asked again.
type passing struct{}

func (passing) Error() string   { return "too many files" }
func (passing) Timeout() bool   { return false }
func (passing) Temporary() bool { return true }
