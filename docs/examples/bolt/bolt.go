// A store in one bbolt file; docs/drivers.md explains it.

// Package bolt keeps pages in a bbolt file, which one process at a time can
// open. Pages and purges survive power loss; leases end with the process.
// Nothing bounds the pages: the store is no [pages.Sweeper].
//
// Layout, version 2, bucket "gorgon2": at a key's digest the CRC-32 of what
// follows, the record's epoch and its data; at "purges" [pages.Purges] as gob; at
// "owner" whose the store is; its sequence counts openings.
package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Driver opens stores by file name: "bolt:/var/lib/shop.db".
func Driver() pages.Driver { return pages.Driver{Schemes: []string{"bolt"}, Open: Open} }

type store struct {
	db     *bbolt.DB
	purges atomic.Pointer[pages.Purges] // as committed; replaced, never changed
	mu     sync.Mutex                   // its holder writes alone, from the fence to the commit
	leases map[pages.Key]lease
	token  uint64 // of the last lease
}

type lease struct {
	pages.Lease
	claim string // that it was granted to
}

var bucket, purgesKey, ownerKey = []byte("gorgon2"), []byte("purges"), []byte("owner")
var _ pages.Sequencer = (*store)(nil)

// Open opens the store in a file, and makes the file where there is none.
func Open(_ context.Context, path string) (pages.Store, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: 5 * time.Second})
	if errors.Is(err, bolterrors.ErrTimeout) {
		err = errors.New("another process has it open, and one at a time can: stop that one, or purge over HTTP")
	}
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	s, p := &store{db: db, leases: map[pages.Key]lease{}}, &pages.Purges{}
	s.purges.Store(p)
	err = db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(bucket)
		if err != nil {
			return err
		}
		opening, err := b.NextSequence()
		s.token = opening << 32 // above every token of the openings before
		if v := b.Get(purgesKey); err == nil && v != nil {
			err = gob.NewDecoder(bytes.NewReader(v)).Decode(p)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, errors.Join(err, db.Close()))
	}
	return s, nil
}

// Get copies what it reads: bbolt's memory ends with the transaction.
func (s *store) Get(ctx context.Context, key pages.Key) (pages.Record, error) {
	id, r := key.Digest(), pages.Record{Key: key}
	err := run(ctx, s.db.View, func(tx *bbolt.Tx) error {
		v := tx.Bucket(bucket).Get(id[:])
		switch {
		case v == nil:
			return pages.ErrNotFound
		case len(v) < 12 || binary.BigEndian.Uint32(v) != crc32.ChecksumIEEE(v[4:]):
			return pages.ErrCorrupt
		}
		r.Epoch, r.Data = binary.BigEndian.Uint64(v[4:]), bytes.Clone(v[12:])
		return nil
	})
	return r, err
}

func (s *store) Put(ctx context.Context, r pages.Record, fence pages.Fence) error {
	return s.write(ctx, r.Key, fence, func(b *bbolt.Bucket, id []byte) error {
		v := append(binary.BigEndian.AppendUint64(make([]byte, 4), r.Epoch), r.Data...)
		binary.BigEndian.PutUint32(v, crc32.ChecksumIEEE(v[4:]))
		return b.Put(id, v)
	})
}

func (s *store) Delete(ctx context.Context, key pages.Key, fence pages.Fence) error {
	return s.write(ctx, key, fence, (*bbolt.Bucket).Delete)
}

// write checks the fence and makes a change, while there are no purges or
// leases.
func (s *store) write(ctx context.Context, key pages.Key, fence pages.Fence, change func(*bbolt.Bucket, []byte) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return run(ctx, s.db.Update, func(tx *bbolt.Tx) error {
		id, b := key.Digest(), tx.Bucket(bucket)
		v := b.Get(id[:])
		later := len(v) >= 12 && binary.BigEndian.Uint64(v[4:]) > fence.Epoch
		if later || fence.Token != 0 && fence.Token != s.leases[key].Token {
			return fmt.Errorf("write %s: %w", key, pages.ErrFenced)
		}
		return change(b, id[:])
	})
}

