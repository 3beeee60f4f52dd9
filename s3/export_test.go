//go:build unix

// What tests need from within the package, to skip waiting.

package s3

import "context"

// TellUses does what a store does once an hour.
func (s *Store) TellUses(ctx context.Context) { s.tellUses(ctx) }

// Objects lists the objects of blobs whose names begin so.
func (b *Blobs) Objects(ctx context.Context, prefix string) (names []string, err error) {
	err = b.conn.list(ctx, prefix, 0, func(i item) bool {
		names = append(names, i.name)
		return true
	})
	return names, err
}

// Damage changes an object as another program could, or removes it.
func (b *Blobs) Damage(ctx context.Context, name string, data []byte) error {
	if data == nil {
		return b.conn.remove(ctx, name, none)
	}
	_, err := b.conn.write(ctx, name, data, none)
	return err
}
