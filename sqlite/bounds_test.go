// Bounded state: purges, leases, the log, the file.

package sqlite_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/sqlite"
)

// A subject whose purge was forgotten counts as purged when the latest
// forgotten one was; one that is remembered keeps its own mark.
func TestForgottenPurges(t *testing.T) {
	ctx := t.Context()
	s := open(t, newPath(t), sqlite.Options{Subjects: 10, Changes: 6})
	const n = 500
	for i := range n {
		bump(t, s, pages.TagSubject(fmt.Sprint(i)))
	}
	e, err := s.Epochs(ctx, pages.TagSubject("0"), pages.TagSubject("499"), pages.TagSubject("never"), pages.TagSubject("490"))
	if err != nil {
		t.Fatal(err)
	}
	if e.Sequence != n || e.Marks[1].Sequence != n || e.Marks[3].Sequence != 491 {
		t.Errorf("a purge is lost: %+v", e)
	}
	for _, i := range []int{0, 2} {
		if m := e.Marks[i]; m.Sequence != n-10 || m.Expired != m.Sequence || m.At.IsZero() {
			t.Errorf("mark %d is not the floor: %+v", i, m)
		}
	}
	// A forgotten subject that is then purged by Stale alone is not better off
	// than before.
	if _, err := s.Bump(ctx, pages.Stale, pages.TagSubject("0")); err != nil {
		t.Fatal(err)
	}
	if e, err = s.Epochs(ctx, pages.TagSubject("0")); err != nil || e.Marks[0].Expired < n-10 {
		t.Errorf("after another purge: %+v, %v", e, err)
	}
	changes, floor, err := s.Changes(ctx, 5)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range changes {
		if c.Sequence != floor+uint64(i)+1 {
			t.Errorf("change %d after %d is %d", i, floor, c.Sequence)
		}
	}
	if len(changes) != 6 || changes[5].Sequence != n+1 {
		t.Errorf("the changes are %+v", changes)
	}
}

// A purge of more subjects than are remembered is seen as a whole, and is
// forgotten in time.
func TestPurgeOfMany(t *testing.T) {
	s := open(t, newPath(t), sqlite.Options{Subjects: 10, Changes: 10})
	many := make([]string, 100)
	for i := range many {
		many[i] = pages.TagSubject(fmt.Sprint(i))
	}
	bump(t, s, many...)
	e, err := s.Epochs(t.Context(), append(many, "tag:other")...)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range e.Marks {
		if m.Sequence != 1 {
			t.Errorf("mark %d is %+v", i, m)
		}
	}
	list, floor, err := s.Changes(t.Context(), 0)
	if err != nil || len(list) != 0 || floor != 1 {
		t.Errorf("changes are %+v, forgotten up to %d, %v", list, floor, err)
	}
}

