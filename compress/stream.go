// Streams: compressing a response while it is being written.

package compress

import (
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// A Writer compresses what is written to it. Flush sends everything written so
// far, so that the reader can decode it. Close ends the stream, but does not
// close the underlying writer. A Writer that is not closed leaves a truncated
// stream, which is how a failed response should look.
type Writer interface {
	io.WriteCloser
	Flush() error
}

var errClosed = errors.New("compress: the writer is closed")

// NewWriter returns a Writer to w for a coding by its name in HTTP: "gzip",
// "br" or "zstd". It returns false for any other name. Its effort is [Fast].
func NewWriter(coding string, w io.Writer) (Writer, bool) {
	var pool *sync.Pool
	switch coding {
	case "gzip":
		pool = &gzipStreams
	case "br":
		pool = &brotliStreams
	case "zstd":
		pool = &zstdStreams
	default:
		return nil, false
	}
	s := pool.Get().(*stream)
	s.out.Writer = w
	s.encoder.Reset(&s.out)
	return &lent{stream: s, pool: pool}, true
}

// A stream is an encoder and its target. The target is separate so that a
// pooled encoder does not keep the last response alive.
type stream struct {
	out     target
	encoder encoder
}

type target struct{ io.Writer }

type encoder interface {
	Writer
	Reset(io.Writer)
}

var (
	gzipStreams = sync.Pool{New: func() any {
		return &stream{encoder: newGzip(efforts[Fast].gzip)}
	}}
	brotliStreams = sync.Pool{New: func() any {
		return &stream{encoder: newBrotliStream()}
	}}
	zstdStreams = sync.Pool{New: func() any {
		w, _ := zstd.NewWriter(io.Discard, // it fails for invalid options only
			zstd.WithEncoderLevel(efforts[Fast].zstd),
			zstd.WithWindowSize(streamWindow),
			zstd.WithEncoderConcurrency(1), // a higher value would start goroutines
			zstd.WithLowerEncoderMem(true),
			zstd.WithEncoderCRC(false),
			zstd.WithZeroFrames(true), // an empty body is a stream too
		)
		return &stream{encoder: w}
	}}
)

// streamWindow limits the memory of one response in flight, in bytes.
const streamWindow = 512 << 10

// lent is the caller's view of a stream until Close. It is not pooled: a second
// Close must not end another response.
type lent struct {
	stream *stream
	pool   *sync.Pool
}

func (l *lent) Write(p []byte) (int, error) {
	if l.stream == nil {
		return 0, errClosed
	}
	return l.stream.encoder.Write(p)
}

func (l *lent) Flush() error {
	if l.stream == nil {
		return errClosed
	}
	return l.stream.encoder.Flush()
}

func (l *lent) Close() error {
	s := l.stream
	if s == nil {
		return nil
	}
	l.stream = nil
	err := s.encoder.Close()
	s.out.Writer = nil
	l.pool.Put(s)
	return err
}
