// Sessions, as visitors and programs have them.

package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/sessions"
)

// A club is an app with members, whose passwords are their names.
type club struct {
	people *auth.Auth
	roles  map[string][]string
	gone   map[string]bool
	store  sessions.Store
	origin string
}

func newClub() *club {
	return newClubOver(mem.NewSessions())
}

func newClubOver(store sessions.Store) *club {
	c := &club{roles: map[string][]string{}, gone: map[string]bool{}, store: store, origin: "https://club.example"}
	c.people = auth.New(auth.Options{Store: store, Find: func(_ context.Context, user string) ([]string, error) {
		if c.gone[user] {
			return nil, gorgon.NotFound()
		}
		return c.roles[user], nil
	}})
	return c
}

type entrance struct {
	User string `json:"user"`
	Next string `json:"next,omitempty"`
}

func page(path, html string, guards ...func(http.Handler) http.Handler) gorgon.Part {
	return gorgon.Page[string]{Path: path, Guards: guards, View: func(string) gorgon.Component { return gorgon.HTML(html) }}
}

func (c *club) app() gorgon.App {
	people := c.people
	greet := func(ctx context.Context, _ gorgon.Input, _ *http.Request) (string, error) {
		who, err := people.Who(ctx)
		if err != nil {
			return "a guest", nil
		}
		return "user " + who.User, nil
	}
	text := func(s string) gorgon.Component { return gorgon.Text(s) }
	return gorgon.App{
		Name: "club", Origin: c.origin, Navigation: &gorgon.Navigation{},
		Parts: []gorgon.Part{
			page("/", `<a href="/members?tab=1">Members</a>`),
			page("/sign-in", "<h1>Sign in</h1>"),
			gorgon.Page[string]{Path: "/members", Guards: []func(http.Handler) http.Handler{people.SignedIn}, LoadRequest: greet, View: text},
			gorgon.Page[string]{Path: "/hello", LoadRequest: greet, View: text},
			gorgon.Page[string]{Path: "/stored/{n}", Load: func(ctx context.Context, _ gorgon.Input) (string, error) {
				who, err := people.Who(ctx)
				return fmt.Sprintf("stored for %q, error %t", who.User, err != nil), nil
			}, Incremental: true, View: text},
			page("/admin", "<h1>Admin</h1>", people.Scope("admin")),
			page("/delicate", "<h1>Delicate</h1>", people.Recent(10*time.Minute)),
			api.Endpoint[entrance, api.None]{Path: "POST /sign-in",
				Handle: func(ctx context.Context, in entrance) (api.None, error) {
					return api.None{}, people.SignIn(ctx, auth.Login{User: in.User})
				},
				Then: func(in entrance, _ api.None) string { return auth.Next(in.Next, "/members") }},
			api.Endpoint[api.None, api.None]{Path: "POST /sign-out",
				Handle: func(ctx context.Context, _ api.None) (api.None, error) { return api.None{}, people.SignOut(ctx) },
				Then:   func(api.None, api.None) string { return "/" }},
			api.Endpoint[api.None, api.None]{Path: "POST /renew",
				Handle: func(ctx context.Context, _ api.None) (api.None, error) { return api.None{}, people.Renew(ctx, true) }},
			api.Endpoint[api.None, entrance]{Path: "POST /notes", Guards: []func(http.Handler) http.Handler{people.Scope("notes:write")},
				Handle: func(ctx context.Context, _ api.None) (entrance, error) { return entrance{User: auth.User(ctx)}, nil }},
			api.Endpoint[api.None, entrance]{Path: "POST /me", Guards: []func(http.Handler) http.Handler{people.SignedIn},
				Handle: func(ctx context.Context, _ api.None) (entrance, error) { return entrance{User: auth.User(ctx)}, nil }},
		},
	}
}

func (c *club) open(t *testing.T) *gorgontest.Site {
	t.Helper()
	return gorgontest.Options{Auth: c.people}.Open(t, c.app())
}

func signIn(site *gorgontest.Site, user string) *gorgontest.Response {
	return site.Post("/sign-in", url.Values{"user": {user}})
}

