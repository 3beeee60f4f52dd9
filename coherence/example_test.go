package coherence_test

import (
	"context"
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
)

// A priceList is what an instance holds. It says what it was made of.
type priceList struct{}

func (priceList) Subjects() []string { return []string{pages.TagSubject("prices"), pages.All} }

// Two instances share a store. What one purges, the other does not take for
// current any more.
func Example() {
	ctx := context.Background()
	store := mem.Open(mem.Options{})
	defer store.Close()
	here := coherence.Open(ctx, coherence.Config{Store: store})
	defer here.Close()
	there := coherence.Open(ctx, coherence.Config{Store: store})
	defer there.Close()

	// The epoch is taken first, and the data are read after it.
	held := coherence.Copy{Of: priceList{}, Epoch: here.Now().Epoch, MadeAt: time.Now()}
	fmt.Println("may be used:", here.Holds(&held, time.Now()))

	number, err := there.Purge(ctx, pages.Stale, pages.TagSubject("prices"))
	fmt.Println("purge", number, err)
	fmt.Println("may be used:", here.Holds(&held, time.Now()))

	asked := here.CatchUp(0)
	verdict, certain := here.Check(&held)
	fmt.Println("offline:", asked.Offline, "verdict:", verdict, "certain:", certain)
	// Output:
	// may be used: true
	// purge 1 <nil>
	// may be used: false
	// offline: false verdict: stale certain: true
}
