// The end of a sign-in.

package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"golang.org/x/oauth2"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/sessions"
	"github.com/gorgon-go/gorgon/viewctx"
)

// What visitors read.
const (
	againMessage   = "The sign-in was not completed, or took too long. Please begin once more."
	refusedMessage = "The answer of the sign-in provider was not accepted. Please begin once more."
)

// kindUsed is the kind of the records of states that have led to a session.
const kindUsed = "once-oidc"

// A back takes visitors who come from the provider.
type back struct{ *flow }

func (b *back) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	serve.Private(r.Context())
	w.Header().Set("Referrer-Policy", "no-referrer") // the address has the code in it
	to, err := b.arrive(w, r)
	if err != nil {
		b.report(r, err)
		serve.Fail(w, r, err)
		return
	}
	serve.Redirect(w, r, to)
}

// arrive ends a sign-in, and returns where the visitor goes.
func (b *back) arrive(w http.ResponseWriter, r *http.Request) (string, error) {
	site := viewctx.SiteOf(r.Context())
	redirect, err := b.redirectURL(site, r)
	if err != nil {
		return "", err
	}
	query, err := parametersOf(r)
	if err != nil {
		return "", again(err)
	}
	own, state := secretOf(b.Auth.HandleOf(r, cookie)), query["state"]
	trip, err := own.open(b.name(r), state, b.Auth.Now())
	if err != nil {
		return "", again(err)
	}
	if trip.Locale != site.Locale && slices.Contains(site.Locales, trip.Locale) { // the provider knows one address for all languages
		return site.Origin + site.PathURL(trip.Locale, r.URL.Path) + "?" + r.URL.RawQuery, nil
	}
	if iss, ok := query["iss"]; ok && iss != b.Issuer {
		return "", refused(errors.New("the answer names another issuer"))
	}
	if code := query["error"]; code != "" {
		return b.denied(code, trip)
	}
	if query["code"] == "" {
		return "", refused(errors.New("the answer has no code"))
	}
	who, err := b.redeem(r.Context(), own, state, query["code"], redirect)
	if err != nil {
		return "", err
	}
	if err := b.use(r.Context(), state); err != nil {
		return "", err
	}
	user, err := b.Found(r.Context(), who)
	if err != nil {
		return "", err
	}
	if err := b.Auth.Begin(w, r, auth.Login{User: user, Brief: b.Brief}); err != nil {
		return "", err
	}
	return auth.Next(trip.Next, b.Then), nil
}

// parametersOf reads the query: each parameter once.
func parametersOf(r *http.Request) (map[string]string, error) {
	all, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, errForeign
	}
	query := make(map[string]string, len(all))
	for name, values := range all {
		if len(values) > 1 {
			return nil, errors.New("the answer has a parameter twice")
		}
		query[name] = values[0]
	}
	return query, nil
}

// denied answers where the provider says that there is no sign-in. Visitors who
// cancel are led back to the sign-in page.
func (b *back) denied(code string, trip journey) (string, error) {
	switch code {
	case "access_denied", "login_required", "consent_required", "interaction_required", "account_selection_required":
		return b.Auth.SignInPage(auth.Next(trip.Next, "")), nil
	case "server_error", "temporarily_unavailable":
		return "", b.remote.unavailable("the provider answered", errors.New(code))
	case "invalid_request", "unauthorized_client", "unsupported_response_type", "invalid_scope":
		return "", &gorgon.Error{Op: "oidc", Path: b.Path, Err: errors.New("the provider refuses the app: " + code),
			Hint: "compare ClientID, Scopes and the callback address with what the provider has"}
	}
	return "", refused(errors.New("the provider answered with an error that OpenID Connect does not have"))
}

// use marks a state as used: of several callers one succeeds.
func (b *back) use(ctx context.Context, state string) error {
	now := b.Auth.Now()
	err := b.Auth.Store().Put(dataflow.Apart(ctx), sessions.Record{
		ID: sessions.IDOf("oidc " + state), Kind: kindUsed, Made: now, Used: now, Expires: now.Add(Lifetime + 2*skew),
	})
	switch {
	case errors.Is(err, sessions.ErrExists):
		return again(errors.New("the sign-in was completed before"))
	case err != nil:
		return &gorgon.Error{Op: "oidc", Kind: gorgon.KindUnavailable, Err: fmt.Errorf("mark a sign-in as completed: %w", err)}
	}
	return nil
}

// redeem gives the code to the provider, and returns who it is for.
func (b *back) redeem(ctx context.Context, own secret, state, code, redirect string) (who Identity, err error) {
	ctx, cancel := context.WithTimeout(b.remote.context(ctx), 2*patience)
	defer cancel()
	known, err := b.remote.find(ctx)
	if err != nil {
		return who, err
	}
	token, err := known.oauth.Exchange(ctx, code, oauth2.VerifierOption(own.verifier(state)), oauth2.SetAuthURLParam("redirect_uri", redirect))
	if err != nil {
		return who, b.exchangeError(err)
	}
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return who, refused(errors.New("the provider gave no ID token: it does not speak OpenID Connect, or not for this app"))
	}
	return b.verify(ctx, known, own.nonce(state), raw, token.AccessToken)
}

// exchangeError says why a code could not be redeemed, without what the provider
// wrote: it may have the code in it.
func (b *back) exchangeError(err error) error {
	var answer *oauth2.RetrieveError
	if !errors.As(err, &answer) {
		return b.remote.unavailable("redeem the code", err)
	}
	status := 0
	if answer.Response != nil {
		status = answer.Response.StatusCode
	}
	switch answer.ErrorCode {
	case "invalid_grant":
		return again(errors.New("the provider did not accept the code: it was used, has expired, or is not of this browser"))
	case "invalid_client", "unauthorized_client", "invalid_request", "invalid_scope", "unsupported_grant_type":
		return &gorgon.Error{Op: "oidc", Path: b.Path, Err: errors.New("the provider refuses the app: " + answer.ErrorCode),
			Hint: "compare ClientID, ClientSecret and the callback address with what the provider has"}
	}
	return b.remote.unavailable("redeem the code", fmt.Errorf("the provider answered with status %d", status))
}

// again is the error of a sign-in that has to begin once more.
func again(err error) error {
	return &gorgon.Error{Op: "oidc", Kind: gorgon.KindInvalid, Message: againMessage, Err: err}
}

// refused is the error for an answer that is not accepted.
func refused(err error) error {
	return &gorgon.Error{Op: "oidc", Kind: gorgon.KindForbidden, Message: refusedMessage, Err: err}
}

// report writes refusals to the log that a visitor may ask about. Faults of the
// app and of the provider are written by serve.
func (b *back) report(r *http.Request, err error) {
	var e *gorgon.Error
	if !errors.As(err, &e) || e.Op != "oidc" {
		return
	}
	switch {
	case e.Kind == gorgon.KindForbidden:
		b.Auth.Log().WarnContext(r.Context(), "an answer of a sign-in provider was refused", "issuer", b.Issuer, "err", err)
	case e.Kind == gorgon.KindInvalid:
		b.Auth.Log().InfoContext(r.Context(), "a sign-in was not completed", "issuer", b.Issuer, "err", err)
	}
}
