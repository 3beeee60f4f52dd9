// Package listen runs an http.Handler on a network: a server that a slow or
// greedy client cannot hold, and that stops in good order. It knows no app: the
// handler may serve pages, endpoints, metrics, or the health of a worker.
//
// # Limits
//
// The zero value of a [Server] limits every phase of a request: its header,
// its body, the answer, the time between two requests, and the streams of one
// HTTP/2 connection. A handler that sends a large body or a long stream gets
// more time by [Grant] and [WriteTimeout].
//
// # Visitors and proxies
//
// Behind a proxy that is listed in TrustedProxies, [Client], [Scheme] and
// [RequestID] say what the proxy said. The word of any other peer counts for
// nothing.
//
// # The lane
//
// A [Lane] answers requests of the simplest form from memory, on their
// connection, before net/http reads them. Whatever is not plainly such a request
// gets to the handler as it came.
//
// # The end
//
// Run returns when its context has ended and the requests under way were
// answered. Before that the server drains: [Draining] is true for its
// requests, so that a health check can answer 503, and requests are still
// taken for the time of Drain.
//
// # TLS and systemd
//
// A [Certificate] is read from files and again on demand; [Redirect] answers
// on the plain port beside. [Inherited] is the socket that systemd opened, and
// a [Manager] tells systemd of the server's life and feeds its watchdog.
package listen

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
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

	MaxHeaderBytes int   // net/http reads up to 4 KiB more. Default: 32 KiB; it cannot be without limit
	MaxBodyBytes   int64 // of a request; reading more fails with http.MaxBytesError. Default: 10 MiB

	// TLS makes the server speak TLS 1.2 or later. See [Certificate]. Default:
	// none, and HTTP/2 is spoken to those that begin with it at once, as
	// proxies do.
	TLS *tls.Config

	// TrustedProxies are the networks whose word on the visitor is taken:
	// X-Forwarded-For and X-Forwarded-Proto, or Forwarded, and X-Request-Id.
	// Then RemoteAddr is the visitor's, and [Client], [Scheme] and [RequestID]
	// return what the proxy said. A proxy must set these headers itself, over what visitors send.
	// From everyone else they mean nothing, and stay as they are. Default: none.
	TrustedProxies []netip.Prefix

	// MaxStreams is how many requests one HTTP/2 connection may have under
	// way. Each costs about 22 KB for as long as its client reads nothing, and
	// WriteTimeout at most. Default: 100; it cannot be without limit.
	MaxStreams int

	// Drain is how long a server that is told to stop goes on taking requests
	// while [Draining] is true, so that a health check can send balancers away
	// first. Clients are asked to open a new connection. Default: 0.
	Drain time.Duration
	// ShutdownTimeout is how long requests may take to end once no more are
	// taken. Default: 10 s.
	ShutdownTimeout time.Duration

	// Lane answers plain requests over HTTP/1.1, with TLS too, from the second one of a
	// connection, before net/http reads them. What Handler answers for them must be the
	// same. Default: none.
	Lane Lane

	Log *slog.Logger // default: slog.Default()

	mu       sync.Mutex
	listener net.Listener
	draining atomic.Bool
	drain    context.Context // ends when draining begins; nil before Run
	young    atomic.Int64    // connections on which nothing has been answered yet
	held     atomic.Int64    // requests whose connections were taken
}

// firstAnswer is how long connections that were just accepted may take for
// their first answer before Shutdown, which drops requests it sees arrive.
const firstAnswer = time.Second

// serverKey is where a request's context has its Server.
type serverKey struct{}

// Draining says whether the server that the request came to was told to stop:
// then no more requests should be sent to it.
func Draining(r *http.Request) bool {
	s, ok := r.Context().Value(serverKey{}).(*Server)
	return ok && s.draining.Load()
}

// Drained is closed when the server that the request came to is told to stop: what
// waits for something ends then. It is nil, and so never ready, outside of a
// server.
func Drained(r *http.Request) <-chan struct{} {
	if s, ok := r.Context().Value(serverKey{}).(*Server); ok && s.drain != nil {
		return s.drain.Done()
	}
	return nil
}

