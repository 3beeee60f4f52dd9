// Signing in by a link in a mail: the shop has no passwords. A user exists once a
// link was used, so who types the address of another person gains nothing.

package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/auth"
)

// linkFor is how long a link works. Each works once, and the newest alone.
const linkFor = 30 * time.Minute

// newID is the ID of a user or an order. It says nothing, and is not to be guessed.
func newID() string { return strings.ToLower(rand.Text()) }

// normal is an address as it is compared and stored.
func normal(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// A door is the page to sign in on, with where to go after that.
type door struct{ Next string }

func (s shop) atTheDoor(_ context.Context, _ gorgon.Input, r *http.Request) (door, error) {
	return door{r.URL.Query().Get("next")}, nil
}

type askedLink struct {
	Email string `json:"email" check:"email,max=200"`
	Next  string `json:"next,omitempty" check:"max=2000"`
}

// askLink answers the same, and does as much, whether the address is known or not.
func (s shop) askLink() api.Endpoint[askedLink, api.None] {
	return api.Endpoint[askedLink, api.None]{
		Path: "POST /sign-in", Name: "askLink",
		Handle: func(ctx context.Context, in askedLink) (api.None, error) {
			email := normal(in.Email)
			err := s.allow(ctx, "links by address", visitor(ctx), mailsByAddress)
			if err == nil {
				err = s.allow(ctx, "links by mailbox", email, mailsByMailbox)
			}
			if err == nil {
				err = s.allow(ctx, "links", "all", mailsInAll)
			}
			if err == nil {
				_, err = s.link().Add(ctx, s.queue, mailedLink{email, language(ctx), in.Next})
			}
			return api.None{}, err
		},
		Then: func(askedLink, api.None) string { return "/sign-in/sent" },
	}
}

type code struct {
	Code string `json:"code" check:"min=1,max=100"`
}

type welcome struct {
	Next string `json:"next"`
}

// signIn makes a session, and the user if there is none yet. The link alone does
// not: programs that check mails open links.
func (s shop) signIn() api.Endpoint[code, welcome] {
	return api.Endpoint[code, welcome]{
		Path: "POST /sign-in/link", Name: "signIn",
		Handle: func(ctx context.Context, in code) (welcome, error) {
			if err := s.allow(ctx, "codes by address", visitor(ctx), triesByAddress); err != nil {
				return welcome{}, err
			}
			email, next, err := s.links.Use(ctx, in.Code)
			if errors.Is(err, auth.ErrUsed) {
				return welcome{}, refuse(ctx, "/code", "errors.used", nil)
			} else if err != nil {
				return welcome{}, err
			}
			id, err := s.userOf(ctx, email)
			if err != nil {
				return welcome{}, err
			}
			return welcome{string(next)}, s.people.SignIn(ctx, auth.Login{User: id})
		},
		Then: func(_ code, w welcome) string { return auth.Next(w.Next, "/orders") },
	}
}

// userOf is the ID of the user with an address, who gets one the first time.
func (s shop) userOf(ctx context.Context, email string) (id string, err error) {
	err = s.db.Tx(ctx, nil, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "insert into users (id, email, created_at) values ($1, $2, $3) on conflict (email) do nothing",
			newID(), email, time.Now().Unix()); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, "select id from users where email = $1", email).Scan(&id)
	})
	return id, err
}

func (s shop) signOut() api.Endpoint[api.None, api.None] {
	return api.Endpoint[api.None, api.None]{
		Path: "POST /sign-out", Name: "signOut",
		Handle: func(ctx context.Context, _ api.None) (api.None, error) { return api.None{}, s.people.SignOut(ctx) },
		Then:   func(api.None, api.None) string { return "/" },
	}
}

// scopes says what a user may do: the shopkeeper is who reads the mails of
// SHOP_KEEPER.
func (s shop) scopes(ctx context.Context, id string) ([]string, error) {
	var email string
	err := s.db.SQL().QueryRowContext(ctx, "select email from users where id = $1", id).Scan(&email)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, gorgon.NotFound() // which ends the session
	}
	if err == nil && email == s.keeper {
		return []string{"keeper"}, nil
	}
	return nil, err
}

// A here is who is signed in, as the layout shows it.
type here struct{ SignedIn, Keeper bool }

// whoIsHere is the part of the layout that differs between visitors. The browser
// asks for it once it has the page, so pages stay the same for all, and can be
// kept by every cache on the way.
func (s shop) whoIsHere() gorgon.Fragment[struct{}, here] {
	return gorgon.Fragment[struct{}, here]{
		Name: "who",
		LoadRequest: func(ctx context.Context, _ gorgon.Input, _ struct{}, _ *http.Request) (here, error) {
			who, err := s.people.Who(ctx)
			return here{err == nil, err == nil && who.Can("keeper")}, nil
		},
		View:     shows[here]("who.html"),
		Fallback: func(struct{}) gorgon.Component { return messages.T("who.orders", nil) },
	}
}
