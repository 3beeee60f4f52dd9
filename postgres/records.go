// Reading and writing records.

package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"

	"github.com/gorgon-go/gorgon/pages"
)

// overhead is about what a record takes in addition to its names and its data:
// the headers of its rows, and its entries in three indexes.
const overhead = 400

// Get reads the record of a key. It fails with [pages.ErrNotFound] or
// [pages.ErrCorrupt].
func (s *Store) Get(ctx context.Context, key pages.Key) (pages.Record, error) {
	id := key.Digest()
	var data []byte
	var epoch, sum *int64
	var old *bool
	if err := s.one(ctx, "get "+key.String(), s.sql().get, []any{id[:]}, &data, &epoch, &sum, &old); err != nil {
		return pages.Record{}, err
	}
	if sum == nil {
		return pages.Record{}, pages.ErrNotFound
	}
	if *sum != checksum(id, data) {
		return pages.Record{}, fmt.Errorf("postgres %s: get %s: %w: the checksum does not match", s.name, key, pages.ErrCorrupt)
	}
	if *old {
		s.used(id)
	}
	return pages.Record{Key: key, Data: data, Epoch: uint64(*epoch)}, nil
}

// Put writes a whole record, unless the fence refuses: [pages.ErrFenced].
func (s *Store) Put(ctx context.Context, put pages.Record, fence pages.Fence) error {
	id, k := put.Key.Digest(), put.Key
	data := put.Data
	if data == nil {
		data = []byte{} // nil is NULL
	}
	known, made := s.seen.get()
	var refused int
	err := s.one(ctx, "put "+k.String(), s.sql().put, []any{
		id[:], routeID(k.Route), []byte(k.Route), []byte(k.Path), []byte(k.Locale),
		int64(len(data) + len(k.Route) + len(k.Path) + len(k.Locale) + overhead), checksum(id, data), data, number(put.Epoch),
		number(fence.Epoch), number(fence.Token), s.opts.Sync, known, made,
	}, &refused)
	if err != nil {
		return err
	}
	return verdict("put", k, refused)
}

// Delete removes the record of a key, unless the fence refuses:
// [pages.ErrFenced].
func (s *Store) Delete(ctx context.Context, key pages.Key, fence pages.Fence) error {
	id := key.Digest()
	var refused int
	err := s.one(ctx, "delete "+key.String(), s.sql().remove,
		[]any{id[:], number(fence.Epoch), number(fence.Token)}, &refused)
	if err != nil {
		return err
	}
	return verdict("delete", key, refused)
}

// verdict translates the server's answer about a fence.
func verdict(doing string, key pages.Key, refused int) error {
	switch refused {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%s %s: %w: the store has a record of a later epoch", doing, key, pages.ErrFenced)
	}
	return fmt.Errorf("%s %s: %w: the lease was taken over, or expired long ago", doing, key, pages.ErrFenced)
}

func checksum(id [sha256.Size]byte, data []byte) int64 {
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	return int64(crc32.Update(crc32.Checksum(id[:], castagnoli), castagnoli, data))
}

func routeID(route string) int64 {
	sum := sha256.Sum256([]byte(route))
	return int64(binary.BigEndian.Uint64(sum[:]))
}

// subjectIDs returns the digests that identify subjects.
func subjectIDs(subjects []string) [][]byte {
	ids := make([][]byte, len(subjects))
	for i, subject := range subjects {
		sum := sha256.Sum256([]byte(subject))
		ids[i] = sum[:]
	}
	return ids
}

// number limits a number to what PostgreSQL can hold.
func number(n uint64) int64 { return int64(min(n, math.MaxInt64)) }
