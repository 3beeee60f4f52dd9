// Package events sends server-sent events: responses that do not end, in parts,
// to clients that read them in time.
package events

import (
	"errors"
	"math/rand/v2"
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

// A Writer sends events to a client that reads them in time.
type Writer struct {
	w       http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration
	endless bool // the writer has no deadlines: it is that of a test

	// Over HTTP/2 a deadline ends the stream even if nothing is being written, so
	// that it is removed after each event. Over HTTP/1 it stays, and is set again
	// when a quarter of its time has passed.
	stays bool
	until time.Time
}

// Open removes the limits of the server from a response: they are for requests
// that end. It fails if the response cannot be sent in parts. The client has the
// timeout to read one event, or three quarters of it.
func Open(w http.ResponseWriter, r *http.Request, timeout time.Duration) (*Writer, error) {
	o := &Writer{w: w, control: http.NewResponseController(w), timeout: timeout, stays: r.ProtoMajor < 2}
	err := o.control.SetWriteDeadline(time.Time{})
	if err == nil {
		_ = o.control.SetReadDeadline(time.Time{})
		return o, nil
	}
	o.endless = true
	if errors.Is(err, http.ErrNotSupported) && flushes(o.w) {
		return o, nil
	}
	return nil, &gorgon.Error{Op: "stream", Err: err, Hint: "a guard or a middleware replaces the http.ResponseWriter: give it a method Unwrap"}
}

// flushes says whether the innermost writer sends in parts.
func flushes(w http.ResponseWriter) bool {
	for {
		outer, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			break
		}
		w = outer.Unwrap()
	}
	_, ok := w.(http.Flusher)
	return ok
}

// Send sends text, and reports whether the client is still there.
func (o *Writer) Send(text string) bool { return o.SendBytes([]byte(text)) }

// SendBytes sends text that is bytes, as [Writer.Send] does.
func (o *Writer) SendBytes(text []byte) bool {
	if !o.endless {
		if now := time.Now(); !o.stays || o.until.Sub(now) < o.timeout*3/4 {
			o.until = now.Add(o.timeout)
			if o.control.SetWriteDeadline(o.until) != nil {
				return false
			}
		}
	}
	if _, err := o.w.Write(text); err != nil {
		return false
	}
	if o.control.Flush() != nil {
		return false
	}
	if !o.endless && !o.stays {
		return o.control.SetWriteDeadline(time.Time{}) == nil
	}
	return true
}
