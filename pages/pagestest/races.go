// Laws of concurrency: concurrent calls end as if they had come one after the
// other.

package pagestest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// together runs n functions at once and returns the first error.
func together(n int, f func(i int) error) error {
	errs := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = f(i)
		})
	}
	close(start)
	wg.Wait()
	return first(errs...)
}

// whole returns data that shows when it is torn or mixed.
func whole(i int) string { return strings.Repeat(fmt.Sprintf("%07d ", i), 1000+i%7*500) }

func isWhole(data []byte) bool {
	if len(data) < 8 {
		return false
	}
	n := 0
	if _, err := fmt.Sscanf(string(data[:8]), "%d", &n); err != nil {
		return false
	}
	return string(data) == whole(n)
}

func raceLaws() []law {
	k := key("a")
	return []law{
		{"at most one of many concurrent Lease calls gets it", func(e *env) error {
			stores := []pages.Store{e.Store, e.another()}
			for round := range 10 {
				var got atomic.Int32
				key := key(fmt.Sprint(round))
				err := together(16, func(i int) error {
					l, err := stores[i%2].Lease(e.ctx, key, fmt.Sprint("claim ", i), time.Minute)
					if err == nil {
						got.Add(1)
					} else if !errors.Is(err, pages.ErrHeld) || l.Token == 0 {
						return fmt.Errorf("lease gave %+v, %w", l, err)
					}
					return nil
				})
				if err != nil {
					return err
				}
				if n := got.Load(); n != 1 {
					return fmt.Errorf("%d of 16 got the lease", n)
				}
			}
			return nil
		}},
		{"concurrent Puts leave one of them whole, and a reader never sees less", func(e *env) error {
			if err := e.put(k, whole(0)); err != nil {
				return err
			}
			stores := []pages.Store{e.Store, e.another()}
			var writers atomic.Int32
			writers.Store(4)
			return together(8, func(i int) error {
				if i%2 == 0 {
					defer writers.Add(-1)
					for n := range 40 {
						if err := stores[i/2%2].Put(e.ctx, record(k, whole(i*1000+n)), pages.Unfenced); err != nil {
							return err
						}
					}
					return nil
				}
				for n := 0; n < 40 || writers.Load() > 0; n++ {
					got, err := stores[i/2%2].Get(e.ctx, k)
					if err != nil {
						return err
					}
					if !isWhole(got.Data) {
						return fmt.Errorf("a reader saw %d bytes that were never put", len(got.Data))
					}
					time.Sleep(20 * time.Microsecond) // for a clock that moves when all wait
				}
				return nil
			})
		}},
		{"purges become visible in the order of their numbers, a later one never before an earlier one", func(e *env) error {
			other := e.another()
			const makers, each = 3, 12
			return together(makers+1, func(i int) error {
				if i < makers {
					for range each {
						if _, err := e.Bump(e.ctx, pages.Stale, pages.TagSubject(fmt.Sprint(i))); err != nil {
							return err
						}
					}
					return nil
				}
				for heard := uint64(0); heard < makers*each; time.Sleep(20 * time.Microsecond) {
					list, _, err := other.Changes(e.ctx, heard)
					if err != nil {
						return err
					}
					for _, c := range list {
						if c.Sequence != heard+1 {
							return fmt.Errorf("after purge %d came %d", heard, c.Sequence)
						}
						heard = c.Sequence
					}
				}
				return nil
			})
		}},
		{"each of several concurrent Bumps gets a number of its own, without gaps", func(e *env) error {
			stores := []pages.Store{e.Store, e.another()}
			const makers, each = 4, 10
			var seen sync.Map
			err := together(makers, func(i int) error {
				var last uint64
				for range each {
					n, err := stores[i%2].Bump(e.ctx, pages.Stale, pages.TagSubject(fmt.Sprint(i)))
					if err != nil {
						return err
					}
					if _, twice := seen.LoadOrStore(n, i); twice || n <= last || n > makers*each {
						return fmt.Errorf("bump gave %d, after %d", n, last)
					}
					last = n
				}
				return nil
			})
			if err != nil {
				return err
			}
			return e.marks(e.Store, makers*each, nil)
		}},
		{"many concurrent calls with one claim are granted one lease", func(e *env) error {
			stores := []pages.Store{e.Store, e.another()}
			for round := range 10 {
				var token atomic.Uint64
				key := key(fmt.Sprint(round))
				err := together(8, func(i int) error {
					l, err := stores[i%2].Lease(e.ctx, key, "one claim", time.Minute)
					if err != nil {
						return err
					}
					if first := token.Swap(l.Token); first != 0 && first != l.Token {
						return fmt.Errorf("one claim was granted the tokens %d and %d", first, l.Token)
					}
					return nil
				})
				if err != nil {
					return err
				}
			}
			return nil
		}},
		{"fence and write are one step: the epoch of a record never decreases", func(e *env) error {
			stores := []pages.Store{e.Store, e.another()}
			const writers, each = 4, 40
			var writing atomic.Int64
			writing.Store(writers)
			return together(writers+2, func(i int) error {
				s := stores[i%2]
				if i < writers {
					defer writing.Add(-1)
					for n := range uint64(each) {
						// Now and then each writes with an epoch that is too
						// low.
						epoch := 1 + n - n%5*min(1, uint64(i))%(n+1)
						err := s.Put(e.ctx, made(k, whole(int(epoch)), epoch), pages.Fence{Epoch: epoch})
						if err != nil && !errors.Is(err, pages.ErrFenced) {
							return err
						}
					}
					return nil
				}
				for last := uint64(0); writing.Load() > 0; time.Sleep(20 * time.Microsecond) {
					got, err := s.Get(e.ctx, k)
					if errors.Is(err, pages.ErrNotFound) && last == 0 {
						continue
					}
					switch {
					case err != nil:
						return err
					case got.Epoch < last:
						return fmt.Errorf("a record of epoch %d came after one of epoch %d", got.Epoch, last)
					case string(got.Data) != whole(int(got.Epoch)):
						return fmt.Errorf("a record of epoch %d has the data of another", got.Epoch)
					}
					last = got.Epoch
				}
				return nil
			})
		}},
		{"fence and write are one step: a refused record is never visible", func(e *env) error {
			// Two write at once; whatever the order, the later epoch stays.
			stores := []pages.Store{e.Store, e.another()}
			for round := range 40 {
				k := key(fmt.Sprint(round))
				err := together(2, func(i int) error {
					epoch := uint64(1 + (round+i)%2)
					err := stores[i].Put(e.ctx, made(k, fmt.Sprint(epoch), epoch), pages.Fence{Epoch: epoch})
					if errors.Is(err, pages.ErrFenced) && epoch == 1 {
						return nil
					}
					return err
				})
				if err := first(err, e.of(e.Store, k, "2", 2)); err != nil {
					return err
				}
			}
			return nil
		}},
		{"of many concurrent claims for different owners one succeeds", func(e *env) error {
			stores := []pages.Store{e.Store, e.another()}
			var in atomic.Int32
			err := together(8, func(i int) error {
				err := stores[i%2].Claim(e.ctx, fmt.Sprint("app ", i), false)
				if err == nil {
					in.Add(1)
				} else if !errors.Is(err, pages.ErrForeign) {
					return err
				}
				return nil
			})
			if n := in.Load(); err == nil && n != 1 {
				err = fmt.Errorf("%d of 8 succeeded", n)
			}
			return err
		}},
	}
}
