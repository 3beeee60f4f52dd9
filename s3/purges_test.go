//go:build unix

// Concurrent purges, under faults, in bounded state, and after a loss.

package s3_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/minio/minio-go/v7"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/s3"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// race purges through several stores at once, and checks that the numbers are
// 1, 2, 3, … and that each store lists each change once.
func race(t *testing.T, stores []*s3.Store, each int) {
	t.Helper()
	var work sync.WaitGroup
	numbers := make([]map[uint64]string, len(stores))
	for i, s := range stores {
		numbers[i] = make(map[uint64]string)
		work.Go(func() {
			for j := range each {
				subject := pages.TagSubject(fmt.Sprint(i, " ", j))
				n, err := s.Bump(t.Context(), pages.Stale, subject)
				if err != nil {
					t.Error(err)
					return
				}
				numbers[i][n] = subject
			}
		})
	}
	work.Wait()
	all := make(map[uint64]string)
	for _, m := range numbers {
		for n, subject := range m {
			if all[n] != "" {
				t.Errorf("%d is the number of %s and of %s", n, all[n], subject)
			}
			all[n] = subject
		}
	}
	for i, s := range stores {
		changes, floor, err := s.Changes(t.Context(), 0)
		must(t, err)
		if len(changes) != len(all) || len(all) != each*len(stores) || floor != 0 {
			t.Errorf("store %d lists %d changes of %d, %d forgotten", i, len(changes), len(all), floor)
		}
		for j, c := range changes {
			if c.Sequence != uint64(j+1) || c.Subject != all[c.Sequence] {
				t.Errorf("change %d is %+v instead of %s", j+1, c, all[c.Sequence])
			}
		}
	}
}

func TestRacingBumps(t *testing.T) {
	location := site(t)
	var stores []*s3.Store
	for range 4 {
		stores = append(stores, open(t, location, s3.Options{}))
	}
	race(t, stores, 25)
}

// A lost response leaves the writer in doubt whether it wrote.
func TestLostResponses(t *testing.T) {
	location := site(t)
	var stores []*s3.Store
	for range 2 {
		p := newProxy(t, location)
		var n atomic.Int64
		p.after = func(r *http.Response) error {
			if r.Request.Method == http.MethodPut && r.StatusCode == http.StatusOK && n.Add(1)%4 == 0 {
				return errCut
			}
			return nil
		}
		stores = append(stores, open(t, p.location, s3.Options{}))
	}
	race(t, stores, 9)
	for i := range 6 {
		key := pages.Key{Path: fmt.Sprint(i)}
		lease, err := stores[0].Lease(t.Context(), key, claim(), 1<<40)
		must(t, err)
		fence := pages.Fence{Token: lease.Token}
		must(t, stores[0].Put(t.Context(), pages.Record{Key: key, Data: []byte("data")}, fence))
		must(t, stores[0].Release(t.Context(), lease))
		lease, err = stores[1].Lease(t.Context(), key, claim(), 1<<40)
		must(t, err)
	}
}

// Thousands of subjects leave few marks and changes, in memory and in the
// service, and a store that is opened later knows the same.
func TestBoundedPurges(t *testing.T) {
	ctx, location := t.Context(), site(t)
	opts := s3.Options{Subjects: 1000, Changes: 600}
	s, slow := open(t, location, opts), open(t, location, opts)
	if e, err := slow.Epochs(ctx); err != nil || e.Sequence != 0 {
		t.Fatal(e, err)
	}
	const n, each = 300, 10
	subject := func(i int) string { return pages.TagSubject(fmt.Sprintf("%-80d", i)) }
	for i := range n {
		var subjects []string
		for j := range each {
			subjects = append(subjects, subject(i*each+j))
		}
		bump(t, s, subjects...)
	}
	for name, s := range map[string]*s3.Store{"the one that purged": s, "one that slept": slow, "one that comes later": open(t, location, opts)} {
		e, err := s.Epochs(ctx, subject(0), subject(n*each-1), pages.TagSubject("never"))
		must(t, err)
		if e.Sequence != n || e.Marks[1].Sequence != n || e.Marks[1].Expired != n {
			t.Errorf("%s lost the last purge: %+v", name, e)
		}
		for _, i := range []int{0, 2} {
			if m := e.Marks[i]; m.Sequence < n-1000/each-1 || m.Sequence >= n || m.Expired != m.Sequence || m.At.IsZero() {
				t.Errorf("%s: mark %d is not the floor: %+v", name, i, m)
			}
		}
		changes, floor, err := s.Changes(ctx, 5)
		must(t, err)
		if len(changes) > 600 || len(changes) < 300 || changes[len(changes)-1].Sequence != n || changes[0].Sequence != floor+1 {
			t.Errorf("%s lists %d changes after %d, from %d on", name, len(changes), floor, changes[0].Sequence)
		}
	}
	client, prefix := bucket(t, location)
	if size := len(rawRead(t, client, prefix+"state/head")); size > 70<<10 {
		t.Errorf("the head has %d bytes", size)
	}
	bases := names(t, location, "state/base/")
	if len(bases) != 1 {
		t.Fatalf("the bases are %q", bases)
	}
	if size := len(rawRead(t, client, prefix+bases[0])); size > 1700*120 {
		t.Errorf("the base has %d bytes", size)
	}
}

