// Single-use tokens: for links in mails.

package auth

import (
	"context"
	"errors"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/sessions"
)

// Links makes secrets for links that work once: to reset a password, to confirm
// an address. A mail has one in a link to a page with a form, which sends it by
// POST: programs that check mails open links.
type Links struct {
	auth     *Auth
	kind     string
	lifetime time.Duration
}

// ErrUsed says that a single-use token is not valid: it was used, has expired,
// was replaced by a newer one, or never was.
var ErrUsed = &gorgon.Error{Op: "auth", Kind: gorgon.KindUnprocessable, Message: "The link has expired, or was used before. Please ask for a new one."}

// Links makes single-use tokens for a purpose, of lower-case letters and dashes:
// a token for one purpose is worth nothing for another.
func (a *Auth) Links(purpose string, lifetime time.Duration) Links {
	return Links{a, "once-" + purpose, lifetime}
}

// Make makes a token for a user with some data, which only Use returns. Earlier
// tokens of the user for the same purpose are worth nothing from then on.
func (l Links) Make(ctx context.Context, user string, data []byte) (secret string, err error) {
	a := l.auth
	now := a.now()
	secret = newSecret()
	record := sessions.Record{ID: sessions.IDOf(secret), Kind: l.kind, User: user, Data: data, Made: now, Expires: now.Add(l.lifetime)}
	if user != "" {
		if _, err := a.options.Store.Revoke(ctx, l.kind, user); err != nil {
			return "", unavailable("replace a single-use token", err)
		}
	}
	if err := a.options.Store.Put(ctx, record); err != nil {
		return "", unavailable("keep a single-use token", err)
	}
	return secret, nil
}

// Revoke ends the tokens of a user for the purpose, as after a change of the
// password.
func (l Links) Revoke(ctx context.Context, user string) error {
	if user == "" {
		return &gorgon.Error{Op: "revoke", Err: errors.New("the user is empty")}
	}
	if _, err := l.auth.options.Store.Revoke(context.WithoutCancel(ctx), l.kind, user); err != nil {
		return unavailable("revoke single-use tokens", err)
	}
	return nil
}

// Use returns what a token was made for, and ends it: [ErrUsed] if it is not
// valid.
func (l Links) Use(ctx context.Context, secret string) (user string, data []byte, err error) {
	record, err := l.auth.options.Store.Take(ctx, l.kind, sessions.IDOf(secret))
	return l.valid(record, err)
}

// Look is Use for the page that shows the form: the token stays valid.
func (l Links) Look(ctx context.Context, secret string) (user string, data []byte, err error) {
	record, err := l.auth.options.Store.Get(ctx, l.kind, sessions.IDOf(secret))
	return l.valid(record, err)
}

func (l Links) valid(record sessions.Record, err error) (string, []byte, error) {
	switch {
	case errors.Is(err, sessions.ErrNotFound):
		return "", nil, ErrUsed
	case err != nil:
		return "", nil, unavailable("find a single-use token", err)
	case record.Expired(l.auth.now()):
		return "", nil, ErrUsed
	}
	return record.User, record.Data, nil
}
