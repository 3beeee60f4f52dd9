// The precompressed variants of a page.

package compress

import (
	"bytes"
	"io"
	"slices"
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
	e.with(html, func(p *encoders) {
		gzip = worth(p.stream(p.gzip, html), html)
		brotli = worth(p.stream(p.brotliFor(e, html), html), html)
		zstd = worth(p.block(html), html)
	})
	return gzip, brotli, zstd
}

// Brotli makes the Brotli variant alone, as Variants does.
func (e Effort) Brotli(html []byte) (brotli []byte) {
	e.with(html, func(p *encoders) { brotli = worth(p.stream(p.brotliFor(e, html), html), html) })
	return brotli
}

// Zstd makes the zstd variant alone, as Variants does.
func (e Effort) Zstd(data []byte) (zstd []byte) {
	e.with(data, func(p *encoders) { zstd = worth(p.block(data), data) })
	return zstd
}

// Coded makes one variant, by the name of its coding in HTTP, whether or not it
// saves anything; nil for a name that is none, and where the effort is None.
func (e Effort) Coded(coding string, html []byte) (coded []byte) {
	if !e.compresses() {
		return nil
	}
	e.borrow(func(p *encoders) {
		switch coding {
		case "gzip":
			coded = slices.Clone(p.stream(p.gzip, html))
		case "br":
			coded = slices.Clone(p.stream(p.brotliFor(e, html), html))
		case "zstd":
			coded = slices.Clone(p.block(html))
		}
	})
	return coded
}

func (e Effort) compresses() bool { return e != None && e >= 0 && int(e) < len(efforts) }

// with lends encoders for a page that may be worth compressing.
func (e Effort) with(html []byte, use func(*encoders)) {
	if e.compresses() && len(html) >= minSize {
		e.borrow(use)
	}
}

func (e Effort) borrow(use func(*encoders)) {
	p, ok := pools[e].Get().(*encoders)
	if !ok {
		p = newEncoders(e)
	}
	use(p)
	if p.out.Cap() <= keepAbove && cap(p.flat) <= keepAbove {
		pools[e].Put(p)
	}
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

// stream compresses html with one encoder. Writes to a buffer do not fail. The
// result is valid until the encoders are used again.
func (p *encoders) stream(w resetter, html []byte) []byte {
	p.out.Reset()
	w.Reset(&p.out)
	if _, err := w.Write(html); err != nil {
		return nil
	}
	if err := w.Close(); err != nil {
		return nil
	}
	return p.out.Bytes()
}

// block compresses data as zstd, as stream does.
func (p *encoders) block(data []byte) []byte {
	p.flat = p.zstd.EncodeAll(data, p.flat[:0])
	return p.flat
}

// worth returns a copy of packed without spare capacity, since it is kept for
// long; or nil if it is not worth keeping.
func worth(packed, html []byte) []byte {
	if packed == nil || len(packed)+minGain > len(html) {
		return nil
	}
	t := make([]byte, len(packed))
	copy(t, packed)
	return t
}
