// What someone tries who wants to be another user.

package auth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/sessions"
)

// raw makes a request as it is: without the cookies of a visitor.
func raw(site *gorgontest.Site, method, target string, header ...string) *gorgontest.Response {
	r := httptest.NewRequest(method, target, nil)
	r.URL, _ = url.Parse(target)
	r.Header.Set("Accept", "text/html")
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return site.Visitor().Send(r)
}

// cookieIn is the session that a response gives; "" for none.
func cookieIn(r *gorgontest.Response) string {
	for _, c := range (&http.Response{Header: r.Header}).Cookies() {
		if strings.Contains(c.Name, "session") {
			return c.Name + "=" + c.Value
		}
	}
	return ""
}

// enter signs a user in with the cookies given, and returns the session.
func enter(site *gorgontest.Site, user string, header ...string) string {
	r := httptest.NewRequest("POST", "/sign-in", strings.NewReader(url.Values{"user": {user}}.Encode()))
	r.URL, _ = url.Parse("/sign-in")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return cookieIn(site.Visitor().Send(r))
}

// is says as whom a request with a cookie is answered; "" for a guest.
func is(site *gorgontest.Site, cookie string) string {
	body := raw(site, "GET", "/hello", "Cookie", cookie).Body
	_, user, ok := strings.Cut(body, "user ")
	if !ok {
		return ""
	}
	user, _, _ = strings.Cut(user, "<")
	return strings.TrimSpace(user)
}

// post sends a form that changes something, with a cookie and these headers.
func post(site *gorgontest.Site, cookie string, header ...string) int {
	return raw(site, "POST", "/me", append([]string{"Cookie", cookie, "Accept", "application/json"}, header...)...).Status
}

