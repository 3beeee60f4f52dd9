// The club as visitors find it.

package main

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/auth/password"
	"github.com/gorgon-go/gorgon/database/jobdb"
	"github.com/gorgon-go/gorgon/database/litedb/litedbtest"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/mail/mailtest"
	"github.com/gorgon-go/gorgon/mem"
)

// A house is a club under test, with what it has sent.
type house struct {
	*club
	*gorgontest.Site
	*mailtest.Outbox
	t    testing.TB
	base string
}

func openClub(t *testing.T, o gorgontest.Options) *house {
	h := &house{t: t, base: o.Base, Outbox: mailtest.New()}
	db := litedbtest.Open(t, schema)
	store := &timed{Store: mem.NewSessions(), now: func() time.Time { return h.Now() }, back: map[string]time.Time{}}
	queue := jobdb.In(db)
	h.club = newClub(db, queue, store, h.Outbox)
	h.passwords.Costs = password.Costs{Memory: 64, Passes: 1} // for tests alone
	o.Database, o.Auth, o.Jobs = db, h.people, queue
	h.Site = o.Open(t, h.club.app("https://club.example"))
	return h
}

// last is who got the last mail, and its subject; path and code are those of its
// link, if that has a code.
func (h *house) last() (m sent, path, code string) {
	h.t.Helper()
	h.write()
	last := h.Last(h.t)
	if to := last.Link(h.t); to.Fragment != "" {
		path, code = to.Path, to.Fragment
	}
	return sent{last.Recipients()[0], last.Subject}, path, code
}

// write sends the mails that wait to be sent.
func (h *house) write() {
	h.t.Helper()
	for _, job := range h.Work() {
		if job.Err != "" {
			h.t.Errorf("a mail failed: %s", job.Err)
		}
	}
}

type sent struct{ to, subject string }

const secret = "a stone that turns"

// join signs a visitor up, who then has an account and is signed in.
func (h *house) join(v *gorgontest.Site, name string) *gorgontest.Response {
	h.t.Helper()
	v.Get(h.base+"/sign-up").Submit("main form", url.Values{"name": {name}, "email": {name + "@example.com"}, "password": {secret}}).Want(http.StatusOK, "Look into your mailbox")
	m, path, code := h.last()
	if m.to != name+"@example.com" || path != h.base+"/confirm" || code == "" {
		h.t.Fatalf("the mail to %s leads to %q with %q", m.to, path, code)
	}
	return v.Get(path).Submit("main form", url.Values{"code": {code}, "password": {secret}}).Want(http.StatusOK, "Your account", name)
}

func (h *house) signIn(v *gorgontest.Site, name, password string) *gorgontest.Response {
	return v.Get(h.base+"/sign-in").Submit("main form", url.Values{"email": {name + "@example.com"}, "password": {password}})
}

