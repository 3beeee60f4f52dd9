// Accounts, in Chromium: the starter members from sign-up to a reset, with and
// without scripts, in three languages, in light and dark, below a base path.

package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/gorgon-go/gorgon/testbed"
)

// A visitor signs up, confirms, signs in with a second device, ends its session
// from the first one, ends all, and resets the password.
func TestSignIn(t *testing.T) {
	for _, with := range []struct {
		name    string
		scripts bool
		base    string
	}{{"scripts", true, ""}, {"no scripts", false, ""}, {"base path", true, "/club"}} {
		t.Run(with.name, func(t *testing.T) {
			c := openClub(t, with.base)
			laptop, phone := c.member(t, with.scripts), c.member(t, with.scripts)
			laptop.join("ada")
			laptop.follows(`header nav a[href$="/members"]`, "Hello, ada")

			phone.visit("/members?tab=1")
			phone.wants("Forgotten your password?")
			phone.fill(map[string]string{"email": "ada@example.com", "password": "not the password"}, "do not match")
			phone.fill(map[string]string{"email": "ada@example.com", "password": stone}, "Hello, ada")
			if at := testbed.Eval[string](phone.Tab, `location.pathname + location.search`); at != with.base+"/members?tab=1" {
				t.Errorf("after the sign-in it is %s", at)
			}
			if with.scripts {
				phone.Wait(`document.querySelector("header .who").innerText.includes("Signed in as ada")`)
			}
			if cookie := testbed.Eval[string](phone.Tab, `document.cookie`); cookie != "" {
				t.Errorf("scripts see the cookie %s", cookie)
			}

			laptop.visit("/account")
			laptop.Wait(`document.querySelectorAll(".rows li").length === 2 && document.querySelectorAll(".rows .mark").length === 1`)
			laptop.picture("account-" + strings.ReplaceAll(with.name, " ", "-"))
			laptop.Click(".rows li:nth-child(2) button")
			laptop.wants("The session was ended.")
			phone.follows(`header nav a[href$="/members"]`, "Forgotten your password?")

			phone.signIn("ada", stone, "Member since")
			laptop.visit("/account")
			laptop.Click("#sessions ~ form button")
			laptop.wants("All your other sessions were ended.")
			laptop.Wait(`document.querySelectorAll(".rows li").length === 1`)
			phone.visit("/account")
			phone.wants("Forgotten your password?")

			phone.visit("/forgot")
			phone.fill(map[string]string{"email": "Ada@Example.com"}, "Look into your mailbox")
			_, page, code := c.mail()
			phone.follow(page, code)
			phone.fill(phone.withCode(code, map[string]string{"password": "password1234"}), "too easy to guess")
			phone.fill(phone.withCode(code, map[string]string{"password": "another stone that turns"}), "Your password was changed. Please sign in.")
			laptop.follows(`header nav a[href$="/members"]`, "Forgotten your password?")
			phone.signIn("ada", stone, "do not match")
			phone.signIn("ada", "another stone that turns", "Member since")

			phone.visit("/account/tokens")
			phone.fill(map[string]string{"about": "backup", "scopes": "read"}, "It is not shown again")
			token := testbed.Eval[string](phone.Tab, `document.querySelector(".token").innerText`)
			a, err := c.get("/api/me", "Authorization", "Bearer "+token)
			if err != nil || a.status != 200 || !strings.Contains(string(a.body), "ada@example.com") {
				t.Errorf("with the token: %v, %v", a, err)
			}
			phone.Click(".rows button")
			phone.wants("The token was revoked.")
			if a, err := c.get("/api/me", "Authorization", "Bearer "+token); err != nil || a.status != 401 {
				t.Errorf("with the revoked token: %v, %v", a, err)
			}
			phone.visit("/account/delete")
			phone.fill(map[string]string{"password": "another stone that turns"}, "Your account was deleted")
			phone.follows(`header nav a[href$="/members"]`, "Forgotten your password?")

			for _, line := range strings.Split(c.said(), "\n") {
				if strings.HasPrefix(line, "time=") && (strings.Contains(line, code) || strings.Contains(line, token)) {
					t.Errorf("a secret is in the log: %s", line)
				}
			}
			if warned := c.warnings(); len(warned) > 0 {
				t.Errorf("it warns:\n%s", strings.Join(warned, ""))
			}
			t.Logf("%d requests of two browsers", len(laptop.Requests())+len(phone.Requests()))
		})
	}
}

// follows clicks a link and waits for a text.
func (g *member) follows(selector, text string) {
	g.t.Helper()
	g.Click(selector)
	g.wants(text)
}

// Each page is accessible, in light on a desk and in dark on a phone, and in each
// language; nothing is wider than the screen.
func TestSignInPages(t *testing.T) {
	source := axe(t)
	c := openClub(t, "")
	g := c.member(t, true)
	open := []string{"/sign-up", "/sign-up/sent", "/confirm", "/sign-in", "/forgot", "/forgot/sent", "/reset", "/deleted", "/", "/nowhere"}
	closed := []string{"/account", "/account/email", "/account/email/confirm", "/account/password", "/account/tokens", "/account/delete", "/members"}
	seen := 0
	look := func(paths []string, who string) {
		for _, locale := range []string{"", "/de", "/ar"} {
			for _, scheme := range []string{"light", "dark"} {
				if locale == "/de" && scheme == "light" || locale == "/ar" && scheme == "dark" {
					continue // both schemes are looked at in English, and each in one other language
				}
				g.Prefer("prefers-color-scheme", scheme)
				g.Do(chromedp.EmulateViewport(map[string]int64{"light": 1000, "dark": 360}[scheme], 800))
				for _, path := range paths {
					what := fmt.Sprint(locale, path, " in ", scheme)
					g.visit(strings.TrimSuffix(locale+path, "/"))
					g.Wait(`!document.querySelector("header .who gorgon-fragment a[href*='/_gorgon/']")`)
					g.accessible(source, what)
					if wide := testbed.Eval[int](g.Tab, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); wide > 0 {
						t.Errorf("%s is %d pixels too wide", what, wide)
					}
					g.picture(strings.Join(strings.FieldsFunc(locale+path+"/"+scheme+"/"+who, func(r rune) bool { return r == '/' }), "-"))
					seen++
				}
			}
		}
	}
	look(open, "out")
	g.Prefer("prefers-color-scheme", "light")
	g.join("ada")
	look(closed, "in")
	g.visit("/account/tokens")
	g.fill(map[string]string{"about": "backup", "scopes": "read"}, "It is not shown again")
	g.accessible(source, "a new token")
	g.picture("token")
	g.visit("/account/password")
	g.fill(map[string]string{"current": "not the password", "password": "another stone that turns"}, "This is not your password.")
	g.accessible(source, "a refused form")
	g.picture("refused")
	g.visit("/ar/admin")
	g.wants("لا يُسمح لك")
	g.accessible(source, "a page of others")
	g.picture("forbidden")
	for _, said := range g.Console() {
		if !strings.Contains(said, "404") && !strings.Contains(said, "403") {
			t.Errorf("the console says: %s", said)
		}
	}
	t.Logf("%d pages looked at", seen)
}