func TestSignInAndOut(t *testing.T) {
	site := newClub().open(t)
	r := site.Get("/members?tab=1").Want(200, "Sign in")
	if r.URL.Path != "/sign-in" || r.URL.Query().Get("next") != "/members?tab=1" {
		t.Errorf("a guest was led to %s", r.URL)
	}
	r = site.Post("/sign-in", url.Values{"user": {"ada"}, "next": {r.URL.Query().Get("next")}}).Want(200, "user ada")
	if r.URL.RequestURI() != "/members?tab=1" {
		t.Errorf("the way back led to %s", r.URL)
	}
	site.Get("/hello").Want(200, "user ada").WantHeader("Cache-Control", "private, no-store")
	site.Visitor().Get("/hello").Want(200, "a guest")
	site.Post("/sign-out", nil).Want(200)
	site.Get("/hello").Want(200, "a guest")
	if r := site.Get("/members"); r.URL.Path != "/sign-in" {
		t.Errorf("after the sign-out: %s", r)
	}
}

// A click with the browser runtime, a form and a program each get what they can
// use.
func TestGuardsLeadBack(t *testing.T) {
	site := newClub().open(t)
	click := site.Get("/").Navigate("/members?tab=1")
	if click.URL.Path != "/sign-in" || click.URL.Query().Get("next") != "/members?tab=1" {
		t.Errorf("a click leads to %s", click.URL)
	}
	r := site.Post("/me", nil, "Referer", "https://club.example/members?tab=2", "Accept", "text/html")
	if r.URL.Path != "/sign-in" || r.URL.Query().Get("next") != "/members?tab=2" {
		t.Errorf("a form leads to %s", r.URL)
	}
	r = site.Post("/me", nil, "Referer", "https://evil.example/x", "Accept", "text/html")
	if r.URL.RequestURI() != "/sign-in" {
		t.Errorf("a form of another site leads to %s", r.URL)
	}
	site.Call("POST", "/me", nil).Want(401, "Please sign in").WantHeader("Www-Authenticate", "Bearer")
}

func TestLifetimes(t *testing.T) {
	const day = 24 * time.Hour
	site := newClub().open(t)
	signIn(site, "ada")
	for range 6 { // used again and again
		site.Advance(13 * day)
		site.Get("/hello").Want(200, "user ada")
	}
	site.Advance(13 * day) // 91 days
	site.Get("/hello").Want(200, "a guest")

	signIn(site, "ada")
	site.Advance(14*day - time.Second)
	site.Get("/hello").Want(200, "user ada")
	site.Advance(14 * day)
	site.Get("/hello").Want(200, "a guest")
}

func TestSessionsAreListed(t *testing.T) {
	c := newClub()
	site := c.open(t)
	other := site.Visitor()
	other.Header = http.Header{"User-Agent": {"a telephone"}}
	signIn(site, "ada")
	site.Advance(time.Hour)
	signIn(other, "ada")
	signIn(site.Visitor(), "bea")
	list, err := c.people.Sessions(t.Context(), "ada")
	if err != nil || len(list) != 2 || list[0].About != "a telephone" || !list[0].At.After(list[1].At) {
		t.Fatalf("%+v, %v", list, err)
	}
	if err := c.people.Revoke(t.Context(), "bea", list[0].Name); err != nil { // not hers
		t.Fatal(err)
	}
	other.Get("/hello").Want(200, "user ada")
	if err := c.people.Revoke(t.Context(), "ada", list[0].Name); err != nil {
		t.Fatal(err)
	}
	other.Get("/hello").Want(200, "a guest")
	site.Get("/hello").Want(200, "user ada")
	for range 2 {
		signIn(site.Visitor(), "ada")
	}
	n, err := c.people.RevokeAll(t.Context(), "ada", list[1].Name)
	if err != nil || n != 2 {
		t.Errorf("revoked %d, %v", n, err)
	}
	site.Get("/hello").Want(200, "user ada")
}

