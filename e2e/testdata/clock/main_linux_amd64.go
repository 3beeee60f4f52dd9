// The same programs with a wall clock that a test can step while they run. Its lever
// is a file, named by SITE_CLOCK, that holds how far the clock is ahead: "3h",
// "-3h".
//
// The Go runtime reads clocks by a function of the kernel's. It is replaced by
// one that adds to the wall clock, and leaves the monotonic clock alone, so
// that the whole process, drivers included, has a wrong clock. The runtime's
// variable can be set only in programs that are linked with -checklinkname=0.

package main

import (
	"os"
	"strings"
	"sync/atomic"
	"time"
	_ "unsafe" // for linkname

	"github.com/gorgon-go/gorgon/e2e/internal/roomer"
	"github.com/gorgon-go/gorgon/e2e/internal/site"
)

//go:linkname kernelClock runtime.vdsoClockgettimeSym
var kernelClock uintptr

// What clock_amd64.s uses.
var (
	original uintptr // 0: the kernel gives no function, and is called
	ahead    int64   // seconds
)

// address is that of the function in place of the kernel's.
func address() uintptr

func main() {
	original, kernelClock = kernelClock, address()
	lever := os.Getenv("SITE_CLOCK")
	step(lever)
	go func() {
		for range time.Tick(5 * time.Millisecond) {
			step(lever)
		}
	}()
	if os.Getenv("GORGON_E2E_PROGRAM") == "roomer" {
		roomer.Main()
		return
	}
	site.Main()
}

// step sets the clock as the lever says.
func step(lever string) {
	text, _ := os.ReadFile(lever)
	d, _ := time.ParseDuration(strings.TrimSpace(string(text)))
	atomic.StoreInt64(&ahead, int64(d/time.Second))
}