// If the record of purges is lost, everything counts as purged, for instances
// that knew it and for others, and the sequence continues.
func TestLostPurges(t *testing.T) {
	damage := map[string]func(t *testing.T, client *minio.Core, prefix string, earlier []byte){
		"the head is gone": func(t *testing.T, client *minio.Core, prefix string, _ []byte) {
			must(t, client.RemoveObject(t.Context(), "pages", prefix+"state/head", minio.RemoveObjectOptions{}))
		},
		"the head is damaged": func(t *testing.T, client *minio.Core, prefix string, _ []byte) {
			data := rawRead(t, client, prefix+"state/head")
			data[len(data)-1]++
			rawWrite(t, client, prefix+"state/head", data)
		},
	}
	for name, harm := range damage {
		for _, known := range []bool{true, false} {
			t.Run(fmt.Sprint(name, ", known before: ", known), func(t *testing.T) {
				ctx, location := t.Context(), site(t)
				s := open(t, location, s3.Options{Log: quiet})
				must(t, s.Put(ctx, pages.Record{Key: key}, pages.Unfenced))
				client, prefix := bucket(t, location)
				earlier := rawRead(t, client, prefix+"state/head")
				for range 5 {
					bump(t, s, pages.TagSubject("t"))
				}
				harm(t, client, prefix, earlier)
				if !known {
					s = open(t, location, s3.Options{Log: quiet})
				}
				lostAndGoesOn(t, s, open(t, location, s3.Options{}))
			})
		}
	}
	t.Run("the head is an earlier one", func(t *testing.T) {
		location := site(t)
		s := open(t, location, s3.Options{Log: quiet})
		bump(t, s, pages.All)
		client, prefix := bucket(t, location)
		earlier := rawRead(t, client, prefix+"state/head")
		bump(t, s, pages.All)
		rawWrite(t, client, prefix+"state/head", earlier)
		lostAndGoesOn(t, s, open(t, location, s3.Options{}))
	})
	t.Run("the base is gone", func(t *testing.T) {
		location := site(t)
		s := open(t, location, s3.Options{Log: quiet})
		for range 20 {
			bump(t, s, pages.TagSubject(strings.Repeat("x", 8<<10)))
		}
		client, prefix := bucket(t, location)
		for _, n := range names(t, location, "state/base/") {
			must(t, client.RemoveObject(t.Context(), "pages", prefix+n, minio.RemoveObjectOptions{}))
		}
		lostAndGoesOn(t, open(t, location, s3.Options{Log: quiet}), s)
	})
}

// lostAndGoesOn checks that both stores know that purges were lost.
func lostAndGoesOn(t *testing.T, stores ...*s3.Store) {
	t.Helper()
	var last uint64
	for _, s := range slices.Concat(stores, stores) {
		e, err := s.Epochs(t.Context(), pages.TagSubject("never"))
		must(t, err)
		if m := e.Marks[0]; e.Sequence < last || e.Sequence <= 20 || e.Sequence >= 1<<53 || m.Sequence <= 20 || m.Expired != m.Sequence {
			t.Errorf("the epochs are %+v after %d", e, last)
		}
		last = bump(t, s, pages.TagSubject("t"))
		if last != e.Sequence+1 {
			t.Errorf("%d came after %d", last, e.Sequence)
		}
		if _, floor, err := s.Changes(t.Context(), 0); err != nil || floor < 20 {
			t.Errorf("the changes are forgotten up to %d, %v", floor, err)
		}
	}
}
