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

// overhead is about what a record takes beside its names and its data: the
// heads of its rows, and its places in three indexes.
const overhead = 400

// Get reads the record of a key: [pages.ErrNotFound], [pages.ErrCorrupt].
func (s *Store) Get(ctx context.Context, key pages.Key) (pages.Record, error) {
	id := key.Digest()
	var data []byte
	var sum *int64
	var old *bool
	if err := s.one(ctx, "get "+key.String(), s.sql.get, []any{id[:]}, &data, &sum, &old); err != nil {
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
	return pages.Record{Key: key, Data: data}, nil
}

// Put writes a record whole, unless the fence refuses: [pages.ErrFenced].
func (s *Store) Put(ctx context.Context, put pages.Record, fence pages.Fence) error {
	id, k := put.Key.Digest(), put.Key
	data := put.Data
	if data == nil {
		data = []byte{} // nil is NULL
	}
	var refused int
	err := s.one(ctx, "put "+k.String(), s.sql.put, []any{
		id[:], routeID(k.Route), []byte(k.Route), []byte(k.Path), []byte(k.Locale),
		int64(len(data) + len(k.Route) + len(k.Path) + len(k.Locale) + overhead), checksum(id, data), data,
		subjectIDs(fence.Subjects), number(fence.Epoch), number(fence.Token), s.opts.Sync,
	}, &refused)
	if err != nil {
		return err
	}
	return verdict("put", k, fence, refused)
}

// Delete removes the record of a key, unless the fence refuses:
// [pages.ErrFenced].
func (s *Store) Delete(ctx context.Context, key pages.Key, fence pages.Fence) error {
	id := key.Digest()
	var refused int
	err := s.one(ctx, "delete "+key.String(), s.sql.remove,
		[]any{id[:], subjectIDs(fence.Subjects), number(fence.Epoch), number(fence.Token)}, &refused)
	if err != nil {
		return err
	}
	return verdict("delete", key, fence, refused)
}

// verdict is what the server's answer about a fence means.
func verdict(doing string, key pages.Key, fence pages.Fence, refused int) error {
	switch {
	case refused == 0:
		return nil
	case refused > 0 && refused <= len(fence.Subjects):
		return fmt.Errorf("%s %s: %w: %s was purged", doing, key, pages.ErrFenced, fence.Subjects[refused-1])
	}
	return fmt.Errorf("%s %s: %w: its lease was taken over, or ran out long ago", doing, key, pages.ErrFenced)
}

func checksum(id [sha256.Size]byte, data []byte) int64 {
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	return int64(crc32.Update(crc32.Checksum(id[:], castagnoli), castagnoli, data))
}

func routeID(route string) int64 {
	sum := sha256.Sum256([]byte(route))
	return int64(binary.BigEndian.Uint64(sum[:]))
}

// subjectIDs are what subjects are known by.
func subjectIDs(subjects []string) [][]byte {
	ids := make([][]byte, len(subjects))
	for i, subject := range subjects {
		sum := sha256.Sum256([]byte(subject))
		ids[i] = sum[:]
	}
	return ids
}

// number is a number as PostgreSQL can hold it.
func number(n uint64) int64 { return int64(min(n, math.MaxInt64)) }
