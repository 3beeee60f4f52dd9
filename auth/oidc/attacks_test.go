package oidc_test

import (
	"context"
	"crypto/rsa"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/auth/oidc"
)

func second() *rsa.PrivateKey { _, two := generate(); return two }

// What the browser brings back is accepted once, from the browser that began,
// and as it was.
func TestSessionAttacksOIDCState(t *testing.T) {
	p := newProvider(t)
	for name, attack := range map[string]func(c *club) (victim string){
		"forged state": func(c *club) string {
			c.Get(with(c.t, c.arrive("/sign-in/there"), "state", strings.Repeat("A", 90))).Want(400)
			return who(c.Site)
		},
		"changed state": func(c *club) string {
			address := c.arrive("/sign-in/there")
			state := must(url.Parse(address)).Query().Get("state")
			changed := []byte(state)
			changed[20] ^= 1
			c.Get(with(c.t, address, "state", string(changed))).Want(400)
			return who(c.Site)
		},
		"no state": func(c *club) string {
			c.Get(with(c.t, c.arrive("/sign-in/there"), "state", "")).Want(400)
			return who(c.Site)
		},
		"no cookie": func(c *club) string {
			victim := c.Visitor()
			victim.Get(c.arrive("/sign-in/there")).Want(400)
			return who(victim)
		},
		"state of another browser": func(c *club) string {
			victim := c.Visitor()
			c.begin(victim, "/sign-in/there") // so it has a cookie
			victim.Get(c.arrive("/sign-in/there")).Want(400)
			return who(victim)
		},
		"code of another browser": func(c *club) string { // login CSRF, and code injection
			victim := c.Visitor()
			theirs := must(url.Parse(p.visit(c.begin(victim, "/sign-in/there"))))
			code := must(url.Parse(c.arrive("/sign-in/there"))).Query().Get("code")
			victim.Get(with(c.t, theirs.String(), "code", code)).Want(400)
			return who(victim)
		},
		"code used twice": func(c *club) string {
			old := must(url.Parse(c.arrive("/sign-in/there?next=/members")))
			c.Get(old.String()).Want(200)
			other := c.Visitor()
			other.Get(with(c.t, p.visit(c.begin(other, "/sign-in/there")), "code", old.Query().Get("code"))).Want(400)
			return who(other)
		},
		"late": func(c *club) string {
			address := c.arrive("/sign-in/there")
			c.Advance(oidc.Lifetime + time.Second)
			c.Get(address).Want(400)
			return who(c.Site)
		},
		"a parameter twice": func(c *club) string {
			c.Get(c.arrive("/sign-in/there") + "&code=other").Want(400)
			return who(c.Site)
		},
		"long state": func(c *club) string {
			c.Get(with(c.t, c.arrive("/sign-in/there"), "state", strings.Repeat("A", 6000))).Want(400)
			return who(c.Site)
		},
		"another issuer in the answer": func(c *club) string {
			c.Get(with(c.t, c.arrive("/sign-in/there"), "iss", "https://evil.example")).Want(403)
			return who(c.Site)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, p, options{})
			if user := attack(c); user != "" {
				t.Errorf("a session was made, of %q", user)
			}
		})
	}
}

// A callback works once, also with a provider that redeems a code more often.
func TestSessionAttacksOIDCReplay(t *testing.T) {
	p := newProvider(t)
	p.set(func() { p.given = map[string][]byte{} })
	c := open(t, p, options{})
	address := c.arrive("/sign-in/there?next=/members")
	c.Get(address).Want(200, "user of")
	c.Get(address).Want(400)
	if n := c.store.count("session"); n != 1 {
		t.Errorf("there are %d sessions, want 1", n)
	}

	address = c.arrive("/sign-in/there?next=/members")
	var again atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			r, _ := http.NewRequest("GET", address, nil)
			if c.Send(r).Status == 400 {
				again.Add(1)
			}
		})
	}
	wg.Wait()
	if again.Load() != 7 || len(c.store.all("once-oidc")) != 2 {
		t.Errorf("of 8 callbacks at once %d were refused, want 7", again.Load())
	}
}

