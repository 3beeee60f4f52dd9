// Bugs of single blobs, of ranges and of lists.

package blobstest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/blobs"
)

func putting(f func(m *sound, ctx context.Context, key string, r io.Reader, o blobs.PutOptions) (blobs.Info, error)) func() *bug {
	return func() *bug { return &bug{put: f} }
}

func opening(f func(m *sound, ctx context.Context, key string, part blobs.Range) (io.ReadCloser, blobs.Info, error)) func() *bug {
	return func() *bug { return &bug{open: f} }
}

func listing(f func(m *sound, ctx context.Context, q blobs.Query) ([]blobs.Info, error)) func() *bug {
	return func() *bug { return &bug{list: f} }
}

// keyed is a store that changes the keys it is given.
func keyed(change func(key string) string) func() *bug {
	return func() *bug {
		return &bug{
			put: func(m *sound, ctx context.Context, key string, r io.Reader, o blobs.PutOptions) (blobs.Info, error) {
				info, err := m.Put(ctx, change(key), r, o)
				info.Key = key
				return info, err
			},
			open: func(m *sound, ctx context.Context, key string, part blobs.Range) (io.ReadCloser, blobs.Info, error) {
				r, info, err := m.Open(ctx, change(key), part)
				info.Key = key
				return r, info, err
			},
			stat: func(m *sound, ctx context.Context, key string) (blobs.Info, error) {
				info, err := m.Stat(ctx, change(key))
				info.Key = key
				return info, err
			},
			delete: func(m *sound, ctx context.Context, key string) error { return m.Delete(ctx, change(key)) },
		}
	}
}

var blobBugs = []planted{
	{"the last byte is lost", "a blob comes back", putting(func(m *sound, ctx context.Context, key string, r io.Reader, o blobs.PutOptions) (blobs.Info, error) {
		data, err := io.ReadAll(r)
		if err != nil {
			return blobs.Info{}, err
		}
		return m.Put(ctx, key, bytes.NewReader(data[:max(0, len(data)-1)]), o)
	})},
	{"parameters of types are lost", "a blob comes back", putting(func(m *sound, ctx context.Context, key string, r io.Reader, o blobs.PutOptions) (blobs.Info, error) {
		o.Type, _, _ = strings.Cut(o.Type, ";")
		return m.Put(ctx, key, r, o)
	})},
	{"a type is guessed", "a blob without a type", putting(func(m *sound, ctx context.Context, key string, r io.Reader, o blobs.PutOptions) (blobs.Info, error) {
		if o.Type == "" {
			o.Type = "text/html"
		}
		return m.Put(ctx, key, r, o)
	})},
	{"to delete nothing is an error", "what is not there", func() *bug {
		return &bug{delete: func(m *sound, ctx context.Context, key string) error {
			if _, err := m.Stat(ctx, key); err != nil {
				return err
			}
			return m.Delete(ctx, key)
		}}
	}},
	{"what is not there is empty", "what is not there", func() *bug {
		return &bug{stat: func(m *sound, ctx context.Context, key string) (blobs.Info, error) {
			info, err := m.Stat(ctx, key)
			if errors.Is(err, blobs.ErrNotFound) {
				err = nil
			}
			return info, err
		}}
	}},
	{"Delete removes all with the prefix", "a deleted blob", func() *bug {
		return &bug{delete: func(m *sound, ctx context.Context, key string) error {
			list, err := m.List(ctx, blobs.Query{Prefix: key})
			for _, info := range list {
				err = first(err, m.Delete(ctx, info.Key))
			}
			return err
		}}
	}},
	{"a Put keeps the type of the blob before", "a Put replaces", putting(func(m *sound, ctx context.Context, key string, r io.Reader, o blobs.PutOptions) (blobs.Info, error) {
		if old, err := m.Stat(ctx, key); err == nil {
			o.Type = old.Type
		}
		return m.Put(ctx, key, r, o)
	})},
	{"a Put writes over the bytes before", "a Put replaces", putting(func(m *sound, ctx context.Context, key string, r io.Reader, o blobs.PutOptions) (blobs.Info, error) {
		data, err := io.ReadAll(r)
		if old, _, e := read(ctx, m, key, blobs.Range{}); e == nil && len(old) > len(data) {
			data = append(data, old[len(data):]...)
		}
		return m.Put(ctx, key, io.MultiReader(bytes.NewReader(data), readerFunc(func([]byte) (int, error) { return 0, first(err, io.EOF) })), o)
	})},
	{"IfNew is ignored", "a Put with IfNew of a key", putting(func(m *sound, ctx context.Context, key string, r io.Reader, o blobs.PutOptions) (blobs.Info, error) {
		o.IfNew = false
		return m.Put(ctx, key, r, o)
	})},
	{"what was read of a reader that failed is kept", "a Put whose reader fails", putting(func(m *sound, ctx context.Context, key string, r io.Reader, o blobs.PutOptions) (blobs.Info, error) {
		data, failed := io.ReadAll(r)
		info, err := m.Put(ctx, key, bytes.NewReader(data), o)
		return info, first(failed, err)
	})},
	{"an ended context is not noticed while reading", "a Put whose context", putting(func(m *sound, ctx context.Context, key string, r io.Reader, o blobs.PutOptions) (blobs.Info, error) {
		data, err := io.ReadAll(io.LimitReader(r, 1<<20))
		if err != nil || ctx.Err() == nil {
			return m.Put(ctx, key, io.MultiReader(bytes.NewReader(data), failingWith(err)), o)
		}
		return m.Put(context.WithoutCancel(ctx), key, bytes.NewReader(data), o)
	})},
	{"half a blob is seen", "nothing of a Put", putting(func(m *sound, ctx context.Context, key string, r io.Reader, o blobs.PutOptions) (blobs.Info, error) {
		begin := make([]byte, 1000)
		n, _ := io.ReadFull(r, begin)
		info, err := m.Put(ctx, key, bytes.NewReader(begin[:n]), o)
		if err != nil || n < len(begin) {
			return info, err
		}
		o.IfNew = false
		return m.Put(ctx, key, io.MultiReader(bytes.NewReader(begin), r), o)
	})},
	{"a reader goes on in the blob that was put meanwhile", "a reader has the blob", opening(func(m *sound, ctx context.Context, key string, part blobs.Range) (io.ReadCloser, blobs.Info, error) {
		r, info, err := m.Open(ctx, key, part)
		if err != nil {
			return r, info, err
		}
		at := part.From
		return io.NopCloser(readerFunc(func(p []byte) (int, error) {
			if at >= info.Size {
				return 0, io.EOF
			}
			now, _, err := m.Open(ctx, key, blobs.Range{From: at, Length: int64(len(p))})
			if errors.Is(err, blobs.ErrRange) || errors.Is(err, blobs.ErrNotFound) {
				return 0, io.EOF
			}
			if err != nil {
				return 0, err
			}
			n, err := now.Read(p)
			at += int64(n)
			return n, err
		})), info, nil
	})},
	{"keys are compared without case", "each key has", keyed(strings.ToLower)},
	{"keys are unescaped", "each key has", keyed(func(key string) string { return strings.ReplaceAll(strings.ReplaceAll(key, "%2F", "/"), "%2f", "/") })},
	{"spaces are trimmed from keys", "each key has", keyed(strings.TrimSpace)},
	{"keys are cleaned in place of refused", "hostile keys", keyed(func(key string) string {
		if key == "" || strings.ContainsAny(key, "\x00\"\\") {
			return key
		}
		return strings.TrimPrefix(path.Clean("/"+key), "/")
	})},
	{"control characters are dropped from keys", "hostile keys", keyed(func(key string) string { return strings.ReplaceAll(key, "\n", "") })},
	{"a range has one byte more", "a range has exactly", opening(func(m *sound, ctx context.Context, key string, part blobs.Range) (io.ReadCloser, blobs.Info, error) {
		if part.Length > 0 && part.Length < 1<<40 {
			part.Length++
		}
		return m.Open(ctx, key, part)
	})},
	{"a range begins one byte late", "a range has exactly", opening(func(m *sound, ctx context.Context, key string, part blobs.Range) (io.ReadCloser, blobs.Info, error) {
		if part.From > 1 && part.Length > 1 {
			part.From++
		}
		return m.Open(ctx, key, part)
	})},
	{"a range behind the end is empty", "a range that begins behind", opening(func(m *sound, ctx context.Context, key string, part blobs.Range) (io.ReadCloser, blobs.Info, error) {
		r, info, err := m.Open(ctx, key, part)
		if errors.Is(err, blobs.ErrRange) {
			return io.NopCloser(strings.NewReader("")), info, nil
		}
		return r, info, err
	})},
}

