// The precompressed variants of a page.

package compress

import (
	"bytes"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

const (
	minSize   = 256     // bytes; a smaller page fits into one packet either way
	minGain   = 32      // bytes; about what Content-Encoding and its ETag cost
	keepAbove = 4 << 20 // bytes; larger buffers are not reused for the next page
)

// encoders are those of one effort. They are large, slow to create and usable for
// one page at a time, hence the pools.
type encoders struct {
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

var pools [len(efforts)]sync.Pool

// Variants compresses a page into its precompressed variants. A variant is nil
// if it is not worth having: for a page under 256 bytes, or if it saves less
// than 32. Variants is safe for concurrent use, and keeps no reference to html.
func (e Effort) Variants(html []byte) (gzip, brotli, zstd []byte) {
	if e == None || e < 0 || int(e) >= len(efforts) || len(html) < minSize {
		return nil, nil, nil
	}
	p, ok := pools[e].Get().(*encoders)
	if !ok {
		p = newEncoders(e)
	}
	gzip = p.stream(p.gzip, html)
	brotli = p.stream(p.brotliFor(e, html), html)
	p.flat = p.zstd.EncodeAll(html, p.flat[:0])
	zstd = variant(p.flat, html)
	if p.out.Cap() <= keepAbove && cap(p.flat) <= keepAbove {
		pools[e].Put(p)
	}
	return gzip, brotli, zstd
}

func newEncoders(e Effort) *encoders {
	level := efforts[e]
	p := new(encoders)
	p.gzip = newGzip(level.gzip)
	p.zstd, _ = zstd.NewWriter(nil, // it fails for invalid options only
		zstd.WithEncoderLevel(level.zstd),
		zstd.WithWindowSize(level.window),
		zstd.WithEncoderConcurrency(1), // the build has its own workers
		zstd.WithEncoderCRC(false),     // an entry already has a digest
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

// brotliSwitch is the size in bytes from which the classic Brotli encoder works
// differently. An encoder chooses one way with its first page, so pages of this
// size get a new encoder; otherwise their bytes would depend on earlier pages.
const brotliSwitch = 1 << 20

func (p *encoders) brotliFor(e Effort, html []byte) resetter {
	if len(html) >= brotliSwitch {
		return e.newBrotli()
	}
	return p.brotli
}

// stream compresses html with one encoder. Writes to a buffer do not fail.
func (p *encoders) stream(w resetter, html []byte) []byte {
	p.out.Reset()
	w.Reset(&p.out)
	if _, err := w.Write(html); err != nil {
		return nil
	}
	if err := w.Close(); err != nil {
		return nil
	}
	return variant(p.out.Bytes(), html)
}

// variant returns a copy of packed without spare capacity, since it is kept for
// long; or nil if it is not worth keeping.
func variant(packed, html []byte) []byte {
	if len(packed)+minGain > len(html) {
		return nil
	}
	t := make([]byte, len(packed))
	copy(t, packed)
	return t
}
