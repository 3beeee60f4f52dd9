// Streams decode to what was written, also midway and after other streams.

package compress

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

var codings = []string{"gzip", "br", "zstd"}

func open(t testing.TB, coding string, w io.Writer) Writer {
	t.Helper()
	c, ok := NewWriter(coding, w)
	if !ok {
		t.Fatalf("%s is not known", coding)
	}
	return c
}

func TestStreamsDecodeToWhatWasWritten(t *testing.T) {
	for _, coding := range codings {
		for _, in := range append(inputs, struct {
			name string
			html []byte
		}{name: "empty"}) {
			for _, chunk := range []int{1 << 30, 1000} {
				var b bytes.Buffer
				w := open(t, coding, &b)
				for rest := in.html; len(rest) > 0; {
					n := min(chunk, len(rest))
					if m, err := w.Write(rest[:n]); m != n || err != nil {
						t.Fatalf("wrote %d of %d: %v", m, n, err)
					}
					rest = rest[n:]
				}
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(decode(t, coding, &b), in.html) {
					t.Errorf("%s %s by %d: decodes to something else", coding, in.name, chunk)
				}
			}
		}
	}
}

func TestFlushedPartsDecodeBeforeTheEnd(t *testing.T) {
	for _, coding := range codings {
		var b bytes.Buffer
		var sent []byte
		w := open(t, coding, &b)
		for _, part := range [][]byte{nil, table(20), prose(3000), noise(100), prose(1 << 17)} {
			w.Write(part)
			sent = append(sent, part...)
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			if got := decodeOpen(t, coding, b.Bytes(), len(sent)); !bytes.Equal(got, sent) {
				t.Errorf("%s: %d bytes flushed, %d decoded", coding, len(sent), len(got))
			}
		}
	}
}

// decodeOpen reads n bytes of a stream that has not ended.
func decodeOpen(t *testing.T, coding string, data []byte, n int) []byte {
	var r io.Reader
	var err error
	switch coding {
	case "gzip":
		r, err = gzip.NewReader(bytes.NewReader(data))
	case "br":
		r = brotli.NewReader(bytes.NewReader(data))
	case "zstd":
		if n == 0 {
			return nil
		}
		var d *zstd.Decoder
		if d, err = zstd.NewReader(bytes.NewReader(data), zstd.WithDecoderConcurrency(1)); err == nil {
			defer d.Close()
		}
		r = d
	}
	if err != nil {
		t.Fatalf("%s: %v", coding, err)
	}
	got := make([]byte, n)
	m, _ := io.ReadFull(r, got)
	return got[:m]
}

func TestClosedWriterIsClosed(t *testing.T) {
	for _, coding := range codings {
		var first, second bytes.Buffer
		w := open(t, coding, &first)
		w.Write(table(20))
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		next := open(t, coding, &second) // may be the same encoder
		if err := w.Close(); err != nil {
			t.Errorf("%s: second Close: %v", coding, err)
		}
		if _, err := w.Write([]byte("x")); err == nil {
			t.Errorf("%s: wrote after Close", coding)
		}
		if err := w.Flush(); err == nil {
			t.Errorf("%s: flushed after Close", coding)
		}
		next.Write(prose(5000))
		next.Close()
		if !bytes.Equal(decode(t, coding, &second), prose(5000)) {
			t.Errorf("%s: the next stream is damaged", coding)
		}
	}
}

type failing struct{ err error }

func (f failing) Write(p []byte) (int, error) { return 0, f.err }

func TestFailedWriterDoesNotSpoilTheNext(t *testing.T) {
	gone := errors.New("the client went away")
	for _, coding := range codings {
		for range 3 {
			w := open(t, coding, failing{gone})
			var err error
			for range 5 {
				if _, e := w.Write(prose(200_000)); e != nil {
					err = e
				}
			}
			if e := w.Close(); e != nil {
				err = e
			}
			if err == nil {
				t.Errorf("%s: a failing writer went unnoticed", coding)
			}
			var b bytes.Buffer
			w = open(t, coding, &b)
			w.Write(table(100))
			if err := w.Close(); err != nil {
				t.Errorf("%s: %v", coding, err)
			}
			if !bytes.Equal(decode(t, coding, &b), table(100)) {
				t.Errorf("%s: damaged by the one before", coding)
			}
		}
	}
}

func TestUnknownCoding(t *testing.T) {
	for _, coding := range []string{"", "identity", "deflate", "GZIP", "br "} {
		if _, ok := NewWriter(coding, io.Discard); ok {
			t.Errorf("%q is known", coding)
		}
	}
}

func TestStreamsConcurrently(t *testing.T) {
	html := table(100)
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			for range 10 {
				var b bytes.Buffer
				w, _ := NewWriter(codings[i%3], &b)
				w.Write(html[:500])
				if i%2 == 0 {
					w.Flush()
				}
				w.Write(html[500:])
				w.Close()
				if !bytes.Equal(decode(t, codings[i%3], &b), html) {
					t.Error("decodes to something else")
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkStream(b *testing.B) {
	for _, coding := range codings {
		for _, flush := range []string{"", "/flushed"} {
			b.Run(coding+flush, func(b *testing.B) {
				html := table(200)
				b.ReportAllocs()
				b.SetBytes(int64(len(html)))
				for b.Loop() {
					w, _ := NewWriter(coding, io.Discard)
					w.Write(html[:4000])
					if flush != "" {
						w.Flush()
					}
					w.Write(html[4000:])
					w.Close()
				}
			})
		}
	}
}
