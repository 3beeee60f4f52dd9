// Guards of pages, endpoints and handlers.

package auth

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/serve"
)

// SignedIn is a guard: it lets users through who have signed in, by session.
// Browsers that have not are led to Options.SignIn, and back from there; programs
// get 401. API tokens are refused: pages of an account are for people.
func (a *Auth) SignedIn(next http.Handler) http.Handler {
	return a.guard(next, func(h *held) error {
		if h.record.Kind != kindSession {
			return errForbidden
		}
		return nil
	})
}

// Scope is a guard: it lets users and API tokens through that have all of the
// scopes. Who has signed in and has not gets 403.
func (a *Auth) Scope(scopes ...string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return a.guard(next, func(h *held) error {
			for _, s := range scopes {
				if !h.who().Can(s) {
					return errForbidden
				}
			}
			return nil
		})
	}
}

// Recent is a guard: it lets users through who have signed in not longer ago
// than d, and leads others to Options.SignIn once more: before a password is
// changed, or an account deleted.
func (a *Auth) Recent(d time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return a.guard(next, func(h *held) error {
			switch {
			case h.record.Kind != kindSession:
				return errForbidden
			case a.age(h.data.At) > d:
				return errAgain
			}
			return nil
		})
	}
}

func (a *Auth) guard(next http.Handler, allows func(*held) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, known := r.Context().Value(whoKey{}).(*held) // of a guard around this one
		var err error
		if known = known && h.owner == &a.lookup; !known {
			h, err = a.identify(r.Context(), r)
		}
		if err == nil {
			err = allows(h)
		}
		if err != nil {
			a.refuse(w, r, err)
			return
		}
		if known {
			next.ServeHTTP(w, r)
			return
		}
		ctx := context.WithValue(serve.WithCaller(r.Context(), h.record.User), whoKey{}, h)
		ctx, end := a.watch.begin(ctx, h)
		defer end()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// refuse answers a request that a guard does not let through.
func (a *Auth) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if failure.Kind(err) != gorgon.KindUnauthorized {
		serve.Fail(w, r, err)
		return
	}
	if mode := r.Header.Get("Sec-Fetch-Mode"); err == errSignedOut && a.cookies.of(r) != "" && (mode == "navigate" || mode == "" && r.Method == http.MethodGet) {
		// The session has ended. With the cookie, browsers drop what they keep of
		// private pages. Requests of a page's parts leave it: the page that they
		// belong to may be about to get another one.
		a.set(w.Header(), a.cookies.none(r))
	}
	if err == errBadToken || !serve.ShowsPages(r) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		serve.Fail(w, r, err)
		return
	}
	serve.Redirect(w, r, a.options.SignIn+a.back(r))
}

// back is the query that leads back to what a request was for: for a form, to
// the page that it was on.
func (a *Auth) back(r *http.Request) string {
	to := ""
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		to = serve.Reference(r)
	} else {
		to = serve.Referer(r)
	}
	return a.backTo(to)
}

// backTo is the query of the sign-in page that leads back to a reference.
func (a *Auth) backTo(to string) string {
	if to == "" || to == "/" {
		return ""
	}
	sep := "?"
	if strings.Contains(a.options.SignIn, "?") {
		sep = "&"
	}
	return sep + url.Values{"next": {to}}.Encode()
}

// Next is where to go after a sign-in: what the sign-in page was given as next,
// if that leads to a page of this app, and fallback otherwise.
func Next(next, fallback string) string {
	if len(next) > 2000 || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsRune(next, '\\') {
		return fallback
	}
	for _, c := range next {
		if c < ' ' || c == 0x7f {
			return fallback
		}
	}
	if u, err := url.Parse(next); err != nil || u.Host != "" || u.Scheme != "" || strings.HasPrefix(u.Path, "//") {
		return fallback
	}
	return next
}
