// The ready-compressed twins of a page.

package compress

import (
	"bytes"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

const (
	minSize   = 256     // bytes; a smaller page fits one packet either way
	minGain   = 32      // bytes; about what Content-Encoding and its ETag cost
	keepAbove = 4 << 20 // bytes; larger buffers are not kept for the next page
)

// A press holds the encoders of one effort. They are large, slow to make and
// good for one page at a time, hence the pools.
type press struct {
	gzip   resetter
	brotli resetter
	zstd   *zstd.Encoder
	out    bytes.Buffer
	flat   []byte
}

type resetter interface {
	io.WriteCloser
	Reset(io.Writer)
}

var presses [len(efforts)]sync.Pool

// Twins compresses a page. A twin is nil where it would not be worth having:
// for a page under 256 bytes, or if it saves less than 32. It is safe for
// concurrent use, and keeps nothing of html.
func (e Effort) Twins(html []byte) (gzip, brotli, zstd []byte) {
	if e == None || e < 0 || int(e) >= len(efforts) || len(html) < minSize {
		return nil, nil, nil
	}
	p, ok := presses[e].Get().(*press)
	if !ok {
		p = newPress(e)
	}
	gzip = p.stream(p.gzip, html)
	brotli = p.stream(p.brotliFor(e, html), html)
	p.flat = p.zstd.EncodeAll(html, p.flat[:0])
	zstd = twin(p.flat, html)
	if p.out.Cap() <= keepAbove && cap(p.flat) <= keepAbove {
		presses[e].Put(p)
	}
	return gzip, brotli, zstd
}

func newPress(e Effort) *press {
	level := efforts[e]
	p := new(press)
	p.gzip = newGzip(level.gzip)
	p.zstd, _ = zstd.NewWriter(nil, // fails for impossible options only
		zstd.WithEncoderLevel(level.zstd),
		zstd.WithWindowSize(level.window),
		zstd.WithEncoderConcurrency(1), // the build has its own workers
		zstd.WithEncoderCRC(false),     // an entry has a digest already
	)
	p.brotli = e.newBrotli()
	return p
}

func (e Effort) newBrotli() resetter {
	if level := efforts[e].brotli; level != 0 {
		return brotli.NewWriterLevel(io.Discard, level)
	}
	return brotli.NewWriterV2(io.Discard, 1)
}

// brotliSwitch is from which size the classic Brotli encoder works otherwise,
// in bytes. It settles on one way with its first page, so that pages this
// large get an encoder of their own, or their bytes would depend on what was
// made before.
const brotliSwitch = 1 << 20

func (p *press) brotliFor(e Effort, html []byte) resetter {
	if len(html) >= brotliSwitch {
		return e.newBrotli()
	}
	return p.brotli
}

// stream runs html through one encoder. Writes to a buffer do not fail.
func (p *press) stream(w resetter, html []byte) []byte {
	p.out.Reset()
	w.Reset(&p.out)
	if _, err := w.Write(html); err != nil {
		return nil
	}
	if err := w.Close(); err != nil {
		return nil
	}
	return twin(p.out.Bytes(), html)
}

// twin is a copy of packed without spare room, since it is kept for long; or
// nil if it is not worth keeping.
func twin(packed, html []byte) []byte {
	if len(packed)+minGain > len(html) {
		return nil
	}
	t := make([]byte, len(packed))
	copy(t, packed)
	return t
}
