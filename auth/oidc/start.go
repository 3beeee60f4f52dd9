// The beginning of a sign-in.

package oidc

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/viewctx"
)

// cookie is the purpose of the cookie that a browser has during a sign-in.
const cookie = "oidc"

// A start leads visitors to the provider.
type start struct{ *flow }

func (s *start) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	serve.Private(r.Context())
	to, err := s.leave(w, r)
	if err != nil {
		serve.Fail(w, r, err)
		return
	}
	serve.Redirect(w, r, to)
}

// leave begins a sign-in, and returns the provider's address.
func (s *start) leave(w http.ResponseWriter, r *http.Request) (string, error) {
	site := viewctx.SiteOf(r.Context())
	redirect, err := s.redirectURL(site, r)
	if err != nil {
		return "", err
	}
	known, err := s.remote.find(r.Context())
	if err != nil {
		return "", err
	}
	own := secretOf(s.Auth.HandleOf(r, cookie)) // of another tab
	if own == "" {
		own = newSecret()
	}
	next := auth.Next(r.URL.Query().Get("next"), "")
	if len(next) > maxNext {
		next = ""
	}
	state, err := own.seal(s.name(r), journey{Began: s.Auth.Now().Unix(), Next: next, Locale: site.Locale})
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{
		oidc.Nonce(own.nonce(state)), oauth2.S256ChallengeOption(own.verifier(state)),
		oauth2.SetAuthURLParam("redirect_uri", redirect),
	}
	for name, value := range s.Parameters {
		options = append(options, oauth2.SetAuthURLParam(name, value))
	}
	http.SetCookie(w, s.Auth.Handle(r, cookie, string(own), Lifetime))
	return known.oauth.AuthCodeURL(state, options...), nil
}

// name is what a state is bound to beside the browser: a provider at a path.
func (f *flow) name(r *http.Request) string {
	return f.Issuer + "\n" + f.ClientID + "\n" + strings.TrimSuffix(r.URL.Path, callback)
}

// redirectURL is where the provider sends visitors: below App.Origin, whatever
// the request says its host is.
func (f *flow) redirectURL(site *viewctx.Site, r *http.Request) (string, error) {
	fault := func(text, hint string) (string, error) {
		return "", &gorgon.Error{Op: "oidc", Path: f.Path, Err: errors.New(text), Hint: hint}
	}
	switch {
	case site.Origin == "":
		return fault("gorgon.App.Origin is not set: it is not known where the provider sends visitors", `set it to scheme and host, such as "https://example.com"`)
	case f.Issuer == "":
		return fault("there is no Issuer", "set it to the provider's URL")
	case f.ClientID == "":
		return fault("there is no ClientID", "set it to what the provider calls this app, with ClientSecret")
	}
	path := strings.TrimSuffix(r.URL.Path, callback) + callback // with the prefixes of groups, without locale
	return site.Origin + (&url.URL{Path: site.Base + path}).EscapedPath(), nil
}
