// Passkeys: signing in without a password, by what a device proves.

package main

import (
	"context"

	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/auth/passkey"
	"github.com/gorgon-go/gorgon/flash"
	"github.com/gorgon-go/gorgon/limit"
)

// passkeys are endpoints for the script of the layout, which brings the buttons
// of sign-in page and account to life. They belong to the host of origin.
func (c *club) passkeys() passkey.Passkeys {
	return passkey.Passkeys{
		Auth: c.people, Name: name, User: c.called,
		Guards: guards(c.limits.Guard("passkeys by address", triesByAddress, limit.Address)),
	}
}

// called is how a user is shown when a passkey is chosen. One that there is not
// any more has no passkeys.
func (c *club) called(ctx context.Context, id string) (name, displayName string, err error) {
	u, err := c.byID(ctx, id)
	return u.Email, u.Name, err
}

func (c *club) endPasskey() api.Endpoint[sessionInput, api.None] {
	return api.Endpoint[sessionInput, api.None]{
		Path: "POST /passkeys/end", Name: "endPasskey",
		Handle: func(ctx context.Context, in sessionInput) (api.None, error) {
			who, err := c.people.Who(ctx)
			if err == nil {
				err = c.passkeys().Remove(ctx, who.User, in.Name)
			}
			if err == nil {
				flash.Add(ctx, "endedPasskey", "")
			}
			return api.None{}, err
		},
		Then: func(sessionInput, api.None) string { return "/account" },
	}
}
