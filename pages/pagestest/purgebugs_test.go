// Planted bugs of purges, leases, watching and sweeping.

package pagestest

import (
	"context"
	"crypto/rand"
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

// purgeBugs are bugs of purges, leases, watching and sweeping.
func purgeBugs() []planted {
	return []planted{
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
		{"leases exclude no one", func() *bug {
			var token atomic.Uint64
			return &bug{lease: func(_ *mem.Store, _ context.Context, k pages.Key, _ string, ttl time.Duration) (pages.Lease, error) {
				return pages.Lease{Key: k, Token: token.Add(1), Until: time.Now().Add(ttl)}, nil
			}}
		}, "a lease excludes others, which get ErrHeld"},
		{"leases are taken in two steps", func() *bug {
			var mu sync.Mutex
			held := map[pages.Key]pages.Lease{}
			var token atomic.Uint64
			return &bug{lease: func(_ *mem.Store, _ context.Context, k pages.Key, _ string, ttl time.Duration) (pages.Lease, error) {
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
			return &bug{lease: func(s *mem.Store, ctx context.Context, k pages.Key, claim string, _ time.Duration) (pages.Lease, error) {
				return s.Lease(ctx, k, claim, time.Hour)
			}}
		}, "a lease excludes others until it expires"},
		{"tokens begin again", func() *bug {
			return &bug{lease: func(s *mem.Store, ctx context.Context, k pages.Key, claim string, ttl time.Duration) (pages.Lease, error) {
				l, err := s.Lease(ctx, k, claim, ttl)
				l.Token = 1
				return l, err
			}}
		}, "tokens of a key only grow"},
		{"claims are not looked at", func() *bug {
			return &bug{lease: func(s *mem.Store, ctx context.Context, k pages.Key, _ string, ttl time.Duration) (pages.Lease, error) {
				return s.Lease(ctx, k, rand.Text(), ttl)
			}}
		}, "a lease is granted again"},
		{"every claim is granted the lease there is", func() *bug {
			return &bug{lease: func(s *mem.Store, ctx context.Context, k pages.Key, _ string, ttl time.Duration) (pages.Lease, error) {
				return s.Lease(ctx, k, "one", ttl)
			}}
		}, "a lease excludes others, which get ErrHeld"},
		{"a repeated claim is granted a lease of an hour", func() *bug {
			return &bug{lease: func(s *mem.Store, ctx context.Context, k pages.Key, claim string, ttl time.Duration) (pages.Lease, error) {
				l, err := s.Lease(ctx, k, claim, ttl)
				if err == nil && time.Until(l.Until) != ttl {
					l.Until = time.Now().Add(ttl)
				}
				return l, err
			}}
		}, "a lease is granted again"},
		{"a repeated claim is granted another token", func() *bug {
			return &bug{lease: func(s *mem.Store, ctx context.Context, k pages.Key, claim string, ttl time.Duration) (pages.Lease, error) {
				l, err := s.Lease(ctx, k, rand.Text(), ttl)
				if errors.Is(err, pages.ErrHeld) && claim == "one claim" {
					_ = s.Release(ctx, l)
					return s.Lease(ctx, k, claim, ttl)
				}
				return l, err
			}}
		}, "many concurrent calls with one claim"},
		{"a claim is good at every key", func() *bug {
			return &bug{lease: func(s *mem.Store, ctx context.Context, k pages.Key, claim string, ttl time.Duration) (pages.Lease, error) {
				l, err := s.Lease(ctx, k, claim, ttl)
				if errors.Is(err, pages.ErrHeld) && claim == "me" {
					err = nil
				}
				return l, err
			}}
		}, "a claim is valid for one key"},
		{"every owner is accepted", func() *bug {
			return &bug{claim: func(_ *mem.Store, ctx context.Context, _ string, _ bool) error { return ctx.Err() }}
		}, "another owner is refused"},
		{"the owner is not named", func() *bug {
			return &bug{claim: func(s *mem.Store, ctx context.Context, owner string, takeOver bool) error {
				if errors.Is(s.Claim(ctx, owner, takeOver), pages.ErrForeign) {
					return pages.ErrForeign
				}
				return nil
			}}
		}, "another owner is refused"},
		{"the owner is accepted once", func() *bug {
			claimed := false
			return &bug{claim: func(s *mem.Store, ctx context.Context, owner string, takeOver bool) error {
				if claimed {
					return &pages.ForeignError{Owner: owner}
				}
				claimed = true
				return s.Claim(ctx, owner, takeOver)
			}}
		}, "the owner of a store may claim it again"},
		{"the owner that takes over purges everything", func() *bug {
			return &bug{claim: func(s *mem.Store, ctx context.Context, owner string, takeOver bool) error {
				if takeOver {
					_, _ = s.Bump(ctx, pages.Expire, pages.All)
				}
				return s.Claim(ctx, owner, takeOver)
			}}
		}, "the owner of a store may claim it again"},
		{"the case of owners is ignored", func() *bug {
			return &bug{claim: func(s *mem.Store, ctx context.Context, owner string, takeOver bool) error {
				return s.Claim(ctx, strings.TrimSuffix(owner, "/"), takeOver)
			}}
		}, "another owner is refused"},
		{"a store that is in use is not adopted", func() *bug {
			return &bug{claim: func(s *mem.Store, ctx context.Context, owner string, takeOver bool) error {
				if s.Sequence() > 0 && !takeOver {
					return &pages.ForeignError{}
				}
				return s.Claim(ctx, owner, takeOver)
			}}
		}, "a store that was used before it had an owner"},
		{"taking over purges nothing", func() *bug {
			return &bug{claim: func(s *mem.Store, ctx context.Context, owner string, takeOver bool) error {
				if takeOver {
					return nil
				}
				return s.Claim(ctx, owner, takeOver)
			}}
		}, "an app that takes a store over"},
		{"taking over expires nothing", func() *bug {
			owner := ""
			return &bug{claim: func(s *mem.Store, ctx context.Context, claims string, takeOver bool) (err error) {
				switch {
				case owner == "" || owner == claims:
				case takeOver:
					_, err = s.Bump(ctx, pages.Stale, pages.All)
				default:
					return &pages.ForeignError{Owner: owner}
				}
				owner = claims
				return err
			}}
		}, "an app that takes a store over"},
		{"claiming is two steps", func() *bug {
			var owner atomic.Value
			return &bug{claim: func(_ *mem.Store, _ context.Context, claims string, _ bool) error {
				if was := owner.Load(); was != nil && was != claims {
					return &pages.ForeignError{Owner: was.(string)}
				}
				time.Sleep(time.Millisecond)
				owner.Store(claims)
				return nil
			}}
		}, "of many concurrent claims"},
		{"Release asks no token", func() *bug {
			return &bug{release: func(s *mem.Store, ctx context.Context, l pages.Lease) error {
				if other, err := s.Lease(ctx, l.Key, "another", time.Nanosecond); err != nil {
					l = other
				}
				return s.Release(ctx, l)
			}}
		}, "releasing a lease that was taken over"},
		{"Release does nothing", func() *bug {
			return &bug{release: func(_ *mem.Store, ctx context.Context, _ pages.Lease) error { return ctx.Err() }}
		}, "a lease excludes others, which get ErrHeld"},
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
				return s.Put(context.Background(), r, f)
			}}
		}, "a canceled context"},
		{"a canceled context bumps all the same", func() *bug {
			return &bug{bump: func(s *mem.Store, ctx context.Context, v pages.Verb, subjects []string) (uint64, error) {
				n, err := s.Bump(context.Background(), v, subjects...)
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
			return &bug{changes: func(s *mem.Store, ctx context.Context, since uint64) ([]pages.Change, uint64, error) {
				return s.Changes(ctx, max(since, 1)-1)
			}}
		}, "Changes lists exactly"},
		{"Changes comes newest first", func() *bug {
			return &bug{changes: func(s *mem.Store, ctx context.Context, since uint64) ([]pages.Change, uint64, error) {
				list, floor, err := s.Changes(ctx, since)
				slices.Reverse(list)
				return list, floor, err
			}}
		}, "Changes lists exactly"},
		{"Changes has one subject for each number", func() *bug {
			return &bug{changes: func(s *mem.Store, ctx context.Context, since uint64) ([]pages.Change, uint64, error) {
				list, floor, err := s.Changes(ctx, since)
				return slices.CompactFunc(list, func(a, b pages.Change) bool { return a.Sequence == b.Sequence }), floor, err
			}}
		}, "Changes lists every subject"},
		{"a purge can be seen before the one before it", func() *bug {
			return &bug{changes: func(s *mem.Store, ctx context.Context, since uint64) ([]pages.Change, uint64, error) {
				list, floor, err := s.Changes(ctx, since)
				if len(list) == 1 {
					return nil, floor, err // not yet committed …
				}
				return list[min(1, len(list)):], floor, err // … as those after it are
			}}
		}, "purges become visible in the order"},
		{"Wait never returns", func() *bug {
			return &bug{wait: func(_ *mem.Store, ctx context.Context, _ uint64) error { <-ctx.Done(); return ctx.Err() }}
		}, "Wait returns after a purge"},
		{"Wait waits for the next purge", func() *bug {
			return &bug{wait: func(s *mem.Store, ctx context.Context, _ uint64) error { return s.Wait(ctx, s.Sequence()) }}
		}, "Wait returns at once"},
		{"Sequence lags", func() *bug {
			return &bug{seq: func(s *mem.Store) uint64 { return max(s.Sequence(), 1) - 1 }}
		}, "Sequence is at least"},
		{"Acknowledge does nothing", func() *bug {
			return &bug{ack: func(s *mem.Store, _ context.Context, _ string, _ uint64, _ time.Duration) (uint64, error) {
				return s.Sequence(), nil
			}}
		}, "an instance lags until"},
		{"Acknowledge reads the sequence before it can be seen", func() *bug {
			return &bug{ack: func(s *mem.Store, ctx context.Context, instance string, sequence uint64, ttl time.Duration) (uint64, error) {
				read := s.Sequence()
				time.Sleep(2 * time.Millisecond)
				_, err := s.Acknowledge(ctx, instance, sequence, ttl)
				return read, err
			}}
		}, "an instance that acknowledges while another purges"},
		{"an acknowledgement lasts forever", func() *bug {
			return &bug{ack: func(s *mem.Store, ctx context.Context, instance string, sequence uint64, ttl time.Duration) (uint64, error) {
				return s.Acknowledge(ctx, instance, sequence, ttl*1000)
			}}
		}, "an acknowledgement expires"},
		{"only the first acknowledgement counts", func() *bug {
			first := map[string]bool{}
			return &bug{ack: func(s *mem.Store, ctx context.Context, instance string, sequence uint64, ttl time.Duration) (uint64, error) {
				if first[instance] && ttl > 0 {
					return s.Sequence(), nil
				}
				first[instance] = true
				return s.Acknowledge(ctx, instance, sequence, ttl)
			}}
		}, "an acknowledgement is renewed"},
		{"no instance can remove itself", func() *bug {
			return &bug{ack: func(s *mem.Store, ctx context.Context, instance string, sequence uint64, ttl time.Duration) (uint64, error) {
				return s.Acknowledge(ctx, instance, sequence, max(ttl, time.Minute))
			}}
		}, "an instance that removes itself"},
		{"Lagging counts those that are level", func() *bug {
			return &bug{lagging: func(s *mem.Store, ctx context.Context, sequence uint64) (int, error) {
				return s.Lagging(ctx, sequence+1)
			}}
		}, "an instance lags until"},
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
	}
}

// Handles that forget what their leases said when they are closed are found,
// and those that do not are not.
func TestLeasesOfClosedHandles(t *testing.T) {
	for name, forgets := range map[string]bool{"kept": false, "forgotten": true} {
		t.Run(name, func(t *testing.T) {
			got := broken(t, Harness{Place: func(*testing.T) func() pages.Store {
				there := mem.Open(mem.Options{})
				return func() pages.Store {
					var taken []pages.Lease
					return &bug{Store: there,
						lease: func(s *mem.Store, ctx context.Context, k pages.Key, claim string, ttl time.Duration) (pages.Lease, error) {
							l, err := s.Lease(ctx, k, claim, ttl)
							if err == nil {
								taken = append(taken, l)
							}
							return l, err
						},
						close: func(s *mem.Store) (err error) {
							for _, l := range taken {
								if forgets {
									err = errors.Join(err, s.Release(t.Context(), l))
								}
							}
							return err
						}}
				}
			}}, "a lease that says that something was done")
			if found := len(got) > 0; found != forgets {
				t.Errorf("the kit says that it breaks %q", got)
			}
		})
	}
}
