// The driver against the contract, and what is its own: its file, its bounds.

package bolt_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"go.uber.org/goleak"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/docs/examples/bolt"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/pages/pagestest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// An app names the drivers that it carries. It is started with
// --store bolt:/var/lib/hello.db then.
func Example() {
	command.Main(gorgon.App{
		Name:  "hello",
		Parts: []gorgon.Part{gorgon.Page[string]{Path: "/", View: func(string) gorgon.Component { return gorgon.Text("Hello.") }}},
	}, command.Config{Stores: []pages.Driver{bolt.Driver()}})
}

func TestContract(t *testing.T) {
	t.Parallel()
	pagestest.Run(t, func(t *testing.T) pages.Store { return open(t, file(t)) })
}

func file(t *testing.T) string { return filepath.Join(t.TempDir(), "pages.db") }

func open(t *testing.T, path string) pages.Store {
	t.Helper()
	s, err := bolt.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeStore(t, s) })
	return s
}

func closeStore(t *testing.T, s pages.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

var (
	key    = pages.Key{Route: "/{id}", Path: "/\xff", Locale: "de"}
	tag    = pages.TagSubject("\xff sale")
	record = pages.Record{Key: key, Data: []byte("a page")}
)

// claim returns a claim that no other attempt uses.
func claim() string { return rand.Text() }

// The kit cannot reopen a store that has one handle at a time, so this does.
func TestReopen(t *testing.T) {
	t.Parallel()
	ctx, path := t.Context(), file(t)
	var token uint64
	for round := range uint64(4) {
		s := open(t, path)
		if got := s.(pages.Sequencer).Sequence(); got != 2*round {
			t.Fatalf("round %d began with the sequence %d", round, got)
		}
		if round > 0 {
			epochs, err := s.Epochs(ctx, tag, pages.All)
			if err != nil || epochs.Marks[0].Expired != 2*round-1 || epochs.Marks[0].Sequence != 2*round || epochs.Marks[1] != (pages.Mark{}) {
				t.Fatalf("round %d knows %+v, %v", round, epochs, err)
			}
			list, floor, err := s.Changes(ctx, 1)
			if err != nil || floor != 0 || uint64(len(list)) != 2*round-1 || list[0].Subject != tag || time.Since(list[0].At).Abs() > time.Minute {
				t.Fatalf("round %d lists %+v above %d, %v", round, list, floor, err)
			}
			if got, err := s.Get(ctx, key); err != nil || string(got.Data) != string(record.Data) {
				t.Fatalf("round %d got %q, %v", round, got.Data, err)
			}
			if err := s.Claim(ctx, "another/", false); !errors.Is(err, pages.ErrForeign) {
				t.Fatalf("round %d let another owner in: %v", round, err)
			}
			for _, late := range []pages.Fence{{Epoch: 2*round - 2}, {Epoch: 2*round + 1, Token: token}} {
				if err := s.Put(ctx, record, late); !errors.Is(err, pages.ErrFenced) {
					t.Fatalf("round %d let %+v pass: %v", round, late, err)
				}
			}
		}
		lease, err := s.Lease(ctx, key, claim(), time.Hour) // its holder ends with this round
		if err != nil || lease.Token <= token {
			t.Fatalf("round %d was granted %+v after %d: %v", round, lease, token, err)
		}
		token = lease.Token
		made := record
		made.Epoch = 2*round + 1
		if err := s.Put(ctx, made, pages.Fence{Epoch: made.Epoch, Token: token}); err != nil {
			t.Fatal(err)
		}
		if err := s.Claim(ctx, "notes/", false); err != nil {
			t.Fatal(err)
		}
		for _, verb := range []pages.Verb{pages.Expire, pages.Stale} {
			if _, err := s.Bump(ctx, verb, tag); err != nil {
				t.Fatal(err)
			}
		}
		closeStore(t, s)
		closeStore(t, s)
	}
}

// What a thousand purges leave is bounded, and what was forgotten counts as
// purged, before and after reopening.
func TestPurgesAreBounded(t *testing.T) {
	t.Parallel()
	const purges, each = 1000, 4
	ctx, path := t.Context(), file(t)
	s := open(t, path)
	for i := range purges {
		var subjects []string
		for j := range each {
			subjects = append(subjects, pages.TagSubject(fmt.Sprint(i, " ", j)))
		}
		if n, err := s.Bump(ctx, pages.Expire, subjects...); err != nil || n != uint64(i+1) {
			t.Fatalf("purge %d has the number %d: %v", i+1, n, err)
		}
	}
	for range 2 {
		epochs, err := s.Epochs(ctx, pages.TagSubject("0 0"), pages.TagSubject("999 3"), pages.TagSubject("never"))
		if err != nil || epochs.Sequence != purges || epochs.Marks[1].Sequence != purges {
			t.Fatalf("the last purge is lost: %+v, %v", epochs, err)
		}
		if floor := epochs.Marks[0]; floor.Expired < purges/2 || floor.Expired >= purges || floor.ExpiredAt.IsZero() || epochs.Marks[2] != floor {
			t.Errorf("what was forgotten counts as %+v", epochs.Marks)
		}
		list, floor, err := s.Changes(ctx, 0)
		if err != nil || len(list) > 1000 || uint64(len(list)) != each*(purges-floor) || list[0].Sequence != floor+1 {
			t.Errorf("%d changes are listed above %d, %v", len(list), floor, err)
		}
		closeStore(t, s)
		s = open(t, path)
	}
	if info, err := os.Stat(path); err != nil || info.Size() > 4<<20 {
		t.Errorf("the file has %d bytes, %v", info.Size(), err)
	}
}

// Many instances in one process, first to the end, then with a Close in
// between.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	for run := range 2 {
		t.Run(fmt.Sprint(run), func(t *testing.T) {
			t.Parallel()
			s := open(t, file(t))
			var all sync.WaitGroup
			for i := range 32 {
				all.Go(func() {
					if err := work(t.Context(), s, i); err != nil && !(run == 1 && errors.Is(err, pages.ErrClosed)) {
						t.Errorf("goroutine %d: %v", i, err)
					}
				})
			}
			if run == 1 {
				time.Sleep(300 * time.Millisecond)
				closeStore(t, s)
			}
			all.Wait()
		})
	}
}

