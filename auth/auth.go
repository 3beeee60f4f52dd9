// What sessions work with.

package auth

import (
	"cmp"
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/sessions"
)

// Options of an [Auth]. Store is required.
type Options struct {
	Store sessions.Store

	// Find says which scopes a user has now, such as "admin": it asks the app's
	// own tables, when a session or token comes into memory. gorgon.NotFound()
	// says that there is no such user, or not any more: then the session does
	// not count. Default: users have no scopes.
	Find func(ctx context.Context, user string) (scopes []string, err error)

	// SignIn is the page that guards lead to, as in gorgon.Redirect. It gets the
	// way back as the query parameter next: see [Next]. Default: "/sign-in".
	SignIn string

	Idle     time.Duration // a session that was not used for so long ends. Default: 14 days
	Lifetime time.Duration // a session of this age ends, however much it is used. Default: 90 days

	// Cookie is the cookie's name, which gets the prefix "__Host-" over TLS. Two
	// apps of one host have one each. Default: "session".
	Cookie string

	// TokenPrefix begins the app's API tokens, so that people and programs that
	// search for leaked secrets recognize them: letters, digits and "_". Default:
	// "gorgon_".
	TokenPrefix string

	// Held is how many sessions and tokens an instance has in memory. Default:
	// 50,000, some 30 MB.
	Held int

	Log *slog.Logger     // default: slog.Default()
	Now func() time.Time // default: time.Now
}

// An Auth knows who makes requests. Make it with [New]. It is safe for
// concurrent use.
type Auth struct {
	lookup
	cookies cookies // of sessions
	watch   watch
	revoked atomic.Uint64 // sessions and tokens that were ended here, so far
}

// key is what something is held by.
type key struct {
	kind string
	id   sessions.ID
}

const (
	kindSession = "session"
	kindToken   = "token"
	maxUnknown  = 10_000
)

// New returns an Auth, which contacts nothing. command.Config.Auth lets it know
// of purges, so that it may keep sessions in memory; without that, every request
// with a session asks the store.
func New(o Options) *Auth {
	if o.Store == nil {
		panic("auth.New: there is no Options.Store: give one, such as sessiondb.In(db)")
	}
	o.SignIn = cmp.Or(o.SignIn, "/sign-in")
	o.Idle = cmp.Or(o.Idle, 14*24*time.Hour)
	o.Lifetime = cmp.Or(o.Lifetime, 90*24*time.Hour)
	o.Cookie = cmp.Or(o.Cookie, "session")
	o.TokenPrefix = cmp.Or(o.TokenPrefix, "gorgon_")
	o.Held = cmp.Or(o.Held, 50_000)
	a := &Auth{cookies: cookiesOf(o.Cookie), lookup: lookup{
		options: o, log: o.Log, now: o.Now,
		memory:  otter.Must(&otter.Options[key, *held]{MaximumSize: o.Held}),
		unknown: otter.Must(&otter.Options[key, time.Time]{MaximumSize: maxUnknown}),
	}}
	if a.log == nil {
		a.log = slog.Default()
	}
	if a.now == nil {
		a.now = time.Now
	}
	return a
}

// Use sets the log and the clock, where Options has none. It is called before
// the Auth is used.
func (a *Auth) Use(log *slog.Logger, now func() time.Time) {
	if a.options.Log == nil {
		a.log = log
	}
	if a.options.Now == nil {
		a.now = now
	}
}

// Store is where sessions are kept.
func (a *Auth) Store() sessions.Store { return a.options.Store }

// Serve lets an Auth know of purges, which from then on keeps what it found in
// memory, and ends what runs for sessions that end. It lasts until the context
// ends. The command calls it.
func (a *Auth) Serve(ctx context.Context, i *coherence.Instance) {
	a.instance.Store(i)
	a.watch.run(ctx, a)
	context.AfterFunc(ctx, func() { a.instance.CompareAndSwap(i, nil) })
}

// Needs lists what the store requires of the target that the app runs on, if it
// says so by a method of the same name.
func (a *Auth) Needs() []gorgon.Need {
	if s, ok := a.options.Store.(interface{ Needs() []gorgon.Need }); ok {
		return s.Needs()
	}
	return nil
}

// State adds to a server's state what is known of sessions.
func (a *Auth) State(s *metrics.State) {
	s.Sessions, s.Lookups, s.Revoked = int64(a.memory.EstimatedSize()), a.lookups.Load(), a.revoked.Load()
}

// Close closes the store.
func (a *Auth) Close() error { return a.options.Store.Close() }
