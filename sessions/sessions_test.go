package sessions_test

import (
	"errors"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/sessions"
)

// A unit never comes back sooner than the rate says, also where that is not a
// whole number of microseconds.
func TestEvery(t *testing.T) {
	for _, c := range []struct {
		rate        sessions.Rate
		every, full time.Duration
	}{
		{sessions.Rate{N: 3, Per: time.Second}, 333334 * time.Microsecond, 3 * 333334 * time.Microsecond},
		{sessions.Rate{N: 10, Per: time.Second, Burst: 2}, 100 * time.Millisecond, 200 * time.Millisecond},
		{sessions.Rate{N: 1, Per: time.Hour}, time.Hour, time.Hour},
	} {
		if err := c.rate.Check(); err != nil || c.rate.Every() != c.every || c.rate.Full() != c.full {
			t.Errorf("%+v: every %v, full %v, %v", c.rate, c.rate.Every(), c.rate.Full(), err)
		}
	}
}

// The rule of limits: a burst, then one unit at a time, and a refusal changes
// nothing.
func TestSpend(t *testing.T) {
	rate := sessions.Rate{N: 1, Per: time.Second, Burst: 2}
	now := time.Unix(1_800_000_000, 0)
	back := time.Time{}
	for i, c := range []struct{ at, wait time.Duration }{
		{0, 0}, {0, 0}, {0, time.Second}, {400 * time.Millisecond, 600 * time.Millisecond}, {time.Second, 0}, {1500 * time.Millisecond, 500 * time.Millisecond},
		{10 * time.Second, 0}, {10 * time.Second, 0}, {10 * time.Second, time.Second},
	} {
		after, wait := rate.Spend(back, now.Add(c.at))
		if wait != c.wait {
			t.Errorf("call %d at %v: wait %v, want %v", i, c.at, wait, c.wait)
		}
		if wait == 0 {
			back = after
		}
	}
}

// Faults do not quote what the caller gave.
func TestChecks(t *testing.T) {
	for _, err := range []error{
		sessions.CheckKind("Secret Kind"), sessions.CheckUser("a\x00"), sessions.CheckKey(""), sessions.Rate{N: 1}.Check(),
		(&sessions.Record{Kind: "session", Data: make([]byte, sessions.MaxData+1)}).Check(),
	} {
		if !errors.Is(err, sessions.ErrInvalid) {
			t.Errorf("%v is not ErrInvalid", err)
		}
	}
	if got, want := sessions.CheckKind("Secret Kind").Error(), "not valid for a store of sessions: a kind has only lower-case letters, digits and dashes"; got != want {
		t.Errorf("%q", got)
	}
}
