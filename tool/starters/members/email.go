// Another address. It counts when it is confirmed, by the user who asked for it.

package main

import (
	"context"
	"errors"

	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/flash"
)

type emailInput struct {
	Email string `json:"email" check:"email,max=200"`
}

// changeEmail writes to the new address, and answers the same whether it is that
// of another user or not.
func (c *club) changeEmail() api.Endpoint[emailInput, api.None] {
	return api.Endpoint[emailInput, api.None]{
		Path: "POST /email", Name: "changeEmail",
		Handle: func(ctx context.Context, in emailInput) (api.None, error) {
			u, _, err := c.me(ctx)
			if err != nil {
				return api.None{}, err
			}
			email := normal(in.Email)
			if email == u.Email {
				return api.None{}, refuse(ctx, "/email", "errors.same")
			}
			if err := c.post(ctx, email); err != nil {
				return api.None{}, err
			}
			_, found := c.byEmail(ctx, email)
			if found != nil && !none(found) {
				return api.None{}, found
			}
			n := about(ctx, "email", email, "/account/email/confirm")
			if n.User = u.ID; found == nil {
				n = about(ctx, "known", email, "/sign-in")
			}
			err = c.write(ctx, n)
			if err == nil {
				flash.Add(ctx, "sent", "")
			}
			return api.None{}, err
		},
		Then: func(emailInput, api.None) string { return "/account" },
	}
}

type codeInput struct {
	Code string `json:"code" check:"min=1,max=100"`
}

// confirmEmail wants the user signed in: a mail that went to a stranger, because
// of a typing error, gives them nothing.
func (c *club) confirmEmail() api.Endpoint[codeInput, api.None] {
	return api.Endpoint[codeInput, api.None]{
		Path: "POST /email/confirm", Name: "confirmEmail",
		Handle: func(ctx context.Context, in codeInput) (api.None, error) {
			u, _, err := c.me(ctx)
			if err != nil {
				return api.None{}, err
			}
			if err := c.try(ctx, "code of "+u.ID); err != nil {
				return api.None{}, err
			}
			id, _, err := c.emails.Look(ctx, in.Code)
			if err == nil && id != u.ID {
				err = auth.ErrUsed
			}
			if err != nil {
				return api.None{}, refuseUsed(ctx, err)
			}
			_, email, err := c.emails.Use(ctx, in.Code)
			if err != nil {
				return api.None{}, refuseUsed(ctx, err)
			}
			if err := c.setEmail(ctx, u, string(email), c.now()); errors.Is(err, errTaken) {
				return api.None{}, refuseUsed(ctx, auth.ErrUsed)
			} else if err != nil {
				return api.None{}, err
			}
			if err := c.resets.Revoke(ctx, u.ID); err != nil { // a mail in the old mailbox
				return api.None{}, err
			}
			flash.Add(ctx, "email", "")
			return api.None{}, nil
		},
		Then: func(codeInput, api.None) string { return "/account" },
	}
}
