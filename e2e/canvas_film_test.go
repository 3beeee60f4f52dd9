//go:build unix

// Frames of the browsers that paint.

package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// framesVariable names a folder: frames of both browsers are written into it, of
// which docs/canvas-kill.png is made.
const framesVariable = "CANVAS_FRAMES"

// A film has frames of two browsers, where a folder for it is given.
type film struct {
	dir   string
	tabs  []canvasTab
	begun time.Time
	last  time.Time
}

func (f *film) begin() { f.begun = time.Now() }

// mark notes when the owner is killed.
func (f *film) mark() {
	if f.dir != "" {
		_ = os.WriteFile(filepath.Join(f.dir, fmt.Sprintf("%05d-kill", time.Since(f.begun).Milliseconds())), nil, 0o644)
	}
}

// frame takes a frame, at most every 150 ms.
func (f *film) frame() {
	if f.dir == "" || time.Since(f.last) < 150*time.Millisecond {
		return
	}
	f.last = time.Now()
	for i, c := range f.tabs {
		c.Screenshot(filepath.Join(f.dir, fmt.Sprintf("%05d-%c.png", f.last.Sub(f.begun).Milliseconds(), 'a'+i)))
	}
}
