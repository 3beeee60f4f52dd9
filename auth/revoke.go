// A user's sessions: listed and ended.

package auth

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/sessions"
)

// A Session is one of a user's sessions, for lists.
type Session struct {
	Name    string // to [Auth.Revoke] it by; who knows it cannot use the session
	About   string // the browser: its User-Agent, unless Login.About said otherwise
	At      time.Time
	Used    time.Time // to the minute
	Expires time.Time
}

// Sessions lists the sessions of a user, the newest first.
func (a *Auth) Sessions(ctx context.Context, user string) ([]Session, error) {
	records, err := a.options.Store.List(ctx, kindSession, user)
	if err != nil {
		return nil, unavailable("list sessions", err)
	}
	list := make([]Session, 0, len(records))
	for _, r := range slices.Backward(records) {
		var d data
		if r.Expired(a.now()) || json.Unmarshal(r.Data, &d) != nil {
			continue
		}
		list = append(list, Session{r.ID.String(), d.About, d.At, r.Used, r.Expires})
	}
	return list, nil
}

// Revoke ends one session of a user, by its name. Once it has returned, no
// instance takes the session for valid, and its streams end within a second. It
// does nothing if the user has no such session.
func (a *Auth) Revoke(ctx context.Context, user, name string) error {
	return a.revoke(ctx, kindSession, user, name)
}

// RevokeAll ends all sessions of a user, except those named, and says how many.
// Once it has returned, no instance takes one of them for valid, and their
// streams end within a second.
func (a *Auth) RevokeAll(ctx context.Context, user string, except ...string) (int, error) {
	ids := make([]sessions.ID, 0, len(except))
	for _, name := range except {
		if id, ok := idOf(name); ok {
			ids = append(ids, id)
		}
	}
	return a.drop(ctx, kindSession, user, ids...)
}

// Forget removes all that is kept about a user: sessions, API tokens, single-use
// tokens, passkeys. Call it when an account is deleted, after the user's row is.
func (a *Auth) Forget(ctx context.Context, user string) error {
	_, err := a.drop(ctx, "", user)
	return err
}

// Refresh lets every instance ask Options.Find again about a user whose scopes
// have changed. Where Find reads them through package database, from a table
// whose commits purge, that happens by itself.
func (a *Auth) Refresh(ctx context.Context, user string) error { return a.tell(ctx, user) }

// drop removes records of a user, and lets every instance know.
func (a *Auth) drop(ctx context.Context, kind, user string, except ...sessions.ID) (int, error) {
	if user == "" {
		return 0, &gorgon.Error{Op: "revoke", Err: errors.New("the user is empty")}
	}
	n, err := a.options.Store.Revoke(context.WithoutCancel(ctx), kind, user, except...)
	if err != nil {
		return 0, unavailable("revoke", err)
	}
	a.revoked.Add(uint64(n))
	return n, a.tell(ctx, user)
}

func (a *Auth) revoke(ctx context.Context, kind, user, name string) error {
	id, ok := idOf(name)
	if !ok {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	record, err := a.options.Store.Get(ctx, kind, id)
	if err == nil && record.User == user {
		if _, err = a.options.Store.Take(ctx, kind, id); err == nil {
			a.revoked.Add(1)
		}
	}
	if err != nil && !errors.Is(err, sessions.ErrNotFound) {
		return unavailable("revoke", err)
	}
	return a.tell(ctx, user) // also if it was gone: another call may have failed after it removed it
}

// tell lets every instance know that something of a user has changed. Once it
// has returned, none uses what it had in memory.
func (a *Auth) tell(ctx context.Context, user string) error {
	i := a.instance.Load()
	if i == nil {
		return nil // then every request asks the store
	}
	ctx = context.WithoutCancel(ctx)
	epoch, err := i.Declare(ctx, pages.Expire, pages.TagSubject(tagOf(user)))
	if err == nil {
		err = i.Settle(ctx, epoch)
	}
	a.watch.look()
	if err != nil {
		return &gorgon.Error{Op: "auth", Kind: gorgon.KindUnavailable, Err: err,
			Hint: "the sessions are ended in their store; instances that could not be told notice within a minute"}
	}
	return nil
}

// idOf reads the name of a session or token.
func idOf(name string) (id sessions.ID, ok bool) {
	if len(name) != hex.EncodedLen(len(id)) {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(name))
	return id, err == nil
}
