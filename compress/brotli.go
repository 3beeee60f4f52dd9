// Brotli as a stream, with two encoders.

package compress

import (
	"io"

	"github.com/andybalholm/brotli"
)

// whole is the size up to which a response is held back to be compressed in one
// step.
const whole = 64 << 10

// brotliLevel is for responses that are flushed or long. Lower levels compress
// no better than gzip in twice its time.
const brotliLevel = 2

// A brotliEncoder combines two encoders: the one-pass encoder, twice as fast
// but unable to flush, for responses that end before [whole]; and the classic
// one for the others.
type brotliEncoder struct {
	dst     io.Writer
	held    []byte
	onePass resetter
	classic *brotli.Writer
	flowing bool // the classic encoder has taken over
}

func newBrotliStream() *brotliEncoder {
	return &brotliEncoder{
		onePass: brotli.NewWriterV2(io.Discard, 1),
		classic: brotli.NewWriterLevel(io.Discard, brotliLevel),
	}
}

func (b *brotliEncoder) Reset(w io.Writer) {
	b.dst, b.held, b.flowing = w, b.held[:0], false
}

func (b *brotliEncoder) Write(p []byte) (int, error) {
	if !b.flowing {
		if len(b.held)+len(p) <= whole {
			b.held = append(b.held, p...)
			return len(p), nil
		}
		if err := b.flow(); err != nil {
			return 0, err
		}
	}
	return b.classic.Write(p)
}

// flow switches to the classic encoder.
func (b *brotliEncoder) flow() error {
	b.flowing = true
	b.classic.Reset(b.dst)
	_, err := b.classic.Write(b.held)
	return err
}

func (b *brotliEncoder) Flush() error {
	if !b.flowing {
		if err := b.flow(); err != nil {
			return err
		}
	}
	return b.classic.Flush()
}

func (b *brotliEncoder) Close() error {
	if b.flowing {
		return b.classic.Close()
	}
	b.onePass.Reset(b.dst)
	if _, err := b.onePass.Write(b.held); err != nil {
		return err
	}
	return b.onePass.Close()
}
