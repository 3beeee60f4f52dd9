// Reading and writing records.

package redis

import (
	"context"
	"fmt"
	"hash/crc32"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"github.com/gorgon-go/gorgon/pages"
)

// overhead is about what a record takes in addition to its names and its data:
// two keys' names, a hash of nine fields, and its entries in two sorted sets.
const overhead = 1000

// Get reads the record of a key. It fails with [pages.ErrNotFound] or
// [pages.ErrCorrupt].
func (s *Store) Get(ctx context.Context, key pages.Key) (pages.Record, error) {
	id, doing := key.ID(), "get "+key.String()
	store, _, results, err := s.read(ctx, doing, func(b rueidis.Builder) []rueidis.Completed {
		return []rueidis.Completed{b.Hmget().Key(s.keys.page(id)).Field("store", "data", "sum", "used", "epoch").Build()}
	})
	if err != nil {
		return pages.Record{}, err
	}
	fields, err := results[0].ToArray()
	if err != nil {
		return pages.Record{}, s.explain(ctx, doing, err)
	}
	if len(fields) != 5 || store == "" || word(fields[0]) != store {
		return pages.Record{}, pages.ErrNotFound
	}
	data, err := fields[1].AsBytes()
	if err != nil || word(fields[2]) != checksum(id, data) {
		return pages.Record{}, s.explain(ctx, doing, fmt.Errorf("%w: the checksum does not match", pages.ErrCorrupt))
	}
	if at, _ := strconv.ParseInt(word(fields[3]), 10, 64); time.Since(time.UnixMicro(at)).Abs() > touchAge {
		s.used(id)
	}
	epoch, _ := strconv.ParseUint(word(fields[4]), 10, 64) // missing in records of earlier versions
	return pages.Record{Key: key, Data: data, Epoch: epoch}, nil
}

// word returns a field as text, "" if it is missing.
func word(m rueidis.RedisMessage) string {
	text, err := m.ToString()
	if err != nil {
		return ""
	}
	return text
}

// Put writes a whole record, unless the fence refuses: [pages.ErrFenced].
func (s *Store) Put(ctx context.Context, put pages.Record, fence pages.Fence) error {
	k := put.Key
	id, size := k.ID(), len(put.Data)+len(k.Route)+len(k.Path)+len(k.Locale)+overhead
	return s.write(ctx, "put "+k.String(), s.scripts.put, id, fence,
		id, millis(s.opts.Keep), string(put.Data), checksum(id, put.Data), strconv.Itoa(size), strconv.FormatUint(put.Epoch, 10), k.Route, k.Path, k.Locale)
}

// Delete removes the record of a key, unless the fence refuses:
// [pages.ErrFenced].
func (s *Store) Delete(ctx context.Context, key pages.Key, fence pages.Fence) error {
	id := key.ID()
	return s.write(ctx, "delete "+key.String(), s.scripts.delete, id, fence, id)
}

// write runs a script that checks the fence.
func (s *Store) write(ctx context.Context, doing string, sc script, id string, fence pages.Fence, args ...string) error {
	all := append([]string{strconv.FormatUint(fence.Epoch, 10), strconv.FormatUint(fence.Token, 10)}, args...)
	answer, err := s.run(ctx, doing, sc, s.keys.with(s.keys.page(id), s.keys.lease(id)), all...)
	if err != nil {
		return err
	}
	n, err := numbers(answer, 1)
	switch {
	case err != nil:
		return s.explain(ctx, doing, err)
	case n[0] == 0:
		return nil
	case n[0] == 1:
		return fmt.Errorf("%s: %w: the store has a record of a later epoch", doing, pages.ErrFenced)
	}
	return fmt.Errorf("%s: %w: the lease was taken over, or expired long ago", doing, pages.ErrFenced)
}

func checksum(id string, data []byte) string {
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	return strconv.FormatUint(uint64(crc32.Update(crc32.Checksum([]byte(id), castagnoli), castagnoli, data)), 16)
}
