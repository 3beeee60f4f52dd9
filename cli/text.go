// Formatting and parsing of numbers and times.

package cli

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

// Plural formats a count: "1 page", "2 pages".
func Plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// Size formats a number of bytes for people.
func Size(n int64) string {
	f, units := float64(n), []string{"B", "KiB", "MiB", "GiB"}
	i := 0
	for f >= 1024 && i < len(units)-1 {
		f, i = f/1024, i+1
	}
	if i == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", f, units[i])
}

// DataTime parses the value of --data-time; zero means now.
func DataTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, Misuse("--data-time %s: write it as in 2026-01-31T12:00:00Z", Quoted(text))
	}
	return at, nil
}

// DataTimeHelp is the help text of --data-time.
const DataTimeHelp = "time at which the data of the pages was read, such as 2026-01-31T12:00:00Z (default: now); set it for data of that time, or to reproduce a package byte for byte"

// SourceDate returns the time in SOURCE_DATE_EPOCH; zero if that is not set.
func SourceDate() (time.Time, error) {
	s := os.Getenv("SOURCE_DATE_EPOCH")
	if s == "" {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH %s: it is not a number of seconds: set it to one since 1970, or unset it", Quoted(s))
	}
	return time.Unix(seconds, 0), nil
}

// IsTerminal reports whether a writer is a terminal.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull) // a character device too
	return err != nil || !os.SameFile(info, null)
}
