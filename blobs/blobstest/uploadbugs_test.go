// Bugs of concurrent calls, of uploads, and of calls that cannot be made.

package blobstest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/blobs"
)

// pause lets others run in between.
func pause() { time.Sleep(time.Millisecond) }

var raceBugs = []planted{
	{"Put looks for a blob first and writes then", "of 16 concurrent Puts", putting(func(m *sound, ctx context.Context, key string, r io.Reader, o blobs.PutOptions) (blobs.Info, error) {
		if _, err := m.Stat(ctx, key); err == nil && o.IfNew {
			return blobs.Info{}, blobs.ErrExists
		}
		o.IfNew = false
		return m.Put(ctx, key, r, o)
	})},
	{"of two Puts at once the bytes of one are stored with the type of the other", "concurrent Puts of a key", func() *bug {
		var mu sync.Mutex
		types := map[string]string{}
		return &bug{put: func(m *sound, ctx context.Context, key string, r io.Reader, o blobs.PutOptions) (blobs.Info, error) {
			mu.Lock()
			types[key] = o.Type
			mu.Unlock()
			data, err := io.ReadAll(r)
			if err != nil {
				return blobs.Info{}, err
			}
			mu.Lock()
			another := types[key] != o.Type
			o.Type = types[key]
			mu.Unlock()
			if another {
				pause() // so that the one whose type it is does not write last
			}
			return m.Put(ctx, key, bytes.NewReader(data), o)
		}}
	}},
	{"Put removes the blob before it writes the next", "readers beside a writer", putting(func(m *sound, ctx context.Context, key string, r io.Reader, o blobs.PutOptions) (blobs.Info, error) {
		if err := m.Delete(ctx, key); err != nil {
			return blobs.Info{}, err
		}
		time.Sleep(3 * time.Millisecond)
		return m.Put(ctx, key, r, o)
	})},
	{"one Complete at a time, and the others fail", "concurrent Completes", func() *bug {
		var mu sync.Mutex
		busy := map[string]bool{}
		return &bug{complete: func(m *sound, ctx context.Context, id string) (blobs.Info, error) {
			mu.Lock()
			was := busy[id]
			busy[id] = true
			mu.Unlock()
			if was {
				return blobs.Info{}, blobs.ErrBusy
			}
			pause()
			defer func() { mu.Lock(); delete(busy, id); mu.Unlock() }()
			return m.Complete(ctx, id)
		}}
	}},
	{"Complete looks for a blob first and writes then", "concurrent uploads of a key with IfNew", uploadsOf(func(u *blobs.Upload) { u.IfNew = false }, func(m *sound, ctx context.Context, u blobs.Upload) error {
		if _, err := m.Stat(ctx, u.Key); err == nil && u.IfNew {
			return blobs.ErrExists
		}
		pause()
		return nil
	})},
	{"concurrent Receives write into one file", "concurrent Receives", func() *bug {
		var mu sync.Mutex
		files := map[string][]byte{}
		return &bug{receive: func(m *sound, ctx context.Context, id string, offset int64, r io.Reader) (int64, error) {
			p, err := m.Pending(ctx, id)
			if err != nil {
				return 0, err
			}
			mu.Lock()
			if files[id] == nil {
				files[id] = make([]byte, p.Size)
			}
			mu.Unlock()
			piece := make([]byte, 200)
			at := offset
			for at < p.Size {
				n, err := r.Read(piece)
				if err != nil {
					break
				}
				mu.Lock()
				at += int64(copy(files[id][at:], piece[:n]))
				mu.Unlock()
			}
			mu.Lock()
			defer mu.Unlock()
			_, err = m.Receive(ctx, id, 0, bytes.NewReader(files[id]))
			if errors.Is(err, blobs.ErrExists) {
				err = nil
			}
			return at, err
		}}
	}},
}

