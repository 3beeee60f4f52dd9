// Laws of uploads.

package blobstest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/blobs"
)

// ticket begins an upload that is valid for an hour.
func (e *env) ticket(u blobs.Upload) (blobs.Ticket, error) {
	if u.Expires.IsZero() {
		u.Expires = time.Now().Add(time.Hour)
	}
	t, err := e.Ticket(e.ctx, u)
	if err != nil {
		return t, fmt.Errorf("ticket: %w", err)
	}
	return t, blobs.CheckID(t.ID)
}

// sent begins an upload and sends its bytes.
func (e *env) sent(u blobs.Upload, data []byte) (id string, err error) {
	u.Size = int64(len(data))
	t, err := e.ticket(u)
	if err != nil {
		return "", err
	}
	n, err := e.other.Receive(e.ctx, t.ID, 0, bytes.NewReader(data))
	if err != nil || n != u.Size {
		return "", fmt.Errorf("receive: %d bytes of %d, %w", n, u.Size, err)
	}
	return t.ID, nil
}

// complete completes an upload and checks what it says.
func (e *env) complete(id, key string, data []byte, kind string) error {
	info, err := e.Complete(e.ctx, id)
	if err != nil {
		return fmt.Errorf("complete: %w", err)
	}
	return first(describes(info, key, data, kind), e.holds(key, data, kind))
}

