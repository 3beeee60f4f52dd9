package passkey_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/descope/virtualwebauthn"

	"github.com/gorgon-go/gorgon/auth/passkey"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/sessions"
)

// An answer to a sign-in counts once, in the browser that asked, for this site.
func TestSessionAttacksPasskeySignIn(t *testing.T) {
	evil := virtualwebauthn.RelyingParty{ID: "evil.example", Name: "The Club", Origin: "https://evil.example"}
	within := virtualwebauthn.RelyingParty{ID: "club.test", Name: "The Club", Origin: "https://evil.club.test"}
	for name, attack := range map[string]func(c *club, d *device, site *gorgontest.Site) *gorgontest.Response{
		"replayed": func(c *club, d *device, site *gorgontest.Site) *gorgontest.Response {
			in := d.assert(c.t, c.options(site, "ask"), party)
			c.call(site, "sign-in", in).Want(200)
			if err := c.end("ada"); err != nil {
				c.t.Error(err)
			}
			return c.call(site, "sign-in", in)
		},
		"challenge of another browser": func(c *club, d *device, site *gorgontest.Site) *gorgontest.Response {
			c.options(site, "ask") // so it has a cookie
			return c.call(site, "sign-in", d.assert(c.t, c.options(c.Visitor(), "ask"), party))
		},
		"no cookie": func(c *club, d *device, site *gorgontest.Site) *gorgontest.Response {
			return c.call(site, "sign-in", d.assert(c.t, c.options(c.Visitor(), "ask"), party))
		},
		"a challenge of one's own": func(c *club, d *device, site *gorgontest.Site) *gorgontest.Response {
			c.options(site, "ask")
			own := `{"challenge":"` + base64.RawURLEncoding.EncodeToString(make([]byte, 32)) + `","rpId":"club.test"}`
			return c.call(site, "sign-in", d.assert(c.t, own, party))
		},
		"late": func(c *club, d *device, site *gorgontest.Site) *gorgontest.Response {
			in := d.assert(c.t, c.options(site, "ask"), party)
			c.Advance(passkey.Lifetime)
			return c.call(site, "sign-in", in)
		},
		"of another site": func(c *club, d *device, site *gorgontest.Site) *gorgontest.Response {
			return c.call(site, "sign-in", d.assert(c.t, c.options(site, "ask"), evil))
		},
		"of another host of the domain": func(c *club, d *device, site *gorgontest.Site) *gorgontest.Response {
			return c.call(site, "sign-in", d.assert(c.t, c.options(site, "ask"), within))
		},
		"of another domain": func(c *club, d *device, site *gorgontest.Site) *gorgontest.Response {
			other := party
			other.ID = "evil.example"
			return c.call(site, "sign-in", d.assert(c.t, c.options(site, "ask"), other))
		},
		"another key": func(c *club, d *device, site *gorgontest.Site) *gorgontest.Response {
			forged := *d
			forged.Key = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2).Key
			return c.call(site, "sign-in", forged.assert(c.t, c.options(site, "ask"), party))
		},
		"handle of another user": func(c *club, d *device, site *gorgontest.Site) *gorgontest.Response {
			other := c.register(c.Visitor().SignIn("bob"))
			forged := *d
			forged.Options.UserHandle = other.Options.UserHandle
			return c.call(site, "sign-in", forged.assert(c.t, c.options(site, "ask"), party))
		},
		"no handle": func(c *club, d *device, site *gorgontest.Site) *gorgontest.Response {
			in := d.assert(c.t, c.options(site, "ask"), party)
			delete(in["response"].(map[string]any), "userHandle")
			return c.call(site, "sign-in", in)
		},
		"changed signature": func(c *club, d *device, site *gorgontest.Site) *gorgontest.Response {
			in := d.assert(c.t, c.options(site, "ask"), party)
			in["response"].(map[string]any)["signature"] = base64.RawURLEncoding.EncodeToString([]byte("not a signature"))
			return c.call(site, "sign-in", in)
		},
		"not present": func(c *club, d *device, site *gorgontest.Site) *gorgontest.Response {
			absent := *d
			absent.Options.UserNotPresent = true
			return c.call(site, "sign-in", absent.assert(c.t, c.options(site, "ask"), party))
		},
		"a challenge for adding": func(c *club, d *device, site *gorgontest.Site) *gorgontest.Response {
			member := c.Visitor().SignIn("ada")
			var asked struct{ Challenge string }
			c.call(member, "new", struct{}{}).Want(200).JSON(&asked)
			if err := c.end("ada"); err != nil {
				c.t.Error(err)
			}
			return c.call(member, "sign-in", d.assert(c.t, `{"challenge":"`+asked.Challenge+`","rpId":"club.test"}`, party))
		},
		"not JSON": func(c *club, d *device, site *gorgontest.Site) *gorgontest.Response {
			in := d.assert(c.t, c.options(site, "ask"), party)
			in["response"].(map[string]any)["authenticatorData"] = "AAAA"
			return c.call(site, "sign-in", in)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, options{})
			d := c.register(c.Visitor().SignIn("ada"))
			site := c.Visitor()
			before := c.store.count("session")
			res := attack(c, d, site)
			res.Want(403, "was not accepted").WantNot("evil.example", "club.test")
			if user := who(site); user != "" {
				t.Errorf("signed in as %q", user)
			}
			if n := c.store.count("session"); n > before+1 {
				t.Errorf("there are %d sessions, and there were %d", n, before)
			}
			if !strings.Contains(c.Log(), "a passkey was refused") {
				t.Errorf("the log does not say why: %s", c.Log())
			}
		})
	}
}

