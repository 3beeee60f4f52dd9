// Streams: compressing a response while it is being made.

package compress

import (
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// A Writer compresses what is written to it. Flush sends everything written
// so far, so that the reader can decode it. Close ends the stream, not the
// writer beneath. A Writer that is not closed ends as a stream cut short,
// which is how a failed response should look.
type Writer interface {
	io.WriteCloser
	Flush() error
}

var errClosed = errors.New("compress: the writer is closed")

// NewWriter makes a Writer to w for a coding by its name in HTTP: "gzip",
// "br" or "zstd". It reports false for any other name. Its effort is [Fast].
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

// A stream is an encoder and where it writes to. The target is apart so that
// a pooled encoder does not hold on to the last response.
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
		w, _ := zstd.NewWriter(io.Discard, // fails for impossible options only
			zstd.WithEncoderLevel(efforts[Fast].zstd),
			zstd.WithWindowSize(streamWindow),
			zstd.WithEncoderConcurrency(1), // more would start goroutines
			zstd.WithLowerEncoderMem(true),
			zstd.WithEncoderCRC(false),
			zstd.WithZeroFrames(true), // an empty body is a stream too
		)
		return &stream{encoder: w}
	}}
)

// streamWindow bounds what one response in flight takes, in bytes.
const streamWindow = 512 << 10

// lent is what a caller holds of a stream until Close. It is not pooled:
// a second Close must not end somebody else's response.
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
