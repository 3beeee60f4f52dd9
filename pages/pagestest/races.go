// Laws of concurrency: what many do at once ends as if one had come first.

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

// whole is data that shows when it is torn or mixed.
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
					l, err := stores[i%2].Lease(e.ctx, key, time.Minute)
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
			return together(8, func(i int) error {
				for n := range 40 {
					if i%2 == 0 {
						if err := stores[i/2%2].Put(e.ctx, record(k, whole(i*1000+n)), pages.Fence{}); err != nil {
							return err
						}
						continue
					}
					got, err := stores[i/2%2].Get(e.ctx, k)
					if err != nil {
						return err
					}
					if !isWhole(got.Data) {
						return fmt.Errorf("a reader saw %d bytes that nobody put", len(got.Data))
					}
				}
				return nil
			})
		}},
		{"purges can be seen in the order of their numbers, and a later one never without those before", func(e *env) error {
			w, ok := e.another().(pages.Watcher)
			if !ok {
				return skip("it is no Watcher")
			}
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
				for heard := uint64(0); heard < makers*each; {
					list, _, err := w.Changes(e.ctx, heard)
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
		{"concurrent Bumps each get a number of their own, and none is left out", func(e *env) error {
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
		{"fence and write are one step: no Put succeeds that began after a purge it is older than", func(e *env) error {
			// One goroutine purges, others write pages made at the epoch they
			// know. Each checks what it wrote against the purges that had
			// returned before it began.
			other, tag := e.another(), pages.TagSubject("t")
			var purged atomic.Uint64
			var stop atomic.Bool
			return together(5, func(i int) error {
				if i == 0 {
					defer stop.Store(true)
					for range 60 {
						n, err := other.Bump(e.ctx, pages.Stale, tag)
						if err != nil {
							return err
						}
						purged.Store(n)
						time.Sleep(200 * time.Microsecond)
					}
					return nil
				}
				var epoch uint64
				for n := 0; !stop.Load() && e.ctx.Err() == nil; n++ {
					before := purged.Load()
					err := e.Put(e.ctx, record(key(fmt.Sprint(i)), whole(n)), pages.Fence{Subjects: []string{tag}, Epoch: epoch})
					switch {
					case err == nil && epoch < before:
						return fmt.Errorf("a page of epoch %d was written after purge %d had returned", epoch, before)
					case errors.Is(err, pages.ErrFenced):
						got, err := e.Epochs(e.ctx)
						if err != nil {
							return err
						}
						epoch = got.Sequence
					case err != nil:
						return err
					}
				}
				return nil
			})
		}},
		{"fence and write are one step: a record put before a purge returned is never put after it", func(e *env) error {
			// The order of the two shows in what a reader finds once Bump has
			// returned: from then on an older page must not appear.
			other, tag := e.another(), pages.TagSubject("t")
			for round := range 40 {
				k, epoch := key(fmt.Sprint(round)), uint64(round)
				var after pages.Record
				var missing bool
				err := together(2, func(i int) error {
					if i == 0 {
						time.Sleep(time.Duration(round%8) * 40 * time.Microsecond)
						if _, err := other.Bump(e.ctx, pages.Stale, tag); err != nil {
							return err
						}
						var err error
						after, err = other.Get(e.ctx, k)
						missing = errors.Is(err, pages.ErrNotFound)
						if missing {
							return nil
						}
						return err
					}
					err := e.Put(e.ctx, record(k, "old"), pages.Fence{Subjects: []string{tag}, Epoch: epoch})
					if errors.Is(err, pages.ErrFenced) {
						return nil
					}
					return err
				})
				if err != nil {
					return err
				}
				_, err = e.Get(e.ctx, k)
				if missing && err == nil {
					return fmt.Errorf("a page of epoch %d appeared after purge %d had returned", epoch, epoch+1)
				}
				if !missing && string(after.Data) != "old" {
					return fmt.Errorf("a reader saw %q", after.Data)
				}
			}
			return nil
		}},
	}
}
