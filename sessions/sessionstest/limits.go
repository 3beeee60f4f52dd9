// Laws of limits.

package sessionstest

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/sessions"
)

// spend spends until it is refused or has spent most, and returns how often it
// has spent and the wait at the end.
func (e *env) spend(key string, rate sessions.Rate, most int) (n int, wait time.Duration, err error) {
	for n < most {
		if wait, err = e.store(n).Spend(e.ctx, key, rate); err != nil || wait > 0 {
			return n, wait, err
		}
		n++
	}
	return n, 0, nil
}

// slow is a rate of which nothing comes back during a law.
func slow(burst int) sessions.Rate { return sessions.Rate{N: 1, Per: time.Hour, Burst: burst} }

// brisk is one of which a unit comes back each ten milliseconds.
func brisk(burst int) sessions.Rate { return sessions.Rate{N: 100, Per: time.Second, Burst: burst} }

// most is how many units a rate can have given in a time.
func most(rate sessions.Rate, in time.Duration) int { return rate.Burst + int(in/rate.Every()) }

func limitLaws() []law {
	return []law{
		{"of concurrent callers exactly Burst get a unit at once", func(e *env) error {
			for _, burst := range []int{1, 2, 37} {
				key, won := fmt.Sprint("burst ", burst), atomic.Int32{}
				err := together(12, func(i int) error {
					for range 8 {
						wait, err := e.store(i).Spend(e.ctx, key, slow(burst))
						if err != nil {
							return err
						}
						if wait == 0 {
							won.Add(1)
						} else if wait < 0 || wait > time.Hour {
							return fmt.Errorf("it is to wait %v for a unit of an hour", wait)
						}
					}
					return nil
				})
				if n := int(won.Load()); err != nil || n != burst {
					return fmt.Errorf("%d units of %d were given, %v", n, burst, err)
				}
			}
			return nil
		}},
		{"Burst is N where it is not set", func(e *env) error {
			n, _, err := e.spend("n", sessions.Rate{N: 7, Per: time.Hour}, 100)
			if err != nil || n != 7 {
				return fmt.Errorf("%d units of 7 were given, %v", n, err)
			}
			return nil
		}},
		{"in no time more than Burst and what comes back in it are given, whichever handle is called", func(e *env) error {
			rate := brisk(5)
			var won atomic.Int32
			began := time.Now()
			err := together(6, func(i int) error {
				for won.Load() < 60 {
					wait, err := e.store(i).Spend(e.ctx, "key", rate)
					if err != nil {
						return err
					}
					if wait == 0 {
						won.Add(1)
					}
					time.Sleep(wait/4 + 100*time.Microsecond)
				}
				return nil
			})
			took := time.Since(began)
			if n := int(won.Load()); err != nil || n > most(rate, took) {
				return fmt.Errorf("%d units were given in %v, and %d can be, %v", n, took, most(rate, took), err)
			}
			return nil
		}},
		{"what was not used comes back up to Burst, and no more", func(e *env) error {
			rate := brisk(3)
			if n, _, err := e.spend("key", rate, 2); err != nil || n != 2 {
				return fmt.Errorf("%d units were given, %v", n, err)
			}
			time.Sleep(30 * rate.Every())
			began := time.Now()
			n, _, err := e.spend("key", rate, 200)
			if took := time.Since(began); err != nil || n < rate.Burst || n > most(rate, took) {
				return fmt.Errorf("%d units were given in %v, %v", n, took, err)
			}
			return nil
		}},
		{"a caller that waits as long as it is told gets a unit, and is told to wait for no more than one", func(e *env) error {
			rate := brisk(4)
			for range 8 {
				_, wait, err := e.spend("key", rate, 200)
				if err != nil {
					return err
				}
				if wait == 0 { // the calls take longer than units need to come back
					continue
				}
				if wait > rate.Every() {
					return fmt.Errorf("it is to wait %v, and one unit comes back each %v", wait, rate.Every())
				}
				time.Sleep(wait)
				if wait, err = e.Spend(e.ctx, "key", rate); err != nil || wait != 0 {
					return fmt.Errorf("after the wait it is to wait %v more, %v", wait, err)
				}
			}
			return nil
		}},
		{"what is refused changes nothing", func(e *env) error {
			rate := sessions.Rate{N: 10, Per: time.Hour, Burst: 3}
			if n, _, err := e.spend("key", rate, 100); err != nil || n != 3 {
				return fmt.Errorf("%d units of 3 were given, %v", n, err)
			}
			last := rate.Every()
			for i := range 40 {
				wait, err := e.store(i).Spend(e.ctx, "key", rate)
				if err != nil || wait <= 0 || wait > last {
					return fmt.Errorf("refused call %d is to wait %v, and the one before %v, %v", i, wait, last, err)
				}
				last = wait
			}
			return nil
		}},
		{"each key has a limit of its own", func(e *env) error {
			for _, key := range users {
				if n, _, err := e.spend(key, slow(2), 100); err != nil || n != 2 {
					return fmt.Errorf("%d units of 2 were given to %q, %v", n, key, err)
				}
			}
			return nil
		}},
		{"limits and records do not disturb each other", func(e *env) error {
			r, err := e.put(kind, user)
			if err != nil {
				return err
			}
			for _, key := range []string{user, r.ID.String(), kind, kind + ":" + user, "session:" + r.ID.String()} {
				if n, _, err := e.spend(key, slow(1), 100); err != nil || n != 1 {
					return fmt.Errorf("%d units of 1 were given to %q, %v", n, key, err)
				}
			}
			if n, err := e.Revoke(e.ctx, "", "eve"); err != nil || n != 0 {
				return fmt.Errorf("a revoke counted %d, %v", n, err)
			}
			n, _, err := e.spend(user, slow(1), 100)
			if err != nil || n != 0 {
				return fmt.Errorf("after a revoke %d units were given, %v", n, err)
			}
			return first(e.holds(r), e.lists(kind, user, r))
		}},
		{"a limit is forgotten when all of it has come back", func(e *env) error {
			if e.kept == nil {
				return nil
			}
			const many = 100
			for i := range many {
				if wait, err := e.Spend(e.ctx, fmt.Sprint("short ", i), brisk(1)); err != nil || wait > 0 {
					return fmt.Errorf("wait %v, %v", wait, err)
				}
			}
			time.Sleep(2 * brisk(1).Full())
			for range many {
				if _, err := e.Spend(e.ctx, "long", slow(1)); err != nil {
					return err
				}
			}
			_, limits := e.kept()
			if limits < 1 || limits > many/2 {
				return fmt.Errorf("%d limits are kept, and 1 is not whole", limits)
			}
			return nil
		}},
	}
}
