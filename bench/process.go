// What the operating system reports about a process. Only Linux does; elsewhere
// the rows that need it are left out.

package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of times in /proc on every common architecture.
const tick = 10 * time.Millisecond

// cpuTime is the processor time that a process has used so far.
func cpuTime(pid int) (time.Duration, bool) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	// The name in parentheses may hold spaces; the fields follow it.
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	if len(fields) < 13 {
		return 0, false
	}
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	return time.Duration(user+system) * tick, err1 == nil && err2 == nil
}

// peakOf is the most memory that this process had in RAM while it did something.
func peakOf(do func() error) (bytes float64, ok bool, err error) {
	debug.FreeOSMemory()
	if os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) != nil { // the peak is measured from here
		return 0, false, do()
	}
	if err := do(); err != nil {
		return 0, false, err
	}
	bytes, ok = statusOf("self", "VmHWM:")
	return bytes, ok, nil
}

// resident is the memory of a process that is in RAM, in bytes.
func resident(pid int) (bytes float64, ok bool) { return statusOf(strconv.Itoa(pid), "VmRSS:") }

// statusOf is a number of bytes that the system knows of a process.
func statusOf(process, field string) (bytes float64, ok bool) {
	data, err := os.ReadFile("/proc/" + process + "/status")
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, field); ok {
			kilobytes, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			return float64(kilobytes) * 1024, err == nil
		}
	}
	return 0, false
}
