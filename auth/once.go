// Single-use tokens: for links in mails.

package auth

import (
	"context"
	"errors"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/sessions"
)

// A Once makes secrets that work once: to reset a password, to confirm an
// address. A mail has it in a link to a page with a form, which sends it by
// POST: programs that check mails open links.
type Once struct {
	auth     *Auth
	kind     string
	lifetime time.Duration
}

// ErrUsed says that a single-use token is not valid: it was used, has expired,
// was replaced by a newer one, or never was.
var ErrUsed = &gorgon.Error{Op: "auth", Kind: gorgon.KindUnprocessable, Message: "The link has expired, or was used before. Please ask for a new one."}

// Once makes single-use tokens for a purpose, of lower-case letters and dashes:
// a token for one purpose is worth nothing for another.
func (a *Auth) Once(purpose string, lifetime time.Duration) Once {
	return Once{a, "once-" + purpose, lifetime}
}

// Make makes a token for a user with some data, which only Use returns. Earlier
// tokens of the user for the same purpose are worth nothing from then on.
func (o Once) Make(ctx context.Context, user string, data []byte) (secret string, err error) {
	a := o.auth
	now := a.now()
	secret = newSecret()
	record := sessions.Record{ID: sessions.IDOf(secret), Kind: o.kind, User: user, Data: data, Made: now, Expires: now.Add(o.lifetime)}
	if user != "" {
		if _, err := a.options.Store.Revoke(ctx, o.kind, user); err != nil {
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
func (o Once) Revoke(ctx context.Context, user string) error {
	if user == "" {
		return &gorgon.Error{Op: "revoke", Err: errors.New("the user is empty")}
	}
	if _, err := o.auth.options.Store.Revoke(context.WithoutCancel(ctx), o.kind, user); err != nil {
		return unavailable("revoke single-use tokens", err)
	}
	return nil
}

// Use returns what a token was made for, and ends it: [ErrUsed] if it is not
// valid.
func (o Once) Use(ctx context.Context, secret string) (user string, data []byte, err error) {
	record, err := o.auth.options.Store.Take(ctx, o.kind, sessions.IDOf(secret))
	return o.valid(record, err)
}

// Look is Use for the page that shows the form: the token stays valid.
func (o Once) Look(ctx context.Context, secret string) (user string, data []byte, err error) {
	record, err := o.auth.options.Store.Get(ctx, o.kind, sessions.IDOf(secret))
	return o.valid(record, err)
}

func (o Once) valid(record sessions.Record, err error) (string, []byte, error) {
	switch {
	case errors.Is(err, sessions.ErrNotFound):
		return "", nil, ErrUsed
	case err != nil:
		return "", nil, unavailable("find a single-use token", err)
	case record.Expired(o.auth.now()):
		return "", nil, ErrUsed
	}
	return record.User, record.Data, nil
}
