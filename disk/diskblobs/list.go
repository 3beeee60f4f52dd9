// Listing the tree of keys in the order of the keys.

package diskblobs

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/blobs"
)

// List lists blobs in the order of their keys.
func (s *Store) List(ctx context.Context, q blobs.Query) ([]blobs.Info, error) {
	err := q.Check()
	end, err := s.begin(ctx, err)
	if err != nil {
		return nil, err
	}
	defer end()
	l := listing{ctx, q}
	list, err := l.folder(s.path("keys"), "")
	if err != nil {
		return nil, fault("list", err)
	}
	return list[:min(len(list), q.Limit)], nil
}

type listing struct {
	ctx context.Context
	q   blobs.Query
}

// An entry is a file or a folder of the tree.
type entry struct {
	path string
	end  byte
	key  string // of a blob; of a folder, with what all keys in it begin
}

// entries reads a folder, in the order of the keys.
func entries(dir, base string) ([]entry, error) {
	files, err := os.ReadDir(dir)
	if absent(err) {
		return nil, nil // a Delete has removed it
	}
	var all []entry
	for _, f := range files {
		part, end, ok := partOf(f.Name())
		if !ok {
			continue
		}
		e := entry{filepath.Join(dir, f.Name()), end, base + part}
		if end == ofFolder {
			e.key += "/"
		}
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b entry) int {
		return cmp.Or(strings.Compare(a.key, b.key), cmp.Compare(rank(a.end), rank(b.end)))
	})
	return all, err
}

// rank puts a blob before a folder of pieces with the same name.
func rank(end byte) int {
	if end == ofBlob {
		return 0
	}
	return 1
}

// folder lists a folder, all of whose keys begin with base: at least as many
// blobs as are asked for, if there are so many.
func (l *listing) folder(dir, base string) ([]blobs.Info, error) {
	all, err := entries(dir, base)
	var list []blobs.Info
	for i := 0; i < len(all) && err == nil && len(list) < l.q.Limit; i++ {
		if err = l.ctx.Err(); err != nil {
			break
		}
		e := all[i]
		var more []blobs.Info
		if e.end == ofBlob {
			more, err = l.blob(e)
		} else {
			more, err = l.below(e)
		}
		// The keys in the folders "abc~" and "abc@" are mixed: "abc!" comes
		// before "abc/d", and "abcd" after it.
		if e.end == ofPiece && err == nil && i+1 < len(all) && all[i+1].key == e.key+"/" {
			var other []blobs.Info
			i++
			other, err = l.below(all[i])
			more = append(more, other...)
			slices.SortFunc(more, func(a, b blobs.Info) int { return strings.Compare(a.Key, b.Key) })
			more = more[:min(len(more), l.q.Limit)]
		}
		list = append(list, more...)
	}
	return list, err
}

// below lists a folder in a folder, unless what is asked for is elsewhere.
func (l *listing) below(e entry) ([]blobs.Info, error) {
	begins := strings.HasPrefix(e.key, l.q.Prefix) || strings.HasPrefix(l.q.Prefix, e.key)
	if !begins || l.q.After > e.key && !strings.HasPrefix(l.q.After, e.key) {
		return nil, nil
	}
	return l.folder(e.path, e.key)
}

func (l *listing) blob(e entry) ([]blobs.Info, error) {
	if !strings.HasPrefix(e.key, l.q.Prefix) || e.key <= l.q.After {
		return nil, nil
	}
	f, err := os.Open(e.path)
	if absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	h, err := readHeader(f)
	_ = f.Close()
	if err == nil && h.Key != e.key {
		err = corrupt("its file is that of another key")
	}
	if err != nil {
		return nil, damaged(e.path, err)
	}
	return []blobs.Info{h.Info}, nil
}