// uploadsOf is a store that records other tickets than it was asked for, and
// checks those before it completes them.
func uploadsOf(change func(u *blobs.Upload), check func(m *sound, ctx context.Context, u blobs.Upload) error) func() *bug {
	return func() *bug {
		var mu sync.Mutex
		asked := map[string]blobs.Upload{}
		return &bug{
			ticket: func(m *sound, ctx context.Context, u blobs.Upload) (blobs.Ticket, error) {
				other := u
				change(&other)
				t, err := m.Ticket(ctx, other)
				mu.Lock()
				asked[t.ID] = u
				mu.Unlock()
				return t, err
			},
			complete: func(m *sound, ctx context.Context, id string) (blobs.Info, error) {
				mu.Lock()
				u := asked[id]
				mu.Unlock()
				if err := check(m, ctx, u); err != nil {
					return blobs.Info{}, err
				}
				return m.Complete(ctx, id)
			},
		}
	}
}

func noCheck(*sound, context.Context, blobs.Upload) error { return nil }

func receiving(f func(m *sound, ctx context.Context, id string, offset int64, r io.Reader) (int64, error)) func() *bug {
	return func() *bug { return &bug{receive: f} }
}

func completing(f func(m *sound, ctx context.Context, id string) (blobs.Info, error)) func() *bug {
	return func() *bug { return &bug{complete: f} }
}

// finding is a store that finds uploads by a rule of its own.
func finding(find func(ids []string, id string) string) func() *bug {
	return func() *bug {
		var mu sync.Mutex
		known := map[string]bool{}
		found := func(id string) string {
			mu.Lock()
			defer mu.Unlock()
			var ids []string
			for k := range maps.Keys(known) {
				ids = append(ids, k)
			}
			return find(ids, id)
		}
		return &bug{
			ticket: func(m *sound, ctx context.Context, u blobs.Upload) (blobs.Ticket, error) {
				t, err := m.Ticket(ctx, u)
				mu.Lock()
				known[t.ID] = true
				mu.Unlock()
				return t, err
			},
			complete: func(m *sound, ctx context.Context, id string) (blobs.Info, error) { return m.Complete(ctx, found(id)) },
		}
	}
}

