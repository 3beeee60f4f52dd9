// Package limit bounds how often something is done, across all instances of an
// app: what is spent of a limit is in the store of sessions.
//
//	var limits = limit.Limiter{Store: sessiondb.In(db)}
//
//	// As a guard: each address may send 60 requests a minute.
//	Guards: []func(http.Handler) http.Handler{limits.Guard("search", limit.Rate{N: 60, Per: time.Minute}, limit.Address)}
//
//	// In an endpoint's Handle: five sign-ins for each account in a quarter of an hour.
//	err := limits.Allow(ctx, "sign-in", in.Email, limit.Rate{N: 5, Per: 15 * time.Minute})
//
// A refused request gets 429 with Retry-After. Units come back evenly: of five in
// a quarter of an hour, one every three minutes.
//
// Where the store cannot be asked, each instance counts by itself.
package limit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/sessions"
)

// A Rate is a limit: Burst units at once, and N in each Per after that.
type Rate = sessions.Rate

// A Limiter counts. Store is required. It is safe for concurrent use, by
// pointer.
type Limiter struct {
	Store sessions.Store
	Log   *slog.Logger // default: slog.Default()

	alone alone
	told  sync.Once
}

// storeTimeout is how long the store is waited for, before an instance counts by
// itself.
const storeTimeout = 2 * time.Second

// Allow takes one unit of a limit, by its name and a key, such as an address or
// an account. It fails with gorgon.KindTooMany if there is none left. The store
// sees a digest of the key.
func (l *Limiter) Allow(ctx context.Context, name, key string, rate Rate) error {
	sum := sha256.Sum256([]byte(name + "\x00" + key))
	digest := hex.EncodeToString(sum[:])
	bounded, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	wait, err := l.Store.Spend(bounded, digest, rate)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.told.Do(func() {
			log := l.Log
			if log == nil {
				log = slog.Default()
			}
			log.Warn("the store of sessions cannot be asked for limits: this instance counts by itself", "limit", name, "err", err)
		})
		wait = l.alone.spend(digest, rate, time.Now())
	}
	if wait <= 0 {
		return nil
	}
	return &gorgon.Error{
		Op: "limit", Path: name, Kind: gorgon.KindTooMany, Message: "Too many requests. Please try again later.",
		RetryAfter: time.Duration(math.Ceil(wait.Seconds())) * time.Second, Err: errors.New("a limit is spent"),
	}
}

// A By is what is counted apart: requests with the same key share a limit.
// Requests with the key "" are not limited.
type By func(*http.Request) string

// Address counts by the visitor's address. Visitors with IPv6 are counted by
// the network of 64 bits that one of them has. Behind a proxy, --trusted-proxies
// says whom to believe.
func Address(r *http.Request) string {
	a := listen.Client(r)
	if !a.IsValid() {
		return "unknown"
	}
	if a.Is6() && !a.Is4In6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.Unmap().WithZone("").String()
}

// Caller counts by the user that a guard before this one has found, and by
// address where there is none.
func Caller(r *http.Request) string {
	if caller := serve.CallerOf(r.Context()); caller != "" {
		return "user " + caller
	}
	return Address(r)
}

// All counts all requests together.
func All(*http.Request) string { return "all" }

// Guard is a guard: it lets as many requests through as a limit allows. Each
// limit of an app has a name of its own. What the browser runtime prefetches has
// not been asked for, and is not counted: guards do not run for it.
func (l *Limiter) Guard(name string, rate Rate, by By) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if key := by(r); key != "" {
				if err := l.Allow(r.Context(), name, key, rate); err != nil {
					serve.Fail(w, r, err)
					return
				}
			}
			next.ServeHTTP(w, r)
		})
	}
}

// maxAlone is how many keys an instance counts by itself. When they are more,
// all are forgotten whose units have come back.
const maxAlone = 100_000

// alone counts where the store cannot be asked.
type alone struct {
	mu    sync.Mutex
	full  map[string]time.Time // when all units have come back
	swept time.Time            // when those were forgotten
}

func (a *alone) spend(key string, rate Rate, now time.Time) (wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.full == nil {
		a.full = map[string]time.Time{}
	}
	if len(a.full) >= maxAlone && now.Sub(a.swept) >= time.Second {
		a.swept = now
		for k, full := range a.full {
			if !full.After(now) {
				delete(a.full, k)
			}
		}
	}
	full, counted := a.full[key]
	if !counted && len(a.full) >= maxAlone {
		return rate.Every() // a flood: refuse those that are not counted
	}
	if full.Before(now) {
		full = now
	}
	if full = full.Add(rate.Every()); full.Sub(now) > rate.Full() {
		return full.Sub(now) - rate.Full()
	}
	a.full[key] = full
	return 0
}
