// Gzip without a time in its header.

package compress

import (
	"io"
	"time"

	"github.com/klauspost/compress/gzip"
)

// A gzipEncoder writes "no time" (0) into the header, where the library would
// write the low bits of year 1.
type gzipEncoder struct{ *gzip.Writer }

func newGzip(level int) gzipEncoder {
	w, _ := gzip.NewWriterLevel(io.Discard, level) // it fails for unknown levels only
	return gzipEncoder{w}
}

func (g gzipEncoder) Reset(w io.Writer) {
	g.Writer.Reset(w)
	g.ModTime = time.Unix(0, 0)
}
