//go:build unix

// Blobs against the contract.

package s3_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/blobs/blobstest"
	"github.com/gorgon-go/gorgon/s3"
)

func openBlobs(t testing.TB, location string, o s3.BlobOptions) *s3.Blobs {
	t.Helper()
	b, err := s3.OpenBlobs(t.Context(), location, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func TestBlobs(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64 // of the clock, in the law that runs
	blobstest.Harness{
		Large: 11 << 20, // of parts of 5 MiB
		Place: func(t *testing.T) func() blobs.Store {
			location := site(t)
			ahead.Store(0)
			now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
			return func() blobs.Store { return openBlobs(t, location, s3.BlobOptions{Part: 5 << 20, Now: now}) }
		},
		Later: func(_ *testing.T, _ blobs.Store, d time.Duration) { ahead.Store(int64(d)) },
	}.Run(t)
}