var uploadBugs = []planted{
	{"what was received is seen before it is completed", "an upload is seen", receiving(func(m *sound, ctx context.Context, id string, offset int64, r io.Reader) (int64, error) {
		data, err := io.ReadAll(r)
		if err != nil {
			return 0, err
		}
		if p, err := m.Pending(ctx, id); err == nil {
			_, _ = m.Put(ctx, p.Key, bytes.NewReader(data), blobs.PutOptions{Type: p.Type})
		}
		return m.Receive(ctx, id, offset, bytes.NewReader(data))
	})},
	{"an upload has no type", "an upload is seen", uploadsOf(func(u *blobs.Upload) { u.Type = "" }, noCheck)},
	{"a second Complete is ErrNotFound", "Complete again", func() *bug {
		var done sync.Map
		return &bug{complete: func(m *sound, ctx context.Context, id string) (blobs.Info, error) {
			if _, was := done.LoadOrStore(id, true); was {
				return blobs.Info{}, blobs.ErrNotFound
			}
			return m.Complete(ctx, id)
		}}
	}},
	{"a second Complete puts the upload in place of a newer blob", "Complete again", func() *bug {
		var all sync.Map
		return &bug{complete: func(m *sound, ctx context.Context, id string) (blobs.Info, error) {
			info, err := m.Complete(ctx, id)
			if err != nil {
				return info, err
			}
			data, known := all.Load(id)
			if !known {
				data, _, err = read(ctx, m, info.Key, blobs.Range{})
				all.Store(id, data)
				return info, err
			}
			return m.Put(ctx, info.Key, bytes.NewReader(data.([]byte)), blobs.PutOptions{Type: info.Type})
		}}
	}},
	{"a ticket is for all keys that begin with its own", "what a ticket says", func() *bug {
		var mu sync.Mutex
		keys := map[string]string{}
		return &bug{
			ticket: func(m *sound, ctx context.Context, u blobs.Upload) (blobs.Ticket, error) {
				t, err := m.Ticket(ctx, u)
				mu.Lock()
				keys[t.ID] = u.Key
				mu.Unlock()
				return t, err
			},
			receive: func(m *sound, ctx context.Context, id string, offset int64, r io.Reader) (int64, error) {
				data, err := io.ReadAll(r)
				mu.Lock()
				defer mu.Unlock()
				for other, key := range keys {
					if strings.HasPrefix(key, keys[id]) {
						_, err = m.Receive(ctx, other, offset, bytes.NewReader(data))
					}
				}
				return int64(len(data)), err
			},
		}
	}},
	{"the expiry of a ticket is that of the store", "what a ticket says", uploadsOf(func(u *blobs.Upload) { u.Expires = u.Expires.Add(time.Hour) }, noCheck)},
	{"too many bytes are cut off without a word", "an upload with too few", receiving(func(m *sound, ctx context.Context, id string, offset int64, r io.Reader) (int64, error) {
		p, err := m.Pending(ctx, id)
		if err != nil {
			return 0, err
		}
		return m.Receive(ctx, id, offset, io.LimitReader(r, p.Size-offset))
	})},
	{"an upload is as large as what came", "an upload with too few", completing(func(m *sound, ctx context.Context, id string) (blobs.Info, error) {
		info, err := m.Complete(ctx, id)
		if p, e := m.Pending(ctx, id); errors.Is(err, blobs.ErrIncomplete) && e == nil {
			return m.Put(ctx, p.Key, bytes.NewReader(nil), blobs.PutOptions{Type: p.Type})
		}
		return info, err
	})},
	{"the digest is not compared", "an upload with another digest", uploadsOf(func(u *blobs.Upload) { u.SHA256 = blobs.Digest{} }, noCheck)},
	{"a wrong digest burns the upload", "an upload with another digest", func() *bug {
		var burned sync.Map
		return &bug{
			complete: func(m *sound, ctx context.Context, id string) (blobs.Info, error) {
				info, err := m.Complete(ctx, id)
				if errors.Is(err, blobs.ErrDigest) {
					burned.Store(id, true)
				}
				return info, err
			},
			receive: func(m *sound, ctx context.Context, id string, offset int64, r io.Reader) (int64, error) {
				if _, gone := burned.Load(id); gone {
					return 0, blobs.ErrNotFound
				}
				return m.Receive(ctx, id, offset, r)
			},
		}
	}},
	{"IDs are found by their beginning", "a wrong ID", finding(func(ids []string, id string) string {
		for _, known := range ids {
			if id != "" && strings.HasPrefix(known, id) {
				return known
			}
		}
		return id
	})},
	{"IDs are compared without case", "a wrong ID", finding(func(_ []string, id string) string { return strings.ToUpper(id) })},
	{"a wrong ticket burns the right one", "a wrong ID", func() *bug {
		var burned sync.Map
		return &bug{complete: func(m *sound, ctx context.Context, id string) (blobs.Info, error) {
			if _, gone := burned.Load("all"); gone {
				return blobs.Info{}, blobs.ErrNotFound
			}
			info, err := m.Complete(ctx, id)
			if errors.Is(err, blobs.ErrNotFound) {
				burned.Store("all", true)
			}
			return info, err
		}}
	}},
	{"an upload ignores IfNew", "an upload with IfNew", uploadsOf(func(u *blobs.Upload) { u.IfNew = false }, noCheck)},
	{"IfNew is judged when the ticket is made alone", "an upload with IfNew", func() *bug {
		return &bug{ticket: func(m *sound, ctx context.Context, u blobs.Upload) (blobs.Ticket, error) {
			if _, err := m.Stat(ctx, u.Key); err == nil && u.IfNew {
				return blobs.Ticket{}, blobs.ErrExists
			}
			u.IfNew = false
			return m.Ticket(ctx, u)
		}}
	}},
	{"an upload is completed before its digest is compared", "an upload without IfNew", completing(func(m *sound, ctx context.Context, id string) (blobs.Info, error) {
		info, err := m.Complete(ctx, id)
		if p, e := m.Pending(ctx, id); e == nil && errors.Is(err, blobs.ErrDigest) {
			_, _ = m.Put(ctx, p.Key, strings.NewReader("what came"), blobs.PutOptions{})
		}
		return info, err
	})},
	{"an offset is not looked at", "an upload arrives in pieces", receiving(func(m *sound, ctx context.Context, id string, offset int64, r io.Reader) (int64, error) {
		p, err := m.Pending(ctx, id)
		if err != nil {
			return 0, err
		}
		return m.Receive(ctx, id, p.Received, r)
	})},
	{"a piece at 0 is added", "a piece at 0", receiving(func(m *sound, ctx context.Context, id string, offset int64, r io.Reader) (int64, error) {
		if p, err := m.Pending(ctx, id); err == nil && offset == 0 {
			offset = p.Received
		}
		return m.Receive(ctx, id, offset, r)
	})},
	{"a piece that was cut off is lost", "what came of a piece", receiving(func(m *sound, ctx context.Context, id string, offset int64, r io.Reader) (int64, error) {
		data, err := io.ReadAll(r)
		if err != nil {
			return offset, err
		}
		return m.Receive(ctx, id, offset, bytes.NewReader(data))
	})},
	{"a piece that was cut off counts as whole", "what came of a piece", receiving(func(m *sound, ctx context.Context, id string, offset int64, r io.Reader) (int64, error) {
		n, err := m.Receive(ctx, id, offset, r)
		if err != nil {
			n++
		}
		return n, err
	})},
	{"uploads are found by their keys", "uploads of the same key", func() *bug {
		var byKey, keys sync.Map
		one := func(id string) string {
			key, _ := keys.Load(id)
			own, ok := byKey.Load(key)
			if !ok {
				return id
			}
			return own.(string)
		}
		return &bug{
			ticket: func(m *sound, ctx context.Context, u blobs.Upload) (blobs.Ticket, error) {
				t, err := m.Ticket(ctx, u)
				byKey.LoadOrStore(u.Key, t.ID)
				keys.Store(t.ID, u.Key)
				return t, err
			},
			receive: func(m *sound, ctx context.Context, id string, offset int64, r io.Reader) (int64, error) {
				return m.Receive(ctx, one(id), offset, r)
			},
			complete: func(m *sound, ctx context.Context, id string) (blobs.Info, error) { return m.Complete(ctx, one(id)) },
		}
	}},
}

