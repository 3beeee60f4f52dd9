package schedule_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/schedule"
)

func ExampleCron() {
	berlin, _ := time.LoadLocation("Europe/Berlin")
	s, err := schedule.Cron("30 2 * * *", berlin)
	now := time.Date(2026, 3, 28, 12, 0, 0, 0, berlin)
	for range 3 { // the clock is set from 02:00 to 03:00 on the 29th
		now = s.Next(now, now)
		fmt.Println(now.In(berlin))
	}
	fmt.Println(s, err)
	// Output:
	// 2026-03-29 03:00:00 +0200 CEST
	// 2026-03-30 02:30:00 +0200 CEST
	// 2026-03-31 02:30:00 +0200 CEST
	// 30 2 * * * Europe/Berlin <nil>
}

// times are the times of a schedule on some days.
func times(t *testing.T, s schedule.Schedule, from, to time.Time) (list []string) {
	t.Helper()
	for now := from.Add(-time.Second); ; {
		next := s.Next(now, now)
		if !next.After(now) {
			t.Fatalf("%s: after %s comes %s", s, now, next)
		}
		if now = next; !now.Before(to) {
			return list
		}
		list = append(list, now.In(from.Location()).Format("02 15:04 MST"))
	}
}

// In New York, clocks went from 02:00 to 03:00 on 8 March 2026, and from 02:00
// back to 01:00 on 1 November.
func TestCron(t *testing.T) {
	spring, autumn := time.Month(3), time.Month(11)
	for _, c := range []struct {
		text       string
		month      time.Month
		first, end int // days
		want       string
	}{
		{"30 2 * * *", spring, 7, 10, "07 02:30 EST, 08 03:00 EDT, 09 02:30 EDT"},
		{"0 2 * * *", spring, 8, 9, "08 03:00 EDT"},
		{"0 3 * * *", spring, 8, 9, "08 03:00 EDT"},
		{"30 2,3 * * *", spring, 8, 9, "08 03:00 EDT, 08 03:30 EDT"},
		{"30 * * * *", spring, 8, 9, "08 00:30 EST, 08 01:30 EST, 08 03:30 EDT, 08 04:30 EDT, 08 05:30 EDT, 08 06:30 EDT, 08 07:30 EDT, 08 08:30 EDT, 08 09:30 EDT, 08 10:30 EDT, 08 11:30 EDT, 08 12:30 EDT, 08 13:30 EDT, 08 14:30 EDT, 08 15:30 EDT, 08 16:30 EDT, 08 17:30 EDT, 08 18:30 EDT, 08 19:30 EDT, 08 20:30 EDT, 08 21:30 EDT, 08 22:30 EDT, 08 23:30 EDT"},
		{"0 2-4 * * *", spring, 8, 9, "08 03:00 EDT, 08 04:00 EDT"},
		{"30 1 * * *", autumn, 1, 3, "01 01:30 EDT, 02 01:30 EST"},
		{"*/30 0-1 * * *", autumn, 1, 2, "01 00:00 EDT, 01 00:30 EDT, 01 01:00 EDT, 01 01:30 EDT, 01 01:00 EST, 01 01:30 EST"},
		{"0 2 * * *", autumn, 1, 3, "01 02:00 EST, 02 02:00 EST"},
		{"0 0 13 * 5", autumn, 12, 21, "13 00:00 EST, 20 00:00 EST"},
		{"0 0 13 * 5", time.Month(1), 1, 15, "02 00:00 EST, 09 00:00 EST, 13 00:00 EST"},
		{"0 0 * * 7", autumn, 8, 10, "08 00:00 EST"},
		{"0 0 * * 5-7", autumn, 5, 10, "06 00:00 EST, 07 00:00 EST, 08 00:00 EST"},
		{"@daily", autumn, 2, 4, "02 00:00 EST, 03 00:00 EST"},
		{"1-10/3 4 * * *", autumn, 2, 3, "02 04:01 EST, 02 04:04 EST, 02 04:07 EST, 02 04:10 EST"},
	} {
		in, err := time.LoadLocation("America/New_York")
		if err != nil {
			t.Fatal(err)
		}
		s, err := schedule.Cron(c.text, in)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		got := times(t, s, time.Date(2026, c.month, c.first, 0, 0, 0, 0, in), time.Date(2026, c.month, c.end, 0, 0, 0, 0, in))
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %s\nwant %s", c.text, strings.Join(got, ", "), c.want)
		}
	}
}

