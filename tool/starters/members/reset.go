// A forgotten password.

package main

import (
	"context"

	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/flash"
)

type forgotInput struct {
	Email string `json:"email" check:"email,max=200"`
}

// forgot answers the same, and does as much, whether there is a user with the
// address or not: a mail is written in both cases.
func (c *club) forgot() api.Endpoint[forgotInput, api.None] {
	return api.Endpoint[forgotInput, api.None]{
		Path: "POST /forgot", Name: "forgot",
		Handle: func(ctx context.Context, in forgotInput) (api.None, error) {
			email := normal(in.Email)
			if err := c.post(ctx, email); err != nil {
				return api.None{}, err
			}
			u, err := c.byEmail(ctx, email)
			n := about(ctx, "reset", email, "/reset")
			if n.User = u.ID; none(err) {
				n, err = about(ctx, "unknown", email, "/sign-up"), nil
			}
			if err == nil {
				err = c.write(ctx, n)
			}
			return api.None{}, err
		},
		Then: func(forgotInput, api.None) string { return "/forgot/sent" },
	}
}

type resetInput struct {
	Code     string `json:"code" check:"min=1,max=100"`
	Password string `json:"password" secret:"true" check:"min=10,max=200"`
}

// reset sets another password. All sessions end, and all API tokens. It does not sign in: the new password does.
func (c *club) reset() api.Endpoint[resetInput, api.None] {
	return api.Endpoint[resetInput, api.None]{
		Path: "POST /reset", Name: "reset",
		Handle: func(ctx context.Context, in resetInput) (api.None, error) {
			if err := c.try(ctx, in.Code); err != nil {
				return api.None{}, err
			}
			id, _, err := c.resets.Look(ctx, in.Code)
			if err != nil {
				return api.None{}, refuseUsed(ctx, err)
			}
			u, err := c.byID(ctx, id)
			if none(err) {
				return api.None{}, refuseUsed(ctx, auth.ErrUsed)
			} else if err != nil {
				return api.None{}, err
			}
			if err := accept(ctx, in.Password, u.Email); err != nil {
				return api.None{}, err // the code is still valid
			}
			hash, err := c.hash(ctx, in.Password)
			if err != nil {
				return api.None{}, err
			}
			if _, _, err := c.resets.Use(ctx, in.Code); err != nil {
				return api.None{}, refuseUsed(ctx, err)
			}
			if err := c.setPassword(ctx, u, hash); none(err) {
				return api.None{}, refuseUsed(ctx, auth.ErrUsed) // it was changed at the same time
			} else if err != nil {
				return api.None{}, err
			}
			if err := c.expel(ctx, u); err != nil {
				return api.None{}, err
			}
			if _, err := c.people.Tokens().RevokeAll(ctx, u.ID); err != nil {
				return api.None{}, err
			}
			flash.Add(ctx, "reset", "")
			return api.None{}, nil
		},
		Then: func(resetInput, api.None) string { return "/sign-in" },
	}
}

// expel ends what was begun with a password that has been replaced: sessions,
// except those named, and links in mails.
func (c *club) expel(ctx context.Context, u user, except ...string) error {
	if _, err := c.people.RevokeAll(ctx, u.ID, except...); err != nil {
		return err
	}
	for _, links := range []auth.Links{c.resets, c.emails} {
		if err := links.Revoke(ctx, u.ID); err != nil {
			return err
		}
	}
	return nil
}
