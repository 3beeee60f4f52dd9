// A server that a slow or greedy client cannot hold, and that stops in good order.

package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon"
)

// A Server runs a handler on a listener. Only Handler is needed. Of every
// limit below a negative value means none.
type Server struct {
	Handler http.Handler

	// Addr is where to listen. Default: "127.0.0.1:8080". Port 0 takes a free one.
	Addr string
	// Listener is listened on in place of Addr. Default: none.
	Listener net.Listener

	ReadHeaderTimeout time.Duration // default: 5 s
	ReadTimeout       time.Duration // of a whole request. Default: 30 s
	// WriteTimeout is how long making and sending an answer may take. A body
	// above 1 MiB has a second more for each 64 KiB, and a page that streams
	// has as long again for each part it sends; a handler can set its own
	// deadline with http.ResponseController. Default: 60 s.
	WriteTimeout time.Duration
	IdleTimeout  time.Duration // between two requests of one connection. Default: 120 s

	MaxHeaderBytes int   // default: 32 KiB; it cannot be without limit
	MaxBodyBytes   int64 // of a request; reading more fails with http.MaxBytesError. Default: 10 MiB

	// TLS makes the server speak TLS 1.2 or later. See [Certificate]. Default:
	// none, and HTTP/2 is spoken to those that begin with it at once, as
	// proxies do.
	TLS *tls.Config

	// TrustedProxies are the networks whose word on the visitor is taken:
	// X-Forwarded-For and X-Forwarded-Proto, or Forwarded, and X-Request-Id.
	// Then RemoteAddr is the visitor's, and [Client], [Scheme] and [RequestID]
	// know. A proxy must set these headers itself, over what visitors send.
	// From everyone else they mean nothing, and stay as they are. Default: none.
	TrustedProxies []netip.Prefix

	// MaxStreams is how many requests one HTTP/2 connection may have under
	// way. Default: 250; it cannot be without limit.
	MaxStreams int

	// Drain is how long a server that is told to stop goes on taking requests
	// while /readyz says that it should be sent none, so that balancers can
	// turn away first. Clients are asked to connect anew. Default: 0.
	Drain time.Duration
	// ShutdownTimeout is how long requests may take to end once no more are
	// taken. Default: 10 s.
	ShutdownTimeout time.Duration

	Log *slog.Logger // default: slog.Default()

	mu       sync.Mutex
	listener net.Listener
	draining atomic.Bool
	young    atomic.Int64 // connections on which nothing has been answered yet
}

// firstAnswer is how long connections that were just accepted may take for
// their first answer before Shutdown, which drops requests it sees arrive.
const firstAnswer = time.Second

// serverKey is where a request's context has its Server.
type serverKey struct{}

func limit[T time.Duration | int64](value, standard T) T {
	switch {
	case value < 0:
		return 0
	case value == 0:
		return standard
	}
	return value
}

// Listen opens the listener, if it is not open yet, and says its address.
// Run calls it; call it before to learn which port was taken.
func (s *Server) Listen(ctx context.Context) (net.Addr, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		s.listener = s.Listener
	}
	if s.listener == nil {
		addr := s.Addr
		if addr == "" {
			addr = "127.0.0.1:8080"
		}
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
		if err != nil {
			return nil, &gorgon.Error{Op: "listen", Path: addr, Err: err, Mend: "choose another address, or stop what listens there"}
		}
		s.listener = l
	}
	return s.listener.Addr(), nil
}

// Run serves until ctx ends. Then it drains: /readyz turns 503, Drain passes,
// no more requests are taken, and those under way end. It returns nil where
// all of them did, and otherwise cuts the rest off and says so. It can be
// called once.
func (s *Server) Run(ctx context.Context) error {
	if s.Handler == nil {
		return &gorgon.Error{Op: "serve", Err: errors.New("there is no Handler")}
	}
	if _, err := s.Listen(ctx); err != nil {
		return err
	}
	// Requests outlive ctx while they end in good order, and no longer.
	life, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	server := s.http(life)
	ended := make(chan error, 1)
	go func() {
		if s.TLS != nil {
			ended <- server.ServeTLS(joined{s.listener}, "", "")
			return
		}
		ended <- server.Serve(joined{s.listener})
	}()
	select {
	case <-ctx.Done():
		s.draining.Store(true)
		select {
		case <-time.After(s.Drain):
		case err := <-ended:
			return s.broken(server, err)
		}
	case err := <-ended:
		return s.broken(server, err)
	}
	// Whoever was let in is answered: Shutdown alone would drop a request that
	// arrives as it begins, and not know of a connection accepted just then.
	_ = s.listener.Close()
	<-ended
	for until := time.Now().Add(firstAnswer); s.young.Load() > 0 && time.Now().Before(until); {
		time.Sleep(time.Millisecond)
	}
	grace, done := context.WithoutCancel(ctx), func() {}
	if d := limit(s.ShutdownTimeout, 10*time.Second); d > 0 {
		grace, done = context.WithTimeout(grace, d)
	}
	defer done()
	err := server.Shutdown(grace)
	if err != nil {
		cut()
		_ = server.Close()
		err = &gorgon.Error{Op: "stop", Path: s.listener.Addr().String(), Kind: gorgon.Timeout, Err: fmt.Errorf("requests that did not end were cut off: %w", err)}
	}
	return err
}

// broken ends a server whose listener failed.
func (s *Server) broken(server *http.Server, err error) error {
	_ = server.Close()
	return &gorgon.Error{Op: "serve", Path: s.listener.Addr().String(), Err: err}
}

// http is the server of the standard library with our limits.
func (s *Server) http(life context.Context) *http.Server {
	log := s.Log
	if log == nil {
		log = slog.Default()
	}
	life = context.WithValue(life, serverKey{}, s)
	server := &http.Server{
		Handler:           s.bounded(),
		Protocols:         new(http.Protocols),
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: int(limit(int64(s.MaxStreams), 250))},
		ReadHeaderTimeout: limit(s.ReadHeaderTimeout, 5*time.Second),
		ReadTimeout:       limit(s.ReadTimeout, 30*time.Second),
		WriteTimeout:      limit(s.WriteTimeout, 60*time.Second),
		IdleTimeout:       limit(s.IdleTimeout, 120*time.Second),
		MaxHeaderBytes:    int(limit(int64(s.MaxHeaderBytes), 32<<10)),
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return life },
		ConnContext:       withConn,
		ConnState:         s.settle,
	}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetHTTP2(true)
	server.Protocols.SetUnencryptedHTTP2(s.TLS == nil)
	if s.TLS != nil {
		server.TLSConfig = secured(s.TLS)
	}
	return server
}

// bounded limits the bodies of requests, and asks clients to leave a server
// that drains. A request without a body, which is nearly every one, costs
// nothing.
func (s *Server) bounded() http.Handler {
	most := limit(s.MaxBodyBytes, 10<<20)
	next := s.Handler
	if len(s.TrustedProxies) > 0 {
		next = proxies(s.TrustedProxies).behind(next)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.draining.Load() {
			// Over HTTP/2 this tells the client to open no more streams.
			w.Header()["Connection"] = valueClose
		}
		if most > 0 && r.Body != nil && r.Body != http.NoBody {
			r.Body = http.MaxBytesReader(w, r.Body, most)
		}
		next.ServeHTTP(w, r)
	})
}
