// Sessions and tokens in memory, and how they are found.

package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/sessions"
)

// How often the store of sessions is asked about one that is in memory, and how
// long an answer counts that could not be renewed.
const (
	touchEvery = time.Minute
	touchAgain = 10 * time.Second
)

// A held is a session or token that was found, and what is known of its user. It
// is not changed, but for the atomic fields.
type held struct {
	owner    *lookup
	record   sessions.Record
	data     data
	scopes   []string // of the user
	subjects []string
	name     string // of the record, for lists
	copy     coherence.Copy
	asked    atomic.Int64 // when the store was asked for it last, or is to be asked at the earliest, in Unix nanoseconds
	expires  atomic.Int64 // in Unix nanoseconds; 0: never
}

// data is what a record has of a session or a token, as JSON.
type data struct {
	About  string    `json:"about,omitempty"`  // the browser of a session, the name of a token
	At     time.Time `json:"at,omitzero"`      // when the user signed in
	Scopes []string  `json:"scopes,omitempty"` // of a token
	Brief  bool      `json:"brief,omitempty"`  // the cookie ends with the browser
}

func (h *held) Subjects() []string { return h.subjects }

func (h *held) who() Who {
	w := Who{User: h.record.User, Scopes: h.scopes, At: h.data.At}
	if h.record.Kind == kindToken {
		w.Token = h.name
	} else {
		w.Session = h.name
	}
	return w
}

func (h *held) expired(now time.Time) bool {
	at := h.expires.Load()
	return at != 0 && now.UnixNano() >= at
}

// A lookup finds sessions and tokens, in memory or in their store, and what is
// known of their users. It knows nothing of requests.
type lookup struct {
	options  Options
	log      *slog.Logger
	now      func() time.Time
	memory   recent[*held]
	unknown  recent[time.Time] // ids that the store does not have
	instance atomic.Pointer[coherence.Instance]
	lookups  atomic.Uint64 // in the store, so far
}

// recent is what an [otter.Cache] can do that is used here. It is an interface
// since the compiler makes all methods of a generic type again in each package
// that sees a type it is a field of: in each program with an Auth.
type recent[V any] interface {
	GetIfPresent(key) (V, bool)
	Set(key, V) (V, bool)
	Invalidate(key) (V, bool)
	EstimatedSize() int
}

// tagOf is what is purged when sessions of a user end. It does not show the
// user's id to those who read the page store.
func tagOf(user string) string { return "auth:" + sessions.IDOf("user " + user).String()[:32] }

// find finds what a key leads to: errSignedOut if that is nothing that counts.
func (l *lookup) find(ctx context.Context, k key) (*held, error) {
	now := l.now()
	i := l.instance.Load()
	if i == nil {
		return l.look(ctx, nil, k, now)
	}
	if h, ok := l.memory.GetIfPresent(k); ok {
		if i.Proves(&h.copy, now) || l.proved(i, h) {
			return l.used(ctx, k, h, now)
		}
	} else if until, ok := l.unknown.GetIfPresent(k); ok && now.Before(until) {
		return nil, errSignedOut // an id that is random does not come to be later
	}
	return l.look(ctx, i, k, now)
}

// proved is asked where it is not known at once whether something was purged.
func (l *lookup) proved(i *coherence.Instance, h *held) bool {
	asked := i.CatchUp(0)
	if asked.Offline || asked.Unread > h.copy.Epoch || h.copy.Fed && asked.Unfed {
		return false
	}
	v, certain := i.Check(&h.copy)
	return certain && v == coherence.Good
}

