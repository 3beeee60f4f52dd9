// The session of the cook: a sealed cookie, and a guard.

package site

import (
	"context"
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/serve"
)

const (
	sessionCookie = "recipes_session"
	sessionFor    = 12 * time.Hour
)

type credentials struct {
	Name     string `json:"name" check:"min=1,max=40"`
	Password string `json:"password" check:"min=1,max=200" secret:"true"`
	Next     string `json:"next,omitempty" check:"max=500"` // where the visitor wanted to go
}

func (s *site) defineSession() {
	s.signIn = api.Endpoint[credentials, api.None]{Path: "POST /sign-in", Name: "signIn",
		Handle: func(ctx context.Context, in credentials) (none api.None, err error) {
			if in.Name != "cook" || subtle.ConstantTimeCompare([]byte(in.Password), []byte(s.password)) != 1 {
				return none, refuse(ctx, "/password", "faults.password")
			}
			until, err := time.Now().Add(sessionFor).MarshalText()
			setCookie(ctx, sessionCookie, s.sessions.Seal(until), sessionFor)
			return none, err
		},
		Then: func(in credentials, _ api.None) string { return within(in.Next) }}
	s.signOut = api.Endpoint[api.None, api.None]{Path: "POST /sign-out", Name: "signOut",
		Handle: func(ctx context.Context, _ api.None) (none api.None, err error) {
			setCookie(ctx, sessionCookie, "", -time.Second)
			return none, nil
		},
		Then: func(api.None, api.None) string { return "/" }}
}

// setCookie sets a cookie of the app's own; below zero it is removed.
func setCookie(ctx context.Context, name, value string, lasts time.Duration) {
	r := api.Request(ctx)
	api.SetCookie(ctx, &http.Cookie{
		Name: name, Value: value, Path: gorgon.FileURL(ctx, "/"), MaxAge: int(lasts / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r != nil && r.TLS != nil,
	})
}

// onlyCook is a guard that redirects all others to sign in, and back.
func (s *site) onlyCook(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case s.isCook(r):
			next.ServeHTTP(w, r)
		case r.Method == http.MethodGet || r.Method == http.MethodHead:
			root := strings.TrimSuffix(gorgon.URL(r.Context(), "/"), "/") // base path and locale
			serve.Redirect(w, r, "/sign-in?"+url.Values{"next": {strings.TrimPrefix(r.URL.RequestURI(), root)}}.Encode())
		default:
			serve.Fail(w, r, &gorgon.Error{Kind: gorgon.KindUnauthorized})
		}
	})
}

func (s *site) isCook(r *http.Request) bool {
	var until time.Time
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return false
	}
	text, err := s.sessions.Open(c.Value)
	return err == nil && until.UnmarshalText(text) == nil && time.Now().Before(until)
}

// within is a page of this site, whatever a visitor sent.
func within(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/kitchen"
	}
	return next
}

func nextOf(_ context.Context, _ gorgon.Input, r *http.Request) (string, error) {
	return within(r.URL.Query().Get("next")), nil
}
