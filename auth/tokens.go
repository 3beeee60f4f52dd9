// API tokens: for programs that work for a user.

package auth

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/sessions"
)

// Tokens are the API tokens of users. A program sends one with each request:
//
//	Authorization: Bearer gorgon_…
//
// A token has scopes, of which those count that its user has as well: the guard
// [Auth.Scope] lets it through.
type Tokens struct{ auth *Auth }

// Tokens are the API tokens.
func (a *Auth) Tokens() Tokens { return Tokens{a} }

// A Token is an API token, for lists.
type Token struct {
	Name    string // to revoke it by; who knows it cannot use the token
	About   string // what the user calls it
	Scopes  []string
	Made    time.Time
	Used    time.Time // to the minute; zero: never
	Expires time.Time // zero: never
}

// Make makes a token for a user, and returns its secret, which is shown to the
// user now and kept nowhere. The scopes are some of those that the user has. A
// lifetime of 0 lasts until the token is revoked.
func (t Tokens) Make(ctx context.Context, user, about string, scopes []string, lifetime time.Duration) (secret string, err error) {
	a := t.auth
	refuse := func(why string) (string, error) {
		return "", &gorgon.Error{Op: "make a token", Kind: gorgon.KindUnprocessable, Message: why}
	}
	switch {
	case user == "" || len(user) > 200:
		return "", &gorgon.Error{Op: "make a token", Err: errors.New("the user has to have 1 to 200 bytes")}
	case about == "" || len(about) > 200:
		return refuse("Give the token a name of at most 200 bytes.")
	case lifetime < 0 || len(scopes) > 50:
		return refuse("A token has at most 50 scopes, and a lifetime that is not negative.")
	}
	may, err := t.may(ctx, user)
	if err != nil {
		return "", err
	}
	for _, s := range scopes {
		if !slices.Contains(may, s) {
			return refuse("You cannot give a token what you may not do yourself.")
		}
	}
	now := a.now()
	text, err := json.Marshal(data{About: strings.ToValidUTF8(about, ""), At: now, Scopes: scopes})
	if err != nil {
		return "", err
	}
	secret = a.options.TokenPrefix + newSecret()
	record := sessions.Record{ID: sessions.IDOf(secret), Kind: kindToken, User: user, Data: text, Made: now}
	if lifetime > 0 {
		record.Expires = now.Add(lifetime)
	}
	if err := a.options.Store.Put(ctx, record); err != nil {
		return "", unavailable("keep the token", err)
	}
	return secret, nil
}

// may is what a user may do now.
func (t Tokens) may(ctx context.Context, user string) ([]string, error) {
	if t.auth.options.Find == nil {
		return nil, nil
	}
	return t.auth.options.Find(ctx, user)
}

// List lists the tokens of a user, the newest first.
func (t Tokens) List(ctx context.Context, user string) ([]Token, error) {
	records, err := t.auth.options.Store.List(ctx, kindToken, user)
	if err != nil {
		return nil, unavailable("list tokens", err)
	}
	list := make([]Token, 0, len(records))
	for _, r := range slices.Backward(records) {
		var d data
		if json.Unmarshal(r.Data, &d) == nil {
			list = append(list, Token{r.ID.String(), d.About, d.Scopes, r.Made, r.Used, r.Expires})
		}
	}
	return list, nil
}

// Revoke ends a token of a user, by its name, as [Auth.Revoke] does a session.
func (t Tokens) Revoke(ctx context.Context, user, name string) error {
	return t.auth.revoke(ctx, kindToken, user, name)
}

// RevokeAll ends all tokens of a user, and says how many.
func (t Tokens) RevokeAll(ctx context.Context, user string) (int, error) {
	return t.auth.drop(ctx, kindToken, user)
}
