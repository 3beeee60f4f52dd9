// How much members may send.

package host

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/rooms"
)

// A member sends as many operations as the rate says, and twice as many at once,
// however it divides them; a request of more than that waits, and passes.
func TestRates(t *testing.T) {
	for _, many := range []int{1, 10, 64} {
		synctest.Test(t, func(t *testing.T) {
			const rate, seconds = 20, 100
			d, l := &rooms.Definition{Name: "tape", Rate: rate}, rates{}
			sent := 0
			for range seconds * 100 {
				if l.allow(d, "ada", many) {
					sent += many
				}
				time.Sleep(10 * time.Millisecond)
			}
			if most, least := rate*seconds+max(2*rate, many), rate*(seconds-4); sent > most || sent < least {
				t.Errorf("%d at once: %d were sent, and %d to %d are allowed", many, sent, least, most)
			}
		})
	}
}
