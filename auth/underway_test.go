// Requests that are under way when their session ends.

package auth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/gorgontest"
)

// A call that waits is answered with 401 when the session of its caller ends,
// and those of other users go on.
func TestRequestsUnderWayEnd(t *testing.T) {
	c := newClub()
	app := c.app()
	begun, free := make(chan string, 2), make(chan struct{})
	app.Parts = append(app.Parts, api.Endpoint[api.None, entrance]{
		Path: "POST /wait", Guards: []func(http.Handler) http.Handler{c.people.SignedIn},
		Handle: func(ctx context.Context, _ api.None) (entrance, error) {
			who, err := c.people.Who(ctx)
			if err != nil {
				return entrance{}, err
			}
			begun <- who.User
			select {
			case <-ctx.Done():
				return entrance{}, ctx.Err()
			case <-free:
				return entrance{User: who.User}, nil
			}
		},
	}, gorgon.Page[string]{Path: "/other", View: func(string) gorgon.Component { return gorgon.Text("") }})
	site := gorgontest.Options{Auth: c.people}.Open(t, app)
	answers := map[string]chan *httptest.ResponseRecorder{}
	for _, user := range []string{"ada", "bea"} {
		cookie := enter(site, user)
		answers[user] = make(chan *httptest.ResponseRecorder, 1)
		go func() {
			r := httptest.NewRequest(http.MethodPost, "https://club.example/wait", nil)
			r.Header.Set("Cookie", cookie)
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			w := httptest.NewRecorder()
			site.ServeHTTP(w, r)
			answers[user] <- w
		}()
		<-begun
	}
	if n, err := c.people.RevokeAll(t.Context(), "ada"); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if w := <-answers["ada"]; w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), "Please sign in") || w.Header().Get("Cache-Control") != "private, no-store" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	close(free)
	if w := <-answers["bea"]; w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "bea") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
