// The lane: plain requests are answered on their connection, before net/http
// reads them.
//
// The lane stands where net/http reads. While net/http waits for the next request,
// and has nothing of one, what comes is looked at first. A request that a [Lane] has an
// answer for is answered, and net/http does not learn of it. Any other plain one
// is given to net/http to its end, and no byte further: nothing is answered here until
// net/http is done with it. And at the first thing that is not understood with
// certainty, the lane is off: whatever comes then on this connection is net/http's.
//
// The first request of a connection is never answered here: so the states that
// net/http knows of connections, which a server that stops goes by, are true.

package listen

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// A Lane answers plain requests from memory. It returns the head of the answer,
// from its status to its last header, without Date and the empty line, and the body
// that follows, as net/http would send them. Both are only read. It is false
// for a request that is for Handler. It must be quick, and is called by many
// goroutines at once.
type Lane func(q *Simple) (head, body []byte, ok bool)

// lanes are what the lanes of a server share.
type lanes struct {
	answer              Lane
	server              *Server
	life                context.Context // of requests
	header, idle, write time.Duration   // 0 for none
	date                atomic.Pointer[dateLine]
	buffers             sync.Pool // of *[]byte
}

// lanes are those of the server; nil where it has none.
func (s *Server) lanes(server *http.Server) *lanes {
	if s.Lane == nil {
		return nil
	}
	return &lanes{
		answer: s.Lane, server: s, life: context.WithValue(server.BaseContext(s.listener), http.ServerContextKey, server),
		header: limit(s.ReadHeaderTimeout, 5*time.Second), idle: limit(s.IdleTimeout, 120*time.Second), write: limit(s.WriteTimeout, 60*time.Second),
	}
}

// A position is where a connection is.
type position uint8

const (
	first   position = iota // nothing was given to net/http yet
	working                 // net/http has a request, to its end and no further
	waiting                 // net/http waits for the next one, and has nothing of it
	passing                 // the lane is off
)

// Bounds of the lane.
const (
	mostRequest = 4096    // as large as net/http's buffer
	leastBuffer = 2048    // of net/http, to read requests into
	mostBody    = 1 << 20 // larger ones have more time, see Grant
	renewing    = time.Second
)

// A lane is that of one connection.
type lane struct {
	*lanes
	conn   stream
	joined *joinedConn
	at     position
	rest   []byte // read, and neither answered nor given to net/http
	due    int    // how much of rest is of net/http's request
	err    error  // what ended reading; net/http gets it after rest

	asked   Simple
	conns   context.Context // of its requests, once one is needed
	remote  string          // the peer, likewise
	renewed time.Time       // the deadlines; zero since net/http set its own
	partial bool            // the deadline is that of a header

	parts [3][]byte // lives here so that sending allocates nothing
	send  net.Buffers

	// Other goroutines close connections and take reads back.
	sending atomic.Int32 // one of those below
	mu      sync.Mutex
	changed sync.Cond
	taken   bool // reads are over: their deadline has passed
	closed  bool
}

func newLane(shared *lanes, conn *joinedConn) *lane {
	l := &lane{lanes: shared, conn: conn.stream, joined: conn}
	l.changed.L = &l.mu
	return l
}

// follow learns what net/http does with the connection, from the goroutine that
// reads. A request that has ended has ended its reads before.
func (l *lane) follow(state http.ConnState) {
	switch {
	case state == http.StateHijacked:
		l.at, l.due = passing, 0
	case state == http.StateIdle && l.at == working && l.due > 0:
		l.at, l.due = passing, 0 // for net/http the request ended before
	case state == http.StateIdle && l.at == working:
		l.at, l.renewed, l.partial = waiting, time.Time{}, false
	}
}

// Read is net/http's. It reads into p, and answers out of p.
func (l *lane) Read(p []byte) (int, error) {
	switch {
	case l.due > 0:
		n := copy(p, l.rest[:l.due])
		l.due -= n
		l.keep(l.rest[n:])
		return n, nil
	case l.at == passing:
		return l.pass(p)
	case l.at == working && len(p) == 1:
		return l.watch(p)
	case l.at == working || l.at == waiting && (len(p) < leastBuffer || len(l.rest) > len(p)):
		l.at = passing // a request has not ended where it seemed to
		return l.pass(p)
	}
	b := p
	if l.at == first { // net/http wants no more than tells whether it is HTTP/2
		b = make([]byte, mostRequest)
	}
	from, to, end, err := l.next(b)
	switch {
	case err != nil:
		l.at = passing
		return 0, err
	case len(b) == len(p) && &b[0] == &p[0]:
		if to < end {
			l.rest = append([]byte(nil), b[to:end]...)
		}
		return copy(p, b[from:to]), nil
	}
	l.rest = b[from:end]
	if l.at == working {
		l.due = to - from
	}
	return l.Read(p)
}

