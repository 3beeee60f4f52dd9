package compress_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/compress"
)

func TestDecodeIsExact(t *testing.T) {
	page := []byte(strings.Repeat("<tr><td>a row of a table</td></tr>\n", 600) + "<p>the end</p>")
	for _, effort := range []compress.Effort{compress.Fast, compress.Good, compress.Best} {
		br, zs := effort.Brotli(page), effort.Zstd(page)
		_, variant, zstd := effort.Variants(page)
		if !bytes.Equal(br, variant) || !bytes.Equal(br, effort.Coded("br", page)) || !bytes.Equal(zs, zstd) || !bytes.Equal(zs, effort.Coded("zstd", page)) {
			t.Errorf("%s: one coding alone is not the one of all", effort)
		}
		for coding, packed := range map[string][]byte{"br": br, "zstd": zs} {
			for range 3 { // decoders are used again
				if got, err := compress.Decode(coding, packed, len(page)); err != nil || !bytes.Equal(got, page) {
					t.Fatalf("%s, %s: %d bytes, %v", effort, coding, len(got), err)
				}
				for _, size := range []int{0, 1, len(page) - 1, len(page) + 1} {
					if _, err := compress.Decode(coding, packed, size); err == nil {
						t.Errorf("%s, %s: %d bytes are taken for %d", effort, coding, len(page), size)
					}
				}
				if _, err := compress.Decode(coding, packed[:len(packed)/2], len(page)); err == nil {
					t.Errorf("%s, %s: half of it is taken for the whole", effort, coding)
				}
			}
		}
	}
	if compress.None.Brotli(page) != nil || compress.None.Zstd(page) != nil || compress.None.Coded("gzip", page) != nil {
		t.Error("no effort compresses")
	}
	if compress.Fast.Coded("gzip", nil) == nil {
		t.Error("a coding that was asked for is made of every page")
	}
}

func TestDecodeIsBounded(t *testing.T) {
	for _, c := range []struct {
		size, packed int
		want         bool
	}{
		{0, 0, true}, {1023, 0, true}, {1024, 0, false}, {20_000, 20, true}, {200_000, 20, false},
		{64 << 20, 1 << 20, true}, {64<<20 + 1, 1 << 20, false}, {-1, 10, false},
	} {
		if got := compress.Decodable(c.size, c.packed); got != c.want {
			t.Errorf("%d bytes of %d: %v", c.size, c.packed, got)
		}
	}
	bomb := compress.Best.Coded("br", make([]byte, 8<<20))
	if _, err := compress.Decode("br", bomb, 8<<20); err == nil {
		t.Error("it decodes what is far larger than it is")
	}
}
