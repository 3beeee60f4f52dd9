// Package events sends server-sent events: responses that do not end, in parts,
// to clients that read them in time.
package events

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/gorgon-go/gorgon"
)

// Beat is an event that says nothing. It keeps proxies from closing the
// connection, and notices that the client has left.
const Beat = ":\n\n"

// Announce says in the header of a response that events follow.
func Announce(header http.Header) {
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "private, no-store, no-transform")
	header.Set("X-Accel-Buffering", "no") // nginx
}

// Elsewhere is the last event of a server that stops: clients come back after
// half a second to five, so that the next instance is not flooded.
func Elsewhere() string { return "retry: " + strconv.Itoa(500+rand.IntN(4500)) + "\n\n" }

// A Writer sends events to a client that reads them in time. One goroutine uses it.
type Writer struct {
	w       http.ResponseWriter
	r       *http.Request
	control *http.ResponseController
	timeout time.Duration
	endless bool // the writer has no deadlines: it is that of a test

	// Over HTTP/2 a deadline ends the stream even if nothing is being written, so
	// that it is removed after each event. Over HTTP/1 it stays, and is set again
	// when a quarter of its time has passed.
	stays bool
	until time.Time

	conn   net.Conn // after Take: the client's; nil where it stays the server's
	sent   int64    // bytes of the body, over conn
	broken bool     // conn cannot be written to any more
}

// Open removes the limits of the server from a response: they are for requests
// that end. It fails if the response cannot be sent in parts. The client has the
// timeout to read one event, or three quarters of it.
func Open(w http.ResponseWriter, r *http.Request, timeout time.Duration) (*Writer, error) {
	o := &Writer{w: w, r: r, control: http.NewResponseController(w), timeout: timeout, stays: r.ProtoMajor < 2}
	err := o.control.SetWriteDeadline(time.Time{})
	if err == nil {
		_ = o.control.SetReadDeadline(time.Time{})
		return o, nil
	}
	o.endless = true
	inner, _ := innermost(w)
	if _, ok := inner.(http.Flusher); ok && errors.Is(err, http.ErrNotSupported) {
		return o, nil
	}
	return nil, &gorgon.Error{Op: "stream", Err: err, Hint: "a guard or a middleware replaces the http.ResponseWriter: give it a method Unwrap"}
}

// passer is a writer that hands bodies on as they are. It is told how many bytes
// were sent without it.
type passer interface{ Passed(bytes int64) }

// innermost is the writer that is around no other, and whether those around it hand
// bodies on as they are.
func innermost(w http.ResponseWriter) (inner http.ResponseWriter, pass bool) {
	for pass = true; ; {
		outer, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return w, pass
		}
		_, passes := w.(passer)
		pass = pass && passes
		w = outer.Unwrap()
	}
}

// Send sends text, and reports whether the client is still there.
func (o *Writer) Send(text string) bool { return send(o, text) }

// SendParts sends parts of one text, as [Writer.Send] does.
func (o *Writer) SendParts(parts ...[]byte) bool { return send(o, parts...) }

// SendMessages sends messages together, as [Writer.Send] does.
func (o *Writer) SendMessages(list ...*Message) bool {
	switch {
	case o.conn == nil:
		parts := make([][]byte, len(list))
		for i, m := range list {
			parts[i] = m.text
		}
		return send(o, parts...)
	case len(list) == 1:
		return o.put(list[0].chunk, len(list[0].text))
	}
	size, buffer := 0, buffers.Get().(*[]byte)
	for _, m := range list {
		*buffer = append(*buffer, m.chunk...)
		size += len(m.text)
	}
	return o.putBuffer(buffer, size)
}

func send[T string | []byte](o *Writer, parts ...T) bool {
	size := 0
	for _, part := range parts {
		size += len(part)
	}
	if o.conn != nil {
		buffer := buffers.Get().(*[]byte)
		*buffer = appendChunk(*buffer, parts...)
		return o.putBuffer(buffer, size)
	}
	if !o.inTime(o.control.SetWriteDeadline) {
		return false
	}
	for _, part := range parts {
		if _, err := o.w.Write([]byte(part)); err != nil {
			return false
		}
	}
	if o.control.Flush() != nil {
		return false
	}
	if !o.endless && !o.stays {
		return o.control.SetWriteDeadline(time.Time{}) == nil
	}
	return true
}

// inTime lets the client have the timeout, or three quarters of it, from now on.
func (o *Writer) inTime(deadline func(time.Time) error) bool {
	if o.endless {
		return true
	}
	now := time.Now()
	if o.stays && o.until.Sub(now) >= o.timeout*3/4 {
		return true
	}
	o.until = now.Add(o.timeout)
	return deadline(o.until) == nil
}
