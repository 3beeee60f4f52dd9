// Laws of concurrency: what was removed stays away.

package sessionstest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/sessions"
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

// store is one of the handles.
func (e *env) store(i int) sessions.Store {
	if i%2 == 0 {
		return e.Store
	}
	return e.other
}

const rounds = 12

func raceLaws() []law {
	return []law{
		{"of several Puts of one ID one succeeds", func(e *env) error {
			for range rounds {
				id, won := e.id(), make(chan sessions.Record, 8)
				err := together(8, func(i int) error {
					r := e.record(kind, fmt.Sprint(user, i))
					r.ID = id
					err := e.store(i).Put(e.ctx, r)
					if err == nil {
						won <- r
						return nil
					}
					return want(err, sessions.ErrExists, "Put")
				})
				if err != nil || len(won) != 1 {
					return fmt.Errorf("%d of 8 succeeded, %v", len(won), err)
				}
				if err := e.holds(<-won); err != nil {
					return err
				}
			}
			return nil
		}},
		{"of several Takes of one record one succeeds", func(e *env) error {
			for range rounds {
				r, err := e.put(kind, user)
				if err != nil {
					return err
				}
				var won atomic.Int32
				err = together(8, func(i int) error {
					got, err := e.store(i).Take(e.ctx, kind, r.ID)
					if err == nil {
						won.Add(1)
						return differs(got, r)
					}
					return want(err, sessions.ErrNotFound, "Take")
				})
				if n := won.Load(); err != nil || n != 1 {
					return fmt.Errorf("%d of 8 succeeded, %v", n, err)
				}
			}
			return nil
		}},
		{"of several Replaces and Takes of one record one succeeds, and only what it adds is there", func(e *env) error {
			for round := range rounds {
				old, err := e.put(kind, user)
				if err != nil {
					return err
				}
				added := make([]sessions.Record, 8)
				var won, took atomic.Int32
				err = together(8, func(i int) error {
					if i == 0 && round%3 == 2 {
						_, err := e.Take(e.ctx, kind, old.ID)
						if err == nil {
							took.Add(1)
							return nil
						}
						return want(err, sessions.ErrNotFound, "Take")
					}
					r := e.record(kind, user)
					err := e.store(i).Replace(e.ctx, old.ID, r)
					if err == nil {
						won.Add(1)
						added[i] = r
						return nil
					}
					return want(err, sessions.ErrNotFound, "Replace")
				})
				if n := won.Load() + took.Load(); err != nil || n != 1 {
					return fmt.Errorf("%d of 8 succeeded, %v", n, err)
				}
				var left []sessions.Record
				for _, r := range added {
					if r.Kind != "" {
						left = append(left, r)
					}
				}
				if err := first(e.lacks(old), e.lists(kind, user, left...)); err != nil {
					return err
				}
				if _, err := e.Revoke(e.ctx, kind, user); err != nil {
					return err
				}
			}
			return nil
		}},
		{"a Replace that runs at the same time as a Revoke leaves nothing", func(e *env) error {
			for round := range 2 * rounds {
				r, err := e.put(kind, user)
				if err != nil {
					return err
				}
				began, last := make(chan struct{}), r
				begin := sync.OnceFunc(func() { close(began) })
				err = together(2, func(i int) error {
					if i == 1 {
						<-began
						_, err := e.other.Revoke(e.ctx, []string{kind, ""}[round%2], user, e.id())
						return err
					}
					defer begin()
					for n := range 1000 {
						if n == round%5 {
							begin()
						}
						next := e.record(kind, user)
						err := e.Replace(e.ctx, last.ID, next)
						if errors.Is(err, sessions.ErrNotFound) {
							return nil
						}
						if err != nil {
							return err
						}
						last = next
					}
					return nil
				})
				if err := first(err, e.lacks(last), e.lists(kind, user)); err != nil {
					return err
				}
			}
			return nil
		}},
		{"a Touch does not bring back what was taken, replaced or revoked", func(e *env) error {
			for round := range 3 * rounds {
				r, err := e.put(kind, user)
				if err != nil {
					return err
				}
				next := e.record(kind, user)
				began := make(chan struct{})
				err = together(2, func(i int) (err error) {
					if i == 0 {
						for n := range 1000 {
							err := e.Touch(e.ctx, kind, r.ID, time.Now(), time.Now().Add(time.Hour))
							if n == 0 {
								close(began)
							}
							if err != nil {
								return want(err, sessions.ErrNotFound, "Touch")
							}
						}
						return nil
					}
					<-began
					switch round % 3 {
					case 0:
						_, err = e.other.Take(e.ctx, kind, r.ID)
					case 1:
						err = e.other.Replace(e.ctx, r.ID, next)
					default:
						_, err = e.other.Revoke(e.ctx, kind, user)
					}
					return err
				})
				if err := first(err, e.lacks(r)); err != nil {
					return err
				}
				if round%3 == 1 {
					err = e.lists(kind, user, next)
				} else {
					err = e.lists(kind, user)
				}
				if err != nil {
					return err
				}
				if _, err := e.Revoke(e.ctx, kind, user); err != nil {
					return err
				}
			}
			return nil
		}},
		{"Revoke removes all that was there before, whatever is put and touched meanwhile", func(e *env) error {
			for round := range rounds {
				const n = 10
				var before, during [n]sessions.Record
				for i := range before {
					var err error
					if before[i], err = e.put(kind, user); err != nil {
						return err
					}
				}
				began := make(chan struct{})
				begin := sync.OnceFunc(func() { close(began) })
				var revoked atomic.Bool
				err := together(3, func(i int) error {
					switch i {
					case 0:
						<-began
						defer revoked.Store(true)
						count, err := e.other.Revoke(e.ctx, kind, user, before[0].ID)
						if err == nil && count < n-1 {
							err = fmt.Errorf("it counted %d of %d", count, n-1)
						}
						return err
					case 1:
						defer begin()
						for j := range during {
							during[j] = e.record(kind, user)
							if err := e.Put(e.ctx, during[j]); err != nil {
								return err
							}
							if j == round%n {
								begin()
							}
						}
						return nil
					}
					for pass := time.Duration(1); !revoked.Load(); pass++ {
						for _, r := range before[1:] {
							if err := e.Touch(e.ctx, kind, r.ID, r.Used.Add(pass*time.Second), r.Expires); err != nil && !errors.Is(err, sessions.ErrNotFound) {
								return err
							}
						}
						time.Sleep(100 * time.Microsecond) // for a clock that moves when all wait
					}
					return nil
				})
				if err := first(err, e.holds(before[0])); err != nil {
					return err
				}
				for _, r := range before[1:] {
					if err := e.lacks(r); err != nil {
						return err
					}
				}
				if err := e.agrees(append(before[:], during[:]...)); err != nil {
					return err
				}
				if _, err := e.Revoke(e.ctx, kind, user); err != nil {
					return err
				}
			}
			return nil
		}},
	}
}

// agrees checks that the user's list has what Get finds of some records, and
// nothing else.
func (e *env) agrees(all []sessions.Record) error {
	list, err := e.List(e.ctx, kind, user)
	if err != nil {
		return err
	}
	listed := map[sessions.ID]bool{}
	for _, r := range list {
		listed[r.ID] = true
	}
	for _, r := range all {
		_, err := e.Get(e.ctx, kind, r.ID)
		if err != nil && !errors.Is(err, sessions.ErrNotFound) {
			return err
		}
		if listed[r.ID] != (err == nil) {
			return fmt.Errorf("a record is in the list: %v, and Get gives %v", listed[r.ID], err)
		}
		delete(listed, r.ID)
	}
	if len(listed) > 0 {
		return fmt.Errorf("%d records in the list were not put", len(listed))
	}
	return nil
}
