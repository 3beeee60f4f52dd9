// API tokens, and what they are for.

package main

import (
	"context"
	"time"

	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/flash"
)

type tokenInput struct {
	About  string   `json:"about" check:"min=1,max=80"`
	Scopes []string `json:"scopes,omitempty" check:"max=10,each.max=20"`
	Days   int      `json:"days" check:"min=1,max=366"`
}

// makeToken shows the secret once: the visitor's own browser has it in a cookie
// until the next page is shown, and nothing else has it.
func (c *club) makeToken() api.Endpoint[tokenInput, api.None] {
	return api.Endpoint[tokenInput, api.None]{
		Path: "POST /tokens", Name: "makeToken",
		Handle: func(ctx context.Context, in tokenInput) (api.None, error) {
			who, err := c.people.Who(ctx)
			if err != nil {
				return api.None{}, err
			}
			for _, s := range in.Scopes {
				if !who.Can(s) {
					return api.None{}, refuse(ctx, "/scopes", "errors.scope")
				}
			}
			secret, err := c.people.Tokens().Make(ctx, who.User, in.About, in.Scopes, time.Duration(in.Days)*24*time.Hour)
			if err == nil {
				flash.Add(ctx, "token", secret)
			}
			return api.None{}, err
		},
		Then: func(tokenInput, api.None) string { return "/account/tokens" },
	}
}

func (c *club) endToken() api.Endpoint[sessionInput, api.None] {
	return api.Endpoint[sessionInput, api.None]{
		Path: "POST /tokens/end", Name: "endToken",
		Handle: func(ctx context.Context, in sessionInput) (api.None, error) {
			who, err := c.people.Who(ctx)
			if err == nil {
				err = c.people.Tokens().Revoke(ctx, who.User, in.Name)
			}
			if err == nil {
				flash.Add(ctx, "endedToken", "")
			}
			return api.None{}, err
		},
		Then: func(sessionInput, api.None) string { return "/account/tokens" },
	}
}

// A profile is what GET /api/me tells a program.
type profile struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Email  string   `json:"email"`
	Scopes []string `json:"scopes"`
}

// readMe is for programs with a token: curl -H "Authorization: Bearer gorgon_…"
func (c *club) readMe() api.Endpoint[api.None, profile] {
	return api.Endpoint[api.None, profile]{
		Path: "GET /api/me", Name: "readMe", Summary: "Who the token is of, and what it may do",
		Handle: func(ctx context.Context, _ api.None) (profile, error) {
			u, who, err := c.me(ctx)
			return profile{u.ID, u.Name, u.Email, who.Scopes}, err
		},
	}
}
