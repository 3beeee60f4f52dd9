// Rooms on instances whose clocks are stepped, and are wrong.

package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestRoomClocks steps the clocks of the instances of a room by hours, forward and
// back, beside six writers and three members, and kills the owner while clocks are
// wrong. Nothing that was acknowledged is lost or twice, and the room finds another
// owner: leases are those of the store's clock, or are measured.
//
// Instances over SQLite are on one machine, which has one clock.
func TestRoomClocks(t *testing.T) {
	program := release(t, clocks).path
	for name, url := range roomPlaces {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, migrate := openLodge(t, url(t))
			folder, n := t.TempDir(), 0
			h.program = program
			h.lever = func() string {
				if name != "SQLite" {
					n++
				}
				return filepath.Join(folder, fmt.Sprint("clock-", n))
			}
			h.begin(migrate)
			h.writes(6)
			h.members(3)
			step := func(p *roomProcess, d time.Duration) {
				h.must(os.WriteFile(p.lever, []byte(d.String()), 0o600))
				until(h.T, "the clock is stepped", func() bool { return (p.ahead() - d).Abs() < 30*time.Second })
				time.Sleep(500*time.Millisecond + rand.N(500*time.Millisecond)) // writers go on
			}
			for _, d := range []time.Duration{3 * time.Hour, -3 * time.Hour, 90 * time.Second, -24 * time.Hour, 0} {
				step(h.owner(), d)
				step(h.any(), -d)
				h.killOwner()
				step(h.any(), d)
				h.stopOwner()
			}
			h.judge().report(t)
		})
	}
}

// ahead is how far the clock of an instance is ahead.
func (p *roomProcess) ahead() time.Duration {
	r, err := http.Get("http://" + p.addr + "/owned")
	if err != nil {
		return 0
	}
	_ = r.Body.Close()
	date, err := http.ParseTime(r.Header.Get("Date"))
	if err != nil {
		return 0
	}
	return time.Until(date)
}
