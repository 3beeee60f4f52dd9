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
		{"keys are folded", folded(func(k pages.Key) pages.Key {
			return pages.Key{Route: k.Route, Path: strings.ToLower(k.Path), Locale: k.Locale}
		}), "keys that differ only in case"},
		{"keys are joined", folded(func(k pages.Key) pages.Key {
			return pages.Key{Path: k.Route + k.Path + k.Locale}
		}), "keys whose parts read alike"},
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

// folded is a store that takes different keys for the same.
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
