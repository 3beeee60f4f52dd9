// Laws of single blobs.

package blobstest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gorgon-go/gorgon/blobs"
)

const key = "photos/7/cat.png"

func blobLaws() []law {
	return []law{
		{"a blob comes back as it was put", func(e *env) error {
			for i, size := range []int{0, 1, 255, 65_536, e.large, e.large + 1} {
				data, kind := content(uint64(i), size), []string{"image/png", "text/plain; charset=utf-8", "application/x." + strings.Repeat("a", 200)}[i%3]
				at := fmt.Sprintf("%s.%d", key, i)
				if err := first(e.put(at, data, blobs.PutOptions{Type: kind}), e.holds(at, data, kind)); err != nil {
					return fmt.Errorf("%d bytes of %s: %w", size, kind, err)
				}
			}
			return nil
		}},
		{"a blob without a type is application/octet-stream", func(e *env) error {
			return first(e.put(key, []byte("<p>"), blobs.PutOptions{}), e.holds(key, []byte("<p>"), "application/octet-stream"))
		}},
		{"what is not there is ErrNotFound, and to delete it is nothing", func(e *env) error {
			return first(e.lacks(key), e.Delete(e.ctx, key), e.lacks(key), e.lists(blobs.Query{}))
		}},
		{"a deleted blob is gone, and the others stay", func(e *env) error {
			data := []byte("of another")
			return first(
				e.put(key, []byte("data"), blobs.PutOptions{}), e.put(key+"2", data, blobs.PutOptions{}), e.put("photos/7", data, blobs.PutOptions{}),
				e.other.Delete(e.ctx, key), e.lacks(key), e.holds(key+"2", data, blobs.DefaultType), e.holds("photos/7", data, blobs.DefaultType),
				e.lists(blobs.Query{}, "photos/7", key+"2"),
				e.put(key, data, blobs.PutOptions{IfNew: true}), e.holds(key, data, blobs.DefaultType),
			)
		}},
		{"a Put replaces the blob of its key", func(e *env) error {
			for i, size := range []int{1000, 10, 5000, 0, e.large} {
				data, kind := content(uint64(i), size), fmt.Sprintf("x/v%d", i)
				if err := first(e.put(key, data, blobs.PutOptions{Type: kind}), e.holds(key, data, kind), e.lists(blobs.Query{}, key)); err != nil {
					return err
				}
			}
			return nil
		}},
		{"a Put with IfNew of a key that is taken is ErrExists and changes nothing", func(e *env) error {
			data := content(1, 100)
			if err := e.put(key, data, blobs.PutOptions{IfNew: true}); err != nil {
				return err
			}
			for i := range 4 {
				_, err := e.handle(i).Put(e.ctx, key, strings.NewReader("another"), blobs.PutOptions{IfNew: true, Type: "x/other"})
				if err := want(err, blobs.ErrExists, "Put"); err != nil {
					return err
				}
			}
			return e.holds(key, data, blobs.DefaultType)
		}},
	}
}

// broken is what readers of the kit fail with.
var errBroken = errors.New("the reader of this law fails")

// failing reads bytes and then fails.
func failing(data []byte) io.Reader {
	return io.MultiReader(bytes.NewReader(data), readerFunc(func([]byte) (int, error) { return 0, errBroken }))
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func putLaws() []law {
	return []law{
		{"a Put whose reader fails gives its error and changes nothing", func(e *env) error {
			old := content(1, 1000)
			if err := e.put(key, old, blobs.PutOptions{}); err != nil {
				return err
			}
			for _, size := range []int{0, 10, e.large} {
				_, replace := e.Put(e.ctx, key, failing(content(2, size)), blobs.PutOptions{})
				_, add := e.Put(e.ctx, "new", failing(content(2, size)), blobs.PutOptions{})
				if err := first(want(replace, errBroken, "Put"), want(add, errBroken, "Put"), e.lacks("new")); err != nil {
					return fmt.Errorf("after %d bytes: %w", size, err)
				}
			}
			return first(e.holds(key, old, blobs.DefaultType), e.lists(blobs.Query{}, key))
		}},
		{"a Put whose context ends while it reads changes nothing", func(e *env) error {
			ctx, end := context.WithCancel(e.ctx)
			defer end()
			left := e.large
			_, err := e.Put(ctx, key, readerFunc(func(p []byte) (int, error) {
				if left -= len(p); left < e.large/2 {
					end()
				}
				if left < -64<<20 {
					return 0, errors.New("it is still read")
				}
				return len(p), nil
			}), blobs.PutOptions{})
			return first(want(err, context.Canceled, "Put"), e.lacks(key), e.lists(blobs.Query{}))
		}},
		{"nothing of a Put is seen before all of it is there", func(e *env) error {
			old, next := content(1, 1000), content(2, e.large)
			if err := e.put("old", old, blobs.PutOptions{}); err != nil {
				return err
			}
			for _, at := range []string{"old", "new"} {
				asked := 0
				var seen error
				_, err := e.Put(e.ctx, at, io.MultiReader(bytes.NewReader(next), readerFunc(func([]byte) (int, error) {
					if asked++; asked == 1 {
						seen = first(e.holds("old", old, blobs.DefaultType), e.lists(blobs.Query{Prefix: "old"}, "old"))
						if at == "new" {
							seen = first(seen, e.lacks("new"))
						}
					}
					return 0, io.EOF
				})), blobs.PutOptions{})
				if err := first(err, seen, e.holds(at, next, blobs.DefaultType)); err != nil {
					return err
				}
				if err := e.put("old", old, blobs.PutOptions{}); err != nil {
					return err
				}
			}
			return nil
		}},
		{"a reader has the blob that it opened, or fails, whatever happens to the key", func(e *env) error {
			old := content(1, e.large)
			for _, change := range []func() error{
				func() error { return e.put(key, content(2, e.large), blobs.PutOptions{}) },
				func() error { return e.put(key, content(2, 10), blobs.PutOptions{}) },
				func() error { return e.other.Delete(e.ctx, key) },
			} {
				if err := e.put(key, old, blobs.PutOptions{}); err != nil {
					return err
				}
				r, _, err := e.Open(e.ctx, key, blobs.Range{})
				if err != nil {
					return err
				}
				begin := make([]byte, 10)
				_, err = io.ReadFull(r, begin)
				if err := first(err, change()); err != nil {
					return err
				}
				rest, err := io.ReadAll(r)
				_ = r.Close()
				if err == nil && !bytes.Equal(append(begin, rest...), old) {
					return fmt.Errorf("the reader has %d bytes that are not those of the blob", 10+len(rest))
				}
			}
			return nil
		}},
	}
}
