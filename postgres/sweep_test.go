// Sweeping: in batches, by one instance, and reading a record counts as use.

package postgres_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
)

// fill makes records without the store: n of each of three routes, the first
// being the least recently used.
const fill = `INSERT INTO records (id, route_id, route, path, locale, size, used, checksum, data)
	SELECT sha256((r || '/' || i)::text::bytea), r, ('/' || r)::bytea, ('/' || i)::bytea, '', 100, now() - interval '1 hour' + i * interval '1 second', 0, ''
	FROM generate_series(1, $1::int) i, generate_series(1, 3) r`

func TestSweepInBatches(t *testing.T) {
	s, location := newStore(t, postgres.Options{})
	db := direct(t, location)
	run(t, db, fill, 3000)
	swept, err := s.Sweep(t.Context(), pages.Bounds{PerRoute: 1700})
	if want := (pages.Swept{Removed: 3900, Freed: 390_000, Kept: 5100, Bytes: 510_000}); err != nil || swept != want {
		t.Errorf("it reported %+v, %v", swept, err)
	}
	swept, err = s.Sweep(t.Context(), pages.Bounds{PerRoute: 5000, Bytes: 200_050})
	if want := (pages.Swept{Removed: 3100, Freed: 310_000, Kept: 2000, Bytes: 200_000}); err != nil || swept != want {
		t.Errorf("it reported %+v, %v", swept, err)
	}
	if n := number(t, db, "SELECT count(*) FROM records WHERE used < (SELECT max(used) FROM records) - interval '667 seconds'"); n != 0 {
		t.Errorf("%d old ones are left", n)
	}
	n := 0
	if err := s.List(t.Context(), func(i pages.Info) bool { n++; return i.Size == 100 }); err != nil || n != 2000 {
		t.Errorf("%d are listed, %v", n, err)
	}
	if number(t, db, "SELECT count(*) FROM leases") != 0 {
		t.Error("the sweeper's lease is left")
	}
}

// A sweeper that was killed excludes others until its lease expires.
func TestSweeperDies(t *testing.T) {
	s, location := newStore(t, postgres.Options{})
	db := direct(t, location)
	run(t, db, "INSERT INTO leases VALUES (sha256('sweep'), nextval('tokens'), now() + interval '1 hour')")
	if _, err := s.Sweep(t.Context(), pages.Bounds{}); !errors.Is(err, pages.ErrHeld) {
		t.Errorf("while another sweeps it gave %v", err)
	}
	run(t, db, "UPDATE leases SET until = now()")
	if _, err := s.Sweep(t.Context(), pages.Bounds{}); err != nil {
		t.Errorf("after another died it gave %v", err)
	}
}

// Reading a record makes it a recently used one, though not immediately.
func TestGetCountsAsUse(t *testing.T) {
	s, location := newStore(t, postgres.Options{})
	db := direct(t, location)
	for i := range 20 {
		if err := s.Put(t.Context(), pages.Record{Key: key(fmt.Sprint("/", i)), Data: []byte("x")}, pages.Unfenced); err != nil {
			t.Fatal(err)
		}
	}
	run(t, db, "UPDATE records SET used = used - interval '1 hour'")
	for range 3 {
		for _, i := range []int{3, 4, 5} {
			if _, err := s.Get(t.Context(), key(fmt.Sprint("/", i))); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := number(t, db, "SELECT count(*) FROM records WHERE used > now() - interval '30 minutes'"); n != 0 {
		t.Errorf("Get wrote %d times", n)
	}
	if swept, err := s.Sweep(t.Context(), pages.Bounds{PerRoute: 3}); err != nil || swept.Kept != 3 {
		t.Fatal(swept, err)
	}
	for _, i := range []int{3, 4, 5} {
		if _, err := s.Get(t.Context(), key(fmt.Sprint("/", i))); err != nil {
			t.Errorf("what was read is gone: %v", err)
		}
	}
}