// The write-ahead log cannot restart during a read. Once it can, it does, even
// if there are no more writes.
func TestLogIsBounded(t *testing.T) {
	path := newPath(t)
	s := open(t, path, sqlite.Options{})
	put(t, s, key("/"), "read")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	reader, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := reader.QueryRow("SELECT count(*) FROM records").Scan(&n); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	log := func() int64 {
		info, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size() >> 20
	}
	for i := range 9 {
		put(t, s, key(fmt.Sprint("/", i)), string(make([]byte, 8<<20)))
	}
	if log() <= 64 {
		t.Fatalf("while it is read the log has %d MiB", log())
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	for limit := time.Now().Add(30 * time.Second); log() > 64 && time.Now().Before(limit); {
		time.Sleep(100 * time.Millisecond)
	}
	if log() > 64 {
		t.Errorf("the log still has %d MiB", log())
	}
}

// Space that a sweep frees is reused, or returned.
func TestFileShrinks(t *testing.T) {
	path := newPath(t)
	s := open(t, path, sqlite.Options{})
	for i := range 20 {
		put(t, s, key(fmt.Sprint("/", i)), string(make([]byte, 1<<20)))
	}
	swept, err := s.Sweep(t.Context(), pages.Bounds{Bytes: 4 << 20})
	if err != nil || swept.Kept != 3 || swept.Removed != 17 {
		t.Errorf("swept %+v, %v", swept, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() > 9<<20 {
		t.Errorf("the file has %d MiB, %v", info.Size()>>20, err)
	}
	s = open(t, path, sqlite.Options{})
	for i := 17; i < 20; i++ {
		if _, err := s.Get(t.Context(), key(fmt.Sprint("/", i))); err != nil {
			t.Errorf("record %d: %v", i, err)
		}
	}
}

// A sweeper that died blocks the next one for a while, but not forever.
func TestSweeperDied(t *testing.T) {
	path := newPath(t)
	s := open(t, path, sqlite.Options{})
	alter(t, path, fmt.Sprintf("UPDATE state SET sweeper = 1, sweeper_until = %d", time.Now().Add(10*time.Second).UnixNano()))
	if _, err := s.Sweep(t.Context(), pages.Bounds{}); !errors.Is(err, pages.ErrHeld) {
		t.Errorf("a second sweep gave %v", err)
	}
	for _, until := range []time.Duration{-time.Millisecond, time.Hour} { // expired; or a clock was set back
		alter(t, path, fmt.Sprintf("UPDATE state SET sweeper = 1, sweeper_until = %d", time.Now().Add(until).UnixNano()))
		if _, err := s.Sweep(t.Context(), pages.Bounds{}); err != nil {
			t.Errorf("%v after its end: %v", -until, err)
		}
	}
}

// A record that was read recently is not among the least recently used, though
// Get does not write.
func TestReadingIsUse(t *testing.T) {
	path := newPath(t)
	s := open(t, path, sqlite.Options{})
	put(t, s, key("/read"), "read")
	put(t, s, key("/not"), "not")
	alter(t, path, fmt.Sprintf("UPDATE records SET used = %d + n", time.Now().Add(-time.Hour).UnixNano()))
	if _, err := s.Get(t.Context(), key("/read")); err != nil {
		t.Fatal(err)
	}
	if swept, err := s.Sweep(t.Context(), pages.Bounds{PerRoute: 1}); err != nil || swept.Removed != 1 {
		t.Errorf("swept %+v, %v", swept, err)
	}
	if _, err := s.Get(t.Context(), key("/read")); err != nil {
		t.Error(err)
	}
}

// Expired leases are forgotten, a few with each new one.
func TestForgottenLeases(t *testing.T) {
	path := newPath(t)
	s := open(t, path, sqlite.Options{})
	old, err := s.Lease(t.Context(), key("/old"), claim(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	alter(t, path, fmt.Sprintf("UPDATE leases SET until = %d", time.Now().Add(-time.Hour).UnixNano()))
	if _, err := s.Lease(t.Context(), key("/new"), claim(), time.Hour); err != nil {
		t.Fatal(err)
	}
	err = s.Put(t.Context(), pages.Record{Key: key("/old")}, pages.Fence{Token: old.Token})
	if !errors.Is(err, pages.ErrFenced) {
		t.Errorf("a forgotten holder's put gave %v", err)
	}
	again, err := s.Lease(t.Context(), key("/old"), claim(), time.Hour)
	if err != nil || again.Token <= old.Token {
		t.Errorf("after token %d came %d, %v", old.Token, again.Token, err)
	}
}

// Writers do not starve a purge.
func TestPurgeIsNotStarved(t *testing.T) {
	path := newPath(t)
	var stop atomic.Bool
	var wg sync.WaitGroup
	for i := range 8 {
		s := open(t, path, sqlite.Options{})
		wg.Go(func() {
			r := pages.Record{Key: key(fmt.Sprint(i)), Data: make([]byte, 1000)}
			for !stop.Load() {
				if err := s.Put(t.Context(), r, pages.Fence{}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	s := open(t, path, sqlite.Options{})
	var worst time.Duration
	for range 50 {
		began := time.Now()
		bump(t, s, "tag:a")
		worst = max(worst, time.Since(began))
	}
	stop.Store(true)
	wg.Wait()
	if worst > 5*time.Second {
		t.Errorf("a purge took %v", worst)
	}
	t.Logf("the slowest of 50 purges took %v", worst)
}
