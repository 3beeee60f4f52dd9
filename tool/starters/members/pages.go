// Pages: what each shows.

package main

import (
	"context"
	"net/http"
	"slices"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/auth/passkey"
	"github.com/gorgon-go/gorgon/flash"
)

// A shown is the state of a page, and what is to be said once.
type shown[S any] struct {
	State    S
	Messages []flash.Message
}

// still is a page that is only a template, made at build. Its title is the
// message of its name.
func still(path, page string) gorgon.Part {
	return gorgon.Page[struct{}]{
		Path: path, HeadFor: headOf[struct{}](path, page),
		View: func(struct{}) gorgon.Component { return view(page+".html", nil) },
	}
}

// open is a page that is made for each request.
func open[S any](path, page string, load func(context.Context, *http.Request) (S, error)) gorgon.Part {
	return gorgon.Page[shown[S]]{
		Path: path, HeadFor: headOf[shown[S]](path, page),
		LoadRequest: func(ctx context.Context, _ gorgon.Input, r *http.Request) (shown[S], error) {
			state, err := load(ctx, r)
			return shown[S]{state, said(ctx)}, err
		},
		View: func(s shown[S]) gorgon.Component { return view(page+".html", s) },
		// What a visitor does next is told to no other site. With a code in its
		// fragment, the URL of a page would not be told anyway.
		Headers: func(shown[S]) http.Header { return http.Header{"Referrer-Policy": {"same-origin"}} },
	}
}

// said are the messages that are to be said now. They come from a cookie, so those
// that this app does not have are left out.
func said(ctx context.Context) []flash.Message {
	return slices.DeleteFunc(slices.Clone(flash.Messages(ctx)), func(m flash.Message) bool {
		_, err := messages.Text(ctx, "flash."+m.Code, nil)
		return err != nil
	})
}

func headOf[S any](path, page string) func(context.Context, gorgon.Input, S) (gorgon.Head, error) {
	return func(ctx context.Context, _ gorgon.Input, _ S) (gorgon.Head, error) {
		title, err := messages.Text(ctx, page+".title", nil)
		head := gorgon.Head{Title: title + " · " + name, Robots: "noindex"}
		if path == "/" && page == "home" {
			head.Robots, head.Canonical = "", "/"
		}
		return head, err
	}
}

func (c *club) blank(context.Context, *http.Request) (struct{}, error) { return struct{}{}, nil }

// A door is the page to sign in on.
type door struct {
	Next  string // where to go after that
	Email string // of who is signed in, and is asked once more
}

func (c *club) atTheDoor(ctx context.Context, r *http.Request) (door, error) {
	d := door{Next: r.URL.Query().Get("next")}
	if u, _, err := c.me(ctx); err == nil {
		d.Email = u.Email
	}
	return d, nil
}

// An account is what its user sees of it.
type account struct {
	User    user
	Admin   bool
	Devices []device

	Passkeys []passkey.Passkey
}

func (c *club) account(ctx context.Context, _ *http.Request) (account, error) {
	u, who, err := c.me(ctx)
	if err != nil {
		return account{}, err
	}
	u.Password = ""
	a := account{User: u, Admin: who.Can("admin")}
	if a.Devices, err = c.devices(ctx, who); err == nil {
		a.Passkeys, err = c.passkeys().List(ctx, who.User)
	}
	return a, err
}

// tokens are the API tokens of a user, and the scopes that one can have.
type tokens struct {
	Tokens []auth.Token
	Scopes []string
}

func (c *club) tokens(ctx context.Context, _ *http.Request) (tokens, error) {
	who, err := c.people.Who(ctx)
	if err != nil {
		return tokens{}, err
	}
	list, err := c.people.Tokens().List(ctx, who.User)
	return tokens{list, who.Scopes}, err
}

func (c *club) everyone(ctx context.Context, _ *http.Request) ([]user, error) { return c.members(ctx) }

// A here is who is signed in; "" for none.
type here struct{ Name string }

// whoIsHere is the part of the layout that differs between visitors. The browser
// asks for it once it has the page, so pages stay the same for all, and can be
// kept by every cache on the way.
func (c *club) whoIsHere() gorgon.Fragment[struct{}, here] {
	return gorgon.Fragment[struct{}, here]{
		Name: "who",
		LoadRequest: func(ctx context.Context, _ gorgon.Input, _ struct{}, _ *http.Request) (here, error) {
			u, _, err := c.me(ctx)
			if err != nil {
				return here{}, nil
			}
			return here{u.Name}, nil
		},
		View:     func(h here) gorgon.Component { return view("who.html", h) },
		Fallback: func(struct{}) gorgon.Component { return messages.T("who.account", nil) },
	}
}
