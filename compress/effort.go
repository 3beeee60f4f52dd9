// How hard to try: the levels behind each effort, and its form as a flag.

// Package compress makes pages smaller: the ready-compressed twins that are
// kept beside a page, and streams for pages made on request.
//
// The codings are gzip, br (Brotli) and zstd. What it makes depends on the
// input and the effort alone, so that two builds of one page are identical.
package compress

import (
	"fmt"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// An Effort says how much time to spend on the twins of a page. It is a
// pflag.Value.
type Effort int

// The figures are for all three twins of a page of 20 KB on one core, and for
// its Brotli twin; tables and lists lie at the lower end, prose at the upper.
const (
	Fast Effort = iota // 0.15 to 0.4 ms: the default
	Good               // 0.7 to 1.3 ms, and about 15 % smaller
	Best               // 40 ms, and about 30 % smaller: for what rarely changes
	None               // no twins
)

// MaxWindow is the most a zstd twin asks of its reader, in bytes: what
// RFC 9659 allows.
const MaxWindow = 8 << 20

// efforts is the one table of efforts, in the order of the constants.
var efforts = [...]struct {
	name   string
	gzip   int
	brotli int // 0 for the one-pass encoder
	zstd   zstd.EncoderLevel
	window int // of zstd, in bytes
}{
	// Of all fast settings these gave the smallest pages for their time; the
	// classic Brotli levels 0 and 1 take as long as this and give less.
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

// Set reads an effort by its name.
func (e *Effort) Set(name string) error {
	for i := range efforts {
		if efforts[i].name == name {
			*e = Effort(i)
			return nil
		}
	}
	return fmt.Errorf("%q is no effort: choose none, fast, good or best", name)
}

// Type is what a command's help shows for the value.
func (e *Effort) Type() string { return "none|fast|good|best" }
