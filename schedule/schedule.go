// Package schedule says when work that repeats is to be done.
//
// [Every] is a fixed interval. [Cron] is an expression of five fields, minute,
// hour, day of the month, month and day of the week, or one of the words
// @hourly, @daily, @weekly, @monthly and @yearly:
//
//	30 2 * * *        every day at 02:30
//	*/15 8-18 * * 1-5 every 15 minutes from 08:00 to 18:45, on working days
//	0 0 1,15 * *      at midnight on the 1st and the 15th
//	0 0 13 * 5        at midnight on each 13th, and on each Friday
//
// If both the day of the month and the day of the week are restricted, either is
// enough, as in every crontab. 7 and 0 are both Sunday.
//
// # When clocks change
//
// Where the hour is fixed, the time on the clock on the wall counts: work of
// 02:30 is done at the first instant after the gap on the day that has no 02:30,
// and once on the day that has two. Where the hour is * or has a step or a
// range, the time that passes counts: such work is done in the repeated hour as
// well.
package schedule

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// A Schedule says when work is done next. The zero Schedule says never.
type Schedule struct {
	every time.Duration
	cron  *cron.SpecSchedule
	wall  bool // the time on the wall counts
	in    *time.Location
	text  string
}

// MinEvery is the shortest interval of [Every].
const MinEvery = time.Second

// Every is a fixed interval, of a second at least.
func Every(d time.Duration) (Schedule, error) {
	if d < MinEvery {
		return Schedule{}, fmt.Errorf("an interval of %s is too short: use a second or more", d)
	}
	return Schedule{every: d, text: "every " + d.String()}, nil
}

// Cron reads an expression. The location is where its times are; nil for UTC. An
// expression that no time in the next five years matches is an error.
func Cron(text string, in *time.Location) (Schedule, error) {
	if in == nil {
		in = time.UTC
	}
	fields, err := fieldsOf(text)
	if err != nil {
		return Schedule{}, err
	}
	parsed, err := parser.Parse(strings.Join(fields, " "))
	if err != nil {
		return Schedule{}, errors.New("a field of the expression cannot be read: use numbers, *, lists (1,15), ranges (1-5) and steps (*/15)")
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return Schedule{}, errors.New("the expression has no fields")
	}
	// Instants are looked for in UTC, and read as times on the wall.
	spec.Location = time.UTC
	s := Schedule{cron: spec, in: in, wall: fixed(fields[1]), text: strings.Join(fields, " ") + " " + in.String()}
	if s.cron.Next(reference).IsZero() {
		return Schedule{}, errors.New("no date in five years matches the expression, such as the 31st of February")
	}
	return s, nil
}

// reference is any time.
var reference = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

var parser = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)

// words are what may be written in place of the fields.
var words = map[string]string{
	"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
	"@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
}

// fieldsOf are the five fields of an expression.
func fieldsOf(text string) ([]string, error) {
	fields := strings.Fields(text)
	switch {
	case len(fields) > 0 && (strings.HasPrefix(fields[0], "TZ=") || strings.HasPrefix(fields[0], "CRON_TZ=")):
		return nil, errors.New("the time zone is not part of the expression: name it in the field In")
	case len(fields) > 0 && fields[0] == "@every":
		return nil, errors.New("an interval is not an expression: use the field Every")
	case len(fields) == 1 && words[fields[0]] != "":
		fields = strings.Fields(words[fields[0]])
	case len(fields) != 5:
		return nil, fmt.Errorf("the expression has %d fields, and needs five: minute, hour, day of the month, month, day of the week", len(fields))
	}
	fields[4] = sunday(fields[4])
	return fields, nil
}

// sunday writes the 7 of a day of the week as 0.
func sunday(field string) string {
	parts := strings.Split(field, ",")
	for i, p := range parts {
		if p == "7" {
			parts[i] = "0"
		} else if from, ok := strings.CutSuffix(p, "-7"); ok && from != "" {
			parts[i] = from + "-6,0"
		}
	}
	return strings.Join(parts, ",")
}

// fixed says whether a field of hours names single ones.
func fixed(field string) bool { return !strings.ContainsAny(field, "*?/-") }

func (s Schedule) String() string { return s.text }

// Never says whether it has no times.
func (s Schedule) Never() bool { return s.every == 0 && s.cron == nil }

// Next is the first time after now; zero if there is none. Intervals are counted
// from the time that work was due last: however late it was done, and however
// many times passed meanwhile, it is due once.
func (s Schedule) Next(last, now time.Time) time.Time {
	switch {
	case s.every > 0:
		if missed := now.Sub(last); missed >= s.every {
			last = last.Add(missed.Truncate(s.every))
		} else if missed < 0 {
			return last.Add(s.every)
		}
		return last.Add(s.every)
	case s.cron == nil:
		return time.Time{}
	case s.wall:
		return s.nextOnWall(now)
	}
	return s.nextElapsed(now)
}

// First is the first time of a series that begins now: at once if it is an
// interval.
func (s Schedule) First(now time.Time) time.Time {
	if s.every > 0 {
		return now
	}
	return s.Next(now, now)
}

// nextOnWall finds a time by the clock on the wall.
func (s Schedule) nextOnWall(now time.Time) time.Time {
	for at := reading(now.In(s.in)); ; {
		at = s.cron.Next(at)
		if at.IsZero() {
			return at
		}
		if t := s.instant(at); t.After(now) { // not the second one of two
			return t
		}
	}
}

// reading is what the clock shows, as a time of UTC.
func reading(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// instant is the first instant at which the clock shows a time, or, where it is
// set forward past it, the first one afterwards.
func (s Schedule) instant(at time.Time) time.Time {
	t := time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, s.in)
	start, end := t.ZoneBounds()
	if shown := reading(t); !shown.Equal(at) { // there is no such time
		if shown.After(at) {
			return start // it was read with the offset of before
		}
		return end
	}
	if !start.IsZero() { // the clock may have shown it before it was set back
		_, offset := t.Zone()
		if _, before := start.Add(-time.Second).Zone(); before > offset {
			if first := t.Add(-time.Duration(before-offset) * time.Second); first.Before(start) {
				return first
			}
		}
	}
	return t
}

// nextElapsed finds a time by counting minutes as they pass.
func (s Schedule) nextElapsed(now time.Time) time.Time {
	from := now
	for range 10 { // each round is another offset of the zone
		local := from.In(s.in)
		_, offset := local.Zone()
		_, end := local.ZoneBounds()
		next := s.cron.Next(reading(local))
		if next.IsZero() {
			return next
		}
		t := next.Add(-time.Duration(offset) * time.Second)
		if end.IsZero() || t.Before(end) {
			return t.In(s.in)
		}
		if from = end; s.matches(end.In(s.in)) { // the offset changes first
			return end.In(s.in)
		}
	}
	return time.Time{}
}

// matches says whether a time, on a full minute, is one of the schedule.
func (s Schedule) matches(t time.Time) bool {
	shown := reading(t)
	return shown.Second() == 0 && s.cron.Next(shown.Add(-time.Nanosecond)).Equal(shown)
}