// An ID token counts if it says all that it has to.
func TestSessionAttacksOIDCToken(t *testing.T) {
	p := newProvider(t)
	one, two := generate()
	claim := func(name string, value any) func(*provider) {
		return func(p *provider) { p.claims = func(claims map[string]any) { claims[name] = value } }
	}
	sign := func(with func(*rsa.PrivateKey, map[string]any) string, k *rsa.PrivateKey) func(*provider) {
		return func(p *provider) { p.sign = func(claims map[string]any) string { return with(k, claims) } }
	}
	for name, attack := range map[string]func(*provider){
		"another nonce":            claim("nonce", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
		"no nonce":                 claim("nonce", nil),
		"another audience":         claim("aud", "another app"),
		"audience of two":          func(p *provider) { claim("aud", []string{p.ClientID, "another app"})(p) },
		"another party":            claim("azp", "another app"),
		"another issuer":           claim("iss", "https://evil.example"),
		"no subject":               claim("sub", ""),
		"long subject":             claim("sub", strings.Repeat("s", 256)),
		"expired":                  claim("exp", 1),
		"no expiry":                claim("exp", nil),
		"an unsigned token":        sign(unsigned, one),
		"signed by shared secret":  sign(shared, one),
		"signed by an unknown key": sign(signed, two),
		"another access token":     claim("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"),
		"a key's name with another key": sign(func(k *rsa.PrivateKey, claims map[string]any) string {
			parts := strings.Split(signed(k, claims), ".")
			return strings.Split(signed(one, claims), ".")[0] + "." + parts[1] + "." + parts[2]
		}, two),
		"no ID token":            func(p *provider) { p.answer = func(tokens map[string]any) { delete(tokens, "id_token") } },
		"not a token":            func(p *provider) { p.answer = func(tokens map[string]any) { tokens["id_token"] = "x.y.z" } },
		"claims of another type": claim("email", []int{1}),
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, p, options{})
			p.set(func() { attack(p) })
			defer p.set(func() { p.claims, p.sign, p.answer = nil, nil, nil })
			res := c.Get(c.arrive("/sign-in/there?next=/members"))
			res.Want(403, "not accepted").WantNot("evil.example", "another app")
			if len(c.found) > 0 || who(c.Site) != "" || c.store.count("session") > 0 {
				t.Errorf("the token was accepted: %v", c.found)
			}
			if !strings.Contains(c.Log(), "was refused") {
				t.Errorf("the log does not say why: %s", c.Log())
			}
		})
	}
}

// An algorithm that the provider announces is used only if it is a signature.
func TestSessionAttacksOIDCAnnouncedNone(t *testing.T) {
	p := newProvider(t)
	one, _ := generate()
	for name, with := range map[string]func(*rsa.PrivateKey, map[string]any) string{"none": unsigned, "HS256": shared} {
		p.set(func() {
			p.meta = func(meta map[string]any) { meta["id_token_signing_alg_values_supported"] = []string{name} }
			p.sign = func(claims map[string]any) string { return with(one, claims) }
		})
		c := open(t, p, options{})
		c.Get(c.arrive("/sign-in/there")).Want(403)
		if len(c.found) > 0 {
			t.Errorf("%s was accepted", name)
		}
	}
}

// What a provider says of itself cannot lead secrets elsewhere.
func TestSessionAttacksOIDCDiscovery(t *testing.T) {
	p := newProvider(t)
	for _, test := range [][2]string{
		{"issuer", "https://evil.example"}, {"token_endpoint", "http://evil.example/token"}, {"jwks_uri", "http://evil.example/keys"},
		{"authorization_endpoint", "javascript:alert(1)"}, {"authorization_endpoint", "//evil.example"},
	} {
		p.set(func() { p.meta = func(meta map[string]any) { meta[test[0]] = test[1] } })
		c := open(t, p, options{})
		res := c.Get("/sign-in/there").Want(503).WantNot("evil.example")
		if res.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s: a sign-in has begun", test[0])
		}
	}
}