// failingWith fails with an error, or ends.
func failingWith(err error) io.Reader {
	return readerFunc(func([]byte) (int, error) { return 0, first(err, io.EOF) })
}

var listBugs = []planted{
	{"a list skips a blob between its pages", "the pages of a list", listing(func(m *sound, ctx context.Context, q blobs.Query) ([]blobs.Info, error) {
		if q.After != "" && q.Limit > 0 && q.Limit < blobs.MaxList {
			q.Limit++
			list, err := m.List(ctx, q)
			return list[min(1, len(list)):], err
		}
		return m.List(ctx, q)
	})},
	{"a list has the last blob of the page before again", "the pages of a list", listing(func(m *sound, ctx context.Context, q blobs.Query) ([]blobs.Info, error) {
		list, err := m.List(ctx, q)
		if last, e := m.Stat(ctx, q.After); e == nil && len(list) > 1 {
			list = append([]blobs.Info{last}, list[:len(list)-1]...)
		}
		return list, err
	})},
	{"a list is in the order of names in folders", "the pages of a list", listing(func(m *sound, ctx context.Context, q blobs.Query) ([]blobs.Info, error) {
		list, err := m.List(ctx, q)
		slices.SortFunc(list, func(a, b blobs.Info) int { return slices.Compare(strings.Split(a.Key, "/"), strings.Split(b.Key, "/")) })
		return list, err
	})},
	{"a list does not say what the types are", "a list describes", listing(func(m *sound, ctx context.Context, q blobs.Query) ([]blobs.Info, error) {
		list, err := m.List(ctx, q)
		for i := range list {
			list[i].Type = ""
		}
		return list, err
	})},
	{"a prefix is a folder", "a list has the keys that begin", listing(func(m *sound, ctx context.Context, q blobs.Query) ([]blobs.Info, error) {
		if q.Prefix != "" && !strings.HasSuffix(q.Prefix, "/") {
			q.Prefix += "/"
		}
		return m.List(ctx, q)
	})},
	{"a list with a prefix forgets the page", "a list goes on", listing(func(m *sound, ctx context.Context, q blobs.Query) ([]blobs.Info, error) {
		if q.Prefix != "" {
			q.After = ""
		}
		return m.List(ctx, q)
	})},
	{"a list goes on only after a blob that is there", "a list goes on", listing(func(m *sound, ctx context.Context, q blobs.Query) ([]blobs.Info, error) {
		if q.After != "" && q.Check() == nil && blobs.CheckKey(q.After) == nil {
			if _, err := m.Stat(ctx, q.After); err != nil {
				return nil, nil
			}
		}
		return m.List(ctx, q)
	})},
}
