// Decoding what was compressed here, within bounds.

package compress

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// What is decoded is at most so much larger than what it is decoded from, and
// at most so large: damaged or hostile bytes must not fill the memory.
const (
	maxGrowth  = 1024
	maxDecoded = 64 << 20 // bytes
)

// Decodable says whether [Decode] decodes packed into so many bytes.
func Decodable(size, packed int) bool {
	return size >= 0 && size <= maxDecoded && size/maxGrowth <= packed
}

var errDecode = errors.New("compress: the compressed bytes are not what was written")

var (
	brotliReaders = sync.Pool{New: func() any { return brotli.NewReader(nil) }}
	zstdReaders   = sync.Pool{New: func() any {
		r, _ := zstd.NewReader(nil, // it fails for invalid options only
			zstd.WithDecoderConcurrency(1), // a higher value would keep more buffers
			zstd.WithDecodeAllCapLimit(true),
			zstd.WithDecoderMaxMemory(maxDecoded),
			zstd.WithDecoderMaxWindow(MaxWindow),
		)
		return r
	}}
)

// Decode decodes "br" or "zstd" into exactly size bytes, which have to be
// [Decodable].
func Decode(coding string, packed []byte, size int) ([]byte, error) {
	if !Decodable(size, len(packed)) {
		return nil, fmt.Errorf("%w: %d bytes would become %d", errDecode, len(packed), size)
	}
	data := make([]byte, size)
	switch coding {
	case "br":
		r := brotliReaders.Get().(*brotli.Reader)
		if err := r.Reset(bytes.NewReader(packed)); err != nil {
			return nil, err
		}
		if _, err := io.ReadFull(r, data); err != nil {
			return nil, fmt.Errorf("%w: %v", errDecode, err)
		}
		if n, err := r.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
			return nil, errDecode
		}
		_ = r.Reset(nil) // it keeps no reference to what it has read
		brotliReaders.Put(r)
	case "zstd":
		r := zstdReaders.Get().(*zstd.Decoder)
		got, err := r.DecodeAll(packed, data[:0:size])
		if err != nil {
			return nil, fmt.Errorf("%w: %v", errDecode, err)
		}
		if len(got) != size {
			return nil, errDecode
		}
		zstdReaders.Put(r)
	default:
		return nil, fmt.Errorf("compress: %q is decoded nowhere", coding)
	}
	return data, nil
}
