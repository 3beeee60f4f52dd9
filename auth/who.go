// Who makes a request.

package auth

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/sessions"
)

// A Who is the user that a request is made for.
type Who struct {
	User    string
	Scopes  []string  // the user's, as Options.Find says; of an API token, those of them that the token has
	At      time.Time // when the user signed in, or the token was made
	Session string    // the name of the session, as in [Auth.Sessions]; "" for a token
	Token   string    // the name of the API token, as in [Tokens.List]; "" for a session
}

// Can says whether the user, or the token, has a scope.
func (w Who) Can(scope string) bool { return slices.Contains(w.Scopes, scope) }

// Errors that say why a request is not let through.
var (
	errSignedOut = &gorgon.Error{Op: "auth", Kind: gorgon.KindUnauthorized, Message: "Please sign in."}
	errAgain     = &gorgon.Error{Op: "auth", Kind: gorgon.KindUnauthorized, Message: "Please sign in again."}
	errBadToken  = &gorgon.Error{Op: "auth", Kind: gorgon.KindUnauthorized, Message: "The token is not valid."}
	errForbidden = &gorgon.Error{Op: "auth", Kind: gorgon.KindForbidden, Message: "You may not do this."}
	errCross     = &gorgon.Error{
		Op: "auth", Kind: gorgon.KindForbidden, Message: "The request came from a page of another site.",
		Err: errors.New("a request with a session cookie that is not from a page of this app"), Hint: "programs send an API token, not a cookie",
	}
	errNoRequest = &gorgon.Error{
		Op: "auth", Err: errors.New("the context belongs to no request: what is stored is the same for all visitors"),
		Hint: "ask in a LoadRequest, a guard, a handler or an endpoint; in a stored page, use a fragment with LoadRequest",
	}
)

type whoKey struct{}

// Who says who makes the request of a context: in an endpoint, a LoadRequest, a
// handler, a guard or middleware. The response is private from then on. The
// error has gorgon.KindUnauthorized if it is not known, so it can be returned
// as it is.
func (a *Auth) Who(ctx context.Context) (Who, error) { return a.who(ctx, serve.RequestOf(ctx)) }

// WhoAsks is Who for code that has the request.
func (a *Auth) WhoAsks(r *http.Request) (Who, error) { return a.who(r.Context(), r) }

func (a *Auth) who(ctx context.Context, r *http.Request) (Who, error) {
	if h, ok := ctx.Value(whoKey{}).(*held); ok && h.owner == &a.lookup {
		return h.who(), nil
	}
	if r == nil {
		return Who{}, errNoRequest
	}
	serve.Private(ctx)
	h, err := a.identify(ctx, r)
	if err != nil {
		return Who{}, err
	}
	return h.who(), nil
}

// User is the user that a guard of this package has let through; "" outside of
// one.
func User(ctx context.Context) string {
	if h, ok := ctx.Value(whoKey{}).(*held); ok {
		return h.record.User
	}
	return ""
}

// identify finds out who makes a request. A request with an API token is judged
// by that alone.
func (a *Auth) identify(ctx context.Context, r *http.Request) (*held, error) {
	if secret, ok := a.bearer(r); ok {
		h, err := a.find(ctx, key{kindToken, sessions.IDOf(secret)})
		if errors.Is(err, errSignedOut) {
			err = errBadToken
		}
		return h, err
	}
	secret := a.cookies.of(r)
	if secret == "" {
		return nil, errSignedOut
	}
	if !a.sameSite(r) {
		return nil, errCross
	}
	return a.find(ctx, key{kindSession, sessions.IDOf(secret)})
}

// bearer is the API token of a request: whether there is one, and "" if it
// cannot be one of this app.
func (a *Auth) bearer(r *http.Request) (secret string, ok bool) {
	header := r.Header["Authorization"]
	if len(header) == 0 {
		return "", false
	}
	scheme, secret, _ := strings.Cut(header[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", false // of something else, such as a proxy that asks for a password
	}
	secret = strings.TrimSpace(secret)
	if len(header) > 1 || !strings.HasPrefix(secret, a.options.TokenPrefix) {
		return "", true
	}
	return secret, true
}

// sameSite says whether a request that changes something, and has a session, was
// made by a page of this app. A browser says where a request comes from; one
// that says nothing is not taken at its word.
func (a *Auth) sameSite(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return serve.SameOrigin(r)
}
