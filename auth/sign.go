// Signing in and out.

package auth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/sessions"
	"github.com/gorgon-go/gorgon/wire"
)

// A Login is who signs in.
type Login struct {
	User string // as Options.Find and Who have it: an id that never changes, at most 200 bytes

	// Brief is for a machine that others use: the cookie ends with the browser.
	// Default: it lasts for Options.Lifetime.
	Brief bool

	// About describes the browser in lists of sessions. Default: its User-Agent.
	About string
}

// SignIn signs a user in, in an endpoint's Handle that has found out who it is.
// The browser gets a new session, and one that it had ends.
func (a *Auth) SignIn(ctx context.Context, l Login) error {
	r := api.Request(ctx)
	if r == nil {
		return &gorgon.Error{Op: "sign in", Err: errors.New("there is no response to give the cookie to"), Hint: "call it in the Handle of an endpoint; in a plain handler use Begin"}
	}
	return a.begin(ctx, api.Header(ctx), r, l)
}

// Begin is SignIn for plain handlers, before they send anything.
func (a *Auth) Begin(w http.ResponseWriter, r *http.Request, l Login) error {
	return a.begin(r.Context(), w.Header(), r, l)
}

func (a *Auth) begin(ctx context.Context, header http.Header, r *http.Request, l Login) error {
	secret, record, err := a.newSession(r, l)
	if err != nil {
		return err
	}
	if err := a.options.Store.Put(ctx, record); err != nil {
		return unavailable("keep the session", err)
	}
	if old := a.cookies.of(r); old != "" {
		if err := a.take(ctx, sessions.IDOf(old)); err != nil {
			return err
		}
	}
	a.give(header, r, secret, l.Brief)
	return nil
}

// give gives the browser a session.
func (a *Auth) give(header http.Header, r *http.Request, secret string, brief bool) {
	lifetime := a.options.Lifetime
	if brief {
		lifetime = 0
	}
	a.set(header, a.cookies.with(r, secret, lifetime))
}

// set sets the cookie, and takes back what was set before in the same response.
func (a *Auth) set(header http.Header, c *http.Cookie) {
	var others []string
	for _, line := range header["Set-Cookie"] {
		if !strings.HasPrefix(line, c.Name+"=") {
			others = append(others, line)
		}
	}
	header["Set-Cookie"] = append(others, c.String())
	header.Set(wire.HeaderIdentity, wire.IdentityChanged)
}

func (a *Auth) newSession(r *http.Request, l Login) (secret string, record sessions.Record, err error) {
	if l.User == "" || len(l.User) > 200 {
		return "", record, &gorgon.Error{Op: "sign in", Err: errors.New("Login.User has to have 1 to 200 bytes")}
	}
	about := l.About
	if about == "" && r != nil {
		about = r.UserAgent()
	}
	now := a.now()
	text, err := json.Marshal(data{About: clip(about), At: now, Brief: l.Brief})
	if err != nil {
		return "", record, err
	}
	secret = newSecret()
	return secret, sessions.Record{
		ID: sessions.IDOf(secret), Kind: kindSession, User: l.User, Data: text,
		Made: now, Used: now, Expires: a.expiry(now, now),
	}, nil
}

// clip bounds a text that came from a browser.
func clip(s string) string {
	const most = 200
	if len(s) > most {
		s = s[:most]
	}
	return strings.ToValidUTF8(s, "")
}

// Issue makes a session of a user and returns its cookie, for a request. It is
// for tests: see gorgontest.Site.SignIn.
func (a *Auth) Issue(r *http.Request, user string) (*http.Cookie, error) {
	secret, record, err := a.newSession(r, Login{User: user})
	if err != nil {
		return nil, err
	}
	if err := a.options.Store.Put(r.Context(), record); err != nil {
		return nil, unavailable("keep the session", err)
	}
	return a.cookies.with(r, secret, a.options.Lifetime), nil
}

// SignOut ends the session of the request, in an endpoint's Handle, and one that
// SignIn or Renew began in it. It does nothing if there is none.
func (a *Auth) SignOut(ctx context.Context) error {
	r := api.Request(ctx)
	if r == nil {
		return &gorgon.Error{Op: "sign out", Err: errors.New("there is no response to take the cookie away with"), Hint: "call it in the Handle of an endpoint; in a plain handler use End"}
	}
	return a.end(ctx, api.Header(ctx), r)
}

// End is SignOut for plain handlers, before they send anything.
func (a *Auth) End(w http.ResponseWriter, r *http.Request) error {
	return a.end(r.Context(), w.Header(), r)
}

func (a *Auth) end(ctx context.Context, header http.Header, r *http.Request) error {
	secrets := []string{a.cookies.of(r)}
	for _, c := range (&http.Response{Header: header}).Cookies() {
		if c.Name == a.cookies.name(r) {
			secrets = append(secrets, c.Value)
		}
	}
	a.set(header, a.cookies.none(r))
	var errs []error
	for _, secret := range secrets {
		if secret != "" {
			errs = append(errs, a.take(ctx, sessions.IDOf(secret)))
		}
	}
	return errors.Join(errs...)
}

// Renew gives the request's session a new cookie, in an endpoint's Handle, when
// the user may do more than before: the old one is worth nothing from then on.
// The user has signed in now if Renew follows a check of the password.
func (a *Auth) Renew(ctx context.Context, checked bool) error {
	r := api.Request(ctx)
	old := ""
	if r != nil {
		old = a.cookies.of(r)
	}
	if old == "" {
		return errSignedOut
	}
	h, err := a.find(ctx, key{kindSession, sessions.IDOf(old)})
	if err != nil {
		return err
	}
	d := h.data
	if checked {
		d.At = a.now()
	}
	record, secret := h.record, newSecret()
	record.ID, record.Used = sessions.IDOf(secret), a.now()
	record.Expires = a.expiry(record.Made, record.Used)
	if record.Data, err = json.Marshal(d); err != nil {
		return err
	}
	err = a.options.Store.Replace(ctx, h.record.ID, record)
	switch {
	case errors.Is(err, sessions.ErrNotFound):
		return errSignedOut
	case err != nil:
		return unavailable("renew the session", err)
	}
	a.give(api.Header(ctx), r, secret, d.Brief)
	a.mention(ctx, record.User)
	return nil
}

// take removes a session, and lets every instance know.
func (a *Auth) take(ctx context.Context, id sessions.ID) error {
	record, err := a.options.Store.Take(context.WithoutCancel(ctx), kindSession, id)
	switch {
	case errors.Is(err, sessions.ErrNotFound):
		a.memory.Invalidate(key{kindSession, id})
		return nil
	case err != nil:
		return unavailable("end the session", err)
	}
	a.revoked.Add(1)
	a.mention(ctx, record.User)
	return nil
}

// mention is tell for a browser that ends its own session: it has no use for an
// error, and the session is gone. Instances that could not be told notice within
// a minute.
func (a *Auth) mention(ctx context.Context, user string) {
	if err := a.tell(ctx, user); err != nil {
		a.log.Warn("other instances could not be told that a session has ended", "err", err)
	}
}

// age is how long ago something was, by the clock of the options.
func (a *Auth) age(at time.Time) time.Duration { return a.now().Sub(at) }