// AfterDrained calls f in a goroutine of its own when [Drained] would be ready, unless
// stop is called before.
func AfterDrained(r *http.Request, f func()) (stop func() bool) {
	if s, ok := r.Context().Value(serverKey{}).(*Server); ok && s.drain != nil {
		return context.AfterFunc(s.drain, f)
	}
	return func() bool { return true }
}

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
			return nil, fmt.Errorf("listen %s: %w (choose another address, or stop what listens there)", addr, err)
		}
		s.listener = l
	}
	return s.listener.Addr(), nil
}

// Run serves until ctx ends. Then it drains: [Draining] is true, Drain passes,
// no more requests are taken, and those under way end. It returns nil where
// all of them did, and otherwise cuts the rest off and says so. It can be
// called once.
func (s *Server) Run(ctx context.Context) error {
	if s.Handler == nil {
		return errors.New("serve: there is no Handler")
	}
	if _, err := s.Listen(ctx); err != nil {
		return err
	}
	// Requests outlive ctx while they end in good order, and no longer.
	life, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	drained, drain := context.WithCancel(context.Background())
	defer drain()
	s.drain = drained
	server := s.http(life)
	ended := make(chan error, 1)
	go func() {
		switch shared := s.lanes(server); {
		case s.TLS == nil:
			ended <- server.Serve(joined{s.listener, shared})
		case shared == nil || !certified(s.TLS):
			ended <- server.ServeTLS(joined{s.listener, nil}, "", "")
		default:
			ended <- server.Serve(s.greeter(server, shared))
		}
	}()
	select {
	case <-ctx.Done():
		s.draining.Store(true)
		drain()
		select {
		case <-time.After(s.Drain):
		case err := <-ended:
			return s.broken(server, err)
		}
	case err := <-ended:
		return s.broken(server, err)
	}
	// Every accepted client is answered: Shutdown alone would drop a request that
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
	if err == nil {
		err = s.released(grace)
	}
	if err != nil {
		cut()
		_ = server.Close()
		err = fmt.Errorf("stop %s: requests that did not end were cut off: %w", s.listener.Addr(), err)
	}
	return err
}

// broken ends a server whose listener failed.
func (s *Server) broken(server *http.Server, err error) error {
	_ = server.Close()
	return fmt.Errorf("serve %s: %w", s.listener.Addr(), err)
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
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: int(limit(int64(s.MaxStreams), 100))},
		ReadHeaderTimeout: limit(s.ReadHeaderTimeout, 5*time.Second),
		ReadTimeout:       limit(s.ReadTimeout, 30*time.Second),
		WriteTimeout:      limit(s.WriteTimeout, 60*time.Second),
		IdleTimeout:       limit(s.IdleTimeout, 120*time.Second),
		MaxHeaderBytes:    int(limit(int64(s.MaxHeaderBytes), 32<<10)),
		ErrorLog:          errorLog(log),
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
// nothing, and neither does one that says how long its body is: net/http reads
// no more of it than that.
func (s *Server) bounded() http.Handler {
	most := limit(s.MaxBodyBytes, 10<<20)
	next := s.Handler
	if len(s.TrustedProxies) > 0 {
		next = proxies(s.TrustedProxies).behind(next)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.draining.Load() {
			// Over HTTP/2 this tells the client to open no more streams.
			w.Header()["Connection"] = []string{"close"}
		}
		if most > 0 && r.Body != nil && r.Body != http.NoBody && (r.ContentLength < 0 || r.ContentLength > most) {
			var done func()
			r, done = WithBody(r, &boundedBody{http.MaxBytesReader(w, r.Body, most), r.Body})
			defer done()
		}
		next.ServeHTTP(w, r)
	})
}

// WithBody is the request with another body, and what is to be called when it
// has been answered. The request that net/http knows keeps its own body: by
// the type of that, net/http tells whether a client waits for "100 Continue",
// and answers at once. The other one's uploaded files are removed by done.
func WithBody(r *http.Request, body io.ReadCloser) (inner *http.Request, done func()) {
	inner = new(http.Request)
	*inner = *r
	inner.Body = body
	return inner, func() { RemoveUploads(inner) }
}

// RemoveUploads removes the temporary files of a form that a handler read from
// a copy of net/http's request, of which net/http does not know.
func RemoveUploads(r *http.Request) {
	if r.MultipartForm != nil {
		_ = r.MultipartForm.RemoveAll()
	}
}