// Bump commits a copy of the purges that has one more, and then goes by it.
func (s *store) Bump(ctx context.Context, verb pages.Verb, subjects ...string) (uint64, error) {
	return s.bump(ctx, func(*bbolt.Bucket) error { return nil }, verb, subjects...)
}

// bump makes a purge together with another change.
func (s *store) bump(ctx context.Context, change func(*bbolt.Bucket) error, verb pages.Verb, subjects ...string) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, at := *s.purges.Load(), time.Now().UTC()
	p.Sequence, p.Last, p.Subjects, p.Changes = p.Sequence+1, maps.Clone(p.Last), 1000, 1000
	for _, subject := range subjects {
		p.Add(pages.Change{Sequence: p.Sequence, Verb: verb, Subject: subject, At: at})
	}
	err := run(ctx, s.db.Update, func(tx *bbolt.Tx) error {
		var v bytes.Buffer
		b := tx.Bucket(bucket)
		return errors.Join(change(b), gob.NewEncoder(&v).Encode(p), b.Put(purgesKey, v.Bytes()))
	})
	if err != nil {
		return 0, err
	}
	s.purges.Store(&p)
	return p.Sequence, nil
}

func (s *store) Sequence() uint64 { return s.purges.Load().Sequence }

func (s *store) Epochs(ctx context.Context, subjects ...string) (pages.Epochs, error) {
	p := s.purges.Load()
	e := pages.Epochs{Sequence: p.Sequence}
	for _, subject := range subjects {
		e.Marks = append(e.Marks, p.Mark(subject))
	}
	return e, s.check(ctx)
}

func (s *store) Changes(ctx context.Context, since uint64) ([]pages.Change, uint64, error) {
	list, floor := s.purges.Load().Since(since)
	return list, floor, s.check(ctx)
}

func (s *store) Wait(ctx context.Context, since uint64) error {
	for s.check(ctx) == nil && s.Sequence() <= since {
		time.Sleep(10 * time.Millisecond)
	}
	return s.check(ctx)
}

func (s *store) Lease(ctx context.Context, key pages.Key, claim string, ttl time.Duration) (pages.Lease, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.check(ctx); err != nil {
		return pages.Lease{}, err
	}
	if other := s.leases[key]; time.Now().Before(other.Until) {
		if other.claim == claim {
			return other.Lease, nil // whose answer was lost
		}
		return other.Lease, pages.ErrHeld
	}
	maps.DeleteFunc(s.leases, func(_ pages.Key, l lease) bool { return time.Since(l.Until) > time.Minute })
	s.token++
	s.leases[key] = lease{pages.Lease{Key: key, Token: s.token, Until: time.Now().Add(ttl)}, claim}
	return s.leases[key].Lease, nil
}

func (s *store) Release(ctx context.Context, lease pages.Lease) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.check(ctx)
	if err == nil && s.leases[lease.Key].Token == lease.Token {
		delete(s.leases, lease.Key)
	}
	return err
}

// Claim writes whose the store is. Taking it over purges everything in the same
// transaction.
func (s *store) Claim(ctx context.Context, owner string, takeOver bool) error {
	write := func(b *bbolt.Bucket) error { return b.Put(ownerKey, []byte(owner)) }
	over := false
	err := run(ctx, s.db.Update, func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucket)
		switch now := b.Get(ownerKey); {
		case now == nil:
			return write(b)
		case string(now) == owner:
		case !takeOver:
			return &pages.ForeignError{Owner: string(now)}
		default:
			over = true
		}
		return nil
	})
	if err == nil && over {
		_, err = s.bump(ctx, write, pages.Expire, pages.All)
	}
	return err
}

func (s *store) Close() error { return s.db.Close() } // waits for who has begun

// run makes a transaction, unless the context has ended or the store is closed.
func run(ctx context.Context, begin func(func(*bbolt.Tx) error) error, f func(*bbolt.Tx) error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	err := begin(f)
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return pages.ErrClosed
	}
	return err
}

func (s *store) check(ctx context.Context) error {
	return run(ctx, s.db.View, func(*bbolt.Tx) error { return nil })
}
