// Signing up. A user exists once the address is confirmed, with the password
// that belongs to that sign-up: who signs up with the address of another person
// gains nothing, and neither does who reads a mail that is not theirs.

package main

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/auth"
)

type signUpInput struct {
	Name     string `json:"name" check:"min=1,max=80"`
	Email    string `json:"email" check:"email,max=200"`
	Password string `json:"password" secret:"true" check:"min=10,max=200"`
}

// pending is a sign-up until it is confirmed. It is kept with the secret of its
// mail, and until that is written by itself; both are forgotten after a day.
type pending struct{ Name, Email, Hash string }

// signUp answers the same, and does as much, whether there is a user with the
// address or not. Which it is stands in the mail.
func (c *club) signUp() api.Endpoint[signUpInput, api.None] {
	return api.Endpoint[signUpInput, api.None]{
		Path: "POST /sign-up", Name: "signUp",
		Handle: func(ctx context.Context, in signUpInput) (api.None, error) {
			email := normal(in.Email)
			if err := accept(ctx, in.Password, email); err != nil {
				return api.None{}, err
			}
			if err := c.post(ctx, email); err != nil {
				return api.None{}, err
			}
			hash, err := c.hash(ctx, in.Password)
			if err != nil {
				return api.None{}, err
			}
			_, found := c.byEmail(ctx, email)
			if found != nil && !none(found) {
				return api.None{}, found
			}
			data, err := json.Marshal(pending{in.Name, email, hash})
			if err != nil {
				return api.None{}, err
			}
			n := about(ctx, "signUp", email, "/confirm")
			if n.SignUp, err = c.waiting.Make(ctx, "", data); err != nil {
				return api.None{}, err
			}
			if found == nil {
				n = about(ctx, "known", email, "/sign-in") // what waits stays unused
			}
			return api.None{}, c.write(ctx, n)
		},
		Then: func(signUpInput, api.None) string { return "/sign-up/sent" },
	}
}

type confirmInput struct {
	Code     string `json:"code" check:"min=1,max=100"`
	Password string `json:"password" secret:"true" check:"min=1,max=200"`
}

// confirm makes the user, who is signed in at once: the code shows that the
// mailbox is theirs, and the password that the sign-up was.
func (c *club) confirm() api.Endpoint[confirmInput, api.None] {
	return api.Endpoint[confirmInput, api.None]{
		Path: "POST /confirm", Name: "confirm",
		Handle: func(ctx context.Context, in confirmInput) (api.None, error) {
			_, data, err := c.signUps.Look(ctx, in.Code)
			if errors.Is(err, auth.ErrUsed) {
				err = nil // to be refused below, after as long
			}
			if err != nil {
				return api.None{}, err
			}
			var p pending
			if data != nil {
				if err := json.Unmarshal(data, &p); err != nil {
					return api.None{}, err
				}
			}
			if err := c.check(ctx, in.Code, p.Hash, in.Password, "", "errors.confirm"); err != nil {
				return api.None{}, err
			}
			if _, _, err := c.signUps.Use(ctx, in.Code); err != nil {
				return api.None{}, refuseUsed(ctx, err)
			}
			u := user{ID: newID(), Email: p.Email, Name: p.Name, Password: p.Hash, Role: "member", Confirmed: c.now(), Created: c.now()}
			if err := c.add(ctx, u); errors.Is(err, errTaken) {
				return api.None{}, refuseUsed(ctx, auth.ErrUsed) // another sign-up was confirmed first
			} else if err != nil {
				return api.None{}, err
			}
			return api.None{}, c.people.SignIn(ctx, auth.Login{User: u.ID, Brief: true})
		},
		Then: func(confirmInput, api.None) string { return "/account" },
	}
}

// refuseUsed says in the visitor's language that a code is not valid.
func refuseUsed(ctx context.Context, err error) error {
	if errors.Is(err, auth.ErrUsed) {
		return refuse(ctx, "/code", "errors.used")
	}
	return err
}
