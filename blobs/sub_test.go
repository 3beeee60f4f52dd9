// A part of a store is apart from the others.

package blobs_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/mem"
)

func TestSub(t *testing.T) {
	whole := mem.NewBlobs()
	ctx := t.Context()
	photos, bills := blobs.Sub(whole, "photos"), blobs.Sub(whole, "photos2")
	for _, s := range []blobs.Store{photos, bills} {
		for _, key := range []string{"a", "b/c", "photos/a"} {
			if info, err := s.Put(ctx, key, strings.NewReader("data"), blobs.PutOptions{}); err != nil || info.Key != key {
				t.Errorf("%s is put as %q, %v", key, info.Key, err)
			}
		}
	}
	if err := bills.Delete(ctx, "a"); err != nil {
		t.Error(err)
	}
	if _, err := bills.Stat(ctx, "a"); !errors.Is(err, blobs.ErrNotFound) {
		t.Error(err)
	}
	if info, err := photos.Stat(ctx, "a"); err != nil || info.Key != "a" {
		t.Errorf("%q, %v", info.Key, err)
	}
	r, info, err := photos.Open(ctx, "b/c", blobs.Range{From: 1})
	if err != nil || info.Key != "b/c" {
		t.Fatal(info, err)
	}
	if data, err := io.ReadAll(r); err != nil || string(data) != "ata" {
		t.Errorf("%q, %v", data, err)
	}
	var keys []string
	for q := (blobs.Query{Limit: 2}); ; {
		list, err := photos.List(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			break
		}
		for _, info := range list {
			keys = append(keys, info.Key)
		}
		q.After = list[len(list)-1].Key
	}
	if got := strings.Join(keys, " "); got != "a b/c photos/a" {
		t.Errorf("the list has %s", got)
	}
	for _, key := range []string{"", ".", "..", "../photos2/a", "/a", "a/", strings.Repeat("a", 510)} {
		_, put := photos.Put(ctx, key, strings.NewReader(""), blobs.PutOptions{})
		_, stat := photos.Stat(ctx, key)
		_, _, open := photos.Open(ctx, key, blobs.Range{})
		_, ticket := photos.Ticket(ctx, blobs.Upload{Key: key, Expires: time.Now().Add(time.Hour)})
		for _, err := range []error{put, stat, open, ticket, photos.Delete(ctx, key)} {
			if !errors.Is(err, blobs.ErrInvalid) {
				t.Errorf("%q gave %v", key, err)
			}
		}
	}
}

// An upload of one part is not found in another.
func TestSubUploads(t *testing.T) {
	whole := mem.NewBlobs()
	ctx := t.Context()
	photos, bills := blobs.Sub(whole, "photos"), blobs.Sub(whole, "bills")
	ticket, err := photos.Ticket(ctx, blobs.Upload{Key: "a", Size: 4, Expires: time.Now().Add(time.Hour)})
	if err != nil || ticket.Key != "a" {
		t.Fatal(ticket, err)
	}
	_, pending := bills.Pending(ctx, ticket.ID)
	_, receive := bills.Receive(ctx, ticket.ID, 0, strings.NewReader("evil"))
	_, complete := bills.Complete(ctx, ticket.ID)
	for _, err := range []error{pending, receive, complete} {
		if !errors.Is(err, blobs.ErrNotFound) {
			t.Error(err)
		}
	}
	if n, err := photos.Receive(ctx, ticket.ID, 0, strings.NewReader("data")); err != nil || n != 4 {
		t.Error(n, err)
	}
	if p, err := photos.Pending(ctx, ticket.ID); err != nil || p.Key != "a" || p.Received != 4 {
		t.Error(p, err)
	}
	for range 2 {
		if info, err := photos.Complete(ctx, ticket.ID); err != nil || info.Key != "a" {
			t.Error(info, err)
		}
	}
	if info, err := whole.Stat(ctx, "photos/a"); err != nil || info.Size != 4 {
		t.Error(info, err)
	}
}