// Templates ask for texts that there are, with the arguments that these have.
func TestMessages(t *testing.T) {
	if err := messages.Check(files, "views/*.html", "mails/*.html"); err != nil {
		t.Error(err)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	h := openClub(t, gorgontest.Options{})
	h.join(h.Site, "ada")
	for _, path := range []string{"/", "/sign-up", "/sign-up/sent", "/confirm", "/sign-in", "/forgot", "/forgot/sent", "/reset", "/deleted",
		"/account", "/account/email", "/account/email/confirm", "/account/password", "/account/tokens", "/account/delete", "/members"} {
		for prefix, dir := range map[string]string{"": "ltr", "/de": "ltr", "/ar": "rtl"} {
			page := h.Get(prefix+path).Want(http.StatusOK, `dir="`+dir+`"`, "<title>", "<main", "<h1")
			page.Find("main input:not([type=hidden]):not(.apart)").Each(func(_ int, input *selection) {
				id, _ := input.Attr("id")
				if page.Find(`label[for="`+id+`"]`).Length() == 0 && input.Closest("label").Length() == 0 {
					t.Errorf("%s: an input has no label", prefix+path)
				}
			})
		}
	}
	h.Get("/nowhere").Want(http.StatusNotFound, "There is no such page")
	h.Get("/").WantCache(gorgontest.Hit)
	h.Get("/account").WantHeader("Cache-Control", "private, no-store")
}

// Nothing that a visitor can compare says whether there is an account.
func TestSessionAttacksEnumeration(t *testing.T) {
	t.Parallel()
	h := openClub(t, gorgontest.Options{})
	h.join(h.Visitor(), "ada")
	same := func(what string, send func(v *gorgontest.Site, email string) *gorgontest.Response, mails ...string) {
		t.Helper()
		var bodies []string
		for i, email := range []string{"ada@example.com", "eve@example.com"} {
			h.write()
			before := len(h.Sent())
			answer := send(h.Visitor(), email)
			bodies = append(bodies, strings.ReplaceAll(answer.Body, email, "EMAIL")+http.StatusText(answer.Status))
			if len(mails) > 0 {
				if m, _, _ := h.last(); len(h.Sent()) != before+1 || m.to != email || m.subject != mails[i] {
					t.Errorf("%s: %s got the mail %q, want %q", what, m.to, m.subject, mails[i])
				}
			}
		}
		if bodies[0] != bodies[1] {
			t.Errorf("%s: the answers differ:\n%s\n%s", what, bodies[0], bodies[1])
		}
	}
	same("sign-in", func(v *gorgontest.Site, email string) *gorgontest.Response {
		return v.Get("/sign-in").Submit("main form", url.Values{"email": {email}, "password": {"not the password"}}).
			Want(http.StatusUnprocessableEntity, "Address and password do not match.")
	})
	same("sign-up", func(v *gorgontest.Site, email string) *gorgontest.Response {
		return v.Get(h.base+"/sign-up").Submit("main form", url.Values{"name": {"Eve"}, "email": {email}, "password": {"another stone that turns"}}).Want(http.StatusOK)
	}, "You have an account", "Confirm your address")
	same("reset", func(v *gorgontest.Site, email string) *gorgontest.Response {
		return v.Get("/forgot").Submit("main form", url.Values{"email": {email}}).Want(http.StatusOK)
	}, "Choose another password", "There is no account with this address")
	t.Log("an address with an account and one without: the same answers at sign-in, sign-up and reset, as many hashes, and a mail either way")
}

// A mail is in the language of the page that asked for it, as a view and as a
// text, with one link, into that language.
func TestMails(t *testing.T) {
	t.Parallel()
	h := openClub(t, gorgontest.Options{Base: "/base"})
	for prefix, want := range map[string][]string{
		"": {`lang="en" dir="ltr"`, "Choose another password"}, "/de": {`lang="de" dir="ltr"`, "Wählen Sie ein neues Passwort"}, "/ar": {`lang="ar" dir="rtl"`, "اختر كلمة مرور أخرى"},
	} {
		name := "ada" + strings.TrimPrefix(prefix, "/")
		h.join(h.Visitor(), name)
		h.Visitor().Get("/base"+prefix+"/forgot").Submit("main form", url.Values{"email": {name + "@example.com"}}).Want(http.StatusOK)
		h.write()
		m := h.To(t, name+"@example.com")
		link := m.Link(t)
		if link.Path != "/base"+prefix+"/reset" || link.Fragment == "" || strings.Count(m.Text, "https://") != 1 {
			t.Errorf("%q: the link is %s in\n%s", prefix, link, m.Text)
		}
		if m.Subject != want[1] || !strings.Contains(m.HTML, want[0]) || !strings.Contains(m.HTML, "<h1") || !strings.Contains(m.Text, want[1]) || !strings.Contains(m.Text, link.Fragment+"\n") {
			t.Errorf("%q: %s\n%s\n%s", prefix, m.Subject, m.HTML, m.Text)
		}
	}
}

// Whose mail is confirmed and whose password is given must be the same: a
// sign-up by another person with this address is worth nothing to either.
func TestConfirm(t *testing.T) {
	t.Parallel()
	h := openClub(t, gorgontest.Options{})
	h.Get("/sign-up").Submit("main form", url.Values{"name": {"Eve"}, "email": {"ADA@example.com"}, "password": {"the choice of Eve"}}).Want(http.StatusOK)
	m, path, code := h.last()
	if m.to != "ada@example.com" {
		t.Errorf("the mail went to %s", m.to)
	}
	form := h.Get(path)
	form.Submit("main form", url.Values{"code": {code}, "password": {secret}}).Want(http.StatusUnprocessableEntity, "Code and password do not match")
	form.Submit("main form", url.Values{"code": {"nothing"}, "password": {"the choice of Eve"}}).Want(http.StatusUnprocessableEntity, "Code and password do not match")
	h.join(h.Visitor(), "ada") // her own sign-up counts
	form.Submit("main form", url.Values{"code": {code}, "password": {"the choice of Eve"}}).Want(http.StatusUnprocessableEntity, "used before")
	h.signIn(h.Visitor(), "ada", secret).Want(http.StatusOK, "Your account")
}

func TestPasswordsRefused(t *testing.T) {
	t.Parallel()
	h := openClub(t, gorgontest.Options{})
	page := h.Get("/de/sign-up")
	for given, want := range map[string]string{
		"short": "Mindestens 10 Zeichen", strings.Repeat("long ", 41): "Höchstens 200 Zeichen",
		"password123": "zu leicht", "qwertyuiop": "zu leicht", "1234567890": "zu leicht", "aaaaaaaaaaaa": "zu leicht", "Passwort2026!": "zu leicht",
	} {
		page.Submit("main form", url.Values{"name": {"Ada"}, "email": {"ada@example.com"}, "password": {given}}).Want(http.StatusUnprocessableEntity, want).WantNot(given)
	}
	if h.write(); len(h.Sent()) > 0 {
		t.Errorf("%d mails were sent", len(h.Sent()))
	}
	for _, given := range []string{"countess@example.com", "countess12345", "qwertyqwerty", "!!password!!"} {
		if !guessed(given, "countess@example.com") {
			t.Errorf("%q is taken", given)
		}
	}
	for _, given := range []string{"stones that turn slowly", "8391740265", "correct battery horse"} {
		if guessed(given, "ada@example.com") {
			t.Errorf("%q is refused", given)
		}
	}
}

// Sessions: each sign-in has one, the account lists them, and one that was ended
// counts nowhere.
func TestSessions(t *testing.T) {
	t.Parallel()
	h := openClub(t, gorgontest.Options{})
	phone, laptop := h.Visitor(), h.Visitor()
	phone.Header = http.Header{"User-Agent": {"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1"}}
	laptop.Header = http.Header{"User-Agent": {"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}}
	h.join(laptop, "ada")
	h.signIn(phone, "ada", secret).Want(http.StatusOK, "Safari on iPhone")
	account := laptop.Get("/account").Want(http.StatusOK, "Firefox on Linux", "Safari on iPhone", "This browser")
	if n := account.Find(".rows li").Length(); n != 2 || account.Find(".rows .mark").Length() != 1 {
		t.Errorf("%d sessions are listed", n)
	}
	account.Submit(`.rows li:nth-child(2) form`, nil).Want(http.StatusOK, "The session was ended.").WantNot("Safari on iPhone")
	if at := phone.Get("/account").Want(http.StatusOK, "Sign in").URL.RequestURI(); at != "/sign-in?next=%2Faccount" {
		t.Errorf("the phone is at %s", at)
	}
	// Another user's session is not theirs to end.
	eve := h.Visitor()
	h.join(eve, "eve")
	name, _ := laptop.Get("/account").Find(".rows input[name=name]").Attr("value")
	eve.Post("/account/sessions/end", url.Values{"name": {name}}).Want(http.StatusOK)
	laptop.Get("/account").Want(http.StatusOK, "Firefox on Linux")

	h.signIn(phone, "ada", secret)
	h.signIn(h.Visitor(), "ada", secret)
	laptop.Get("/account").Submit("Sign out everywhere else", nil).Want(http.StatusOK, "other sessions were ended").WantNot("Safari on iPhone")
	phone.Get("/members").Want(http.StatusOK, "Sign in")
	laptop.Get("/").Filled().Submit("Sign out", nil).Want(http.StatusOK)
	laptop.Get("/members").Want(http.StatusOK, "Sign in")
}

// A reset ends everything, and its link works once.
func TestReset(t *testing.T) {
	t.Parallel()
	h := openClub(t, gorgontest.Options{})
	ada := h.Visitor()
	h.join(ada, "ada")
	made := ada.Get("/account/tokens").Submit("Make a token", url.Values{"about": {"backup"}, "scopes": {"read"}}).Want(http.StatusOK, "not shown again")
	token := made.Text(".token")
	h.Get("/forgot").Submit("main form", url.Values{"email": {"Ada@Example.com"}}).Want(http.StatusOK, "Look into your mailbox")
	_, path, first := h.last()
	h.Get("/forgot").Submit("main form", url.Values{"email": {"ada@example.com"}})
	_, _, code := h.last()
	page := h.Get(path).Want(http.StatusOK).WantNot(code)
	page.Submit("main form", url.Values{"code": {first}, "password": {"another stone that turns"}}).Want(http.StatusUnprocessableEntity, "used before")
	page.Submit("main form", url.Values{"code": {code}, "password": {"password1234"}}).Want(http.StatusUnprocessableEntity, "too easy") // which uses nothing up
	ada.Get("/members").Want(http.StatusOK, "Hello, ada")
	page.Submit("main form", url.Values{"code": {code}, "password": {"another stone that turns"}}).Want(http.StatusOK, "Your password was changed", "Sign in")
	if m, _, _ := h.last(); m.subject != "Your password was changed" {
		t.Errorf("the last mail is %q", m.subject)
	}
	page.Submit("main form", url.Values{"code": {code}, "password": {"a third stone that turns"}}).Want(http.StatusUnprocessableEntity, "used before")
	ada.Get("/members").Want(http.StatusOK, "Sign in").WantNot("Hello, ada")
	h.Call("GET", "/api/me", nil, "Authorization", "Bearer "+token).Want(http.StatusUnauthorized)
	h.signIn(ada, "ada", secret).Want(http.StatusUnprocessableEntity)
	h.signIn(ada, "ada", "another stone that turns").Want(http.StatusOK, "Your account")
}

// A sign-in with the old password that is overtaken by a reset leaves no session.
func TestSessionAttacksOvertaken(t *testing.T) {
	t.Parallel()
	h := openClub(t, gorgontest.Options{})
	ada := h.Visitor()
	h.join(ada, "ada")
	u, err := h.byEmail(t.Context(), "ada@example.com")
	if err != nil {
		t.Fatal(err)
	}
	h.signedIn = func() { // the moment between the session and the second look
		if err := h.setPassword(t.Context(), u, "another"); err != nil {
			t.Error(err)
		}
	}
	late := h.Visitor()
	h.signIn(late, "ada", secret).Want(http.StatusUnprocessableEntity, "do not match")
	late.Get("/members").Want(http.StatusOK, "Sign in")
	if list, err := h.people.Sessions(t.Context(), u.ID); err != nil || len(list) != 1 {
		t.Errorf("%d sessions, want that of the first browser alone (%v)", len(list), err)
	}
	t.Log("a sign-in with the old password that a reset overtakes: it leaves no session")
}

func TestAccount(t *testing.T) {
	t.Parallel()
	h := openClub(t, gorgontest.Options{})
	ada, phone := h.Visitor(), h.Visitor()
	h.join(ada, "ada")
	h.signIn(phone, "ada", secret)
	ada.Get("/account").Submit("Save", url.Values{"name": {"Ada <b>"}}).Want(http.StatusOK, "Your name was changed", "Ada &lt;b&gt;")

	page := ada.Get("/account/password").Want(http.StatusOK)
	page.Submit("main form", url.Values{"current": {"not this one"}, "password": {"another stone that turns"}}).Want(http.StatusUnprocessableEntity, "not your password")
	page.Submit("main form", url.Values{"current": {secret}, "password": {"another stone that turns"}}).Want(http.StatusOK, "Your password was changed")
	ada.Get("/members").Want(http.StatusOK, "Hello")
	phone.Get("/members").Want(http.StatusOK, "Sign in").WantNot("Hello")

	ada.Get("/account/email").Submit("main form", url.Values{"email": {"Countess@example.com"}}).Want(http.StatusOK, "Look into the mailbox")
	m, path, code := h.last()
	if m.to != "countess@example.com" {
		t.Errorf("the mail went to %s", m.to)
	}
	stranger := h.Visitor()
	h.join(stranger, "eve")
	stranger.Get(path).Submit("main form", url.Values{"code": {code}}).Want(http.StatusUnprocessableEntity, "used before")
	ada.Get("/account").Want(http.StatusOK, "ada@example.com")
	ada.Get(path).Submit("main form", url.Values{"code": {code}}).Want(http.StatusOK, "countess@example.com")
	if m, _, _ := h.last(); m.to != "ada@example.com" || m.subject != "Your email address was changed" {
		t.Errorf("%s got %q", m.to, m.subject)
	}
	stranger.Get("/account/email").Submit("main form", url.Values{"email": {"countess@example.com"}}).Want(http.StatusOK, "Look into the mailbox") // no word of whose it is
	if m, _, code := h.last(); m.subject != "You have an account" || code != "" {
		t.Errorf("%s got %q", m.to, m.subject)
	}

	page = ada.Get("/account/delete")
	page.Submit("main form", url.Values{"password": {secret}}).Want(http.StatusUnprocessableEntity, "not your password")
	page.Submit("main form", url.Values{"password": {"another stone that turns"}}).Want(http.StatusOK, "Your account was deleted")
	ada.Get("/account").Want(http.StatusOK, "Sign in")
	h.signIn(ada, "countess", "another stone that turns").Want(http.StatusUnprocessableEntity)
}

// A token does what its user may do, and no more, until it is revoked.
func TestTokens(t *testing.T) {
	t.Parallel()
	h := openClub(t, gorgontest.Options{})
	ada := h.Visitor()
	h.join(ada, "ada")
	page := ada.Get("/account/tokens").Want(http.StatusOK, "You have no tokens")
	page.Submit("Make a token", url.Values{"about": {"all"}, "scopes": {"admin"}}).Want(http.StatusUnprocessableEntity, "may not do yourself")
	page.Submit("Make a token", url.Values{"about": {""}}).Want(http.StatusUnprocessableEntity)
	made := page.Submit("Make a token", url.Values{"about": {"backup"}, "scopes": {"read"}}).Want(http.StatusOK, "backup", "never used")
	token := made.Text(".token")
	if !strings.HasPrefix(token, "gorgon_") {
		t.Fatalf("the token is %q", token)
	}
	ada.Get("/account/tokens").Want(http.StatusOK, "backup").WantNot(token)
	var me profile
	h.Call("GET", "/api/me", nil, "Authorization", "Bearer "+token).Want(http.StatusOK).JSON(&me)
	if me.Name != "ada" || strings.Join(me.Scopes, " ") != "read" {
		t.Errorf("the token is that of %+v", me)
	}
	h.Call("GET", "/admin", nil, "Authorization", "Bearer "+token).Want(http.StatusForbidden)
	h.Call("GET", "/account", nil, "Authorization", "Bearer "+token).Want(http.StatusForbidden)
	h.Call("GET", "/api/me", nil).Want(http.StatusUnauthorized)
	ada.Get("/account/tokens").Submit("Revoke", nil).Want(http.StatusOK, "The token was revoked", "You have no tokens")
	h.Call("GET", "/api/me", nil, "Authorization", "Bearer "+token).Want(http.StatusUnauthorized)
}

// A role that another program gives or takes counts on the next request.
func TestRole(t *testing.T) {
	t.Parallel()
	h := openClub(t, gorgontest.Options{})
	ada := h.Visitor()
	h.join(ada, "ada")
	ada.Get("/admin").Want(http.StatusForbidden, "You may not see this page")
	h.Visitor().Get("/admin").Want(http.StatusOK, "Sign in")
	for _, step := range []struct {
		role   string
		status int
	}{{"admin", http.StatusOK}, {"member", http.StatusForbidden}} {
		if _, err := h.db.SQL().ExecContext(t.Context(), "update users set role = $1 where email = 'ada@example.com'", step.role); err != nil {
			t.Fatal(err)
		}
		ada.Get("/admin").Want(step.status)
	}
	if _, err := h.db.SQL().ExecContext(t.Context(), "delete from users"); err != nil {
		t.Fatal(err)
	}
	ada.Get("/members").Want(http.StatusOK, "Sign in")
}

// Where next leads is a page of this app.
func TestNext(t *testing.T) {
	t.Parallel()
	h := openClub(t, gorgontest.Options{Base: "/base"})
	h.join(h.Visitor(), "ada")
	for next, want := range map[string]string{
		"/members?tab=1": "/base/members?tab=1", "//evil.example": "/base/account", `/\evil.example`: "/base/account",
		"https://evil.example": "/base/account", "": "/base/account", "/\tevil": "/base/account",
	} {
		in := h.Visitor().Get("/base/sign-in?"+url.Values{"next": {next}}.Encode()).Submit("main form", url.Values{"email": {"ada@example.com"}, "password": {secret}})
		if got := in.URL.RequestURI(); got != want {
			t.Errorf("after %q it is %s, want %s", next, got, want)
		}
	}
	guarded := h.Visitor().Get("/base/de/members").Want(http.StatusOK, "Anmelden")
	if in := guarded.Submit("main form", url.Values{"email": {"ada@example.com"}, "password": {secret}}); in.URL.Path != "/base/de/members" {
		t.Errorf("the way back leads to %s", in.URL)
	}
}

// A cookie that others have planted shows nothing, and breaks nothing.
func TestForgedMessages(t *testing.T) {
	t.Parallel()
	h := openClub(t, gorgontest.Options{})
	for _, list := range []string{`[{"c":"none-of-ours","a":"<b>"}]`, `[{"c":"tooMany"}]`, `nothing`} {
		forged := "flash=" + base64.RawURLEncoding.EncodeToString([]byte(list))
		h.Visitor().Get("/sign-in", "Cookie", forged).Want(http.StatusOK, "Sign in").WantNot("none-of-ours", `role="status"`)
	}
}
