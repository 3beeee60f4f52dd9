//go:build unix

// Blobs against the contract.

package s3_test

import (
	"strings"
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

// The store that FILES_URL names gives tickets of the service, and checks without
// asking it.
func TestBlobDriver(t *testing.T) {
	t.Setenv(blobs.Variable, site(t))
	files := blobs.At(blobs.Location{Drivers: []blobs.Driver{s3.BlobDriver()}})
	defer files.Close()
	if err := files.Check(); err != nil {
		t.Fatal(err)
	}
	if info, err := files.Put(t.Context(), "a/b", strings.NewReader("data"), blobs.PutOptions{IfNew: true}); err != nil || info.Size != 4 {
		t.Fatal(info, err)
	}
	ticket, err := files.Ticket(t.Context(), blobs.Upload{Key: "c", Size: 4, Expires: time.Now().Add(time.Hour), Direct: true})
	if err != nil || ticket.URL == "" || ticket.Header.Get("If-None-Match") != "*" {
		t.Errorf("%+v, %v", ticket, err)
	}
	list, err := blobs.Sub(files, "a").List(t.Context(), blobs.Query{})
	if err != nil || len(list) != 1 || list[0].Key != "b" {
		t.Errorf("%+v, %v", list, err)
	}
}