// The way back stays in the app.
func TestSessionAttacksOIDCOpenRedirect(t *testing.T) {
	p := newProvider(t)
	c := open(t, p, options{})
	for _, next := range []string{
		"https://evil.example/", "//evil.example/", `/\evil.example`, `\\evil.example`, "/%0d%0aSet-Cookie:x=1", "javascript:alert(1)",
		"/\tevil", "///evil.example", "evil", strings.Repeat("/a", 2000),
	} {
		res := c.Get(c.arrive("/sign-in/there?" + url.Values{"next": {next}}.Encode()))
		if res.URL.Host != "club.test" || res.Header.Get("Location") != "" || strings.Contains(res.URL.String(), "evil.example") {
			t.Errorf("%q leads to %s", next, res)
		}
		if len(res.Redirects) > 0 && !strings.HasPrefix(res.Redirects[len(res.Redirects)-1], "/") {
			t.Errorf("%q leads to %v", next, res.Redirects)
		}
	}
}

// The host of a request decides nothing.
func TestSessionAttacksOIDCHost(t *testing.T) {
	p := newProvider(t)
	c := open(t, p, options{})
	r, _ := http.NewRequest("GET", origin+"/sign-in/there", nil)
	r.Header.Set("Host", "evil.example")
	r.Header.Set("X-Forwarded-Host", "evil.example")
	to := c.Send(r).Header.Get("Location")
	if got := must(url.Parse(to)).Query().Get("redirect_uri"); got != origin+"/sign-in/there/callback" {
		t.Errorf("redirect_uri is %q", got)
	}
}

// An answer of one provider is worth nothing at the callback of another.
func TestSessionAttacksOIDCMixUp(t *testing.T) {
	p, evil := newProvider(t), newProviderWith(t, second())
	var found []oidc.Identity
	c := open(t, p, options{change: func(honest *oidc.Provider) { honest.Scopes = []string{"email"} }})
	other := oidc.Provider{
		Auth: c.people, Issuer: evil.Issuer(), ClientID: evil.ClientID, ClientSecret: evil.ClientSecret, Path: "/sign-in/evil",
		Scopes: []string{}, Found: func(_ context.Context, who oidc.Identity) (string, error) {
			found = append(found, who)
			return "mallory", nil
		},
	}
	c = open(t, p, options{parts: []gorgon.Part{other}})
	here := must(url.Parse(c.arrive("/sign-in/there")))
	there := must(url.Parse(evil.visit(c.Get("/sign-in/evil").Header.Get("Location"))))

	cross := *here
	cross.Path = there.Path // the honest provider's answer at the other callback
	c.Get(cross.String()).Want(400)
	back := *there
	back.Path = here.Path
	c.Get(back.String()).Want(400)
	c.Get(with(t, there.String(), "code", here.Query().Get("code"))).Want(400) // its code given to the other one
	if len(c.found)+len(found) > 0 || evil.askedFor("/oidc/token") > 2 {
		t.Errorf("found %v and %v", c.found, found)
	}
	if c.store.count("session") > 0 {
		t.Error("there is a session")
	}
}

// A sign-in always makes a new session, and ends the one that the browser had.
func TestSessionAttacksOIDCFixation(t *testing.T) {
	p := newProvider(t)
	c := open(t, p, options{})
	c.SignIn("mallory")
	before := c.cookie()
	c.Get("/members").Want(200, "mallory")
	c.Get(c.arrive("/sign-in/there?next=/members")).Want(200, "user of 1234567890")
	if c.cookie() == before {
		t.Error("the session was kept")
	}
	r, _ := http.NewRequest("GET", origin+"/members", nil)
	r.Header.Set("Cookie", "__Host-session="+before)
	if res := c.Visitor().Send(r); res.Status == 200 {
		t.Errorf("the planted session works: %s", res)
	}
}

// The cookie of a sign-in is for this host alone, and not for scripts.
func TestSessionAttacksOIDCCookie(t *testing.T) {
	p := newProvider(t)
	c := open(t, p, options{})
	got := c.Get("/sign-in/there").Header.Get("Set-Cookie")
	name, rest, _ := strings.Cut(got, "=")
	value, rest, _ := strings.Cut(rest, ";")
	if name != "__Host-session-oidc" || len(value) != 43 || rest != " Path=/; Max-Age=900; HttpOnly; Secure; SameSite=Lax" {
		t.Errorf("the cookie is %q", got)
	}
}