var lifeBugs = []planted{
	{"tickets do not expire", "a ticket that has expired", uploadsOf(func(u *blobs.Upload) { u.Expires = u.Expires.Add(24 * time.Hour) }, noCheck)},
	{"an expired ticket cannot be completed", "a ticket that has expired", uploadsOf(func(*blobs.Upload) {}, func(_ *sound, _ context.Context, u blobs.Upload) error {
		if time.Now().After(u.Expires) {
			return blobs.ErrExpired
		}
		return nil
	})},
	{"Sweep removes nothing", "Sweep removes", func() *bug {
		return &bug{sweep: func(_ *sound, ctx context.Context) (int, error) { return 0, ctx.Err() }}
	}},
	{"Sweep counts what was completed", "Sweep removes", func() *bug {
		return &bug{sweep: func(m *sound, ctx context.Context) (int, error) {
			_, before := m.Len()
			_, err := m.Sweep(ctx)
			_, after := m.Len()
			return before - after, err
		}}
	}},
	{"Sweep removes completed blobs of old uploads", "Sweep removes", func() *bug {
		return &bug{sweep: func(m *sound, ctx context.Context) (int, error) {
			_ = m.Delete(ctx, "done")
			return m.Sweep(ctx)
		}}
	}},
	{"an ended context is ignored", "a call whose context", func() *bug {
		return &bug{stat: func(m *sound, ctx context.Context, key string) (blobs.Info, error) {
			return m.Stat(context.WithoutCancel(ctx), key)
		}}
	}},
	{"Close closes nothing", "after Close", func() *bug { return &bug{close: func(*sound) error { return nil }} }},
	{"a type is not checked", "what is not valid", putting(func(m *sound, ctx context.Context, key string, r io.Reader, o blobs.PutOptions) (blobs.Info, error) {
		if blobs.CheckType(o.Type) != nil {
			o.Type = ""
		}
		return m.Put(ctx, key, r, o)
	})},
}
