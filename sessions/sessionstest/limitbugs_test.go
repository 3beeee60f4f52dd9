// Bugs of limits.

package sessionstest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/sessions"
)

// spending is a bug of Spend.
func spending(f func(m *sound, ctx context.Context, key string, rate sessions.Rate) (time.Duration, error)) func() *bug {
	return func() *bug { return &bug{spend: f} }
}

// counting is a store that counts with a rule of its own: back is when all was
// back, zero if nothing is known, and the result is what it is after that.
func counting(rule func(back, now time.Time, rate sessions.Rate) (after time.Time, wait time.Duration)) func() *bug {
	return func() *bug {
		var mu sync.Mutex
		backs := map[string]time.Time{}
		return &bug{spend: func(_ *sound, _ context.Context, key string, rate sessions.Rate) (wait time.Duration, _ error) {
			mu.Lock()
			defer mu.Unlock()
			backs[key], wait = rule(backs[key], time.Now(), rate)
			return wait, nil
		}}
	}
}

var limitBugs = []planted{
	{"Spend looks first and counts then", "of concurrent callers", func() *bug {
		var backs sync.Map
		return &bug{spend: func(_ *sound, _ context.Context, key string, rate sessions.Rate) (time.Duration, error) {
			back, _ := backs.Load(key)
			was, _ := back.(time.Time)
			pause()
			after, wait := rate.Spend(was, time.Now())
			if wait == 0 {
				backs.Store(key, after)
			}
			return wait, nil
		}}
	}},
	{"one more than Burst is given", "of concurrent callers", spending(func(m *sound, ctx context.Context, key string, rate sessions.Rate) (time.Duration, error) {
		rate.Burst++
		return m.Spend(ctx, key, rate)
	})},
	{"one less than Burst is given", "of concurrent callers", spending(func(m *sound, ctx context.Context, key string, rate sessions.Rate) (time.Duration, error) {
		rate.Burst = max(1, rate.Burst-1)
		return m.Spend(ctx, key, rate)
	})},
	{"Burst is one where it is not set", "Burst is N", spending(func(m *sound, ctx context.Context, key string, rate sessions.Rate) (time.Duration, error) {
		rate.Burst = max(1, rate.Burst)
		return m.Spend(ctx, key, rate)
	})},
	{"units come back too soon", "in no time more than Burst", spending(func(m *sound, ctx context.Context, key string, rate sessions.Rate) (time.Duration, error) {
		rate.Per = rate.Per * 9 / 10
		return m.Spend(ctx, key, rate)
	})},
	{"all units come back at once", "in no time more than Burst", counting(func(back, now time.Time, rate sessions.Rate) (time.Time, time.Duration) {
		after, wait := rate.Spend(back, now)
		if wait > 0 && wait < rate.Every()/2 {
			return now.Add(rate.Every()), 0
		} else if wait > 0 {
			after = back
		}
		return after, wait
	})},
	{"units pile up while they are not used", "what was not used", counting(func(back, now time.Time, rate sessions.Rate) (time.Time, time.Duration) {
		if back.IsZero() {
			back = now
		}
		if wait := back.Add(rate.Every()).Sub(now) - rate.Full(); wait > 0 {
			return back, wait
		}
		return back.Add(rate.Every()), 0
	})},
	{"the wait is too short", "a caller that waits", spending(func(m *sound, ctx context.Context, key string, rate sessions.Rate) (time.Duration, error) {
		wait, err := m.Spend(ctx, key, rate)
		return (wait + 1) / 2, err
	})},
	{"the wait is for all units", "a caller that waits", spending(func(m *sound, ctx context.Context, key string, rate sessions.Rate) (time.Duration, error) {
		wait, err := m.Spend(ctx, key, rate)
		if wait > 0 {
			wait += rate.Full() - rate.Every()
		}
		return wait, err
	})},
	{"units come back too late", "a caller that waits", spending(func(m *sound, ctx context.Context, key string, rate sessions.Rate) (time.Duration, error) {
		rate.Burst, rate.Per = max(rate.Burst, rate.N), rate.Per*21/20
		return m.Spend(ctx, key, rate)
	})},
	{"what is refused is spent too", "what is refused", counting(func(back, now time.Time, rate sessions.Rate) (time.Time, time.Duration) {
		after, wait := rate.Spend(back, now)
		if wait > 0 {
			after = back.Add(rate.Every())
		}
		return after, wait
	})},
	{"keys are compared without case", "each key has", spending(func(m *sound, ctx context.Context, key string, rate sessions.Rate) (time.Duration, error) {
		return m.Spend(ctx, strings.ToLower(key), rate)
	})},
	{"a Revoke gives all units back", "limits and records", func() *bug {
		var revokes int
		return &bug{
			revoke: func(m *sound, ctx context.Context, kind, user string, except []sessions.ID) (int, error) {
				revokes++
				return m.Revoke(ctx, kind, user, except...)
			},
			spend: func(m *sound, ctx context.Context, key string, rate sessions.Rate) (time.Duration, error) {
				return m.Spend(ctx, fmt.Sprint(revokes, " ", key), rate)
			},
		}
	}},
	{"limits are never forgotten", "a limit is forgotten", spending(func(m *sound, ctx context.Context, key string, rate sessions.Rate) (time.Duration, error) {
		rate.Per = time.Hour
		return m.Spend(ctx, key, rate)
	})},
	{"a rate of nothing does not limit", "what is not valid", spending(func(m *sound, ctx context.Context, key string, rate sessions.Rate) (time.Duration, error) {
		if rate == (sessions.Rate{}) {
			return 0, nil
		}
		return m.Spend(ctx, key, rate)
	})},
}
