// Records: reading and writing pages.

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// overhead is about what a record takes beside its data and its names.
const overhead = 256

// sum is the checksum of a record: SQLite has none of its own. With the id in
// it, a record under another's name is damaged too.
func sum(id, data []byte) int64 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return int64(crc32.Update(crc32.Checksum(id, table), table, data))
}

func idOf(key pages.Key) []byte {
	digest := key.Digest()
	return digest[:]
}

// Get reads the record of a key: [pages.ErrNotFound] where there is none.
func (s *Store) Get(ctx context.Context, key pages.Key) (pages.Record, error) {
	id := idOf(key)
	var n, used, checksum int64
	var data []byte
	err := s.read(ctx, func(c *conn) error {
		return c.row("SELECT n, used, checksum, data FROM records WHERE id = ?", []any{id}, &n, &used, &checksum, &data)
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
	return pages.Record{Key: key, Data: data}, nil
}

// Put writes a record whole, unless the fence refuses: [pages.ErrFenced].
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
		_, err := c.exec(`INSERT INTO records (id, route, path, locale, size, used, checksum, data)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET size = excluded.size, used = excluded.used, checksum = excluded.checksum, data = excluded.data`,
			id, []byte(put.Key.Route), []byte(put.Key.Path), []byte(put.Key.Locale), size, time.Now().UnixNano(), checksum, data)
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

// pass asks the fence, in the transaction that writes.
func pass(c *conn, id []byte, fence pages.Fence) error {
	if len(fence.Subjects) > 0 {
		st, err := readState(c)
		if err != nil {
			return err
		}
		if st.sequence > fence.Epoch { // else there was no purge at all
			for _, subject := range fence.Subjects {
				mark, _, err := st.mark(c, subject)
				if err != nil {
					return err
				}
				if mark.Sequence > fence.Epoch {
					return fmt.Errorf("%w: %s was purged", pages.ErrFenced, subject)
				}
			}
		}
	}
	if fence.Token == 0 {
		return nil
	}
	token, _, err := leaseOf(c, id)
	if err == nil && token != fence.Token {
		err = fmt.Errorf("%w: the lease was taken over, given back, or ran out long ago", pages.ErrFenced)
	}
	return err
}
