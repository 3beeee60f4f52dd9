// The planted bugs, each with a law that finds it.

package pagestest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
)

// TestPlantedBugs names with each bug one law that must be found broken.
func TestPlantedBugs(t *testing.T) {
	bg := context.Background()
	fold := func(change func(pages.Key) pages.Key) func() *bug {
		return func() *bug {
			return &bug{
				get: func(s *mem.Store, ctx context.Context, k pages.Key) (pages.Record, error) {
					r, err := s.Get(ctx, change(k))
					r.Key = k
					return r, err
				},
				put: func(s *mem.Store, ctx context.Context, r pages.Record, f pages.Fence) error {
					r.Key = change(r.Key)
					return s.Put(ctx, r, f)
				},
				remove: func(s *mem.Store, ctx context.Context, k pages.Key, f pages.Fence) error {
					return s.Delete(ctx, change(k), f)
				},
			}
		}
	}
	for _, c := range []struct {
		bug  string
		make func() *bug
		law  string
	}{
		{"Put drops the fence's subjects", func() *bug {
			return &bug{put: func(s *mem.Store, ctx context.Context, r pages.Record, f pages.Fence) error {
				return s.Put(ctx, r, pages.Fence{Token: f.Token})
			}}
		}, "a write is refused if one of its subjects was purged"},
		{"Put asks for the first subject only", func() *bug {
			return &bug{put: func(s *mem.Store, ctx context.Context, r pages.Record, f pages.Fence) error {
				f.Subjects = f.Subjects[:min(1, len(f.Subjects))]
				return s.Put(ctx, r, f)
			}}
		}, "a write is refused if one of its subjects was purged"},
		{"Put refuses by the whole sequence", func() *bug {
			return &bug{put: func(s *mem.Store, ctx context.Context, r pages.Record, f pages.Fence) error {
				if len(f.Subjects) > 0 && s.Sequence() > f.Epoch {
					return pages.ErrFenced
				}
				return s.Put(ctx, r, f)
			}}
		}, "a purge of another subject does not refuse"},
		{"Put is off by one", func() *bug {
			return &bug{put: func(s *mem.Store, ctx context.Context, r pages.Record, f pages.Fence) error {
				f.Epoch = max(f.Epoch, 1) - 1
				return s.Put(ctx, r, f)
			}}
		}, "a purge at or before its epoch"},
		{"Put drops the token", func() *bug {
			return &bug{put: func(s *mem.Store, ctx context.Context, r pages.Record, f pages.Fence) error {
				f.Token = 0
				return s.Put(ctx, r, f)
			}}
		}, "a holder whose lease was taken over cannot write"},
		{"Put takes a token for the store's last", func() *bug {
			last := uint64(0)
			return &bug{
				lease: func(s *mem.Store, ctx context.Context, k pages.Key, ttl time.Duration) (pages.Lease, error) {
					l, err := s.Lease(ctx, k, ttl)
					last = max(last, l.Token)
					return l, err
				},
				put: func(s *mem.Store, ctx context.Context, r pages.Record, f pages.Fence) error {
					if f.Token != 0 && f.Token < last {
						return pages.ErrFenced
					}
					return s.Put(ctx, r, f)
				},
			}
		}, "a late lease of one key"},
		{"Delete drops the fence", func() *bug {
			return &bug{remove: func(s *mem.Store, ctx context.Context, k pages.Key, _ pages.Fence) error {
				return s.Delete(ctx, k, pages.Fence{})
			}}
		}, "a write is refused if one of its subjects was purged"},
		{"Delete of nothing is an error", func() *bug {
			return &bug{remove: func(s *mem.Store, ctx context.Context, k pages.Key, f pages.Fence) error {
				if _, err := s.Get(ctx, k); err != nil {
					return err
				}
				return s.Delete(ctx, k, f)
			}}
		}, "deleting what is not there"},
		{"Delete does nothing", func() *bug {
			return &bug{remove: func(*mem.Store, context.Context, pages.Key, pages.Fence) error { return nil }}
		}, "a deleted record is gone"},
		{"fence and write are two steps", func() *bug {
			return &bug{put: func(s *mem.Store, ctx context.Context, r pages.Record, f pages.Fence) error {
				e, err := s.Epochs(ctx, f.Subjects...)
				if err != nil {
					return err
				}
				for _, m := range e.Marks {
					if m.Sequence > f.Epoch {
						return pages.ErrFenced
					}
				}
				time.Sleep(200 * time.Microsecond)
				return s.Put(ctx, r, pages.Fence{})
			}}
		}, "fence and write are one step"},
		{"Get is torn", func() *bug {
			var mu sync.Mutex
			halves := map[pages.Key][2][]byte{}
			return &bug{
				put: func(_ *mem.Store, _ context.Context, r pages.Record, _ pages.Fence) error {
					half := len(r.Data) / 2
					mu.Lock()
					halves[r.Key] = [2][]byte{slices.Clone(r.Data[:half]), halves[r.Key][1]}
					mu.Unlock()
					time.Sleep(50 * time.Microsecond)
					mu.Lock()
					halves[r.Key] = [2][]byte{halves[r.Key][0], slices.Clone(r.Data[half:])}
					mu.Unlock()
					return nil
				},
				get: func(_ *mem.Store, _ context.Context, k pages.Key) (pages.Record, error) {
					mu.Lock()
					defer mu.Unlock()
					h, ok := halves[k]
					if !ok {
						return pages.Record{}, pages.ErrNotFound
					}
					return pages.Record{Key: k, Data: slices.Concat(h[0], h[1])}, nil
				},
			}
		}, "concurrent Puts leave one of them whole"},
		{"the caller's slice is kept", func() *bug {
			kept := sync.Map{}
			return &bug{
				put: func(_ *mem.Store, _ context.Context, r pages.Record, _ pages.Fence) error {
					kept.Store(r.Key, r)
					return nil
				},
				get: func(_ *mem.Store, _ context.Context, k pages.Key) (pages.Record, error) {
					if r, ok := kept.Load(k); ok {
						return r.(pages.Record), nil
					}
					return pages.Record{}, pages.ErrNotFound
				},
			}
		}, "Put does not keep the caller's slice"},
		{"no bytes are no record", func() *bug {
			return &bug{get: func(s *mem.Store, ctx context.Context, k pages.Key) (pages.Record, error) {
				r, err := s.Get(ctx, k)
				if err == nil && len(r.Data) == 0 {
					err = pages.ErrNotFound
				}
				return r, err
			}}
		}, "a record of no bytes"},
		{"large records are cut", func() *bug {
			return &bug{put: func(s *mem.Store, ctx context.Context, r pages.Record, f pages.Fence) error {
				r.Data = r.Data[:min(len(r.Data), 1<<15)]
				return s.Put(ctx, r, f)
			}}
		}, "a large record"},
		{"keys are folded", fold(func(k pages.Key) pages.Key {
			return pages.Key{Route: k.Route, Path: strings.ToLower(k.Path), Locale: k.Locale}
		}), "keys that differ only in case"},
		{"keys are joined", fold(func(k pages.Key) pages.Key {
			return pages.Key{Path: k.Route + k.Path + k.Locale}
		}), "keys whose parts read alike"},
		{"keys are cut", fold(func(k pages.Key) pages.Key {
			k.Path = k.Path[:min(len(k.Path), 255)]
			return k
		}), "very long paths"},
		{"keys are cleaned", fold(func(k pages.Key) pages.Key {
			k.Path = strings.ReplaceAll(k.Path, "//", "/")
			return k
		}), "paths may hold any letters"},
		{"locales are dropped", fold(func(k pages.Key) pages.Key { k.Locale = ""; return k }), "an empty locale"},
		{"Stale moves both marks", func() *bug {
			return &bug{bump: func(s *mem.Store, ctx context.Context, _ pages.Verb, subjects []string) (uint64, error) {
				return s.Bump(ctx, pages.Expire, subjects...)
			}}
		}, "Expire moves both marks"},
		{"each subject has its own number", func() *bug {
			return &bug{bump: func(s *mem.Store, ctx context.Context, v pages.Verb, subjects []string) (n uint64, err error) {
				for _, subject := range subjects {
					n, err = s.Bump(ctx, v, subject)
				}
				return n, err
			}}
		}, "every subject of one Bump"},
		{"marks come sorted", func() *bug {
			return &bug{epochs: func(s *mem.Store, ctx context.Context, subjects []string) (pages.Epochs, error) {
				return s.Epochs(ctx, slices.Sorted(slices.Values(subjects))...)
			}}
		}, "marks come in the order"},
		{"marks have no time", func() *bug {
			return &bug{epochs: func(s *mem.Store, ctx context.Context, subjects []string) (pages.Epochs, error) {
				e, err := s.Epochs(ctx, subjects...)
				for i := range e.Marks {
					e.Marks[i].At = time.Time{}
				}
				return e, err
			}}
		}, "marks carry the time"},
		{"leases exclude nobody", func() *bug {
			var token atomic.Uint64
			return &bug{lease: func(_ *mem.Store, _ context.Context, k pages.Key, ttl time.Duration) (pages.Lease, error) {
				return pages.Lease{Key: k, Token: token.Add(1), Until: time.Now().Add(ttl)}, nil
			}}
		}, "a lease excludes others, who are told"},
		{"leases are taken in two steps", func() *bug {
			var mu sync.Mutex
			held := map[pages.Key]pages.Lease{}
			var token atomic.Uint64
			return &bug{lease: func(_ *mem.Store, _ context.Context, k pages.Key, ttl time.Duration) (pages.Lease, error) {
				mu.Lock()
				l, ok := held[k]
				mu.Unlock()
				if ok && time.Now().Before(l.Until) {
					return l, pages.ErrHeld
				}
				time.Sleep(50 * time.Microsecond)
				l = pages.Lease{Key: k, Token: token.Add(1), Until: time.Now().Add(ttl)}
				mu.Lock()
				held[k] = l
				mu.Unlock()
				return l, nil
			}}
		}, "at most one of many concurrent Lease"},
		{"leases never run out", func() *bug {
			return &bug{lease: func(s *mem.Store, ctx context.Context, k pages.Key, _ time.Duration) (pages.Lease, error) {
				return s.Lease(ctx, k, time.Hour)
			}}
		}, "a lease excludes others until it runs out"},
		{"tokens begin again", func() *bug {
			return &bug{lease: func(s *mem.Store, ctx context.Context, k pages.Key, ttl time.Duration) (pages.Lease, error) {
				l, err := s.Lease(ctx, k, ttl)
				l.Token = 1
				return l, err
			}}
		}, "tokens of a key only grow"},
		{"Release asks no token", func() *bug {
			return &bug{release: func(s *mem.Store, ctx context.Context, l pages.Lease) error {
				if other, err := s.Lease(ctx, l.Key, time.Nanosecond); err != nil {
					l = other
				}
				return s.Release(ctx, l)
			}}
		}, "releasing a lease that was taken over"},
		{"Release does nothing", func() *bug {
			return &bug{release: func(_ *mem.Store, ctx context.Context, _ pages.Lease) error { return ctx.Err() }}
		}, "a lease excludes others, who are told"},
		{"Release of nothing is an error", func() *bug {
			return &bug{release: func(s *mem.Store, ctx context.Context, l pages.Lease) error {
				if l.Token == 1 && l.Key == key("b") {
					return pages.ErrNotFound
				}
				return s.Release(ctx, l)
			}}
		}, "releasing a lease twice"},
		{"contexts are ignored", func() *bug {
			return &bug{put: func(s *mem.Store, _ context.Context, r pages.Record, f pages.Fence) error {
				return s.Put(bg, r, f)
			}}
		}, "a canceled context"},
		{"a canceled context bumps all the same", func() *bug {
			return &bug{bump: func(s *mem.Store, ctx context.Context, v pages.Verb, subjects []string) (uint64, error) {
				n, err := s.Bump(bg, v, subjects...)
				return n, errors.Join(err, ctx.Err())
			}}
		}, "a canceled context"},
		{"Close does nothing", func() *bug {
			return &bug{close: func(*mem.Store) error { return nil }}
		}, "after Close every method"},
		{"Get works after Close", func() *bug {
			return &bug{get: func(s *mem.Store, ctx context.Context, k pages.Key) (pages.Record, error) {
				r, err := s.Get(ctx, k)
				if errors.Is(err, pages.ErrClosed) {
					err = pages.ErrNotFound
				}
				return r, err
			}}
		}, "after Close every method"},
		{"List leaves one out", func() *bug {
			return &bug{list: func(s *mem.Store, ctx context.Context, yield func(pages.Info) bool) error {
				n := 0
				return s.List(ctx, func(i pages.Info) bool { n++; return n == 7 || yield(i) })
			}}
		}, "List sees all records"},
		{"List does not end", func() *bug {
			return &bug{list: func(s *mem.Store, ctx context.Context, yield func(pages.Info) bool) error {
				return s.List(ctx, func(i pages.Info) bool { yield(i); return true })
			}}
		}, "List ends when yield says so"},
		{"Changes begins too early", func() *bug {
			return &bug{changes: func(s *mem.Store, ctx context.Context, since uint64) ([]pages.Change, error) {
				return s.Changes(ctx, max(since, 1)-1)
			}}
		}, "Changes lists exactly"},
		{"Changes comes newest first", func() *bug {
			return &bug{changes: func(s *mem.Store, ctx context.Context, since uint64) ([]pages.Change, error) {
				list, err := s.Changes(ctx, since)
				slices.Reverse(list)
				return list, err
			}}
		}, "Changes lists exactly"},
		{"Changes has one subject for each number", func() *bug {
			return &bug{changes: func(s *mem.Store, ctx context.Context, since uint64) ([]pages.Change, error) {
				list, err := s.Changes(ctx, since)
				return slices.CompactFunc(list, func(a, b pages.Change) bool { return a.Sequence == b.Sequence }), err
			}}
		}, "Changes lists every subject"},
		{"Wait never returns", func() *bug {
			return &bug{wait: func(_ *mem.Store, ctx context.Context, _ uint64) error { <-ctx.Done(); return ctx.Err() }}
		}, "Wait returns after a purge"},
		{"Wait waits for the next purge", func() *bug {
			return &bug{wait: func(s *mem.Store, ctx context.Context, _ uint64) error { return s.Wait(ctx, s.Sequence()) }}
		}, "Wait returns at once"},
		{"Sequence lags", func() *bug {
			return &bug{seq: func(s *mem.Store) uint64 { return max(s.Sequence(), 1) - 1 }}
		}, "Sequence is at least"},
		{"Sweep does nothing", func() *bug {
			return &bug{sweep: func(*mem.Store, context.Context, pages.Bounds) (pages.Swept, error) { return pages.Swept{}, nil }}
		}, "Sweep brings a store under Bytes"},
		{"Sweep ignores routes", func() *bug {
			return &bug{sweep: func(s *mem.Store, ctx context.Context, b pages.Bounds) (pages.Swept, error) {
				return s.Sweep(ctx, pages.Bounds{Bytes: b.Bytes})
			}}
		}, "Sweep brings each route under PerRoute"},
		{"Sweep drops everything", func() *bug {
			return &bug{sweep: func(s *mem.Store, ctx context.Context, _ pages.Bounds) (pages.Swept, error) {
				return s.Sweep(ctx, pages.Bounds{Bytes: 1})
			}}
		}, "a store within bounds"},
		{"Sweep miscounts", func() *bug {
			return &bug{sweep: func(s *mem.Store, ctx context.Context, b pages.Bounds) (pages.Swept, error) {
				swept, err := s.Sweep(ctx, b)
				swept.Freed++
				return swept, err
			}}
		}, "Sweep brings a store under Bytes"},
		{"Put does not count as use", func() *bug {
			return &bug{put: func(s *mem.Store, ctx context.Context, r pages.Record, f pages.Fence) error {
				if _, err := s.Get(ctx, r.Key); err == nil && string(r.Data) == "again" {
					return nil
				}
				return s.Put(ctx, r, f)
			}}
		}, "a record that was put again"},
	} {
		t.Run(c.bug, func(t *testing.T) {
			t.Parallel()
			open := func() pages.Store {
				b := c.make()
				b.Store = mem.Open(mem.Options{})
				return b
			}
			if len(broken(t, open, c.law)) == 0 {
				t.Errorf("the kit did not find it: %s", c.law)
			}
		})
	}
}
