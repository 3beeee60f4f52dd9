// Times and rates as stores have them.

package sessions

import "time"

// Grace is how long after it has expired a record is kept at least.
const Grace = time.Hour

// Millis is a time as stores keep it: Unix milliseconds, rounded down. The zero
// time is one like others, and the lowest.
func Millis(t time.Time) int64 { return t.UnixMilli() }

// Moment is the time of Unix milliseconds, in UTC.
func Moment(millis int64) time.Time { return time.UnixMilli(millis).UTC() }

// Never is the zero time in milliseconds: a record with it does not expire.
var Never = Millis(time.Time{})

// A Rate is a limit: Burst units at once, and N units in each Per after that,
// evenly.
type Rate struct {
	N     int           // at least 1
	Per   time.Duration // at least a millisecond for each unit
	Burst int           // default: N
}

// Every is how long it takes until one unit comes back, rounded up to a
// microsecond, in which stores count.
func (r Rate) Every() time.Duration {
	n := time.Duration(max(r.N, 1)) * time.Microsecond
	micros := r.Per / n
	if r.Per%n != 0 {
		micros++
	}
	return micros * time.Microsecond
}

// Full is how long it takes until all units have come back.
func (r Rate) Full() time.Duration { return r.Every() * time.Duration(r.burst()) }

func (r Rate) burst() int {
	if r.Burst == 0 {
		return max(r.N, 1)
	}
	return max(r.Burst, 1)
}

// Spend is the rule of limits: of a limit whose units are all back at the time
// back, now, it takes one. It returns when they are all back after that, or how
// long to wait until there is one; then nothing is spent. Stores that count
// elsewhere count like this, in microseconds.
func (r Rate) Spend(back, now time.Time) (after time.Time, wait time.Duration) {
	if back.Before(now) {
		back = now
	}
	after = back.Add(r.Every())
	if wait = after.Sub(now) - r.Full(); wait > 0 {
		return time.Time{}, wait
	}
	return after, 0
}