func TestSessionAttacks(t *testing.T) {
	for _, attack := range []struct {
		name string
		do   func(t *testing.T, c *club, site *gorgontest.Site) (result string, held bool)
	}{
		{"fixation: a session that the attacker has planted", func(t *testing.T, c *club, site *gorgontest.Site) (string, bool) {
			planted := "__Host-session=" + strings.Repeat("A", 43)
			given := enter(site, "ada", "Cookie", planted)
			return "a new session is made", given != planted && is(site, planted) == "" && is(site, given) == "ada"
		}},
		{"fixation: the attacker's own valid session in the victim's browser", func(t *testing.T, c *club, site *gorgontest.Site) (string, bool) {
			own := enter(site, "eve")
			given := enter(site, "ada", "Cookie", own)
			return "a new session is made, and the old one ends", given != own && is(site, own) == "" && is(site, given) == "ada"
		}},
		{"replay of a cookie after the sign-out", func(t *testing.T, c *club, site *gorgontest.Site) (string, bool) {
			cookie := enter(site, "ada")
			raw(site, "POST", "/sign-out", "Cookie", cookie, "Sec-Fetch-Site", "same-origin")
			return "refused", is(site, cookie) == ""
		}},
		{"a stolen cookie, after its session was renewed", func(t *testing.T, c *club, site *gorgontest.Site) (string, bool) {
			stolen := enter(site, "ada")
			renewed := cookieIn(raw(site, "POST", "/renew", "Cookie", stolen, "Sec-Fetch-Site", "same-origin"))
			return "the old one is refused", renewed != "" && is(site, stolen) == "" && is(site, renewed) == "ada"
		}},
		{"a stolen cookie, renewed by the thief at the same time", func(t *testing.T, c *club, site *gorgontest.Site) (string, bool) {
			stolen := enter(site, "ada")
			var mu sync.Mutex
			var got []string
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					given := cookieIn(raw(site, "POST", "/renew", "Cookie", stolen, "Sec-Fetch-Site", "same-origin"))
					if given != "" {
						mu.Lock()
						defer mu.Unlock()
						got = append(got, given)
					}
				})
			}
			all.Wait()
			return "one of them has a session", len(got) == 1 && is(site, got[0]) == "ada" && is(site, stolen) == ""
		}},
		{"a renewal at the same time as revoke-all", func(t *testing.T, c *club, site *gorgontest.Site) (string, bool) {
			held := true
			for range 50 {
				stolen := enter(site, "ada")
				var given string
				var all sync.WaitGroup
				all.Go(func() {
					given = cookieIn(raw(site, "POST", "/renew", "Cookie", stolen, "Sec-Fetch-Site", "same-origin"))
				})
				all.Go(func() { _, _ = c.people.RevokeAll(t.Context(), "ada") })
				all.Wait()
				held = held && is(site, stolen) == "" && (given == "" || is(site, given) == "")
			}
			return "no session survives, 50 of 50", held
		}},
		{"a form of another site", func(t *testing.T, c *club, site *gorgontest.Site) (string, bool) {
			cookie := enter(site, "ada")
			return "403", post(site, cookie, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example") == 403
		}},
		{"a form of a sibling of the domain", func(t *testing.T, c *club, site *gorgontest.Site) (string, bool) {
			cookie := enter(site, "ada")
			return "403", post(site, cookie, "Sec-Fetch-Site", "same-site", "Origin", "https://shop.club.example") == 403
		}},
		{"a form with Origin: null", func(t *testing.T, c *club, site *gorgontest.Site) (string, bool) {
			return "403", post(site, enter(site, "ada"), "Origin", "null") == 403
		}},
		{"a form whose browser says nothing of where it comes from", func(t *testing.T, c *club, site *gorgontest.Site) (string, bool) {
			return "403", post(site, enter(site, "ada")) == 403
		}},
		{"two cookies of one name, one of them planted", func(t *testing.T, c *club, site *gorgontest.Site) (string, bool) {
			eve, ada := enter(site, "eve"), enter(site, "ada")
			return "neither counts", is(site, eve+"; "+ada) == "" && is(site, ada+"; "+eve) == ""
		}},
		{"a cookie without the prefix __Host-, over TLS", func(t *testing.T, c *club, site *gorgontest.Site) (string, bool) {
			eve := enter(site, "eve")
			return "it does not count", is(site, strings.TrimPrefix(eve, "__Host-")) == ""
		}},
		{"a session as an API token, and a token as a session", func(t *testing.T, c *club, site *gorgontest.Site) (string, bool) {
			_, secret, _ := strings.Cut(enter(site, "ada"), "=")
			as := raw(site, "GET", "/hello", "Authorization", "Bearer gorgon_"+secret).Body
			token, err := c.people.Tokens().Make(t.Context(), "ada", "x", nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			return "neither counts", strings.Contains(as, "a guest") && is(site, "__Host-session="+strings.TrimPrefix(token, "gorgon_")) == ""
		}},
		{"the name of a session from a list, as a cookie", func(t *testing.T, c *club, site *gorgontest.Site) (string, bool) {
			enter(site, "ada")
			list, err := c.people.Sessions(t.Context(), "ada")
			if err != nil || len(list) != 1 {
				t.Fatal(list, err)
			}
			return "it does not count", is(site, "__Host-session="+list[0].Name) == "" && is(site, "__Host-session="+list[0].Name[:43]) == ""
		}},
		{"a single-use token, used by 20 at once", func(t *testing.T, c *club, site *gorgontest.Site) (string, bool) {
			reset := c.people.Links("reset", time.Hour)
			secret, err := reset.Make(t.Context(), "ada", nil)
			if err != nil {
				t.Fatal(err)
			}
			var mu sync.Mutex
			won := 0
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					if _, _, err := reset.Use(t.Context(), secret); err == nil {
						mu.Lock()
						defer mu.Unlock()
						won++
					}
				})
			}
			all.Wait()
			return "one of them wins", won == 1
		}},
		{"the way back leads to another site", func(t *testing.T, c *club, site *gorgontest.Site) (string, bool) {
			held := true
			for _, next := range []string{"//evil.example", `/\evil.example`, "https://evil.example", "/\t/evil.example", "///evil.example", "/%2f/evil.example/..", "\\\\evil.example"} {
				r := site.Visitor().Post("/sign-in", url.Values{"user": {"ada"}, "next": {next}})
				for _, to := range r.Redirects {
					u, err := url.Parse(to)
					held = held && err == nil && (u.Host == "" || u.Host == "club.example") && !strings.HasPrefix(to, "//") && !strings.Contains(to, `\`)
				}
			}
			return "it leads to a page of the app", held
		}},
		{"a response of one user, for another", func(t *testing.T, c *club, site *gorgontest.Site) (string, bool) {
			cookie := enter(site, "ada")
			held := true
			for _, path := range []string{"/hello", "/members", "/_gorgon/page/hello.json", "/_gorgon/page/members.json"} {
				r := raw(site, "GET", path, "Cookie", cookie)
				held = held && r.Header.Get("Cache-Control") == "private, no-store" && r.Header.Get("Etag") == "" && !strings.Contains(r.Header.Get("Vary"), "Cookie")
			}
			for _, path := range []string{"/", "/stored/1"} {
				held = held && !strings.Contains(raw(site, "GET", path, "Cookie", cookie).Header.Get("Vary"), "Cookie")
			}
			return "private, no-store; what is stored does not vary by Cookie", held
		}},
		{"a clock that is an hour behind, or ahead", func(t *testing.T, c *club, site *gorgontest.Site) (string, bool) {
			cookie := enter(site, "ada")
			skewed := func(by time.Duration) string {
				people := auth.New(auth.Options{Store: c.store, Now: func() time.Time { return site.Now().Add(by) }})
				other := *c
				other.people = people
				return is(gorgontest.Options{Auth: people}.Open(t, other.app()), cookie)
			}
			return "the session counts", skewed(-time.Hour) == "ada" && skewed(time.Hour) == "ada"
		}},
		{"a flood of cookies that are none", func(t *testing.T, c *club, site *gorgontest.Site) (string, bool) {
			counted := &counting{Store: c.store}
			flooded := newClubOver(counted)
			other := flooded.open(t)
			cookie := "__Host-session=" + strings.Repeat("x", 43)
			for range 100 {
				is(other, cookie)
			}
			gets := counted.gets
			is(other, "__Host-session="+strings.Repeat("x", 1<<16))
			is(other, "__Host-session=")
			return "the store is asked once", gets == 1 && counted.gets == 1
		}},
	} {
		t.Run(strings.ReplaceAll(attack.name, " ", "_"), func(t *testing.T) {
			c := newClub()
			result, held := attack.do(t, c, c.open(t))
			if !held {
				t.Fatalf("%s: NOT: %s", attack.name, result)
			}
			t.Logf("%-70s %s", attack.name, result)
		})
	}
}

// counting counts what is asked of a store.
type counting struct {
	sessions.Store
	gets, touches int
}

func (s *counting) Get(ctx context.Context, kind string, id sessions.ID) (sessions.Record, error) {
	s.gets++
	return s.Store.Get(ctx, kind, id)
}

func (s *counting) Touch(ctx context.Context, kind string, id sessions.ID, used, expires time.Time) error {
	s.touches++
	return s.Store.Touch(ctx, kind, id, used, expires)
}

// A session in memory costs no trip, and is written once a minute.
func TestTrips(t *testing.T) {
	s := &counting{Store: mem.NewSessions()}
	site := newClubOver(s).open(t)
	signIn(site, "ada")
	for range 100 {
		site.Get("/hello").Want(200, "user ada")
	}
	if s.gets > 2 || s.touches != 0 { // one when it was made known to be new
		t.Errorf("100 requests asked %d times and wrote %d times", s.gets, s.touches)
	}
	for range 10 {
		site.Advance(time.Minute)
		site.Get("/hello").Want(200, "user ada")
		site.Get("/hello").Want(200, "user ada")
	}
	if s.gets > 2 || s.touches != 10 {
		t.Errorf("in 10 minutes it asked %d times and wrote %d times", s.gets, s.touches)
	}
}