// Leap days are years apart.
func TestLeapDay(t *testing.T) {
	s, err := schedule.Cron("0 0 29 2 *", nil)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if next := s.Next(now, now); next.Format(time.DateOnly) != "2028-02-29" {
		t.Error(next)
	}
}

// What has no meaning is refused, with a hint, when it is declared.
func TestRefused(t *testing.T) {
	for text, hint := range map[string]string{
		"":                         "five",
		"* * * *":                  "five",
		"0 * * * * *":              "five",
		"TZ=UTC":                   "In",
		"TZ=UTC 0 9 * * *":         "In",
		"CRON_TZ= 0 9 * * *":       "In",
		"CRON_TZ=Asia/X 0 9 * * *": "In",
		"@every 1500ms":            "Every",
		"@every":                   "Every",
		"@reboot":                  "five",
		"0 0 31 2 *":               "no date",
		"0 0 30 2 *":               "no date",
		"61 * * * *":               "cannot be read",
		"*/0 * * * *":              "cannot be read",
		"10-5 * * * *":             "cannot be read",
		"0 0 * * 8":                "cannot be read",
		"x * * * *":                "cannot be read",
	} {
		if s, err := schedule.Cron(text, nil); err == nil || !strings.Contains(err.Error(), hint) || !s.Never() {
			t.Errorf("%q: %v, want a hint at %q", text, err, hint)
		}
	}
	if _, err := schedule.Every(999 * time.Millisecond); err == nil {
		t.Error("an interval below a second is accepted")
	}
}

// However late work is done, the next time is in the future, on the grid, and
// one.
func TestEvery(t *testing.T) {
	s, err := schedule.Every(10 * time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	at := func(minutes int) time.Time { return time.Unix(0, 0).Add(time.Duration(minutes) * time.Minute) }
	for _, c := range []struct{ last, now, want int }{
		{0, 0, 10}, {0, 9, 10}, {0, 10, 20}, {0, 11, 20}, {0, 95, 100}, {0, 100, 110}, {20, 0, 30},
	} {
		if got := s.Next(at(c.last), at(c.now)); !got.Equal(at(c.want)) {
			t.Errorf("due at %d, done at %d: next at %s", c.last, c.now, got.Sub(at(0)))
		}
	}
	if !(schedule.Schedule{}).Next(at(0), at(1)).IsZero() {
		t.Error("no schedule has a time")
	}
}

// Whatever the expression, the next time is after now, and one that matches.
func FuzzCron(f *testing.F) {
	zones := []string{"UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "America/Sao_Paulo"}
	for _, text := range []string{"30 2 * * *", "*/7 1-3 * * *", "0 0 29 2 *", "59 23 31 12 *", "0 0 * * 7", "5,35 */2 1-7 * 1"} {
		for zone := range zones {
			f.Add(text, int64(1741424400), zone)
		}
	}
	f.Fuzz(func(t *testing.T, text string, unix int64, zone int) {
		if unix < 0 || unix > 4e9 || zone < 0 || zone >= len(zones) {
			return
		}
		in, err := time.LoadLocation(zones[zone])
		if err != nil {
			t.Fatal(err)
		}
		s, err := schedule.Cron(text, in)
		if err != nil {
			return
		}
		now := time.Unix(unix, 0)
		var seen []time.Time
		for range 5 {
			next := s.Next(now, now)
			if !next.After(now) || slices.ContainsFunc(seen, next.Equal) {
				t.Fatalf("%s: after %s comes %s", s, now, next)
			}
			seen, now = append(seen, next), next
		}
	})
}
