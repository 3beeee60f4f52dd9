// Package template makes one migrated database for all tests of a process that
// have the same schema, from which each test gets a copy. It is what packages
// litedbtest and pgdbtest have in common.
package template

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"sync"

	"github.com/gorgon-go/gorgon/database"
)

// Name is the same for options with the same schema, and another for any other:
// letters and digits.
func Name(o database.Options) (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q\n", o.Schema, o.Tables)
	fmt.Fprintln(h, o.Announce)
	if o.Migrations != nil {
		err := fs.WalkDir(o.Migrations, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := fs.ReadFile(o.Migrations, name)
			fmt.Fprintf(h, "%q %q\n", name, data)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:12]), nil
}

// A Store keeps one template for each name. The zero Store is empty.
type Store[T any] struct {
	mu  sync.Mutex
	all map[string]func() (T, error)
}

// Get returns the template of a name, which is made once; a fault is returned
// each time.
func (s *Store[T]) Get(name string, make func() (T, error)) (T, error) {
	s.mu.Lock()
	if s.all == nil {
		s.all = map[string]func() (T, error){}
	}
	once, ok := s.all[name]
	if !ok {
		once = sync.OnceValues(make)
		s.all[name] = once
	}
	s.mu.Unlock()
	return once()
}
