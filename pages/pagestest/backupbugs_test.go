// Planted bugs of stores that went back or were replaced.

package pagestest

import (
	"context"
	"errors"
	"testing"

	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
)

// raised translates the numbers of a sound store after it went back.
const raised = 1 << 40

// renumbered is a store that continues from another number than a sound one
// after it went back.
func renumbered(from func(known uint64) uint64) func() *bug {
	return func() *bug {
		var known, first uint64
		number := func(n uint64) uint64 {
			if n < raised {
				known = max(known, n)
				return n
			}
			if first == 0 {
				first, known = n, from(known)
			}
			return known + n - first
		}
		return &bug{
			epochs: func(s *mem.Store, ctx context.Context, subjects []string) (pages.Epochs, error) {
				e, err := s.Epochs(ctx, subjects...)
				e.Sequence = number(e.Sequence)
				for i := range e.Marks {
					e.Marks[i].Sequence, e.Marks[i].Expired = number(e.Marks[i].Sequence), number(e.Marks[i].Expired)
				}
				return e, err
			},
			bump: func(s *mem.Store, ctx context.Context, v pages.Verb, subjects []string) (uint64, error) {
				n, err := s.Bump(ctx, v, subjects...)
				return number(n), err
			},
			changes: func(s *mem.Store, ctx context.Context, since uint64) (after []pages.Change, floor uint64, err error) {
				list, floor, err := s.Changes(ctx, 0)
				for _, c := range list {
					if c.Sequence = number(c.Sequence); c.Sequence > since {
						after = append(after, c)
					}
				}
				return after, floor, err
			},
		}
	}
}

func backupBugs() []planted {
	const law = "a store that went back"
	return []planted{
		{"a store that went back counts on from there", renumbered(func(uint64) uint64 { return 2 }), law},
		{"a store that went back counts on from one more than one handle knows", renumbered(func(known uint64) uint64 { return min(known, 2) + 1 }),
			"a handle that knew of more purges"},
		{"a store that went back is raised, and nothing purged", func() *bug {
			return &bug{epochs: func(s *mem.Store, ctx context.Context, subjects []string) (pages.Epochs, error) {
				e, err := s.Epochs(ctx, subjects...)
				clear(e.Marks)
				return e, err
			}}
		}, law},
		{"a store that went back is purged by Stale", func() *bug {
			return &bug{epochs: func(s *mem.Store, ctx context.Context, subjects []string) (pages.Epochs, error) {
				e, err := s.Epochs(ctx, subjects...)
				for i := range e.Marks {
					e.Marks[i].Expired = 0
				}
				return e, err
			}}
		}, law},
		{"a store that went back lists nothing of it", func() *bug {
			return &bug{changes: func(s *mem.Store, ctx context.Context, since uint64) ([]pages.Change, uint64, error) {
				list, floor, err := s.Changes(ctx, since)
				if len(list) > 0 && list[0].Subject == pages.All {
					list = list[1:]
				}
				return list, floor, err
			}}
		}, law},
	}
}

// A place is where stores are opened, and can be replaced by others.
type place struct{ there *mem.Store }

func (p *place) open() pages.Store { return &bug{Store: p.there} }

