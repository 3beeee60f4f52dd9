// A response that goes out as it is rendered, once it is sure to have begun well.

package answer

import (
	"bytes"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/viewctx"
)

// streamBuffer is how many bytes are held back, so that a failure still gets its view,
// and a page that is not larger is sent with its length and in one piece. Buffers
// begin with a quarter of it.
const streamBuffer = 32 << 10

var endOfDocument = []byte("</html>")

var errHeadSent = errors.New("the request asks for no body")

// A Stream takes what a view writes. Nothing is sent before the buffer is
// full or the view flushes. It has the Flush method of http.Flusher, which is
// the one that templ calls.
type Stream struct {
	w       http.ResponseWriter
	r       *http.Request
	to      *Writer
	facts   Facts
	control *http.ResponseController
	status  int
	header  http.Header // the page's own, for when the answer begins

	// Uses are those of the views, before anything is sent; nil where they are
	// not asked.
	Uses *viewctx.Uses

	encoder  compress.Writer // nil for no coding, and until the answer begins
	buffer   *[]byte
	extend   time.Duration // the server's write timeout, granted again with every part
	headOnly bool
	whole    bool // all of it is in the buffer
	sent     bool
	failed   error // of the connection; then nothing more is written
}

var streamBuffers = sync.Pool{New: func() any { b := make([]byte, 0, streamBuffer/4); return &b }}

// Stream begins an answer that goes out as it is made, for one request. The
// header is the page's own. It ends with Finish, and Free whatever came before.
func (w *Writer) Stream(rw http.ResponseWriter, r *http.Request, f Facts, status int, header http.Header) *Stream {
	s := &Stream{
		w: rw, r: r, to: w, facts: f, control: http.NewResponseController(rw), status: status, header: header,
		buffer: streamBuffers.Get().(*[]byte), headOnly: r.Method == http.MethodHead,
		extend: listen.WriteTimeout(r),
	}
	*s.buffer = (*s.buffer)[:0]
	return s
}

// Sent says whether the answer has begun, so that no other can take its place.
func (s *Stream) Sent() bool { return s.sent }

// Failed is why the client gets no more; nil while it does.
func (s *Stream) Failed() error { return s.failed }

// Stopped says whether the view was stopped since a HEAD request has all of
// its answer.
func (s *Stream) Stopped() bool { return s.headOnly && s.sent }

func (s *Stream) Write(p []byte) (int, error) {
	if s.failed != nil {
		return 0, s.failed
	}
	if len(*s.buffer)+len(p) <= streamBuffer {
		*s.buffer = append(*s.buffer, p...)
		return len(p), nil
	}
	s.push()
	if s.failed == nil && len(p) >= streamBuffer {
		s.put(p)
	} else if s.failed == nil {
		*s.buffer = append(*s.buffer, p...)
	}
	if s.failed != nil {
		return 0, s.failed
	}
	return len(p), nil
}

func (s *Stream) WriteString(text string) (int, error) {
	if s.failed == nil && len(*s.buffer)+len(text) <= streamBuffer {
		*s.buffer = append(*s.buffer, text...)
		return len(text), nil
	}
	return s.Write([]byte(text))
}

// Flush sends what was written so far to the client.
func (s *Stream) Flush() { _ = s.FlushError() }

// FlushError is Flush, saying whether the client is still there. The end of a document
// is not flushed: templ does so before it returns, and Finish, which comes next, can
// then tell the length.
func (s *Stream) FlushError() error {
	if bytes.HasSuffix(bytes.TrimRight(*s.buffer, " \n"), endOfDocument) {
		return s.failed
	}
	return s.Send()
}

// Send sends what was written so far, whatever it is, and says whether the client is
// still there.
func (s *Stream) Send() error {
	if s.failed == nil {
		s.push()
	}
	if s.failed == nil && s.encoder != nil {
		s.failed = s.encoder.Flush()
	}
	if s.failed == nil {
		// A writer that cannot flush sends in its own time.
		if err := s.control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
			s.failed = err
		}
	}
	return s.failed
}

// Finish sends the rest and ends the coding.
func (s *Stream) Finish() error {
	s.whole = !s.sent
	if s.failed == nil {
		s.push()
	}
	if s.failed == nil && s.encoder != nil {
		s.failed = s.encoder.Close()
		s.encoder = nil
	}
	return s.failed
}

// push sends what is in the buffer, the header before it.
func (s *Stream) push() {
	if !s.sent {
		s.begin()
	}
	if s.failed == nil && len(*s.buffer) > 0 {
		s.put(*s.buffer)
	}
	*s.buffer = (*s.buffer)[:0]
}

func (s *Stream) put(p []byte) {
	if s.extend > 0 {
		// One clock read for each part. A server that cannot do this keeps
		// its own deadline.
		_ = s.control.SetWriteDeadline(time.Now().Add(s.extend))
	}
	if s.encoder != nil {
		_, s.failed = s.encoder.Write(p)
	} else {
		_, s.failed = s.w.Write(p)
	}
}

func (s *Stream) begin() {
	s.sent = true
	h := head{
		status: s.status, facts: s.facts | Personal, own: s.header, uses: s.Uses, vary: valueVary, says: valueBypass,
		size: unknown, coded: true,
	}
	if s.whole {
		h.size = len(*s.buffer) // its length can be told, unless it is coded
	}
	if s.whole && s.Uses != nil && len(s.Uses.Scripts)+len(s.Uses.Styles) == 0 {
		s.Uses.Nonce = "" // nothing came that needs it
	}
	if !s.to.write(s.w, s.r, &h) {
		s.failed = errHeadSent
		return
	}
	if h.coding != identity {
		s.encoder, _ = compress.NewWriter(names[h.coding], s.w) // it knows every coding that has a name
	}
}

// Free gives back what the stream borrowed. An encoder that was not closed is
// dropped: what was cut short must not look whole.
func (s *Stream) Free() {
	s.encoder = nil
	streamBuffers.Put(s.buffer)
	s.buffer = nil
}
