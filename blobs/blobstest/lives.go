// Laws of time, and of calls that cannot be made.

package blobstest

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/blobs"
)

func expiryLaws() []law {
	return []law{
		{"a ticket that has expired takes no more bytes, and what is there can be completed for an hour", func(e *env) error {
			if e.later == nil {
				return nil
			}
			data := content(1, 100)
			whole, err := e.sent(blobs.Upload{Key: key}, data)
			if err != nil {
				return err
			}
			half, err := e.ticket(blobs.Upload{Key: "half", Size: 100})
			if err != nil {
				return err
			}
			if _, err := e.Receive(e.ctx, half.ID, 0, strings.NewReader("half")); err != nil {
				return err
			}
			e.later(61 * time.Minute)
			_, more := e.Receive(e.ctx, half.ID, 4, strings.NewReader("more"))
			_, again := e.Receive(e.ctx, half.ID, 0, strings.NewReader("more"))
			_, few := e.Complete(e.ctx, half.ID)
			n, err := e.Sweep(e.ctx)
			if err != nil || n != 0 {
				return fmt.Errorf("%d uploads were swept, %w", n, err)
			}
			return first(want(more, blobs.ErrExpired, "Receive"), want(again, blobs.ErrExpired, "Receive from 0"), want(few, blobs.ErrIncomplete, "Complete"),
				e.complete(whole, key, data, blobs.DefaultType), e.lacks("half"))
		}},
		{"Sweep removes what expired more than an hour ago, and nothing else", func(e *env) error {
			if e.later == nil {
				return nil
			}
			data := content(1, e.large)
			done, err := e.sent(blobs.Upload{Key: "done"}, data)
			if err != nil {
				return err
			}
			if err := first(e.complete(done, "done", data, blobs.DefaultType), e.put("put", data, blobs.PutOptions{})); err != nil {
				return err
			}
			old, err := e.sent(blobs.Upload{Key: key}, data)
			if err != nil {
				return err
			}
			empty, err := e.ticket(blobs.Upload{Key: "empty", Size: 1})
			if err != nil {
				return err
			}
			young, err := e.sent(blobs.Upload{Key: "young", Expires: time.Now().Add(90 * time.Minute)}, data)
			if err != nil {
				return err
			}
			e.later(121 * time.Minute)
			for i, swept := range []int{2, 0} {
				if n, err := e.handle(i).Sweep(e.ctx); err != nil || n != swept {
					return fmt.Errorf("%d uploads were swept instead of %d, %w", n, swept, err)
				}
			}
			for _, id := range []string{old, empty.ID, done} {
				_, err := e.Complete(e.ctx, id)
				_, pending := e.other.Pending(e.ctx, id)
				if err := first(want(err, blobs.ErrNotFound, "Complete"), want(pending, blobs.ErrNotFound, "Pending")); err != nil {
					return err
				}
			}
			return first(e.lacks(key), e.complete(young, "young", data, blobs.DefaultType), e.holds("done", data, blobs.DefaultType), e.holds("put", data, blobs.DefaultType),
				e.lists(blobs.Query{}, "done", "put", "young"))
		}},
	}
}

// A call is one method's.
type call struct {
	name string
	make func(ctx context.Context, s blobs.Store) error
}

// calls are calls of every method that would succeed, if there is a blob and an
// upload.
func calls(id string) []call {
	return []call{
		{"Put", func(ctx context.Context, s blobs.Store) error {
			_, err := s.Put(ctx, "new", strings.NewReader("data"), blobs.PutOptions{})
			return err
		}},
		{"Open", func(ctx context.Context, s blobs.Store) error {
			r, _, err := s.Open(ctx, key, blobs.Range{})
			if err == nil {
				_, err = io.ReadAll(r)
				_ = r.Close()
			}
			return err
		}},
		{"Stat", func(ctx context.Context, s blobs.Store) error {
			_, err := s.Stat(ctx, key)
			return err
		}},
		{"List", func(ctx context.Context, s blobs.Store) error {
			_, err := s.List(ctx, blobs.Query{})
			return err
		}},
		{"Delete", func(ctx context.Context, s blobs.Store) error { return s.Delete(ctx, key) }},
		{"Ticket", func(ctx context.Context, s blobs.Store) error {
			_, err := s.Ticket(ctx, blobs.Upload{Key: "new", Expires: time.Now().Add(time.Hour)})
			return err
		}},
		{"Pending", func(ctx context.Context, s blobs.Store) error {
			_, err := s.Pending(ctx, id)
			return err
		}},
		{"Receive", func(ctx context.Context, s blobs.Store) error {
			_, err := s.Receive(ctx, id, 0, strings.NewReader("data"))
			return err
		}},
		{"Complete", func(ctx context.Context, s blobs.Store) error {
			_, err := s.Complete(ctx, id)
			return err
		}},
		{"Sweep", func(ctx context.Context, s blobs.Store) error {
			_, err := s.Sweep(ctx)
			return err
		}},
	}
}

