// Figures in words.

package admin

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// count is a number with its thousands apart.
func count(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// size is a number of bytes.
func size(n int64) string {
	switch f := float64(n); {
	case n < 1000:
		return strconv.FormatInt(n, 10) + " B"
	case f < 999.5e3:
		return short(f/1e3) + " kB"
	case f < 999.5e6:
		return short(f/1e6) + " MB"
	case f < 999.5e9:
		return short(f/1e9) + " GB"
	default:
		return short(f/1e12) + " TB"
	}
}

// short is a number with at most three digits.
func short(f float64) string {
	switch {
	case f == 0:
		return "0"
	case f < 9.995:
		return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", f), "0"), ".")
	case f < 99.95:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0")
	}
	return fmt.Sprintf("%.0f", f)
}

// took is how long something took, or "–" for nothing.
func took(d time.Duration) string {
	switch s := d.Seconds(); {
	case d <= 0:
		return "–"
	case s < 0.9995e-3:
		return fmt.Sprintf("%.0f µs", s*1e6)
	case s < 0.9995:
		return short(s*1e3) + " ms"
	case s < 59.95:
		return short(s) + " s"
	}
	return span(d)
}

// span is a long time, in one or two units.
func span(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return two(d, time.Minute, "min", time.Second, "s")
	case d < 24*time.Hour:
		return two(d, time.Hour, "h", time.Minute, "min")
	}
	return two(d, 24*time.Hour, "d", time.Hour, "h")
}

func two(d, large time.Duration, name string, small time.Duration, other string) string {
	text := fmt.Sprintf("%d %s", d/large, name)
	if rest := d % large / small; rest > 0 {
		text += fmt.Sprintf(" %d %s", rest, other)
	}
	return text
}

// ago is when something was, seen from now.
func ago(at, now time.Time) string {
	switch d := now.Sub(at); {
	case at.IsZero():
		return "–"
	case d < -time.Second:
		return "in " + span(-d)
	case d < 2*time.Second:
		return "now"
	default:
		return span(d) + " ago"
	}
}

// exact is a time for people that compare it with others.
func exact(at time.Time) string {
	if at.IsZero() {
		return "–"
	}
	return at.UTC().Format("2006-01-02 15:04:05 UTC")
}

// share is a part of a whole in hundredths.
func share(part, whole uint64) string {
	if whole == 0 {
		return "–"
	}
	p := 100 * float64(part) / float64(whole)
	switch {
	case part == whole:
		return "100 %"
	case p > 99.9:
		return "99.9 %" // all is another thing
	case part > 0 && p < 0.1:
		return "< 0.1 %"
	}
	return short(p) + " %"
}

// several is a number of things.
func several(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}