// end ends all sessions of a user.
func (c *club) end(user string) error {
	_, err := c.people.RevokeAll(c.t.Context(), user)
	return err
}

// An answer that is sent many times at once counts once.
func TestSessionAttacksPasskeyReplayAtOnce(t *testing.T) {
	c := open(t, options{})
	d := c.register(c.Visitor().SignIn("ada"))
	site := c.Visitor()
	in := d.assert(t, c.options(site, "ask"), party)
	before := c.store.count("session")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { c.call(site, "sign-in", in) })
	}
	wg.Wait()
	if n := c.store.count("session"); n != before+1 {
		t.Errorf("there are %d more sessions, want 1", n-before)
	}
}

// A passkey that was removed, or whose user is gone, signs no one in.
func TestSessionAttacksPasskeyRemoved(t *testing.T) {
	c := open(t, options{})
	d := c.register(c.Visitor().SignIn("ada"))
	c.gone = []string{"ada"}
	site := c.Visitor()
	c.enter(site, d).Want(404)
	c.gone = nil
	if err := c.keys.Remove(t.Context(), "ada", must(c.keys.List(t.Context(), "ada"))[0].Name); err != nil {
		t.Fatal(err)
	}
	c.enter(site, d).Want(404)
	if user := who(site); user != "" {
		t.Errorf("signed in as %q", user)
	}
}

// Two authenticators with one key do not both sign in: the one with the lower
// counter is refused, and the other one goes on.
func TestSessionAttacksPasskeyClone(t *testing.T) {
	c := open(t, options{})
	d := c.register(c.Visitor().SignIn("ada"))
	d.Counter = 7
	c.enter(c.Visitor(), d).Want(200)
	clone := *d
	for _, counter := range []uint32{7, 6, 0} {
		clone.Counter = counter
		site := c.Visitor()
		c.enter(site, &clone).Want(403)
		if user := who(site); user != "" {
			t.Errorf("a clone with the counter %d has signed in as %q", counter, user)
		}
	}
	if !strings.Contains(c.Log(), "counter went back") {
		t.Errorf("the log: %s", c.Log())
	}
	d.Counter = 8
	c.enter(c.Visitor(), d).Want(200)
}

// Authenticators without a counter, as those that sync, always have 0.
func TestPasskeyWithoutCounter(t *testing.T) {
	c := open(t, options{})
	d := newDevice()
	d.Options.BackupEligible, d.Options.BackupState = true, true
	site := c.Visitor().SignIn("ada")
	c.call(site, "add", d.attest(t, c.options(site, "new"), party)).Want(204)
	c.enter(c.Visitor(), d).Want(200)
	c.enter(c.Visitor(), d).Want(200)
	if list := must(c.keys.List(t.Context(), "ada")); !list[0].Synced {
		t.Errorf("%+v", list)
	}
	d.Options.BackupEligible, d.Options.BackupState = false, false // it cannot change
	c.enter(c.Visitor(), d).Want(403)
}

// Where the user has to be verified, who is not is refused.
func TestSessionAttacksPasskeyVerification(t *testing.T) {
	c := open(t, options{change: func(p *passkey.Passkeys) { p.Verify = true }})
	site := c.Visitor().SignIn("ada")
	d := c.register(site)
	d.Options.UserNotVerified = true
	c.enter(c.Visitor(), d).Want(403)
	other := newDevice()
	other.Options.UserNotVerified = true
	c.call(site, "add", other.attest(t, c.options(site, "new"), party)).Want(403)
	d.Options.UserNotVerified = false
	c.enter(c.Visitor(), d).Want(200)
}

