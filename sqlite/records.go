// Records: reading and writing pages.

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// overhead is about what a record takes in addition to its data and its names.
const overhead = 256

// sum returns the checksum of a record: SQLite has none of its own. It includes
// the id, so that a record with another record's name counts as damaged too.
func sum(id, data []byte) int64 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return int64(crc32.Update(crc32.Checksum(id, table), table, data))
}

func idOf(key pages.Key) []byte {
	digest := key.Digest()
	return digest[:]
}

// Get reads the record of a key, or fails with [pages.ErrNotFound].
func (s *Store) Get(ctx context.Context, key pages.Key) (pages.Record, error) {
	id := idOf(key)
	var n, used, checksum, epoch int64
	var data []byte
	err := s.read(ctx, func(c *conn) error {
		return c.row("SELECT n, used, checksum, data, epoch FROM records WHERE id = ?", []any{id}, &n, &used, &checksum, &data, &epoch)
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return pages.Record{}, pages.ErrNotFound
	case damaged(err):
		return pages.Record{}, fmt.Errorf("%w: %w", pages.ErrCorrupt, s.faultOf("get", key, err))
	case err != nil:
		return pages.Record{}, s.faultOf("get", key, err)
	case checksum != sum(id, data):
		return pages.Record{}, s.faultOf("get", key, fmt.Errorf("%w: its checksum is wrong", pages.ErrCorrupt))
	}
	s.touch(n, used)
	return pages.Record{Key: key, Data: data, Epoch: uint64(epoch)}, nil
}

// Put writes a whole record, unless the fence refuses: [pages.ErrFenced].
func (s *Store) Put(ctx context.Context, put pages.Record, fence pages.Fence) error {
	id, data := idOf(put.Key), put.Data
	if data == nil {
		data = []byte{} // nil would be NULL
	}
	size := len(data) + len(put.Key.Route) + len(put.Key.Path) + len(put.Key.Locale) + overhead
	checksum := sum(id, data)
	err := s.write(ctx, s.opts.Sync, func(c *conn) error {
		if err := pass(c, id, fence); err != nil {
			return err
		}
		_, err := c.exec(`INSERT INTO records (id, route, path, locale, size, used, checksum, data, epoch)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET size = excluded.size, used = excluded.used, checksum = excluded.checksum, data = excluded.data, epoch = excluded.epoch`,
			id, []byte(put.Key.Route), []byte(put.Key.Path), []byte(put.Key.Locale), size, time.Now().UnixNano(), checksum, data, limit(put.Epoch))
		return err
	})
	return s.faultOf("put", put.Key, err)
}

// Delete removes the record of a key, unless the fence refuses:
// [pages.ErrFenced].
func (s *Store) Delete(ctx context.Context, key pages.Key, fence pages.Fence) error {
	id := idOf(key)
	err := s.write(ctx, s.opts.Sync, func(c *conn) error {
		if err := pass(c, id, fence); err != nil {
			return err
		}
		_, err := c.exec("DELETE FROM records WHERE id = ?", id)
		return err
	})
	return s.faultOf("delete", key, err)
}

// pass checks the fence, in the transaction that writes.
func pass(c *conn, id []byte, fence pages.Fence) error {
	if fence.Epoch < math.MaxInt64 {
		var later bool
		err := c.row("SELECT epoch > ? FROM records WHERE id = ?", []any{int64(fence.Epoch), id}, &later)
		switch {
		case errors.Is(err, sql.ErrNoRows), damaged(err): // a damaged record is replaced
		case err != nil:
			return err
		case later:
			return fmt.Errorf("%w: the store has a record of a later epoch", pages.ErrFenced)
		}
	}
	if fence.Token == 0 {
		return nil
	}
	token, _, _, err := leaseOf(c, id)
	if err == nil && token != fence.Token {
		err = fmt.Errorf("%w: the lease was taken over, released, or expired long ago", pages.ErrFenced)
	}
	return err
}