func TestScopes(t *testing.T) {
	c := newClub()
	site := c.open(t)
	c.roles["ada"] = []string{"admin"}
	signIn(site, "ada")
	site.Get("/admin").Want(200, "Admin")
	delete(c.roles, "ada")
	if err := c.people.Refresh(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	site.Get("/admin").Want(403)
	c.gone["ada"] = true
	if err := c.people.Refresh(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	site.Get("/hello").Want(200, "a guest")
}

func TestRecent(t *testing.T) {
	site := newClub().open(t)
	signIn(site, "ada")
	site.Get("/delicate").Want(200, "Delicate")
	site.Advance(11 * time.Minute)
	if r := site.Get("/delicate"); r.URL.Path != "/sign-in" {
		t.Errorf("%s", r)
	}
	site.Post("/renew", nil)
	site.Get("/delicate").Want(200, "Delicate")
}

func TestTokens(t *testing.T) {
	c := newClub()
	site := c.open(t)
	c.roles["ada"] = []string{"notes:write", "admin"}
	tokens := c.people.Tokens()
	secret, err := tokens.Make(t.Context(), "ada", "my script", []string{"notes:write"}, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	bearer := []string{"Authorization", "Bearer " + secret}
	site.Call("POST", "/notes", nil, bearer...).Want(200, `"ada"`)
	site.Get("/admin", bearer...).Want(403)            // the token has not that scope
	site.Call("POST", "/me", nil, bearer...).Want(403) // it is for people
	site.Call("POST", "/notes", nil, "Authorization", "Bearer "+secret+"x").Want(401)
	site.Call("POST", "/notes", nil, "Authorization", "Bearer another").Want(401)
	list, err := tokens.List(t.Context(), "ada")
	if err != nil || len(list) != 1 || list[0].About != "my script" || list[0].Used.IsZero() {
		t.Errorf("%+v, %v", list, err)
	}
	c.roles["ada"] = []string{"admin"} // what the user may not do, the token may not either
	if err := c.people.Refresh(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	site.Call("POST", "/notes", nil, bearer...).Want(403)
	c.roles["ada"] = []string{"notes:write"}
	if err := c.people.Refresh(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	site.Call("POST", "/notes", nil, bearer...).Want(200)
	if err := tokens.Revoke(t.Context(), "ada", list[0].Name); err != nil {
		t.Fatal(err)
	}
	site.Call("POST", "/notes", nil, bearer...).Want(401)
	if _, err := tokens.Make(t.Context(), "ada", "too much", []string{"admin"}, 0); !isRefused(err) {
		t.Errorf("a token that may do more than its user: %v", err)
	}
	secret, err = tokens.Make(t.Context(), "ada", "brief", []string{"notes:write"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	site.Advance(time.Hour)
	site.Call("POST", "/notes", nil, "Authorization", "Bearer "+secret).Want(401)
}

func isRefused(err error) bool {
	e, ok := errors.AsType[*gorgon.Error](err)
	return ok && e.Kind == gorgon.KindUnprocessable
}

func TestLinks(t *testing.T) {
	c := newClub()
	site := c.open(t)
	reset := c.people.Links("reset", time.Hour)
	first, _ := reset.Make(t.Context(), "ada", nil)
	secret, err := reset.Make(t.Context(), "ada", []byte("data"))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := reset.Use(t.Context(), first); !errors.Is(err, auth.ErrUsed) {
		t.Errorf("a token that was replaced: %v", err)
	}
	if _, _, err := c.people.Links("confirm", time.Hour).Use(t.Context(), secret); !errors.Is(err, auth.ErrUsed) {
		t.Errorf("a token for another purpose: %v", err)
	}
	if user, data, err := reset.Look(t.Context(), secret); err != nil || user != "ada" || string(data) != "data" {
		t.Errorf("looked at: %q, %q, %v", user, data, err)
	}
	if user, data, err := reset.Use(t.Context(), secret); err != nil || user != "ada" || string(data) != "data" {
		t.Errorf("used: %q, %q, %v", user, data, err)
	}
	if _, _, err := reset.Use(t.Context(), secret); !errors.Is(err, auth.ErrUsed) {
		t.Errorf("used twice: %v", err)
	}
	secret, _ = reset.Make(t.Context(), "ada", nil)
	site.Advance(time.Hour)
	if _, _, err := reset.Use(t.Context(), secret); !errors.Is(err, auth.ErrUsed) {
		t.Errorf("expired: %v", err)
	}
}

// A loader of a stored page cannot find out who asks, also if a user asks first.
func TestStoredPagesHaveNoVisitor(t *testing.T) {
	site := newClub().open(t)
	signIn(site, "ada")
	site.Get("/stored/1").Want(200, `stored for &#34;&#34;, error true`)
}

// Sessions in memory need one process, and the plan says so.
func TestNeeds(t *testing.T) {
	if needs := newClub().people.Needs(); len(needs) != 1 || needs[0] != gorgon.NeedMemory {
		t.Errorf("sessions in memory need %v", needs)
	}
	if needs := newClubOver(&counting{Store: mem.NewSessions()}).people.Needs(); len(needs) != 0 {
		t.Errorf("a store that says nothing needs %v", needs)
	}
}

func TestNext(t *testing.T) {
	for next, good := range map[string]bool{
		"/members?tab=1": true, "/": true, "/a//b": true, "/ü?x=%2F": true,
		"": false, "members": false, "//evil.example": false, `/\evil.example`: false, "/\tevil": false, "https://evil.example": false,
		"/%zz": false, "/x\r\nSet-Cookie: a=b": false, "javascript:alert(1)": false, `/a\b`: false, "/" + strings.Repeat("a", 2000): false,
	} {
		want := "/fallback"
		if good {
			want = next
		}
		if got := auth.Next(next, "/fallback"); got != want {
			t.Errorf("Next(%q) is %q", next, got)
		}
	}
}

// Without a command that serves, each request asks the store, and all else is
// the same.
func TestWithoutMemory(t *testing.T) {
	c := newClub()
	site := gorgontest.Options{}.Open(t, c.app())
	signIn(site, "ada")
	site.Get("/hello").Want(200, "user ada")
	if n, err := c.people.RevokeAll(t.Context(), "ada"); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	site.Get("/hello").Want(200, "a guest")
}

func TestIssue(t *testing.T) {
	site := newClub().open(t)
	site.SignIn("ada").Get("/members").Want(200, "user ada")
	if r := site.Visitor().Get("/members"); r.URL.Path != "/sign-in" {
		t.Errorf("%s", r)
	}
}

// A session that has ended leaves the browser with its cookie, when a page is
// loaded; what a page loads beside leaves it alone, and so does a sign-in that is
// too long ago.
func TestEndedSessionsLeaveTheBrowser(t *testing.T) {
	c := newClub()
	site := c.open(t)
	cookie := enter(site, "ada")
	site.Advance(time.Hour)
	if r := raw(site, "GET", "/delicate", "Cookie", cookie, "Sec-Fetch-Mode", "navigate"); r.Status != 303 || cookieIn(r) != "" {
		t.Errorf("a sign-in of an hour ago: %v", r.Header)
	}
	if _, err := c.people.RevokeAll(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[string]string{"navigate": "__Host-session=", "": "__Host-session=", "cors": "", "no-cors": ""} {
		if got := cookieIn(raw(site, "GET", "/members", "Cookie", cookie, "Sec-Fetch-Mode", mode)); got != want {
			t.Errorf("by a request of mode %q it gets %q", mode, got)
		}
	}
}

// Middleware that asks who it is makes every answer private, also that of a page
// that is stored; where it does not ask, nothing changes.
func TestMiddlewareThatAsks(t *testing.T) {
	c := newClub()
	app := c.app()
	app.Middleware = append(app.Middleware, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/stored/1" {
				who, _ := c.people.WhoAsks(r)
				w.Header().Set("X-User", who.User)
			}
			next.ServeHTTP(w, r)
		})
	})
	site := gorgontest.Options{Auth: c.people}.Open(t, app)
	signIn(site, "ada")
	for range 2 { // made, and from memory
		r := site.Get("/stored/1").Want(200).WantHeader("Cache-Control", "private, no-store").WantHeader("X-User", "ada")
		if r.Header.Get("Etag") != "" {
			t.Error("it has a validator")
		}
		site.Get("/stored/2").Want(200).WantHeader("Cache-Control", "public, max-age=0, must-revalidate")
	}
}
