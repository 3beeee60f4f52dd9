//go:build unix

// Blobs over services that lack something, or are away.

package s3_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/s3"
	"github.com/gorgon-go/gorgon/testbed"
)

// Where a service ignores conditions, two writers could each believe to be the
// one: nothing is written.
func TestBlobsWithoutConditions(t *testing.T) {
	for name, service := range map[string]*fake{
		"neither honoured": {noCreate: true, noReplace: true}, "creating not honoured": {noCreate: true}, "replacing not honoured": {noReplace: true},
		"conditions not supported": {refuses: true}, "no ETag returned": {noETag: true},
	} {
		t.Run(name, func(t *testing.T) {
			log := new(lines)
			b := openBlobs(t, service.serve(t), s3.BlobOptions{Log: slog.New(slog.NewTextHandler(log, nil))})
			_, put := b.Put(t.Context(), "a", strings.NewReader("data"), blobs.PutOptions{})
			_, ticket := b.Ticket(t.Context(), blobs.Upload{Key: "a", Size: 4, Expires: time.Now().Add(time.Hour), Direct: true})
			for _, err := range []error{put, ticket} {
				if err == nil || !strings.Contains(err.Error(), "use a service") {
					t.Errorf("%v", err)
				}
			}
			if _, err := b.Stat(t.Context(), "a"); !errors.Is(err, blobs.ErrNotFound) {
				t.Errorf("stat: %v", err)
			}
			if list, err := b.List(t.Context(), blobs.Query{}); err != nil || len(list) > 0 {
				t.Errorf("%v, %v", list, err)
			}
		})
	}
}

// Bytes that another program removed or changed are not sent as those of a
// blob, and the blob can be put again.
func TestBlobsDamaged(t *testing.T) {
	t.Parallel()
	b := openBlobs(t, site(t), s3.BlobOptions{})
	for name, damage := range map[string]func(object string) error{
		"removed": func(object string) error { return b.Damage(t.Context(), object, nil) },
		"changed": func(object string) error { return b.Damage(t.Context(), object, []byte("evil")) },
	} {
		if _, err := b.Put(t.Context(), "a", strings.NewReader("data"), blobs.PutOptions{}); err != nil {
			t.Fatal(err)
		}
		data, err := b.Objects(t.Context(), "data/")
		if err != nil || len(data) != 1 {
			t.Fatal(data, err)
		}
		if err := damage(data[0]); err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.Open(t.Context(), "a", blobs.Range{}); !errors.Is(err, blobs.ErrCorrupt) {
			t.Errorf("%s: open gave %v", name, err)
		}
	}
	if _, err := b.Put(t.Context(), "a", strings.NewReader("data"), blobs.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	r, _, err := b.Open(t.Context(), "a", blobs.Range{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, []byte("data")) {
		t.Errorf("%q, %v", got, err)
	}
}

// While the service is away calls fail, with no secrets in their errors; nothing
// of a Put is seen when it is back.
func TestBlobsAway(t *testing.T) {
	t.Parallel()
	own := testbed.For(t, testbed.S3)
	b := openBlobs(t, own.URL, s3.BlobOptions{Part: 5 << 20})
	if _, err := b.Put(t.Context(), "a", strings.NewReader("data"), blobs.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	stopped := false
	_, err := b.Put(t.Context(), "b", io.MultiReader(bytes.NewReader(make([]byte, 6<<20)), readerFunc(func([]byte) (int, error) {
		if !stopped {
			stopped = true
			own.Kill()
		}
		return 0, io.EOF
	})), blobs.PutOptions{})
	_, stat := b.Stat(t.Context(), "a")
	for _, err := range []error{err, stat} {
		if err == nil || errors.Is(err, blobs.ErrNotFound) || strings.Contains(err.Error(), testbed.S3Secret) {
			t.Errorf("%v", err)
		}
	}
	if err := own.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Stat(t.Context(), "b"); !errors.Is(err, blobs.ErrNotFound) {
		t.Errorf("half a blob is seen: %v", err)
	}
	if info, err := b.Stat(t.Context(), "a"); err != nil || info.Size != 4 {
		t.Errorf("%+v, %v", info, err)
	}
}

// An upload goes on where the parts have become smaller meanwhile.
func TestBlobsWithSmallerParts(t *testing.T) {
	t.Parallel()
	own := testbed.For(t, testbed.S3)
	data := make([]byte, 9<<20)
	for i := range data {
		data[i] = byte(i >> 8)
	}
	const cut = 7 << 20
	before := openBlobs(t, own.URL, s3.BlobOptions{Part: 8 << 20})
	ticket, err := before.Ticket(t.Context(), blobs.Upload{Key: "a", Size: int64(len(data)), Type: blobs.DefaultType, Expires: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := before.Receive(t.Context(), ticket.ID, 0, bytes.NewReader(data[:cut])); err != nil || n != cut {
		t.Fatalf("%d bytes arrived: %v", n, err)
	}
	after := openBlobs(t, own.URL, s3.BlobOptions{Part: 5 << 20})
	if n, err := after.Receive(t.Context(), ticket.ID, cut, bytes.NewReader(data[cut:])); err != nil || n != int64(len(data)) {
		t.Fatalf("%d bytes arrived: %v", n, err)
	}
	if _, err := after.Complete(t.Context(), ticket.ID); err != nil {
		t.Fatal(err)
	}
	r, _, err := after.Open(t.Context(), "a", blobs.Range{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes are read: %v", len(got), err)
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// What cannot be opened says why.
func TestOpenBlobsFails(t *testing.T) {
	for location, o := range map[string]s3.BlobOptions{"s3://": {}, "s3://bucket?x=y": {}, "s3://bucket": {Part: 1}} {
		if b, err := s3.OpenBlobs(t.Context(), location, o); err == nil || b != nil {
			t.Errorf("%s was opened", location)
		}
	}
}

// A service that answers a request without a condition with a conflict, once, and
// one whose answer to a condition that holds is lost, lose nothing.
func TestBlobsConflict(t *testing.T) {
	location := site(t)
	p := newProxy(t, location)
	b := openBlobs(t, p.location, s3.BlobOptions{})
	put := func(key string) {
		t.Helper()
		if _, err := b.Put(t.Context(), key, strings.NewReader("data"), blobs.PutOptions{}); err != nil {
			t.Errorf("%s: %v", key, err)
		}
		if _, err := b.Ticket(t.Context(), blobs.Upload{Key: key, Size: 4, Expires: time.Now().Add(time.Hour)}); err != nil {
			t.Errorf("the ticket of %s: %v", key, err)
		}
	}
	put("before")
	var left atomic.Int64
	for name, fails := range map[string]func(r *http.Response) error{
		"conflict": func(r *http.Response) error {
			if r.Request.Method == "PUT" && r.Request.Header.Get("If-Match")+r.Request.Header.Get("If-None-Match") == "" && left.Add(-1) >= 0 {
				r.StatusCode, r.Status = http.StatusConflict, "409 Conflict"
			}
			return nil
		},
		"lost": func(r *http.Response) error {
			if r.Request.Method == "PUT" && r.Request.Header.Get("If-None-Match") != "" && left.Add(-1) >= 0 {
				return errCut
			}
			return nil
		},
	} {
		p.after = fails
		for _, n := range []int64{1, 2} {
			left.Store(n)
			put(name)
		}
		p.after = func(*http.Response) error { return nil }
		if left.Load() > 0 {
			t.Errorf("%s: it did not happen", name)
		}
	}
}
