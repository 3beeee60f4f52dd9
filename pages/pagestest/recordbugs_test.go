// Planted bugs of records, keys and fences.

package pagestest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
)

// recordBugs are bugs of records, keys and fences.
func recordBugs() []planted {
	return []planted{
		{"records have no epoch", func() *bug {
			return &bug{put: func(s *mem.Store, ctx context.Context, r pages.Record, f pages.Fence) error {
				r.Epoch = 0
				return s.Put(ctx, r, f)
			}}
		}, "a record has the epoch"},
		{"a record has the epoch of its fence", func() *bug {
			return &bug{put: func(s *mem.Store, ctx context.Context, r pages.Record, f pages.Fence) error {
				if f != pages.Unfenced {
					r.Epoch = f.Epoch
				}
				return s.Put(ctx, r, f)
			}, get: func(s *mem.Store, ctx context.Context, k pages.Key) (pages.Record, error) {
				r, err := s.Get(ctx, k)
				if r.Epoch == 3 {
					r.Epoch = pages.Unfenced.Epoch
				}
				return r, err
			}}
		}, "a record has the epoch"},
		{"epochs are of 32 bits", func() *bug {
			return &bug{put: func(s *mem.Store, ctx context.Context, r pages.Record, f pages.Fence) error {
				r.Epoch = uint64(uint32(r.Epoch))
				return s.Put(ctx, r, f)
			}}
		}, "a record has the epoch"},
		{"Put drops the fence's epoch", func() *bug {
			return &bug{put: func(s *mem.Store, ctx context.Context, r pages.Record, f pages.Fence) error {
				return s.Put(ctx, r, pages.Fence{Epoch: pages.Unfenced.Epoch, Token: f.Token})
			}}
		}, "a write is refused if the record in the store is of a later epoch"},
		{"Put refuses by purges", func() *bug {
			return &bug{put: func(s *mem.Store, ctx context.Context, r pages.Record, f pages.Fence) error {
				if s.Sequence() > f.Epoch {
					return pages.ErrFenced
				}
				return s.Put(ctx, r, f)
			}}
		}, "a write is not refused by purges"},
		{"Put is off by one", func() *bug {
			return &bug{put: func(s *mem.Store, ctx context.Context, r pages.Record, f pages.Fence) error {
				f.Epoch = max(f.Epoch, 1) - 1
				return s.Put(ctx, r, f)
			}}
		}, "a write is not refused by a record of the same epoch"},
		{"Put takes the epoch of another key", func() *bug {
			var highest uint64
			return &bug{put: func(s *mem.Store, ctx context.Context, r pages.Record, f pages.Fence) error {
				if f.Epoch < highest {
					return pages.ErrFenced
				}
				highest = r.Epoch
				return s.Put(ctx, r, f)
			}}
		}, "if there is no record"},
		{"a write without a fence has epoch 0", func() *bug {
			return &bug{put: func(s *mem.Store, ctx context.Context, r pages.Record, f pages.Fence) error {
				if f == pages.Unfenced {
					f.Epoch = 0
				}
				return s.Put(ctx, r, f)
			}}
		}, "a write without a fence"},
		{"Put drops the token", func() *bug {
			return &bug{put: func(s *mem.Store, ctx context.Context, r pages.Record, f pages.Fence) error {
				f.Token = 0
				return s.Put(ctx, r, f)
			}}
		}, "a holder whose lease was taken over cannot write"},
		{"Put takes a token for the store's last", func() *bug {
			last := uint64(0)
			return &bug{
				lease: func(s *mem.Store, ctx context.Context, k pages.Key, claim string, ttl time.Duration) (pages.Lease, error) {
					l, err := s.Lease(ctx, k, claim, ttl)
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
				return s.Delete(ctx, k, pages.Unfenced)
			}}
		}, "a write is refused if the record in the store is of a later epoch"},
		{"Delete of nothing is an error", func() *bug {
			return &bug{remove: func(s *mem.Store, ctx context.Context, k pages.Key, f pages.Fence) error {
				if _, err := s.Get(ctx, k); err != nil {
					return err
				}
				return s.Delete(ctx, k, f)
			}}
		}, "deleting a missing record"},
		{"Delete does nothing", func() *bug {
			return &bug{remove: func(*mem.Store, context.Context, pages.Key, pages.Fence) error { return nil }}
		}, "a deleted record is gone"},
		{"fence and write are two steps", func() *bug {
			return &bug{put: func(s *mem.Store, ctx context.Context, r pages.Record, f pages.Fence) error {
				if was, err := s.Get(ctx, r.Key); err == nil && was.Epoch > f.Epoch {
					return pages.ErrFenced
				}
				time.Sleep(200 * time.Microsecond)
				return s.Put(ctx, r, pages.Unfenced)
			}}
		}, "fence and write are one step: the epoch"},
		{"a write is made and then taken back", func() *bug {
			return &bug{put: func(s *mem.Store, ctx context.Context, r pages.Record, f pages.Fence) error {
				was, err := s.Get(ctx, r.Key)
				time.Sleep(200 * time.Microsecond)
				_ = s.Put(ctx, r, pages.Unfenced)
				if err == nil && was.Epoch > f.Epoch {
					_ = s.Put(ctx, was, pages.Unfenced)
					return pages.ErrFenced
				}
				return nil
			}}
		}, "fence and write are one step: a refused record"},
		{"Get is torn", func() *bug {
			var mu sync.Mutex
			halves := map[pages.Key][2][]byte{}
			return &bug{
				put: func(_ *mem.Store, _ context.Context, r pages.Record, _ pages.Fence) error {
					half := len(r.Data) / 2
					mu.Lock()
					halves[r.Key] = [2][]byte{slices.Clone(r.Data[:half]), halves[r.Key][1]}
					mu.Unlock()
					time.Sleep(time.Millisecond) // long enough for a reader on a busy machine
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
		{"an empty record is not found", func() *bug {
			return &bug{get: func(s *mem.Store, ctx context.Context, k pages.Key) (pages.Record, error) {
				r, err := s.Get(ctx, k)
				if err == nil && len(r.Data) == 0 {
					err = pages.ErrNotFound
				}
				return r, err
			}}
		}, "an empty record"},
		{"large records are cut", func() *bug {
			return &bug{put: func(s *mem.Store, ctx context.Context, r pages.Record, f pages.Fence) error {
				r.Data = r.Data[:min(len(r.Data), 1<<15)]
				return s.Put(ctx, r, f)
			}}
		}, "a large record"},
		{"the case of keys is ignored", folded(func(k pages.Key) pages.Key {
			return pages.Key{Route: k.Route, Path: strings.ToLower(k.Path), Locale: k.Locale}
		}), "keys that differ only in case"},
		{"keys are joined", folded(func(k pages.Key) pages.Key {
			return pages.Key{Path: k.Route + k.Path + k.Locale}
		}), "keys whose parts look the same"},
		{"keys are cut", folded(func(k pages.Key) pages.Key {
			k.Path = k.Path[:min(len(k.Path), 255)]
			return k
		}), "very long paths"},
		{"keys are cleaned", folded(func(k pages.Key) pages.Key {
			k.Path = strings.ReplaceAll(k.Path, "//", "/")
			return k
		}), "paths may hold any letters"},
		{"locales are dropped", folded(func(k pages.Key) pages.Key { k.Locale = ""; return k }), "an empty locale"},
	}
}

// folded is a store that treats different keys as the same.
func folded(change func(pages.Key) pages.Key) func() *bug {
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
