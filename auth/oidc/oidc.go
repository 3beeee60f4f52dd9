// Package oidc signs visitors in with an account that they have elsewhere: at
// Google, Microsoft, a company's own provider, or any other that speaks OpenID
// Connect.
//
//	oidc.Provider{
//		Auth: people, Issuer: "https://accounts.google.com", Path: "/sign-in/google",
//		ClientID: settings.GoogleID, ClientSecret: settings.GoogleSecret,
//		Found: accounts.ofGoogle,
//	}
//
// A [Provider] is a part of the app with two handlers: a link to Path leads to
// the provider, which sends the visitor back to Path + "/callback". Tell the
// provider this address, with gorgon.App.Origin and the base path in front:
// "https://example.com/sign-in/google/callback". It has no locale, and is never
// taken from the Host of a request.
//
// # Who it is
//
// A user is an issuer and a subject. An e-mail address is not: it changes hands,
// and many providers do not check it. An app that finds accounts by address
// gives them to those who can write one into a form elsewhere. See [Identity].
//
// # What a sign-in rests on
//
// A browser that begins a sign-in gets a random secret in a cookie for
// [Lifetime]. The state that travels with the visitor is encrypted with it, and
// the nonce and the PKCE verifier (S256) are derived from it. So a state is
// worth nothing in another browser, for another provider, later, or a second
// time; no server keeps anything for a sign-in that was only begun; and two tabs
// do not disturb each other. A state that led to a session is remembered in
// the store of sessions until it has expired.
//
// Accepted are ID tokens that are signed by a key of the provider, with an
// algorithm that it announces and never "none" or a shared secret; that are
// for ClientID, with the nonce, and not expired. Clocks may differ by a minute.
// Keys are fetched when a token has an unknown one.
//
// Nothing is asked of a provider before a visitor is, so an app starts and is
// built while the provider cannot be reached.
package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/auth"
)

// A Provider signs visitors in. Auth, Issuer, ClientID, Path and Found are
// required; what is missing of Issuer and ClientID is reported when a visitor
// signs in, so that an app can be built without them.
type Provider struct {
	Auth *auth.Auth

	// Issuer is the provider's URL, exactly as it writes it:
	// "https://accounts.google.com". It is https, except on this machine.
	Issuer string

	// ClientID and ClientSecret are what the provider calls this app. Default of
	// ClientSecret: the app is a public client, and PKCE alone protects it.
	ClientID     string
	ClientSecret string

	// Path is where a sign-in begins: "/sign-in/google". A link to it may have
	// the way back as the query parameter next: see [auth.Next].
	Path string

	// Found returns the user's id in the app, as auth.Login has it, and makes the
	// user if there is none. Its error ends the sign-in: gorgon.Redirect leads to
	// another page, gorgon.KindForbidden says that the user may not sign in.
	Found func(ctx context.Context, who Identity) (user string, err error)

	// Scopes are what is asked for beside "openid". Default: "email", "profile".
	Scopes []string

	// Parameters are added to the provider's address: "prompt":
	// "select_account". Default: none.
	Parameters map[string]string

	// Then is where a visitor goes who gave no way back. Default: "/".
	Then string

	// Brief lets the session's cookie end with the browser. Default: it lasts.
	Brief bool

	// Client makes requests to the provider. Default: one that follows no
	// redirects, waits for 10 seconds, and reads 1 MiB at most.
	Client *http.Client
}

// Lifetime is how long a visitor may take to sign in at the provider.
const Lifetime = 15 * time.Minute

// skew is how much the clocks of provider and app may differ.
const skew = time.Minute

// An Identity is who has signed in. Issuer and Subject together are the user:
// they never change, and are never given to another one. All else is what the
// provider says today, for display.
type Identity struct {
	Issuer  string
	Subject string // at most 255 bytes

	// Email is the address, if the provider gave one; EmailVerified says that the
	// provider has checked it. It can be what to write to. It is not who the
	// user is: do not find accounts by it.
	Email         string
	EmailVerified bool

	Name    string
	Picture string // a URL
	Locale  string

	claims json.RawMessage
}

// Claims reads all claims of the ID token, as JSON, into a value.
func (i Identity) Claims(into any) error {
	if len(i.claims) == 0 {
		return errors.New("oidc: the identity has no claims")
	}
	return json.Unmarshal(i.claims, into)
}

// Part returns the two handlers.
func (p Provider) Part() gorgon.Part {
	if p.Scopes == nil {
		p.Scopes = []string{"email", "profile"}
	}
	if p.Then == "" {
		p.Then = "/"
	}
	f := &flow{Provider: p, remote: newRemote(p)}
	return gorgon.Group{Parts: []gorgon.Part{
		gorgon.Handler{Pattern: "GET " + p.Path, Handler: &start{f}},
		gorgon.Handler{Pattern: "GET " + p.Path + callback, Handler: &back{f}},
	}}
}

// callback is what the second path ends with.
const callback = "/callback"

// A flow is a provider in use.
type flow struct {
	Provider
	remote *remote
}

// Validate reports what is wrong with the declaration.
func (s *start) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf("oidc: "+format, args...)) }
	if s.Auth == nil {
		fault("there is no Auth: give what auth.New returned")
	}
	if s.Found == nil {
		fault("there is no Found: add a function that finds or makes the user of an identity")
	}
	if !strings.HasPrefix(s.Path, "/") || strings.HasSuffix(s.Path, "/") || strings.ContainsAny(s.Path, "{}?# ") {
		fault("Path is %q: use a path without wildcards and without a slash at its end, such as \"/sign-in/google\"", s.Path)
	}
	if s.Issuer != "" {
		if err := checkURL(s.Issuer); err != nil {
			fault("Issuer %w", err)
		}
	}
	return errors.Join(faults...)
}

// checkURL refuses addresses to which no secret may be sent.
func checkURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "":
		return errors.New(`is not an absolute URL: use one such as "https://accounts.google.com"`)
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	}
	return errors.New("is not https: others on the line could sign in as any user")
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}
