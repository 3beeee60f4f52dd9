// Times that never come.

package pages

import (
	"math"
	"time"
)

// Century stands for all longer durations: what is that far away never comes,
// and sums with it do not overflow.
const Century = 100 * 365 * 24 * time.Hour

// Until returns the end of a duration, or the zero time, which means never, if
// the duration is a century or more. So "never" may be written as any huge
// duration.
func Until(from time.Time, d time.Duration) time.Time {
	if d >= Century {
		return time.Time{}
	}
	return from.Add(d)
}

// Scale multiplies a duration without overflow.
func Scale(d time.Duration, factor float64) time.Duration {
	return time.Duration(math.Max(math.Min(float64(d)*factor, float64(Century)), -float64(Century)))
}
