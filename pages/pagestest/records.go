// Laws of records: Get returns what was put.

package pagestest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/gorgon-go/gorgon/pages"
)

func recordLaws() []law {
	return []law{
		{"a key that was never put is not found", func(e *env) error {
			return e.lacks(e.Store, key("nothing"))
		}},
		{"a record is read back whole, as it was last put", func(e *env) error {
			k := key("a")
			return first(
				e.put(k, "one, and a long one"), e.holds(e.Store, k, "one, and a long one"),
				e.put(k, "two"), e.holds(e.Store, k, "two"),
				e.put(k, "three\x00\xff\n"), e.holds(e.Store, k, "three\x00\xff\n"), e.holds(e.Store, k, "three\x00\xff\n"))
		}},
		{"another handle reads what was put, at once", func(e *env) error {
			other, k := e.another(), key("a")
			return first(e.lacks(other, k), e.put(k, "one"), e.holds(other, k, "one"),
				e.put(k, "two"), e.holds(other, k, "two"),
				e.Delete(e.ctx, k, pages.Unfenced), e.lacks(other, k))
		}},
		{"an empty record is a record", func(e *env) error {
			return first(e.put(key("a"), ""), e.holds(e.Store, key("a"), ""))
		}},
		{"a large record is read back whole", func(e *env) error {
			data := make([]byte, e.large)
			_, _ = rand.NewChaCha8([32]byte{1}).Read(data)
			if err := e.Put(e.ctx, pages.Record{Key: key("a"), Data: data}, pages.Unfenced); err != nil {
				return err
			}
			return e.holds(e.Store, key("a"), string(data))
		}},
		{"Put does not keep the caller's slice", func(e *env) error {
			data := []byte("as it was")
			if err := e.Put(e.ctx, pages.Record{Key: key("a"), Data: data}, pages.Unfenced); err != nil {
				return err
			}
			copy(data, "OVERWRITE")
			return e.holds(e.Store, key("a"), "as it was")
		}},
		{"the data of a Get does not change under a later Put", func(e *env) error {
			if err := e.put(key("a"), "as it was"); err != nil {
				return err
			}
			got, err := e.Get(e.ctx, key("a"))
			if err != nil {
				return err
			}
			if err := e.put(key("a"), "OVERWRITE"); err != nil {
				return err
			}
			if !bytes.Equal(got.Data, []byte("as it was")) {
				return fmt.Errorf("the data became %q", got.Data)
			}
			return nil
		}},
		{"a deleted record is gone, and can be put again", func(e *env) error {
			k := key("a")
			return first(e.put(k, "one"), e.put(key("b"), "other"),
				e.Delete(e.ctx, k, pages.Unfenced), e.lacks(e.Store, k), e.holds(e.Store, key("b"), "other"),
				e.put(k, "two"), e.holds(e.Store, k, "two"))
		}},
		{"deleting a missing record is not an error", func(e *env) error {
			return e.Delete(e.ctx, key("nothing"), pages.Unfenced)
		}},
	}
}

func keyLaws() []law {
	return []law{
		{"keys that differ only in case are different records", func(e *env) error {
			return e.apart(key("page"), key("Page"), key("PAGE"),
				pages.Key{Route: "/{Name}", Path: "/page"}, pages.Key{Route: "/{name}", Path: "/page", Locale: "de"},
				pages.Key{Route: "/{name}", Path: "/page", Locale: "DE"})
		}},
		{"an empty locale is not the same as another", func(e *env) error {
			return e.apart(key("a"), pages.Key{Route: "/{name}", Path: "/a", Locale: "en"},
				pages.Key{Route: "/{name}", Path: "/a", Locale: "en-GB"})
		}},
		{"keys whose parts look the same when joined are different records", func(e *env) error {
			return e.apart(
				pages.Key{Route: "/a", Path: "/bc", Locale: "de"}, pages.Key{Route: "/a/b", Path: "c", Locale: "de"},
				pages.Key{Route: "/a", Path: "/bcde"}, pages.Key{Route: "/a/bcde"}, pages.Key{Path: "/a/bcde"},
				pages.Key{Route: "/a", Path: "/b:de"}, pages.Key{Route: "/a", Path: "/b", Locale: ":de"},
				pages.Key{Route: "/a:", Path: "/b"}, pages.Key{Route: "/a", Path: ":/b"},
				pages.Key{Route: "/a\x00", Path: "/b"}, pages.Key{Route: "/a", Path: "\x00/b"})
		}},
		{"very long paths are kept, and differ by their last letter", func(e *env) error {
			long := strings.Repeat("long/", 410)
			return e.apart(key(long+"a"), key(long+"b"), key(long))
		}},
		{"paths may hold any letters, dots and separators", func(e *env) error {
			var keys []pages.Key
			for _, path := range []string{
				"", "/", "//", "/.", "/..", "/../../etc/passwd", "/ä", "/a\u0308", "/日本語", "/🪨", "/a b", "/%", "/a%2Fb", "/a/b",
				`/a\b`, "/a'b", `/a"b`, "/a*?[", "/{a}", "/a\nb", "/NUL", "/con.", "/a:b", "/ ", "/\xff\xfe",
			} {
				keys = append(keys, pages.Key{Route: "/{path...}", Path: path})
			}
			return e.apart(keys...)
		}},
	}
}

// apart checks that all of the keys have records of their own.
func (e *env) apart(keys ...pages.Key) error {
	data := func(i int) string { return fmt.Sprintf("the record of key %d", i) }
	for i, k := range keys {
		if err := first(e.lacks(e.Store, k), e.put(k, data(i))); err != nil {
			return err
		}
	}
	for i, k := range keys {
		if err := e.holds(e.Store, k, data(i)); err != nil {
			return err
		}
	}
	if err := e.Delete(e.ctx, keys[0], pages.Unfenced); err != nil {
		return err
	}
	for i, k := range keys[1:] {
		if err := e.holds(e.Store, k, data(i+1)); err != nil {
			return fmt.Errorf("after another was deleted: %w", err)
		}
	}
	return e.lacks(e.Store, keys[0])
}