func uploadLaws() []law {
	return []law{
		{"an upload is seen under its key once it is completed, and not before", func(e *env) error {
			for i, size := range []int{0, 1, 5000, e.large} {
				at, data := fmt.Sprint(key, i), content(uint64(i), size)
				t, err := e.ticket(blobs.Upload{Key: at, Size: int64(size), Type: "image/png"})
				if err != nil {
					return err
				}
				unseen := func() error { return first(e.lacks(at), e.lists(blobs.Query{Prefix: at})) }
				if err := unseen(); err != nil {
					return err
				}
				if n, err := e.Receive(e.ctx, t.ID, 0, bytes.NewReader(data)); err != nil || n != int64(size) {
					return fmt.Errorf("receive: %d bytes, %w", n, err)
				}
				if err := first(unseen(), e.complete(t.ID, at, data, "image/png"), e.lists(blobs.Query{Prefix: at}, at)); err != nil {
					return err
				}
			}
			return nil
		}},
		{"Complete again returns the same and changes nothing", func(e *env) error {
			data := content(1, 1000)
			id, err := e.sent(blobs.Upload{Key: key}, data)
			if err != nil {
				return err
			}
			once, err := e.Complete(e.ctx, id)
			if err != nil {
				return err
			}
			for i, newer := range [][]byte{data, content(2, 10), nil} {
				if newer == nil {
					err = e.Delete(e.ctx, key)
				} else {
					err = e.put(key, newer, blobs.PutOptions{Type: "x/y"})
				}
				if err != nil {
					return err
				}
				again, err := e.handle(i).Complete(e.ctx, id)
				if err != nil || again != once {
					return fmt.Errorf("it returned %+v and then %+v, %w", once, again, err)
				}
				if newer == nil {
					err = e.lacks(key)
				} else {
					err = e.holds(key, newer, "x/y")
				}
				if err != nil {
					return err
				}
			}
			p, err := e.Pending(e.ctx, id)
			if err != nil || !p.Done || p.Received != 1000 {
				return fmt.Errorf("Pending says %+v, %w", p, err)
			}
			_, err = e.Receive(e.ctx, id, 0, bytes.NewReader(data))
			return want(err, blobs.ErrExists, "Receive of what was completed")
		}},
		{"what a ticket says is bound to its upload", func(e *env) error {
			expires := time.Now().Add(30 * time.Minute).UTC().Truncate(time.Millisecond)
			u := blobs.Upload{Key: "a/b", Size: 5, Type: "text/plain; charset=utf-8", SHA256: sha256.Sum256([]byte("hello")), Expires: expires}
			t, err := e.ticket(u)
			if err != nil {
				return err
			}
			u.IfNew, u.Key = true, "a/bc"
			longer, err := e.ticket(u)
			if err != nil {
				return err
			}
			p, err := e.other.Pending(e.ctx, longer.ID)
			if err != nil || p.Upload != u || longer.Upload != u || p.Received != 0 || p.Done {
				return fmt.Errorf("the ticket says %+v, and Pending %+v, of %+v, %w", longer.Upload, p, u, err)
			}
			if _, err := e.Receive(e.ctx, t.ID, 0, strings.NewReader("hello")); err != nil {
				return err
			}
			_, err = e.Complete(e.ctx, longer.ID)
			return first(want(err, blobs.ErrIncomplete, "Complete of another ticket"), e.complete(t.ID, "a/b", []byte("hello"), u.Type), e.lacks("a/bc"), e.lacks("a"))
		}},
		{"an upload with too few bytes is ErrIncomplete, and one with too many ErrSize", func(e *env) error {
			data := content(1, 1000)
			t, err := e.ticket(blobs.Upload{Key: key, Size: 1000})
			if err != nil {
				return err
			}
			_, none := e.Complete(e.ctx, t.ID)
			if _, err := e.Receive(e.ctx, t.ID, 0, bytes.NewReader(data[:999])); err != nil {
				return err
			}
			_, few := e.Complete(e.ctx, t.ID)
			_, many := e.Receive(e.ctx, t.ID, 0, bytes.NewReader(content(2, 1001)))
			_, after := e.Complete(e.ctx, t.ID)
			err = first(want(none, blobs.ErrIncomplete, "Complete of nothing"), want(few, blobs.ErrIncomplete, "Complete"),
				want(many, blobs.ErrSize, "Receive"), want(after, blobs.ErrIncomplete, "Complete after ErrSize"), e.lacks(key))
			if err != nil {
				return err
			}
			empty, err := e.ticket(blobs.Upload{Key: "empty"})
			if err != nil {
				return err
			}
			_, err = e.Receive(e.ctx, empty.ID, 0, strings.NewReader("x"))
			if err := want(err, blobs.ErrSize, "Receive of something instead of nothing"); err != nil {
				return err
			}
			if _, err := e.Receive(e.ctx, t.ID, 0, bytes.NewReader(data)); err != nil {
				return err
			}
			return first(e.complete(t.ID, key, data, blobs.DefaultType), e.complete(empty.ID, "empty", nil, blobs.DefaultType))
		}},
		{"an upload with another digest is ErrDigest, nothing is seen of it, and it can be sent again", func(e *env) error {
			data, wrong := content(1, 1000), content(2, 1000)
			id, err := e.sent(blobs.Upload{Key: key, SHA256: sha256.Sum256(data)}, wrong)
			if err != nil {
				return err
			}
			_, err = e.Complete(e.ctx, id)
			if err := first(want(err, blobs.ErrDigest, "Complete"), e.lacks(key), e.lists(blobs.Query{})); err != nil {
				return err
			}
			_, err = e.Complete(e.ctx, id)
			if err := want(err, blobs.ErrIncomplete, "Complete again"); err != nil {
				return err
			}
			if _, err := e.Receive(e.ctx, id, 0, bytes.NewReader(data)); err != nil {
				return fmt.Errorf("receive again: %w", err)
			}
			return e.complete(id, key, data, blobs.DefaultType)
		}},
		{"a wrong ID finds nothing and costs the right one nothing", func(e *env) error {
			data := content(1, 1000)
			id, err := e.sent(blobs.Upload{Key: key}, data)
			if err != nil {
				return err
			}
			for _, wrong := range []string{blobs.NewID(), "", id[:25], id + "A", strings.ToLower(id), "../" + id, id[:25] + "%", id + "\x00", key, strings.Repeat("A", 26), "*" + id[1:]} {
				_, complete := e.Complete(e.ctx, wrong)
				_, receive := e.Receive(e.ctx, wrong, 0, bytes.NewReader(content(2, 1000)))
				_, pending := e.Pending(e.ctx, wrong)
				for i, err := range []error{complete, receive, pending} {
					target := blobs.ErrNotFound
					if blobs.CheckID(wrong) != nil {
						target = blobs.ErrInvalid
					}
					if err := want(err, target, []string{"Complete", "Receive", "Pending"}[i]); err != nil {
						return fmt.Errorf("%q: %w", wrong, err)
					}
				}
			}
			return first(e.lacks(key), e.complete(id, key, data, blobs.DefaultType))
		}},
		{"an upload with IfNew never replaces a blob", func(e *env) error {
			old, data := content(1, 10), content(2, 1000)
			id, err := e.sent(blobs.Upload{Key: key, IfNew: true}, data)
			if err != nil {
				return err
			}
			if err := e.put(key, old, blobs.PutOptions{}); err != nil {
				return err
			}
			_, taken := e.Ticket(e.ctx, blobs.Upload{Key: key, Expires: time.Now().Add(time.Hour), IfNew: true})
			_, complete := e.Complete(e.ctx, id)
			if err := first(want(taken, blobs.ErrExists, "Ticket"), want(complete, blobs.ErrExists, "Complete"), e.holds(key, old, blobs.DefaultType)); err != nil {
				return err
			}
			if err := e.Delete(e.ctx, key); err != nil {
				return err
			}
			return e.complete(id, key, data, blobs.DefaultType)
		}},
		{"an upload without IfNew replaces a blob, and a failed one does not", func(e *env) error {
			old, data := content(1, 10), content(2, 1000)
			if err := e.put(key, old, blobs.PutOptions{}); err != nil {
				return err
			}
			failed, err := e.sent(blobs.Upload{Key: key, SHA256: sha256.Sum256(old)}, data)
			if err != nil {
				return err
			}
			id, err := e.sent(blobs.Upload{Key: key}, data)
			if err != nil {
				return err
			}
			_, err = e.Complete(e.ctx, failed)
			return first(want(err, blobs.ErrDigest, "Complete"), e.holds(key, old, blobs.DefaultType), e.complete(id, key, data, blobs.DefaultType))
		}},
	}
}