// A store that is replaced is noticed, in each of the two ways that the
// contract allows, and in no other way.
func TestReplacedStores(t *testing.T) {
	gone := errors.New("the store was replaced: restart the program")
	for name, test := range map[string]struct {
		open  func(p *place) pages.Store
		sound bool
	}{
		"it says so": {sound: true, open: func(p *place) pages.Store {
			mine := p.there
			at := func() error {
				if p.there != mine {
					return gone
				}
				return nil
			}
			return &bug{Store: mine,
				get: func(s *mem.Store, ctx context.Context, k pages.Key) (pages.Record, error) {
					r, err := s.Get(ctx, k)
					return r, errors.Join(err, at())
				},
				bump: func(s *mem.Store, ctx context.Context, v pages.Verb, subjects []string) (uint64, error) {
					if err := at(); err != nil {
						return 0, err
					}
					return s.Bump(ctx, v, subjects...)
				}}
		}},
		"it works on what is there": {sound: true, open: func(p *place) pages.Store {
			return &bug{Store: p.there,
				get: func(_ *mem.Store, ctx context.Context, k pages.Key) (pages.Record, error) { return p.there.Get(ctx, k) },
				bump: func(_ *mem.Store, ctx context.Context, v pages.Verb, subjects []string) (uint64, error) {
					return p.there.Bump(ctx, v, subjects...)
				}}
		}},
		"it goes on with the old one": {open: (*place).open},
		"it purges the old one": {open: func(p *place) pages.Store {
			return &bug{Store: p.there, get: func(_ *mem.Store, ctx context.Context, k pages.Key) (pages.Record, error) { return p.there.Get(ctx, k) }}
		}},
		"it seems to be closed": {open: func(p *place) pages.Store {
			mine := p.there
			return &bug{Store: mine,
				get: func(_ *mem.Store, ctx context.Context, k pages.Key) (pages.Record, error) { return p.there.Get(ctx, k) },
				put: func(_ *mem.Store, ctx context.Context, r pages.Record, f pages.Fence) error {
					if p.there != mine {
						return pages.ErrClosed
					}
					return mine.Put(ctx, r, f)
				}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			p := &place{}
			got := broken(t, Harness{
				Place: func(*testing.T) func() pages.Store {
					p.there = mem.Open(mem.Options{})
					return func() pages.Store { return test.open(p) }
				},
				Replace: func(*testing.T, pages.Store) { p.there = mem.Open(mem.Options{}) },
			}, "a store that is replaced")
			if sound := len(got) == 0; sound != test.sound {
				t.Errorf("the kit reports the broken laws %q", got)
			}
		})
	}
}

// A placedStore stays with what it opened, or goes over, and says who hears.
type placedStore struct {
	*bug
	audience func() pages.Audience
}

func (s placedStore) Noticed(context.Context) error { return nil }

func (s placedStore) Audience(context.Context) (pages.Audience, error) { return s.audience(), nil }

// Who purges what replaced a store is told the truth about those who hear.
func TestAudiences(t *testing.T) {
	none := func(int) pages.Audience { return pages.Audience{} }
	deaf := func(open int) pages.Audience { return pages.Audience{Deaf: open > 0} }
	for name, test := range map[string]struct {
		stays    bool
		audience func(open int) pages.Audience // open: of the old one
		sound    bool
	}{
		"it goes over":                     {audience: none, sound: true},
		"it stays, and that is seen":       {stays: true, audience: deaf, sound: true},
		"it stays, and is taken to hear":   {stays: true, audience: none},
		"it goes over, and seems deaf":     {audience: func(int) pages.Audience { return pages.Audience{Deaf: true} }},
		"it goes over, and seems away":     {audience: func(int) pages.Audience { return pages.Audience{None: true} }},
		"it stays, and seems to when dead": {stays: true, audience: func(int) pages.Audience { return pages.Audience{Deaf: true} }},
	} {
		t.Run(name, func(t *testing.T) {
			p := &place{}
			open := map[*mem.Store]int{}
			got := broken(t, Harness{
				Place: func(*testing.T) func() pages.Store {
					p.there = mem.Open(mem.Options{})
					return func() pages.Store {
						mine := p.there
						open[mine]++
						b := &bug{Store: mine, close: func(s *mem.Store) error { open[s] = 0; return s.Close() }}
						b.get = func(s *mem.Store, ctx context.Context, k pages.Key) (pages.Record, error) {
							if test.stays && p.there != mine {
								return pages.Record{}, errors.New("the store was replaced: restart the program")
							}
							return p.there.Get(ctx, k)
						}
						b.epochs = func(_ *mem.Store, ctx context.Context, subjects []string) (pages.Epochs, error) {
							return p.there.Epochs(ctx, subjects...)
						}
						return placedStore{b, func() pages.Audience {
							old := 0
							for s, n := range open {
								if s != p.there {
									old += n
								}
							}
							return test.audience(old)
						}}
					}
				},
				Replace: func(*testing.T, pages.Store) { p.there = mem.Open(mem.Options{}) },
			}, "who purges what replaced")
			if sound := len(got) == 0; sound != test.sound {
				t.Errorf("the kit says that it breaks %q", got)
			}
		})
	}
}