// next reads into b until there is something for net/http, and answers what
// comes before. It says where in b that is, and where the bytes end that were
// read. If the lane is off, they all are for net/http.
func (l *lane) next(b []byte) (from, to, end int, err error) {
	n := copy(b, l.rest)
	l.rest = nil
	for {
		used, given, err := l.act(b[:n])
		switch {
		case err != nil:
			return 0, 0, 0, err
		case given > 0:
			return used, used + given, n, nil
		}
		if n = copy(b, b[used:n]); n == len(b) {
			l.at = passing
			return 0, n, n, nil
		}
		if err := l.await(n > 0); err != nil {
			return 0, 0, 0, err
		}
		m, err := l.conn.Read(b[n:])
		if n += m; err != nil {
			if l.at, l.err = passing, err; n == 0 {
				return 0, 0, 0, err
			}
			return 0, n, n, nil
		}
	}
}

// keep keeps what is left of what was read.
func (l *lane) keep(rest []byte) {
	if l.rest = rest; len(rest) == 0 {
		l.rest = nil // and not its array
	}
}

// act answers what can be answered, and says how much of b that was, and how much
// behind it is for net/http.
func (l *lane) act(b []byte) (used, given int, err error) {
	for used < len(b) {
		length, v := l.asked.read(b[used:])
		switch v {
		case unclear:
			return used, 0, nil
		case odd:
			l.at = passing
			return used, len(b) - used, nil
		case simple:
			l.asked.of = l
			if l.at == waiting && !l.server.draining.Load() {
				if head, body, ok := l.answer(&l.asked); ok && len(body) <= mostBody {
					if err := l.respond(head, body, time.Now()); err != nil {
						return used, 0, err
					}
					used += length
					continue
				}
			}
		}
		l.at = working
		return used, length, nil
	}
	return used, 0, nil
}

// await sets the deadline for what comes next: the rest of a request or
// another. Before the first one net/http has set it.
func (l *lane) await(begun bool) error {
	switch {
	case l.at != waiting || l.partial == begun:
	case begun:
		l.partial = true
		if l.header > 0 {
			return l.conn.SetReadDeadline(time.Now().Add(l.header))
		}
	default:
		return l.renew(time.Now())
	}
	return nil
}

// empty says that nothing is left here that net/http was not given.
func (l *lane) empty() bool { return len(l.rest) == 0 && l.err == nil }

// pass reads as if there were no lane.
func (l *lane) pass(p []byte) (int, error) {
	if len(l.rest) > 0 {
		n := copy(p, l.rest)
		l.keep(l.rest[n:])
		return n, nil
	}
	if l.err != nil {
		return 0, l.err
	}
	return l.conn.Read(p)
}

// watch is the read that net/http leaves open while a handler works, to learn that
// the client has gone. A byte that comes is of the next request: it stays here,
// and the read stays open until net/http takes it back.
func (l *lane) watch(p []byte) (int, error) {
	if len(l.rest) == 0 {
		n, err := l.conn.Read(p)
		if n == 0 {
			return 0, err
		}
		l.rest = []byte{p[0]}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for !l.taken && !l.closed {
		l.changed.Wait()
	}
	if l.closed {
		return 0, net.ErrClosed
	}
	return 0, os.ErrDeadlineExceeded
}

// deadline notes the deadline that net/http sets for reads.
func (l *lane) deadline(t time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken = !t.IsZero() && !t.After(time.Now()); l.taken {
		l.changed.Broadcast()
	}
}

// Read reads through the lane, where there is one.
func (c *joinedConn) Read(p []byte) (int, error) {
	if c.lane == nil {
		return c.stream.Read(p)
	}
	return c.lane.Read(p)
}

// WriteTo is not that of the connection, which would not know of the lane.
func (c *joinedConn) WriteTo(w io.Writer) (int64, error) {
	if c.lane == nil {
		return io.Copy(w, c.stream)
	}
	return io.Copy(w, struct{ io.Reader }{c})
}

func (c *joinedConn) SetReadDeadline(t time.Time) error {
	if c.lane != nil {
		c.lane.deadline(t)
	}
	return c.stream.SetReadDeadline(t)
}

func (c *joinedConn) SetDeadline(t time.Time) error {
	if c.lane != nil {
		c.lane.deadline(t)
	}
	return c.stream.SetDeadline(t)
}