func pieceLaws() []law {
	return []law{
		{"an upload arrives in pieces, each after the one before", func(e *env) error {
			data := content(1, e.large)
			t, err := e.ticket(blobs.Upload{Key: key, Size: int64(len(data)), SHA256: sha256.Sum256(data)})
			if err != nil {
				return err
			}
			at := int64(0)
			for i, next := range []int64{1, 2, 1000, 65_536, int64(e.large) - 1, int64(e.large)} {
				n, err := e.handle(i).Receive(e.ctx, t.ID, at, bytes.NewReader(data[at:next]))
				if err != nil || n != next {
					return fmt.Errorf("after byte %d it has %d of %d, %w", at, n, next, err)
				}
				at = next
				p, err := e.handle(i+1).Pending(e.ctx, t.ID)
				if err != nil || p.Received != at {
					return fmt.Errorf("Pending says %d bytes of %d, %w", p.Received, at, err)
				}
				for _, wrong := range []int64{at - 1, at + 1, at + 1000} {
					if wrong <= 0 {
						continue
					}
					_, err := e.Receive(e.ctx, t.ID, wrong, strings.NewReader("x"))
					if !errors.Is(err, blobs.ErrOffset) && !(at == int64(e.large) && errors.Is(err, blobs.ErrExists)) {
						return fmt.Errorf("a piece at %d after %d bytes gave %w", wrong, at, err)
					}
				}
			}
			return e.complete(t.ID, key, data, blobs.DefaultType)
		}},
		{"a piece at 0 begins again", func(e *env) error {
			t, err := e.ticket(blobs.Upload{Key: key, Size: 1000})
			if err != nil {
				return err
			}
			data := content(2, 1000)
			for _, p := range []struct {
				at   int64
				data []byte
			}{{0, content(1, 700)}, {0, content(1, 100)}, {0, data[:300]}, {300, data[300:]}} {
				if _, err := e.Receive(e.ctx, t.ID, p.at, bytes.NewReader(p.data)); err != nil {
					return err
				}
			}
			_, err = e.Receive(e.ctx, t.ID, 0, bytes.NewReader(data))
			return first(want(err, blobs.ErrExists, "Receive of what is there"), e.complete(t.ID, key, data, blobs.DefaultType))
		}},
		{"what came of a piece that was cut off counts, and the rest completes it", func(e *env) error {
			data := content(1, e.large)
			t, err := e.ticket(blobs.Upload{Key: key, Size: int64(len(data)), SHA256: sha256.Sum256(data)})
			if err != nil {
				return err
			}
			at, sent := int64(0), int64(0)
			for i := range 3 {
				until := min(at+int64(e.large)/3, int64(len(data)))
				n, err := e.handle(i).Receive(e.ctx, t.ID, at, failing(data[at:until]))
				sent += until - at
				if err := want(err, errBroken, "Receive"); err != nil {
					return err
				}
				p, err := e.handle(i+1).Pending(e.ctx, t.ID)
				if err != nil || n != p.Received || n > until || n < until-e.part {
					return fmt.Errorf("of the bytes up to %d it says that it has %d, and Pending %d, %w", until, n, p.Received, err)
				}
				at = n
			}
			sent += int64(len(data)) - at
			if sent > int64(len(data))+3*e.part {
				return fmt.Errorf("%d bytes were sent of %d", sent, len(data))
			}
			if _, err := e.Receive(e.ctx, t.ID, at, bytes.NewReader(data[at:])); err != nil {
				return err
			}
			return e.complete(t.ID, key, data, blobs.DefaultType)
		}},
		{"uploads of the same key do not mix", func(e *env) error {
			one, two := content(1, 1000), content(2, 1000)
			first1, err := e.ticket(blobs.Upload{Key: key, Size: 1000})
			if err != nil {
				return err
			}
			second, err := e.ticket(blobs.Upload{Key: key, Size: 1000})
			if err != nil {
				return err
			}
			for _, p := range []struct {
				id   string
				at   int64
				data []byte
			}{{first1.ID, 0, one[:500]}, {second.ID, 0, two[:600]}, {first1.ID, 500, one[500:]}, {second.ID, 600, two[600:]}} {
				if _, err := e.Receive(e.ctx, p.id, p.at, bytes.NewReader(p.data)); err != nil {
					return err
				}
			}
			return first(e.complete(second.ID, key, two, blobs.DefaultType), e.complete(first1.ID, key, one, blobs.DefaultType))
		}},
	}
}
