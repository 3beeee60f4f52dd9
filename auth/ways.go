// What packages need that find out who a visitor is in other ways.

package auth

import (
	"log/slog"
	"net/http"
	"time"
)

// SignInPage is a reference to Options.SignIn, with the way back if next is not
// "": see [Next].
func (a *Auth) SignInPage(next string) string { return a.options.SignIn + a.backTo(next) }

// Now is the time by the clock that sessions have.
func (a *Auth) Now() time.Time { return a.now() }

// Log is the log that sessions have.
func (a *Auth) Log() *slog.Logger { return a.log }

// Handle is a cookie for what a browser has begun and not finished, such as a
// sign-in at another place. It is like that of a session, and there is one for
// each purpose. A lifetime of 0 takes it away.
func (a *Auth) Handle(r *http.Request, purpose, value string, lifetime time.Duration) *http.Cookie {
	c := a.handle(purpose).with(r, value, lifetime)
	if lifetime == 0 {
		c.MaxAge = -1
	}
	return c
}

// HandleOf is the value of the cookie for a purpose; "" for none, or for several
// that differ.
func (a *Auth) HandleOf(r *http.Request, purpose string) string {
	var found string
	for _, c := range r.CookiesNamed(a.handle(purpose).name(r)) {
		if found != "" && c.Value != found {
			return ""
		}
		found = c.Value
	}
	return found
}

func (a *Auth) handle(purpose string) cookies { return cookiesOf(a.options.Cookie + "-" + purpose) }
