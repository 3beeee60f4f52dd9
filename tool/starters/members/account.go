// The account: name, password, and its end.

package main

import (
	"context"

	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/flash"
)

type nameInput struct {
	Name string `json:"name" check:"min=1,max=80"`
}

func (c *club) rename() api.Endpoint[nameInput, api.None] {
	return api.Endpoint[nameInput, api.None]{
		Path: "POST /name", Name: "rename",
		Handle: func(ctx context.Context, in nameInput) (api.None, error) {
			u, _, err := c.me(ctx)
			if err == nil {
				err = c.setName(ctx, u.ID, in.Name)
			}
			if err == nil {
				flash.Add(ctx, "name", "")
			}
			return api.None{}, err
		},
		Then: func(nameInput, api.None) string { return "/account" },
	}
}

type passwordInput struct {
	Current  string `json:"current" secret:"true" check:"min=1,max=200"`
	Password string `json:"password" secret:"true" check:"min=10,max=200"`
}

// changePassword ends the user's other sessions, and gives this one another
// cookie.
func (c *club) changePassword() api.Endpoint[passwordInput, api.None] {
	return api.Endpoint[passwordInput, api.None]{
		Path: "POST /password", Name: "changePassword",
		Handle: func(ctx context.Context, in passwordInput) (api.None, error) {
			u, who, err := c.me(ctx)
			if err != nil {
				return api.None{}, err
			}
			if err := c.check(ctx, u.Email, u.Password, in.Current, "/current", "errors.current"); err != nil {
				return api.None{}, err
			}
			if err := accept(ctx, in.Password, u.Email); err != nil {
				return api.None{}, err
			}
			hash, err := c.hash(ctx, in.Password)
			if err != nil {
				return api.None{}, err
			}
			if err := c.setPassword(ctx, u, hash); none(err) {
				return api.None{}, refuse(ctx, "/current", "errors.current") // it was changed at the same time
			} else if err != nil {
				return api.None{}, err
			}
			if err := c.expel(ctx, u, who.Session); err != nil {
				return api.None{}, err
			}
			if err := c.people.Renew(ctx, true); err != nil {
				return api.None{}, err
			}
			flash.Add(ctx, "password", "")
			return api.None{}, nil
		},
		Then: func(passwordInput, api.None) string { return "/account" },
	}
}

type deleteInput struct {
	Password string `json:"password" secret:"true" check:"min=1,max=200"`
}

// deleteAccount removes the user, then all that is kept about them: a sign-in
// that runs at the same time finds no user, and ends its session.
func (c *club) deleteAccount() api.Endpoint[deleteInput, api.None] {
	return api.Endpoint[deleteInput, api.None]{
		Path: "POST /delete", Name: "deleteAccount",
		Handle: func(ctx context.Context, in deleteInput) (api.None, error) {
			u, _, err := c.me(ctx)
			if err != nil {
				return api.None{}, err
			}
			if err := c.check(ctx, u.Email, u.Password, in.Password, "/password", "errors.current"); err != nil {
				return api.None{}, err
			}
			if err := c.remove(ctx, u); err != nil && !none(err) {
				return api.None{}, err
			}
			if err := c.people.Forget(ctx, u.ID); err != nil {
				return api.None{}, err
			}
			if err := c.people.SignOut(ctx); err != nil {
				return api.None{}, err
			}
			return api.None{}, nil
		},
		Then: func(deleteInput, api.None) string { return "/deleted" },
	}
}
