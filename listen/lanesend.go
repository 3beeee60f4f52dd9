// Answers of the lane: how they are sent, and what is said of them.

package listen

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// A dateLine is the end of a head during one second.
type dateLine struct {
	second int64
	text   []byte
}

func (l *lanes) dateAt(now time.Time) []byte {
	second := now.Unix()
	if d := l.date.Load(); d != nil && d.second == second {
		return d.text
	}
	d := &dateLine{second, []byte("Date: " + now.UTC().Format(http.TimeFormat) + "\r\n\r\n")}
	l.date.Store(d)
	return d.text
}

// What a lane is doing, for a goroutine that closes its connection.
const (
	quiet int32 = iota
	answering
	leaving // it is closed, or will be once the answer is sent
)

// respond sends an answer.
func (l *lane) respond(head, body []byte, now time.Time) error {
	if !l.sending.CompareAndSwap(quiet, answering) {
		return net.ErrClosed
	}
	if l.renewed.IsZero() || now.Sub(l.renewed) >= renewing {
		if err := l.renew(now); err != nil {
			return l.sent(err)
		}
	}
	l.parts = [3][]byte{head, l.dateAt(now), body}
	if l.send = l.parts[:]; len(body) == 0 {
		l.send = l.parts[:2]
	}
	_, err := l.joined.together(&l.send)
	l.parts = [3][]byte{}
	return l.sent(err)
}

// sent says that an answer was sent.
func (l *lane) sent(err error) error {
	if l.sending.CompareAndSwap(answering, quiet) {
		return err
	}
	defer l.server.held.Add(-1)
	return errors.Join(net.ErrClosed, l.conn.Close())
}

// renew moves the deadlines of the connection. That is done once a second and not
// for each answer, so they are that much later.
func (l *lane) renew(now time.Time) (err error) {
	l.renewed, l.partial = now, false
	if l.idle > 0 {
		err = l.conn.SetReadDeadline(now.Add(l.idle + renewing))
	} else {
		err = l.conn.SetReadDeadline(time.Time{})
	}
	if l.write > 0 {
		err = errors.Join(err, l.conn.SetWriteDeadline(now.Add(l.write+renewing)))
	}
	return err
}

// leave says whether the connection is closed by itself, once the answer is sent
// that is being sent.
func (l *lane) leave() bool {
	l.mu.Lock()
	l.closed = true
	l.changed.Broadcast()
	l.mu.Unlock()
	l.server.held.Add(1)
	for {
		switch l.sending.Load() {
		case quiet:
			if l.sending.CompareAndSwap(quiet, leaving) {
				l.server.held.Add(-1)
				return false
			}
		case answering:
			if l.sending.CompareAndSwap(answering, leaving) {
				if d := limit(l.server.ShutdownTimeout, 10*time.Second); d > 0 {
					_ = l.conn.SetWriteDeadline(time.Now().Add(d)) // it has not been closed
				}
				return true
			}
		default:
			l.server.held.Add(-1)
			return false
		}
	}
}

// Request is the request as Handler gets it, for those to whom requests are reported. It costs
// much more than the answer. It is nil outside of a server.
func (q *Simple) Request() *http.Request {
	l := q.of
	if l == nil {
		return nil
	}
	r, err := http.ReadRequest(bufio.NewReaderSize(bytes.NewReader(q.raw), len(q.raw)))
	if err != nil {
		return nil
	}
	if l.conns == nil {
		l.conns = context.WithValue(withConn(l.life, l.joined), http.LocalAddrContextKey, l.conn.LocalAddr())
		l.remote = l.conn.RemoteAddr().String()
	}
	r.RemoteAddr, r.TLS = l.remote, l.joined.state
	r = r.WithContext(l.conns)
	if trusted := proxies(l.server.TrustedProxies); len(trusted) > 0 {
		if peer := Client(r); peer.IsValid() && trusted.trust(peer) {
			r = trusted.believed(r, peer)
		}
	}
	return r
}