// A passkey is added to the account of who asked for the challenge, in the same
// browser, once.
func TestSessionAttacksPasskeyAdd(t *testing.T) {
	c := open(t, options{})
	ada, bob := c.Visitor().SignIn("ada"), c.Visitor().SignIn("bob")
	d := newDevice()
	in := d.attest(t, c.options(ada, "new"), party)

	c.call(bob, "add", in).Want(403)                                                  // ada's challenge
	c.call(c.Visitor().SignIn("ada"), "add", in).Want(403)                            // another browser
	c.call(c.Visitor(), "add", in).Want(401)                                          // not signed in
	c.call(ada, "add", newDevice().attest(t, c.options(ada, "ask"), party)).Want(403) // of a sign-in
	c.call(ada, "add", newDevice().attest(t, c.options(ada, "new"), virtualwebauthn.RelyingParty{ID: "club.test", Origin: "https://evil.example"})).Want(403)
	c.Visitor().SignIn("ada").Call("POST", "/passkeys/new", struct{}{}, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site").Want(403)
	if n := c.store.count("passkey"); n != 0 {
		t.Fatalf("there are %d passkeys, want none", n)
	}
	c.call(ada, "add", in).Want(204)
	c.call(ada, "add", in).Want(403) // replayed

	// One credential is one passkey, of one user.
	stolen := *d
	c.call(bob, "add", stolen.attest(t, c.options(bob, "new"), party)).Want(409)
	c.call(ada, "add", stolen.attest(t, c.options(ada, "new"), party)).Want(409)
	if list := must(c.keys.List(t.Context(), "bob")); len(list) != 0 {
		t.Errorf("bob has %v", list)
	}

	// Another user in the same browser.
	late := newDevice().attest(t, c.options(ada, "new"), party)
	ada.SignIn("bob")
	c.call(ada, "add", late).Want(403)
}

// A sign-in makes a new session, and ends the one that the browser had.
func TestSessionAttacksPasskeyFixation(t *testing.T) {
	c := open(t, options{})
	d := c.register(c.Visitor().SignIn("ada"))
	site := c.Visitor().SignIn("mallory")
	c.enter(site, d).Want(200)
	if user := who(site); user != "ada" {
		t.Errorf("signed in as %q", user)
	}
	if list := must(c.people.Sessions(t.Context(), "mallory")); len(list) != 0 {
		t.Errorf("mallory's session goes on: %v", list)
	}
}

// What the store holds signs no one in, and names no user to authenticators.
func TestSessionAttacksPasskeyStore(t *testing.T) {
	c := open(t, options{})
	d := c.register(c.Visitor().SignIn("ada"))
	list := must(c.store.List(t.Context(), "passkey", "ada"))
	if len(list) != 1 || list[0].ID != sessions.IDOf(string(d.ID)) || !list[0].Expires.IsZero() {
		t.Fatalf("the records are %+v", list)
	}
	var kept struct {
		Credential struct {
			Flags       struct{ BackupEligible bool }
			Attestation struct{ Object []byte }
		}
	}
	if err := json.Unmarshal(list[0].Data, &kept); err != nil || kept.Credential.Attestation.Object != nil {
		t.Errorf("%v: the record is %s", err, list[0].Data)
	}
	site := c.Visitor()
	cookie := c.call(site, "ask", struct{}{}).Header.Get("Set-Cookie")
	name, rest, _ := strings.Cut(cookie, "=")
	value, rest, _ := strings.Cut(rest, ";")
	if name != "__Host-session-passkey" || len(value) != 43 || rest != " Path=/; Max-Age=1800; HttpOnly; Secure; SameSite=Lax" {
		t.Errorf("the cookie is %q", cookie)
	}
	for _, r := range append(c.store.all("once-passkey"), list...) {
		if strings.Contains(string(r.Data), value) {
			t.Error("the store has the browser's secret")
		}
	}
	if got := c.store.count("once-passkey"); got != 1 {
		t.Errorf("there are %d challenges, want the one that is not answered", got)
	}
}

// The way back stays in the app.
func TestSessionAttacksPasskeyOpenRedirect(t *testing.T) {
	c := open(t, options{})
	d := c.register(c.Visitor().SignIn("ada"))
	for _, next := range []string{"https://evil.example", "//evil.example", `/\evil.example`, "javascript:alert(1)", "evil"} {
		site := c.Visitor()
		in := d.assert(t, c.options(site, "ask"), party)
		in["next"] = next
		var out struct{ Then string }
		if c.call(site, "sign-in", in).Want(200).JSON(&out); out.Then != "/" {
			t.Errorf("%q leads to %q", next, out.Then)
		}
	}
}