// used is a held one that no purge concerns. Once a minute the store is told
// that it is used, and says whether it is still there.
func (l *lookup) used(ctx context.Context, k key, h *held, now time.Time) (*held, error) {
	if h.expired(now) {
		return nil, errSignedOut
	}
	asked := h.asked.Load()
	if d := now.UnixNano() - asked; d >= 0 && d < int64(touchEvery) {
		return h, nil
	}
	if !h.asked.CompareAndSwap(asked, now.UnixNano()) {
		return h, nil // another request asks
	}
	err := l.touch(ctx, h, now)
	switch {
	case errors.Is(err, sessions.ErrNotFound):
		l.memory.Invalidate(k)
		return nil, errSignedOut
	case err != nil && ctx.Err() == nil:
		h.asked.Store(now.Add(touchAgain - touchEvery).UnixNano())
		l.log.Warn("a session could not be marked as used", "err", err)
	}
	return h, nil
}

// touch tells the store that a session or token is used.
func (l *lookup) touch(ctx context.Context, h *held, now time.Time) error {
	expires := h.record.Expires
	if h.record.Kind == kindSession {
		expires = l.expiry(h.record.Made, now)
	}
	if err := l.options.Store.Touch(ctx, h.record.Kind, h.record.ID, now, expires); err != nil {
		return err
	}
	if !expires.IsZero() {
		h.expires.Store(expires.UnixNano())
	}
	return nil
}

// expiry is when a session ends that is used now.
func (l *lookup) expiry(made, now time.Time) time.Time {
	idle, end := now.Add(l.options.Idle), made.Add(l.options.Lifetime)
	if end.Before(idle) {
		return end
	}
	return idle
}

// look asks the store, and holds what it found.
func (l *lookup) look(ctx context.Context, i *coherence.Instance, k key, now time.Time) (*held, error) {
	h := &held{owner: l}
	if i != nil {
		h.copy.Epoch, h.copy.MadeAt = i.Now().Epoch, now // before anything is read
	}
	l.lookups.Add(1)
	var err error
	h.record, err = l.options.Store.Get(ctx, k.kind, k.id)
	switch {
	case errors.Is(err, sessions.ErrNotFound):
		l.memory.Invalidate(k)
		l.unknown.Set(k, now.Add(touchEvery))
		return nil, errSignedOut
	case err != nil:
		return nil, unavailable("find the session", err)
	case h.record.Expired(now):
		return nil, errSignedOut
	}
	if err := json.Unmarshal(h.record.Data, &h.data); err != nil {
		l.log.Error("the record of a session cannot be read", "err", err)
		return nil, errSignedOut
	}
	if err := l.known(ctx, h); err != nil {
		return nil, err
	}
	if !h.record.Expires.IsZero() {
		h.expires.Store(h.record.Expires.UnixNano())
	}
	h.asked.Store(h.record.Used.UnixNano())
	h.copy.Of, h.name = h, k.id.String()
	if i != nil {
		l.memory.Set(k, h)
	}
	return l.used(ctx, k, h, now)
}

// known finds out what a record's user is now.
func (l *lookup) known(ctx context.Context, h *held) error {
	h.subjects = []string{pages.All, pages.TagSubject(tagOf(h.record.User))}
	if find := l.options.Find; find != nil {
		reads := new(dataflow.Reads)
		scopes, err := find(dataflow.WithReads(ctx, reads), h.record.User)
		switch kind := failure.Kind(err); {
		case err == nil:
		case kind == gorgon.KindNotFound || kind == gorgon.KindGone:
			return errSignedOut
		default:
			return unavailable("find the user of a session", err)
		}
		h.scopes = slices.Clone(scopes)
		tags := reads.Tags()
		h.copy.Fed = dataflow.IsData(tags)
		h.copy.Epoch, _ = reads.Epoch(h.copy.Epoch)
		for _, t := range tags {
			h.subjects = append(h.subjects, pages.TagSubject(t))
		}
	}
	if h.record.Kind == kindToken {
		h.scopes = slices.DeleteFunc(slices.Clone(h.data.Scopes), func(s string) bool {
			return !slices.Contains(h.scopes, s)
		})
	}
	return nil
}

// unavailable is the error where it cannot be found out who it is.
func unavailable(doing string, err error) error {
	return &gorgon.Error{Op: "auth", Kind: gorgon.KindUnavailable, Err: fmt.Errorf("%s: %w", doing, err)}
}
