// A part of a store.

package blobs

import (
	"context"
	"io"
	"strings"
)

// Sub is the part of a store whose keys begin with a folder, which the keys of
// that part do not have: "7.png" of Sub(s, "photos") is "photos/7.png" of s. The
// folder is a key by itself. Sweep and Close are those of the whole store.
func Sub(s Store, folder string) Store { return &sub{s, folder + "/"} }

type sub struct {
	Store
	prefix string
}

// full is a key of the whole store.
func (s *sub) full(key string) (string, error) {
	if err := CheckKey(key); err != nil {
		return "", err
	}
	return s.prefix + key, CheckKey(s.prefix + key)
}

// own describes a blob as one of the part.
func (s *sub) own(info Info, err error) (Info, error) {
	info.Key = strings.TrimPrefix(info.Key, s.prefix)
	return info, err
}

func (s *sub) Put(ctx context.Context, key string, r io.Reader, o PutOptions) (Info, error) {
	full, err := s.full(key)
	if err != nil {
		return Info{}, err
	}
	return s.own(s.Store.Put(ctx, full, r, o))
}

func (s *sub) Open(ctx context.Context, key string, part Range) (io.ReadCloser, Info, error) {
	full, err := s.full(key)
	if err != nil {
		return nil, Info{}, err
	}
	r, info, err := s.Store.Open(ctx, full, part)
	info, err = s.own(info, err)
	return r, info, err
}

func (s *sub) Stat(ctx context.Context, key string) (Info, error) {
	full, err := s.full(key)
	if err != nil {
		return Info{}, err
	}
	return s.own(s.Store.Stat(ctx, full))
}

func (s *sub) Delete(ctx context.Context, key string) error {
	full, err := s.full(key)
	if err != nil {
		return err
	}
	return s.Store.Delete(ctx, full)
}

func (s *sub) List(ctx context.Context, q Query) ([]Info, error) {
	q.Prefix = s.prefix + q.Prefix
	if q.After != "" {
		q.After = s.prefix + q.After
	}
	list, err := s.Store.List(ctx, q)
	for i := range list {
		list[i].Key = strings.TrimPrefix(list[i].Key, s.prefix)
	}
	return list, err
}

func (s *sub) Ticket(ctx context.Context, u Upload) (Ticket, error) {
	full, err := s.full(u.Key)
	if err != nil {
		return Ticket{}, err
	}
	u.Key = full
	t, err := s.Store.Ticket(ctx, u)
	t.Key = strings.TrimPrefix(t.Key, s.prefix)
	return t, err
}

// Pending describes an upload of the part: those of others are not found.
func (s *sub) Pending(ctx context.Context, id string) (Pending, error) {
	p, err := s.Store.Pending(ctx, id)
	key, ours := strings.CutPrefix(p.Key, s.prefix)
	if err == nil && !ours {
		return Pending{}, ErrNotFound
	}
	p.Key = key
	return p, err
}

func (s *sub) Receive(ctx context.Context, id string, offset int64, r io.Reader) (int64, error) {
	if _, err := s.Pending(ctx, id); err != nil {
		return 0, err
	}
	return s.Store.Receive(ctx, id, offset, r)
}

func (s *sub) Complete(ctx context.Context, id string) (Info, error) {
	if _, err := s.Pending(ctx, id); err != nil {
		return Info{}, err
	}
	return s.own(s.Store.Complete(ctx, id))
}
