// Signing in and out.

package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/auth"
)

type signInInput struct {
	Email    string `json:"email" check:"email,max=200"`
	Password string `json:"password" secret:"true" check:"min=1,max=200"`
	Stay     bool   `json:"stay,omitempty"`
	Next     string `json:"next,omitempty" check:"max=2000"`
}

// signIn takes as long for an address without a user as for one with one, and
// says the same.
func (c *club) signIn() api.Endpoint[signInInput, api.None] {
	return api.Endpoint[signInInput, api.None]{
		Path: "POST /sign-in", Name: "signIn",
		Handle: func(ctx context.Context, in signInInput) (api.None, error) {
			email := normal(in.Email)
			u, err := c.byEmail(ctx, email)
			if err != nil && !none(err) {
				return api.None{}, err
			}
			if err := c.check(ctx, email, u.Password, in.Password, "", "errors.wrong"); err != nil {
				return api.None{}, err
			}
			if err := c.people.SignIn(ctx, auth.Login{User: u.ID, Brief: !in.Stay}); err != nil {
				return api.None{}, err
			}
			if c.signedIn != nil {
				c.signedIn()
			}
			if err := c.unchanged(ctx, u); err != nil {
				return api.None{}, errors.Join(err, c.people.SignOut(ctx))
			}
			c.strengthen(ctx, u, in.Password)
			return api.None{}, nil
		},
		Then: func(in signInInput, _ api.None) string { return auth.Next(in.Next, "/account") },
	}
}

// unchanged reads a user once more after a session was made. Without that, a
// sign-in with the old password that began before a reset could end after it.
func (c *club) unchanged(ctx context.Context, u user) error {
	now, err := c.byID(ctx, u.ID)
	if none(err) || err == nil && now.Password != u.Password {
		return refuse(ctx, "", "errors.wrong")
	}
	return err
}

// strengthen hashes a password again that was hashed when hashes cost less.
func (c *club) strengthen(ctx context.Context, u user, given string) {
	if !c.passwords.Outdated(u.Password) {
		return
	}
	hash, err := c.passwords.Hash(ctx, given)
	if err == nil {
		err = c.rehash(ctx, u, hash)
	}
	if err != nil {
		slog.WarnContext(ctx, "a password could not be hashed again", "err", err)
	}
}

func (c *club) signOut() api.Endpoint[api.None, api.None] {
	return api.Endpoint[api.None, api.None]{
		Path: "POST /sign-out", Name: "signOut",
		Handle: func(ctx context.Context, _ api.None) (api.None, error) { return api.None{}, c.people.SignOut(ctx) },
		Then:   func(api.None, api.None) string { return "/" },
	}
}

// me is the user that a request is made for. Without one, the error leads to
// the sign-in page.
func (c *club) me(ctx context.Context) (user, auth.Who, error) {
	who, err := c.people.Who(ctx)
	if err != nil {
		return user{}, who, err
	}
	u, err := c.byID(ctx, who.User)
	if none(err) {
		err = &gorgon.Error{Kind: gorgon.KindUnauthorized}
	}
	return u, who, err
}
