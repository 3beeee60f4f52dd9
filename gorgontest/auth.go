// Visitors who have signed in.

package gorgontest

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/gorgon-go/gorgon/coherence"
)

// An Auth is what auth.New returns.
type Auth interface {
	Use(log *slog.Logger, now func() time.Time)
	Serve(ctx context.Context, i *coherence.Instance)
	Issue(r *http.Request, user string) (*http.Cookie, error)
}

// SignIn gives the visitor a session of a user, as if a sign-in page had done
// it, and returns the site. It fails the test if [Options.Auth] is not set.
func (s *Site) SignIn(user string) *Site {
	s.t.Helper()
	if s.auth == nil {
		s.t.Fatalf("gorgontest: SignIn: set Options.Auth to what auth.New returned")
	}
	at, err := url.Parse(s.origin + s.base + "/")
	if err != nil {
		s.t.Fatalf("gorgontest: SignIn: %v", err)
	}
	r := httptest.NewRequest(http.MethodGet, at.String(), nil) // with TLS where the site's origin has it
	cookie, err := s.auth.Issue(r, user)
	if err != nil {
		s.t.Fatalf("gorgontest: SignIn: %v", err)
	}
	s.jar.SetCookies(at, []*http.Cookie{cookie})
	return s
}
