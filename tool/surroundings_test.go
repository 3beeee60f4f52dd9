package tool

import (
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/wire"
)

// A store or database that takes more than 5 ms is noted, with what to do.
func TestDistance(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		reach wire.Reach
		state state
		says  string
	}{
		{wire.Reach{What: "store", Where: "redis://db", Trips: 20, Least: 100 * time.Microsecond, Median: 215_400}, good, "redis://db answers in 215µs, the median of 20"},
		{wire.Reach{What: "database", Trips: 20, Median: 5 * ms}, good, "it answers in 5ms, the median of 20"},
		{wire.Reach{What: "database", Where: "postgres://***@db/app", Trips: 20, Least: ms, Median: 5*ms + 1}, advice, "postgres://***@db/app answers this machine in 5ms, the median of 20"},
		{wire.Reach{What: "store", Where: "s3://b", Trips: 3, Median: 23_456_789}, advice, "s3://b answers this machine in 23.5ms, the median of 3"},
		{wire.Reach{What: "store", Where: "redis://db", Fault: "refused\nand more"}, advice, "redis://db cannot be reached from this machine: refused"},
		{wire.Reach{What: "store", Where: "disk:/data", Local: true}, good, "disk:/data is on this machine"},
	} {
		f := distance(c.reach)
		if f.Check != c.reach.What || f.State != c.state || !strings.HasPrefix(f.Says, c.says) || strings.Contains(f.Says, "\n") || (f.Hint != "") != (f.State == advice) {
			t.Errorf("%+v: %+v, want %s %q", c.reach, f, c.state, c.says)
		}
	}
}
