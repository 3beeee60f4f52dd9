// Laws of ranges and lists.

package blobstest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/blobs"
)

func rangeLaws() []law {
	return []law{
		{"a range has exactly its bytes", func(e *env) error {
			data := content(3, 10_000)
			if err := e.put(key, data, blobs.PutOptions{}); err != nil {
				return err
			}
			for i, r := range []struct{ from, length, last int64 }{
				{0, 0, 10_000}, {0, 1, 1}, {0, 10_000, 10_000}, {0, 10_001, 10_000}, {1, 0, 10_000}, {1, 1, 2}, {9_999, 0, 10_000}, {9_999, 1, 10_000}, {9_999, 5, 10_000},
				{5_000, 1_000, 6_000}, {4_095, 2, 4_097}, {5, 1<<63 - 1, 10_000},
			} {
				got, info, err := read(e.ctx, e.handle(i), key, blobs.Range{From: r.from, Length: r.length})
				if err != nil || !bytes.Equal(got, data[r.from:r.last]) || info.Size != 10_000 {
					return fmt.Errorf("from %d, %d bytes: %d bytes came of a blob of %d, %w", r.from, r.length, len(got), info.Size, err)
				}
			}
			return nil
		}},
		{"a range that begins behind the end is ErrRange", func(e *env) error {
			if err := first(e.put(key, content(3, 100), blobs.PutOptions{}), e.put("empty", nil, blobs.PutOptions{})); err != nil {
				return err
			}
			for _, r := range []blobs.Range{{From: 100}, {From: 100, Length: 1}, {From: 101}, {From: 1 << 62, Length: 1 << 62}} {
				_, _, err := read(e.ctx, e.Store, key, r)
				_, _, empty := read(e.ctx, e.Store, "empty", r)
				if err := first(want(err, blobs.ErrRange, "Open"), want(empty, blobs.ErrRange, "Open of an empty blob")); err != nil {
					return fmt.Errorf("%+v: %w", r, err)
				}
			}
			_, _, err := read(e.ctx, e.Store, "empty", blobs.Range{Length: 10})
			return err
		}},
	}
}

// shelf are keys in order, such that prefixes and segments cross.
var shelf = []string{"a", "a!", "a!/b", "a-", "a/", "b", "b/1", "b/10", "b/2", "b/2/x", "b/2/y", "b0", "b00", "c/d/e/f", "é", "😀/x"}

func (e *env) fill() ([]string, error) {
	keys := slices.Clone(shelf)
	keys[4] = "a/z"
	err := together(2, func(i int) error {
		for n := i; n < len(keys); n += 2 {
			if _, err := e.handle(i).Put(e.ctx, keys[len(keys)-1-n], strings.NewReader(keys[len(keys)-1-n]), blobs.PutOptions{Type: "x/y"}); err != nil {
				return err
			}
		}
		return nil
	})
	return keys, err
}

func listLaws() []law {
	return []law{
		{"the pages of a list have each blob once, in the order of the keys", func(e *env) error {
			keys, err := e.fill()
			if err != nil {
				return err
			}
			for _, limit := range []int{0, 1, 2, 3, 5, len(keys) - 1, len(keys), 1000} {
				if err := e.lists(blobs.Query{Limit: limit}, keys...); err != nil {
					return err
				}
			}
			return nil
		}},
		{"a list describes blobs as Stat does", func(e *env) error {
			keys, err := e.fill()
			if err != nil {
				return err
			}
			page, err := e.other.List(e.ctx, blobs.Query{})
			if err != nil || len(page) != len(keys) {
				return fmt.Errorf("a list has %d blobs, %w", len(page), err)
			}
			for i, info := range page {
				if err := describes(info, keys[i], []byte(keys[i]), "x/y"); err != nil {
					return err
				}
				if stat, err := e.Stat(e.ctx, info.Key); err != nil || stat != info {
					return fmt.Errorf("Stat says %+v, and List %+v, %w", stat, info, err)
				}
			}
			return nil
		}},
		{"a list has the keys that begin with the prefix, and no others", func(e *env) error {
			keys, err := e.fill()
			if err != nil {
				return err
			}
			for _, prefix := range []string{"", "a", "a/", "a!", "b", "b/", "b/1", "b/2", "b/2/", "b0", "b/2/x", "b/2/xx", "c/d/e", "c/d/e/", "é", "d", "/", "%", "A"} {
				for _, limit := range []int{0, 1, 2} {
					var want []string
					for _, k := range keys {
						if strings.HasPrefix(k, prefix) {
							want = append(want, k)
						}
					}
					if err := e.lists(blobs.Query{Prefix: prefix, Limit: limit}, want...); err != nil {
						return err
					}
				}
			}
			return nil
		}},
		{"a list goes on after a key, whether there is a blob of it or not", func(e *env) error {
			keys, err := e.fill()
			if err != nil {
				return err
			}
			for _, after := range []string{"a", "a!", "a ", "a/", "a/zz", "b/", "b/1", "b/15", "b/2", "b/2/", "b/2/x", "b1", "c", "c/d", "c/d/e/f", "c/d/e/f/g", "zzz", "😀", "😀/x"} {
				var want []string
				for _, k := range keys {
					if k > after {
						want = append(want, k)
					}
				}
				if err := first(e.lists(blobs.Query{After: after}, want...), e.lists(blobs.Query{After: after, Limit: 1}, want...)); err != nil {
					return err
				}
			}
			return e.lists(blobs.Query{Prefix: "b/", After: "b/10"}, "b/2", "b/2/x", "b/2/y")
		}},
	}
}
