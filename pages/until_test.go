package pages_test

import (
	"math"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// Durations that mean never have no end, and no duration ends before it began.
func TestDurationsSaturate(t *testing.T) {
	from := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	for _, d := range []time.Duration{math.MaxInt64, math.MaxInt64 - 1, 250 * 365 * 24 * time.Hour, pages.Century} {
		if got := pages.Until(from, d); !got.IsZero() {
			t.Errorf("%v end at %v", d, got)
		}
		if got := pages.Scale(d, 1.1); got < pages.Century {
			t.Errorf("%v times 1.1 is %v", d, got)
		}
	}
	for _, d := range []time.Duration{0, time.Second, 99 * 365 * 24 * time.Hour} {
		if got := pages.Until(from, d); !got.Equal(from.Add(d)) {
			t.Errorf("%v end at %v", d, got)
		}
		if got := pages.Scale(d, 0.5); got != d/2 {
			t.Errorf("half of %v is %v", d, got)
		}
	}
}
