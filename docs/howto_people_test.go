// What the guides on accounts promise.

package docs_test

import (
	"encoding/json"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
)

// enters signs ada in, as a form of the site does.
func (s *site) enters(password string) answer { return s.entersAs("ada", password) }

func (s *site) entersAs(user, password string) answer {
	s.Helper()
	return s.post("/sign-in", url.Values{"user": {user}, "password": {password}})
}

// away forgets the cookies.
func (s *site) away() {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.Fatal(err)
	}
	s.client.Jar = jar
}

func checkRoles(s *site) {
	s.wants(s.get("/notes"), 200, "<h1>Sign in</h1>", `value="/notes"`)
	s.wants(s.send("GET", "/notes", "", "", "Accept", jsonType), 401)
	s.wants(s.enters("wrong horse"), 422, "do not match")
	s.wants(s.enters("open sesame"), 200, "Public")
	if a := s.wants(s.get("/notes"), 200, "Notes"); strings.Contains(a.body, "/notes/new") {
		s.Error("a member is shown a way to write")
	}
	s.wants(s.get("/notes/new"), 403)
	s.wants(s.get("/users"), 403)
	promote := func(role string) answer {
		return s.post("/users/promote", url.Values{"user": {"ada"}, "role": {role}}, "Origin", s.url, "Referer", s.url+"/users")
	}
	s.wants(promote("admin"), 403)
	ada := s.client.Jar
	s.away()
	s.wants(s.entersAs("eve", "open sesame"), 200, "Public")
	eve := s.client.Jar
	for role, status := range map[string]int{"editor": 200, "member": 403} {
		s.client.Jar = eve
		s.wants(promote(role), 200)
		s.client.Jar = ada
		s.wants(s.get("/notes/new"), status)
	}
}

func checkTokens(s *site) {
	s.wants(s.send("GET", "/api/notes", "", "", "Accept", jsonType), 401)
	in := []string{"Origin", s.url, "Accept", jsonType}
	s.wants(s.send("POST", "/account/tokens", jsonType, `{"about":"backup","scopes":["notes:read"],"days":90}`, in...), 401)
	s.wants(s.enters("open sesame"), 200, "Notes")
	s.wants(s.send("POST", "/account/tokens", jsonType, `{"about":"backup","scopes":["all"],"days":90}`, in...), 422)
	var made struct{ Token string }
	a := s.wants(s.send("POST", "/account/tokens", jsonType, `{"about":"backup","scopes":["notes:read"],"days":90}`, in...), 200, `"notes_`)
	if err := json.Unmarshal([]byte(a.body), &made); err != nil {
		s.Fatal(err)
	}
	cookies := s.client.Jar
	s.away()
	script := []string{"Authorization", "Bearer " + made.Token, "Accept", jsonType}
	s.wants(s.send("GET", "/api/notes", "", "", script...), 200, `[{"text":"of ada"}]`)
	s.wants(s.send("POST", "/account/tokens", jsonType, `{"about":"more","scopes":[],"days":90}`, script...), 403)
	limited := 0
	for range 70 {
		if a := s.send("GET", "/api/notes", "", "", script...); a.StatusCode == 429 {
			limited++
			if a.Header.Get("Retry-After") == "" {
				s.Error("a refusal does not say how long")
			}
		}
	}
	if limited == 0 {
		s.Error("70 requests at once are let through")
	}
	s.client.Jar = cookies
	s.wants(s.send("POST", "/account/tokens/revoke-all", jsonType, "", in...), 204)
	s.wants(s.send("GET", "/api/notes", "", "", script...), 401)
}

func checkDeleteAccount(s *site) {
	s.wants(s.get("/account/delete"), 200, "<h1>Sign in</h1>")
	s.wants(s.enters("open sesame"), 200, "Club")
	s.wants(s.get("/account/delete"), 200, "Delete your account")
	s.wants(s.post("/account/delete", url.Values{"password": {"wrong horse"}}, "Origin", s.url), 422)
	s.wants(s.get("/account/delete"), 200, "Delete your account")
	s.wants(s.post("/account/delete", url.Values{"password": {"open sesame"}}, "Origin", s.url), 200, "Your account was deleted")
	s.wants(s.get("/account/delete"), 200, "<h1>Sign in</h1>")
	s.wants(s.enters("open sesame"), 422, "do not match")
}

var deferredURL = regexp.MustCompile(`/_gorgon/fragment/[^"?<> ]+`)

func checkWho(s *site) {
	before := s.wants(s.get("/"), 200, "<h1>Club</h1>", "Account")
	s.wants(s.post("/sign-in", nil), 200, "<h1>Club</h1>")
	after := s.wants(s.get("/"), 200)
	if before.body != after.body || strings.Contains(after.body, "ada") || after.Header.Get("Cache-Status") != "gorgon; hit" {
		s.Errorf("the page is another one for a member: %s", after.body)
	}
	at := deferredURL.FindString(after.body)
	fragment := s.wants(s.get(at), 200, "Signed in as", "ada")
	s.wantsHeader(fragment, "Cache-Control", "private, no-store")
	s.away()
	s.wants(s.get(at), 200, "Sign in")
	s.Logf("the page has %d bytes, the fragment %d", len(after.body), len(fragment.body))
}
