// How far away a store is.

package coherence_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
)

// distant is a store whose answers take time, each another one, or fail.
type distant struct {
	pages.Store
	take *[]time.Duration
	err  *error
}

func (d distant) Get(ctx context.Context, key pages.Key) (pages.Record, error) {
	if len(*d.take) > 0 {
		time.Sleep((*d.take)[0])
		*d.take = (*d.take)[1:]
	}
	if *d.err != nil {
		return pages.Record{}, *d.err
	}
	return d.Store.Get(ctx, key)
}

// The shortest trip counts: what takes longer is the machine. A store that fails
// is at no distance.
func TestTrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		under := mem.Open(mem.Options{})
		defer under.Close()
		var take []time.Duration
		var err error
		i := coherence.Open(t.Context(), coherence.Config{Store: distant{under, &take, &err}})
		defer i.Close()
		synctest.Wait()
		take = []time.Duration{90 * time.Millisecond, 30 * time.Millisecond, 70 * time.Millisecond}
		if took, err := i.Store.Trip(t.Context(), 3); err != nil || took != 30*time.Millisecond {
			t.Errorf("%v, %v", took, err)
		}
		err = errors.New("it is away")
		if took, got := i.Store.Trip(t.Context(), 3); got == nil || took != 0 {
			t.Errorf("of a store that fails: %v, %v", took, got)
		}
		if degraded, why := i.Store.Degraded(); !degraded || why != "it is away" {
			t.Errorf("%t, %s", degraded, why)
		}
	})
}