func lifeLaws() []law {
	return []law{
		{"a call whose context has ended fails with its error and changes nothing", func(e *env) error {
			data := content(1, 4)
			t, err := e.ticket(blobs.Upload{Key: "upload", Size: 4})
			if err != nil {
				return err
			}
			if err := e.put(key, data, blobs.PutOptions{}); err != nil {
				return err
			}
			ended, end := context.WithCancel(e.ctx)
			end()
			late, cancel := context.WithDeadline(e.ctx, time.Now().Add(-time.Second))
			defer cancel()
			for _, ctx := range []context.Context{ended, late} {
				for _, c := range calls(t.ID) {
					if err := want(c.make(ctx, e.Store), ctx.Err(), c.name); err != nil {
						return err
					}
				}
			}
			p, err := e.Pending(e.ctx, t.ID)
			if err != nil || p.Received != 0 {
				return fmt.Errorf("the upload has %d bytes, %w", p.Received, err)
			}
			return first(e.holds(key, data, blobs.DefaultType), e.lacks("new"), e.lacks("upload"))
		}},
		{"after Close every method fails with ErrClosed, and a second Close has no effect", func(e *env) error {
			t, err := e.ticket(blobs.Upload{Key: "upload", Size: 4})
			if err != nil {
				return err
			}
			if err := e.put(key, content(1, 4), blobs.PutOptions{}); err != nil {
				return err
			}
			s := e.more()
			if err := first(s.Close(), s.Close()); err != nil {
				return fmt.Errorf("close: %w", err)
			}
			for _, c := range calls(t.ID) {
				if err := want(c.make(e.ctx, s), blobs.ErrClosed, c.name); err != nil {
					return err
				}
			}
			return nil
		}},
		{"what is not valid is refused with ErrInvalid and changes nothing", func(e *env) error {
			for _, kind := range []string{"png", "image/", "/png", "image/png\r\nX: y", "image/pn\xe9", "a b/c", " image/png", "x/" + strings.Repeat("y", 300)} {
				_, put := e.Put(e.ctx, key, strings.NewReader("data"), blobs.PutOptions{Type: kind})
				_, ticket := e.Ticket(e.ctx, blobs.Upload{Key: key, Type: kind, Expires: time.Now().Add(time.Hour)})
				if err := first(want(put, blobs.ErrInvalid, "Put"), want(ticket, blobs.ErrInvalid, "Ticket")); err != nil {
					return fmt.Errorf("the type %q: %w", kind, err)
				}
			}
			for _, u := range []blobs.Upload{
				{Key: key, Size: -1, Expires: time.Now().Add(time.Hour)}, {Key: key}, {Key: key, Expires: time.Now().Add(-time.Minute)}, {Key: key, Expires: time.Now().Add(8 * 24 * time.Hour)},
			} {
				_, err := e.Ticket(e.ctx, u)
				if err := want(err, blobs.ErrInvalid, "Ticket"); err != nil {
					return fmt.Errorf("%+v: %w", u, err)
				}
			}
			for _, q := range []blobs.Query{{Limit: -1}, {Limit: 1001}, {Prefix: "\x00"}, {After: "\xff"}, {Prefix: strings.Repeat("a", 513)}} {
				_, err := e.List(e.ctx, q)
				if err := want(err, blobs.ErrInvalid, "List"); err != nil {
					return fmt.Errorf("%+v: %w", q, err)
				}
			}
			for _, r := range []blobs.Range{{From: -1}, {Length: -1}} {
				_, _, err := e.Open(e.ctx, key, r)
				if err := want(err, blobs.ErrInvalid, "Open"); err != nil {
					return fmt.Errorf("%+v: %w", r, err)
				}
			}
			return first(e.lacks(key), e.lists(blobs.Query{}))
		}},
	}
}
