// Streams whose connections are their own.

package events

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/listen"
)

const (
	thrown = 64 << 10               // bytes that a client may send after its request: nothing reads them
	linger = 500 * time.Millisecond // for a client to read the end before its connection is closed
)

// Take takes the connection from the server, so that a stream that waits has no
// buffers, and an event costs one system call and little else. It sends the header. The
// context ends with the request's, and when the client leaves: the request's own may
// not end then. end ends the stream.
//
// The connection stays the server's over HTTP/2 and HTTP/1.0, and where a writer
// that is not Gorgon's is around the response: it may change what is sent. The
// stream is sent all the same.
func (o *Writer) Take() (ctx context.Context, end func()) {
	if !o.takes() {
		return o.r.Context(), func() {}
	}
	release := listen.Hold(o.r)
	_ = o.inTime(o.control.SetWriteDeadline)
	o.w.Header().Set("Connection", "close")
	o.w.WriteHeader(http.StatusOK)
	conn, buffers, err := o.control.Hijack() // which sends the header
	if err != nil {
		release()
		return o.r.Context(), func() {}
	}
	// The request holds these for as long as it lasts: they become small ones.
	*buffers.Reader = *bufio.NewReaderSize(taken{}, 1)
	*buffers.Writer = *bufio.NewWriterSize(taken{}, 1)
	o.conn, o.until = listen.Taken(conn), time.Time{}
	ctx, cancel := context.WithCancel(o.r.Context())
	go watch(o.conn, cancel)
	return ctx, func() {
		defer release()
		defer cancel()
		o.end()
	}
}

// takes says whether the connection can be taken.
func (o *Writer) takes() bool {
	inner, pass := innermost(o.w)
	if o.endless || !pass || o.r.ProtoMajor != 1 || o.r.ProtoMinor < 1 {
		return false
	}
	_, ok := inner.(interface { // that of net/http: others leave the second to Unwrap
		http.Hijacker
		EnableFullDuplex() error
	})
	return ok
}

// taken is read and written by those who use what they have no longer.
type taken struct{}

func (taken) Read([]byte) (int, error)  { return 0, http.ErrHijacked }
func (taken) Write([]byte) (int, error) { return 0, http.ErrHijacked }

// watch waits until the client has left, and closes the connection.
func watch(conn net.Conn, left context.CancelFunc) {
	buffer := make([]byte, 64)
	for more := thrown; more > 0; {
		n, err := conn.Read(buffer)
		if more -= n; err != nil {
			break
		}
	}
	left()
	_ = conn.Close()
}

// end ends the body, if all of it was sent, and lets the client read it.
func (o *Writer) end() {
	for w := o.w; ; {
		if p, ok := w.(passer); ok {
			p.Passed(o.sent)
		}
		outer, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			break
		}
		w = outer.Unwrap()
	}
	half, ok := o.conn.(interface{ CloseWrite() error })
	if o.broken || !o.put([]byte(lastChunk), 0) || !ok || half.CloseWrite() != nil {
		_ = o.conn.Close()
		return
	}
	_ = o.conn.SetReadDeadline(time.Now().Add(linger)) // of watch
}

var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 1<<10); return &b }}

// mostKept is the size of the largest buffer that is kept.
const mostKept = 64 << 10

// putBuffer sends what is in a buffer, and gives it back.
func (o *Writer) putBuffer(buffer *[]byte, size int) bool {
	ok := o.put(*buffer, size)
	if cap(*buffer) <= mostKept {
		*buffer = (*buffer)[:0]
		buffers.Put(buffer)
	}
	return ok
}

// put sends chunks with so many bytes of the body over the connection.
func (o *Writer) put(chunks []byte, size int) bool {
	if o.broken || !o.inTime(o.conn.SetWriteDeadline) {
		o.broken = true
		return false
	}
	if _, err := o.conn.Write(chunks); err != nil {
		o.broken = true
		return false
	}
	o.sent += int64(size)
	return true
}
