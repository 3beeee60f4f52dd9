// Blobs against the contract.

package mem_test

import (
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/blobs/blobstest"
	"github.com/gorgon-go/gorgon/mem"
)

func TestBlobs(t *testing.T) {
	t.Parallel()
	blobstest.Harness{
		Place: func(*testing.T) func() blobs.Store {
			s := mem.NewBlobs()
			return func() blobs.Store { return s }
		},
		Later: func(_ *testing.T, s blobs.Store, d time.Duration) {
			s.(*mem.Blobs).SetNow(func() time.Time { return time.Now().Add(d) })
		},
	}.Run(t)
}
