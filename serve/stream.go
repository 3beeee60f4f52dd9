// A response that goes out as it is rendered, once it is sure to have begun well.

package serve

import (
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/render"
)

const (
	streamBuffer = 8 << 10 // bytes that are held back, so that an early failure still gets its view
	worthCoding  = 512     // bytes; below, a coding saves nothing
)

var errHeadSent = errors.New("the request asks for no body")

// A stream takes what a view writes. Nothing is sent before the buffer is
// full or the view flushes. It has the Flush method of http.Flusher, which is
// the one that templ calls.
type stream struct {
	w        http.ResponseWriter
	r        *http.Request
	h        *Handler
	control  *http.ResponseController
	status   int
	header   http.Header // the page's own, for when the answer begins
	coding   coding
	encoder  compress.Writer // nil for no coding, and until the answer begins
	buffer   *[]byte
	extend   time.Duration // the server's write timeout, granted anew with every part
	uses     *gorgon.Uses  // of the views; nil where they are not asked
	headOnly bool
	whole    bool // all of it is in the buffer
	sent     bool
	failed   error // of the connection; then nothing more is written
}

var streamBuffers = sync.Pool{New: func() any { b := make([]byte, 0, streamBuffer); return &b }}

func (h *Handler) newStream(w http.ResponseWriter, r *http.Request, status int, header http.Header) *stream {
	s := &stream{
		w: w, r: r, h: h, control: http.NewResponseController(w), status: status, header: header,
		buffer: streamBuffers.Get().(*[]byte), headOnly: r.Method == http.MethodHead,
		extend: writeTimeout(r),
	}
	*s.buffer = (*s.buffer)[:0]
	s.coding = accept(r.Header["Accept-Encoding"]).best(func(coding) bool { return true })
	return s
}

func (s *stream) Write(p []byte) (int, error) {
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

func (s *stream) WriteString(text string) (int, error) {
	if s.failed == nil && len(*s.buffer)+len(text) <= streamBuffer {
		*s.buffer = append(*s.buffer, text...)
		return len(text), nil
	}
	return s.Write([]byte(text))
}

// Flush sends what was written so far to the client.
func (s *stream) Flush() { _ = s.FlushError() }

// FlushError is Flush, saying whether the client is still there.
func (s *stream) FlushError() error {
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

// finish sends the rest and ends the coding.
func (s *stream) finish() error {
	s.whole = !s.sent
	if s.failed == nil && !s.sent && len(*s.buffer) < worthCoding {
		// All of it is here, and little: its length can be told.
		s.coding = identity
		s.w.Header()["Content-Length"] = []string{strconv.Itoa(len(*s.buffer))}
	}
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
func (s *stream) push() {
	if !s.sent {
		s.begin()
	}
	if s.failed == nil && len(*s.buffer) > 0 {
		s.put(*s.buffer)
	}
	*s.buffer = (*s.buffer)[:0]
}

func (s *stream) put(p []byte) {
	if s.extend > 0 {
		// One clock read for each 8 KiB. A server that cannot do this keeps
		// its own deadline.
		_ = s.control.SetWriteDeadline(time.Now().Add(s.extend))
	}
	if s.encoder != nil {
		_, s.failed = s.encoder.Write(p)
	} else {
		_, s.failed = s.w.Write(p)
	}
}

func (s *stream) begin() {
	s.sent = true
	header := s.w.Header()
	for name, values := range s.header {
		switch name {
		case "Vary":
			vary(header, values)
		case "Set-Cookie":
			header[name] = append(header[name], values...)
		default:
			header[name] = values
		}
	}
	if s.uses != nil && s.header["Content-Security-Policy"] == nil {
		if s.whole && len(s.uses.Scripts)+len(s.uses.Styles) == 0 {
			s.uses.Nonce = "" // nothing came that needs it
		}
		if policy := render.Policy(s.h.headers, s.uses); policy != nil {
			header["Content-Security-Policy"] = policy
		}
	}
	vary(header, valueVary)
	header["Cache-Status"] = valueBypass
	if _, own := s.header["Cache-Control"]; !own {
		header["Cache-Control"] = valueNoStore
	}
	s.h.settle(header)
	if s.coding != identity {
		if s.headOnly {
			header["Content-Encoding"] = []string{names[s.coding]}
		} else if encoder, ok := compress.NewWriter(names[s.coding], s.w); ok {
			s.encoder = encoder
			header["Content-Encoding"] = []string{names[s.coding]}
		}
	}
	s.w.WriteHeader(s.status)
	if s.headOnly {
		s.failed = errHeadSent
	}
}

// free gives back what the stream borrowed. An encoder that was not closed is
// dropped: what was cut short must not look whole.
func (s *stream) free() {
	s.encoder = nil
	streamBuffers.Put(s.buffer)
	s.buffer = nil
}
