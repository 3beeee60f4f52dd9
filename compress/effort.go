// Efforts: the levels of each, and their form as a flag.

// Package compress makes pages smaller: the precompressed variants that are
// stored with a page, and streams for pages rendered on request.
//
// The codings are gzip, br (Brotli) and zstd. The result depends only on the
// input and the effort, so that two builds of one page are identical.
package compress

import (
	"fmt"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// An Effort says how much time to spend on the precompressed variants of a
// page. It is a pflag.Value.
type Effort int

// The figures are for all three variants of a page of 20 KB on one core, and
// for its Brotli variant; tables and lists are near the lower figure, prose
// near the upper.
const (
	Fast Effort = iota // 0.15 to 0.4 ms: the default
	Good               // 0.7 to 1.3 ms, and about 15 % smaller
	Best               // 40 ms, and about 30 % smaller: for pages that rarely change
	None               // no variants
)

// MaxWindow is the largest window that a zstd variant requires of its reader,
// in bytes: the limit of RFC 9659.
const MaxWindow = 8 << 20

// efforts is the table of efforts, in the order of the constants.
var efforts = [...]struct {
	name   string
	gzip   int
	brotli int // 0 for the one-pass encoder
	zstd   zstd.EncoderLevel
	window int // of zstd, in bytes
}{
	// Of all fast settings these gave the smallest pages for their time; the
	// classic Brotli levels 0 and 1 take as long and compress less.
	Fast: {"fast", gzip.BestSpeed, 0, zstd.SpeedFastest, 1 << 20},
	Good: {"good", 6, 5, zstd.SpeedBetterCompression, 4 << 20},
	Best: {"best", gzip.BestCompression, brotli.BestCompression, zstd.SpeedBestCompression, MaxWindow},
	None: {name: "none"},
}

func (e Effort) String() string {
	if e < 0 || int(e) >= len(efforts) {
		return fmt.Sprintf("Effort(%d)", int(e))
	}
	return efforts[e].name
}

// Set parses an effort by its name.
func (e *Effort) Set(name string) error {
	for i := range efforts {
		if efforts[i].name == name {
			*e = Effort(i)
			return nil
		}
	}
	return fmt.Errorf("%q is not an effort: choose none, fast, good or best", name)
}

// Type returns the name of the value's type in help texts.
func (e *Effort) Type() string { return "none|fast|good|best" }