// work does what an instance does: it leases, makes, writes, purges and looks.
func work(ctx context.Context, s pages.Store, i int) error {
	k := pages.Key{Route: "/{id}", Path: fmt.Sprint("/", i%4)}
	subject := pages.PathSubject(k.Path)
	for range 20 {
		epoch := s.(pages.Sequencer).Sequence()
		lease, err := s.Lease(ctx, k, claim(), time.Minute)
		if errors.Is(err, pages.ErrHeld) {
			if err := s.Wait(ctx, 0); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		n, err := s.Bump(ctx, pages.Stale, subject)
		if err != nil {
			return err
		}
		if seen := s.(pages.Sequencer).Sequence(); seen < n {
			return fmt.Errorf("after purge %d the sequence is %d", n, seen)
		}
		r := pages.Record{Key: k, Data: fmt.Append(nil, lease.Token), Epoch: n}
		if err := s.Put(ctx, r, pages.Fence{Epoch: n, Token: lease.Token}); err != nil {
			return err
		}
		if err := s.Put(ctx, r, pages.Fence{Epoch: epoch, Token: lease.Token}); !errors.Is(err, pages.ErrFenced) {
			return fmt.Errorf("a page older than purge %d was written: %w", n, err)
		}
		got, err := s.Get(ctx, k)
		if err != nil || string(got.Data) != string(r.Data) { // no other holder has the lease
			return fmt.Errorf("got %q of token %d: %w", got.Data, lease.Token, err)
		}
		if err := s.Release(ctx, lease); err != nil {
			return err
		}
	}
	return nil
}

func TestDamagedRecord(t *testing.T) {
	t.Parallel()
	for what, damage := range map[string]func([]byte) []byte{
		"a bit":     func(v []byte) []byte { v[len(v)-1] ^= 1; return v },
		"the end":   func(v []byte) []byte { return v[:len(v)-1] },
		"the start": func(v []byte) []byte { return v[:3] },
	} {
		path := file(t)
		s := open(t, path)
		if err := s.Put(t.Context(), record, pages.Unfenced); err != nil {
			t.Fatal(err)
		}
		closeStore(t, s)
		db, err := bbolt.Open(path, 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		id := key.Digest()
		err = db.Update(func(tx *bbolt.Tx) error {
			b := tx.Bucket([]byte("gorgon2"))
			return b.Put(id[:], damage(append([]byte(nil), b.Get(id[:])...)))
		})
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
		s = open(t, path)
		if got, err := s.Get(t.Context(), key); !errors.Is(err, pages.ErrCorrupt) || got.Data != nil {
			t.Errorf("without %s the record is %q, %v", what, got.Data, err)
		}
		if err := s.Put(t.Context(), record, pages.Unfenced); err != nil {
			t.Errorf("a damaged record could not be replaced: %v", err)
		}
	}
}

func TestOpenFails(t *testing.T) {
	t.Parallel()
	taken := file(t)
	open(t, taken)
	for path, says := range map[string]string{
		taken:                                 "another process has it open",
		t.TempDir():                           "directory",
		filepath.Join(t.TempDir(), "no", "x"): "no",
	} {
		s, err := bolt.Driver().Open(t.Context(), path)
		if err == nil || s != nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), says) {
			t.Errorf("open %s gave %v, %v", path, s, err)
		}
	}
}
