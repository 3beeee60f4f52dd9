// Challenges: single-use, and of one browser.

package passkey

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/sessions"
)

// cookie is the purpose of the cookie that challenges are bound to. A browser
// has one for all of them, so tabs do not disturb each other.
const cookie = "passkey"

const secretLength = 43 // of 32 bytes in base64

// kindChallenge is the kind of challenges that are not answered.
const kindChallenge = "once-passkey"

// A challenge is what is remembered of one.
type challenge struct {
	User    string               `json:"user,omitempty"` // who adds a passkey; "" for a sign-in
	Session webauthn.SessionData `json:"session"`
}

// challengeID is where a challenge is kept: who knows it and has not the
// browser's cookie does not find it.
func challengeID(browser, text string) sessions.ID {
	return sessions.IDOf("passkey " + browser + " " + text)
}

// browserOf is the browser's secret; "" for none.
func (p Passkeys) browserOf(ctx context.Context) string {
	r := api.Request(ctx)
	if r == nil {
		return ""
	}
	secret := p.Auth.HandleOf(r, cookie)
	if len(secret) != secretLength {
		return ""
	}
	return secret
}

// keep remembers a challenge for the browser of a request.
func (p Passkeys) keep(ctx context.Context, c challenge) error {
	r := api.Request(ctx)
	if r == nil {
		return &gorgon.Error{Op: "passkey", Err: errors.New("there is no request: a browser has to call it")}
	}
	browser := p.browserOf(ctx)
	if browser == "" {
		var b [32]byte
		_, _ = rand.Read(b[:]) // it never fails
		browser = base64.RawURLEncoding.EncodeToString(b[:])
	}
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	now := p.Auth.Now()
	err = p.Auth.Store().Put(dataflow.Apart(ctx), sessions.Record{
		ID: challengeID(browser, c.Session.Challenge), Kind: kindChallenge, User: c.User, Data: data,
		Made: now, Used: now, Expires: now.Add(Lifetime),
	})
	if err != nil {
		return unavailable("keep a challenge", err)
	}
	api.SetCookie(ctx, p.Auth.Handle(r, cookie, browser, Lifetime))
	return nil
}

var errChallenge = errors.New("the challenge is not one of this browser, has expired, or was answered before")

// take ends a challenge, and returns what was remembered.
func (p Passkeys) take(ctx context.Context, text, user string) (c challenge, err error) {
	browser := p.browserOf(ctx)
	if browser == "" {
		return c, refused(errors.New("the browser has no cookie of a challenge"))
	}
	record, err := p.Auth.Store().Take(dataflow.Apart(ctx), kindChallenge, challengeID(browser, text))
	switch {
	case errors.Is(err, sessions.ErrNotFound):
		return c, refused(errChallenge)
	case err != nil:
		return c, unavailable("find a challenge", err)
	case record.Expired(p.Auth.Now()) || record.User != user:
		return c, refused(errChallenge)
	}
	if err := json.Unmarshal(record.Data, &c); err != nil {
		return c, fmt.Errorf("passkey: a challenge cannot be read: %w", err)
	}
	return c, nil
}

// unavailable is the error where the store cannot be asked.
func unavailable(doing string, err error) error {
	return &gorgon.Error{Op: "passkey", Kind: gorgon.KindUnavailable, Err: fmt.Errorf("%s: %w", doing, err)}
}

// refused is the error for an answer that is not accepted. Visitors are not told
// why.
func refused(err error) error {
	return &gorgon.Error{Op: "passkey", Kind: gorgon.KindForbidden, Message: "The passkey was not accepted. Please try again, or sign in in another way.", Err: reason(err)}
}
