package oidc_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/auth/oidc"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/serve"
)

const origin = "https://club.test"

// A club is an app for members, who sign in at a provider.
type club struct {
	*gorgontest.Site
	t        *testing.T
	people   *auth.Auth
	store    *store
	provider *provider
	part     oidc.Provider
	mu       sync.Mutex
	found    []oidc.Identity
	refuse   error
}

type options struct {
	base    string
	origin  string // "-" for none
	locales []string
	parts   []gorgon.Part
	change  func(*oidc.Provider)
}

func open(t *testing.T, p *provider, o options) *club {
	t.Helper()
	c := &club{t: t, provider: p, store: newStore()}
	c.people = auth.New(auth.Options{Store: c.store})
	c.part = oidc.Provider{
		Auth: c.people, Issuer: p.Issuer(), ClientID: p.ClientID, ClientSecret: p.ClientSecret, Path: "/sign-in/there",
		Found: func(_ context.Context, who oidc.Identity) (string, error) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.found = append(c.found, who)
			return "user of " + who.Subject, c.refuse
		},
	}
	if o.change != nil {
		o.change(&c.part)
	}
	show := func(html string) func(string) gorgon.Component {
		return func(string) gorgon.Component { return gorgon.HTML(html) }
	}
	app := gorgon.App{
		Name: "club", Origin: origin,
		Locales: gorgon.Locales{Tags: o.locales},
		Parts: append([]gorgon.Part{
			c.part,
			gorgon.Handler{Pattern: "GET /cookies", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = w.Write([]byte(r.Header.Get("Cookie")))
			})},
			gorgon.Page[string]{Path: "/", View: show("<h1>Home</h1>")},
			gorgon.Page[string]{Path: "/sign-in", View: show("<h1>Sign in</h1>"),
				LoadRequest: func(context.Context, gorgon.Input, *http.Request) (string, error) { return "", nil }},
			gorgon.Page[string]{Path: "/members", Guards: []func(http.Handler) http.Handler{c.people.SignedIn},
				LoadRequest: func(ctx context.Context, _ gorgon.Input, r *http.Request) (string, error) {
					who, err := c.people.Who(ctx)
					return gorgon.LocaleOf(ctx) + " " + who.User + " at " + serve.Reference(r), err
				},
				View: func(s string) gorgon.Component { return gorgon.Text(s) }},
		}, o.parts...),
	}
	switch o.origin {
	case "":
	case "-":
		app.Origin = ""
	default:
		app.Origin = o.origin
	}
	c.Site = gorgontest.Options{Auth: c.people, Base: o.base, Lazy: true}.Open(t, app)
	return c
}

// begin follows a link of the sign-in page, and returns the provider's address.
func (c *club) begin(site *gorgontest.Site, path string) string {
	c.t.Helper()
	res := site.Get(path)
	to := res.Header.Get("Location")
	if res.Status != http.StatusSeeOther || !strings.HasPrefix(to, c.provider.AuthorizationEndpoint()) {
		c.t.Fatalf("no way to the provider: %s", res)
	}
	res.WantHeader("Cache-Control", "private, no-store")
	return to
}

// arrive is the address that the provider sends a visitor to who begins now.
func (c *club) arrive(path string) string {
	c.t.Helper()
	return c.provider.visit(c.begin(c.Site, path))
}

// who is who a visitor is; "" for a visitor who has not signed in.
func who(site *gorgontest.Site) string {
	res := site.Get("/members")
	if res.URL.Path != "/members" {
		return ""
	}
	return res.Body
}

// cookie is the secret of the browser's session.
func (c *club) cookie() string {
	_, value, _ := strings.Cut(c.Get("/cookies").Body, "__Host-session=")
	value, _, _ = strings.Cut(value, ";")
	return value
}

func TestSignIn(t *testing.T) {
	p := newProvider(t)
	c := open(t, p, options{})
	led := c.Get("/members?tab=2").Want(200, "Sign in")
	next := led.URL.Query().Get("next")

	to := c.begin(c.Site, "/sign-in/there?"+url.Values{"next": {next}}.Encode())
	asked, _ := url.Parse(to)
	for name, want := range map[string]string{
		"redirect_uri": origin + "/sign-in/there/callback", "code_challenge_method": "S256", "response_type": "code",
		"client_id": p.ClientID, "scope": "openid email profile",
	} {
		if got := asked.Query().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if c.store.count("once-oidc")+c.store.count("session") != 0 {
		t.Error("a sign-in that was only begun is in the store")
	}
	res := c.Get(p.visit(to)).Want(200, "user of 1234567890 at /members?tab=2")
	if strings.Contains(res.URL.String(), "code=") {
		t.Error("the code stays in the address")
	}
	who := c.found[0]
	if who.Issuer != p.Issuer() || who.Subject != "1234567890" || who.Email != "jane.doe@example.com" || !who.EmailVerified {
		t.Errorf("the identity is %+v", who)
	}
	var more struct {
		Expiry int64 `json:"exp"`
	}
	if err := who.Claims(&more); err != nil || more.Expiry == 0 {
		t.Errorf("claims: %v, %v", err, more)
	}
	if err := (oidc.Identity{}).Claims(&more); err == nil {
		t.Error("an empty identity has claims")
	}
}

func TestSignInBelowAPathInAnotherLanguage(t *testing.T) {
	p := newProvider(t)
	c := open(t, p, options{base: "/club", locales: []string{"en", "de"}})
	to := c.begin(c.Site, "/club/de/sign-in/there?next=/members")
	asked, _ := url.Parse(to)
	if got := asked.Query().Get("redirect_uri"); got != origin+"/club/sign-in/there/callback" {
		t.Errorf("redirect_uri is %q: it has to be one for all languages", got)
	}
	res := c.Get(p.visit(to)).Want(200, "de user of 1234567890 at /members")
	if res.URL.Path != "/club/de/members" {
		t.Errorf("the visitor ends at %s", res.URL)
	}
	back := with(t, c.arrive("/club/de/sign-in/there?next=/members"), "error", "access_denied", "code", "")
	if res := c.Visitor().Get(back); res.Status != 400 {
		t.Errorf("another browser: %s", res)
	}
	if res := c.Get(back).Want(200, "Sign in"); res.URL.Path != "/club/de/sign-in" || res.URL.Query().Get("next") != "/members" {
		t.Errorf("who cancels ends at %s", res.URL)
	}
}

func TestSignInWithinAGroup(t *testing.T) {
	p := newProvider(t)
	c := open(t, p, options{parts: []gorgon.Part{gorgon.Group{Prefix: "/shop", Parts: []gorgon.Part{oidc.Provider{
		Auth: auth.New(auth.Options{Store: newStore()}), Issuer: p.Issuer(), ClientID: p.ClientID, ClientSecret: p.ClientSecret,
		Path: "/google", Then: "/sign-in", Found: func(context.Context, oidc.Identity) (string, error) { return "ada", nil },
	}}}}})
	if res := c.Get(c.arrive("/shop/google")); res.URL.Path != "/sign-in" {
		t.Errorf("%s", res)
	}
}

func TestTwoTabs(t *testing.T) {
	p := newProvider(t)
	c := open(t, p, options{})
	one, two := c.arrive("/sign-in/there?next=/members?n=1"), c.arrive("/sign-in/there?next=/members?n=2")
	c.Get(one).Want(200, "at /members?n=1")
	c.Get(two).Want(200, "at /members?n=2")
	if n := c.store.count("session"); n != 1 {
		t.Errorf("the browser has %d sessions, want the newest one", n)
	}
}

func TestCancelled(t *testing.T) {
	p := newProvider(t)
	c := open(t, p, options{})
	for _, test := range []struct {
		code   string
		status int
	}{
		{"access_denied", 200}, {"login_required", 200}, {"server_error", 503}, {"temporarily_unavailable", 503},
		{"invalid_scope", 500}, {"made_up", 403},
	} {
		address := with(t, c.arrive("/sign-in/there"), "error", test.code, "code", "", "error_description", "<b>words</b>")
		res := c.Get(address).Want(test.status)
		if test.status == 200 {
			res.Want(200, "Sign in")
		}
		if strings.Contains(res.Body, "words") || strings.Contains(c.Log(), "words") || strings.Contains(res.Body+c.Log(), "made_up") {
			t.Errorf("%s: what the caller sent comes back: %s", test.code, res)
		}
	}
}

func TestFound(t *testing.T) {
	p := newProvider(t)
	c := open(t, p, options{})
	c.refuse = gorgon.Redirect("/sign-in?new=1")
	if res := c.Get(c.arrive("/sign-in/there")); res.URL.RequestURI() != "/sign-in?new=1" {
		t.Errorf("%s", res)
	}
	c.refuse = &gorgon.Error{Kind: gorgon.KindForbidden, Message: "The club is full."}
	c.Get(c.arrive("/sign-in/there")).Want(403, "The club is full.")
	if who(c.Site) != "" {
		t.Error("a refused user has signed in")
	}
}

func TestProviderIsAskedLate(t *testing.T) {
	p := newProvider(t)
	p.set(func() { p.down = true })
	c := open(t, p, options{})
	if n := p.askedFor("/oidc/.well-known/openid-configuration"); n != 0 {
		t.Errorf("the provider was asked %d times before a visitor was there", n)
	}
	c.Get("/sign-in/there").Want(503, "cannot be reached")
	p.set(func() { p.down = false })
	address := c.arrive("/sign-in/there?next=/members")
	p.set(func() { p.down = true })
	c.Get(address).Want(503, "cannot be reached")
	p.set(func() { p.down, p.noKeys = false, true })
	c.Get(c.arrive("/sign-in/there?next=/members")).Want(503, "cannot be reached")
	p.set(func() { p.noKeys = false })
	c.Get(c.arrive("/sign-in/there?next=/members")).Want(200, "user of")
	if n := p.askedFor("/oidc/.well-known/openid-configuration"); n != 2 {
		t.Errorf("the provider was asked for its addresses %d times, want 2", n)
	}
	p.set(func() { p.keys = append(p.keys, second()) })
	c.Get(c.arrive("/sign-in/there?next=/members")).Want(200, "user of")
	keys := p.askedFor("/oidc/.well-known/jwks.json")
	p.set(func() { p.keys = p.keys[1:] })
	c.Get(c.arrive("/sign-in/there?next=/members")).Want(200, "user of")
	if n := p.askedFor("/oidc/.well-known/jwks.json"); n != keys {
		t.Error("known keys were fetched again")
	}

	// A day later the provider says something else, and what is known goes on.
	p.set(func() { p.meta = func(meta map[string]any) { meta["issuer"] = "https://evil.example" } })
	c.Advance(25 * time.Hour)
	c.begin(c.Site, "/sign-in/there")
	c.begin(c.Site, "/sign-in/there")
}

func TestClocks(t *testing.T) {
	p := newProvider(t)
	c := open(t, p, options{})
	for _, test := range []struct {
		claim  string
		offset time.Duration
		status int
	}{
		{"exp", -58 * time.Second, 200}, {"exp", -62 * time.Second, 403}, {"nbf", time.Minute, 200}, {"nbf", 10 * time.Minute, 403},
	} {
		p.set(func() {
			p.claims = func(claims map[string]any) { claims[test.claim] = c.Now().Add(test.offset).Unix() }
		})
		if res := c.Get(c.arrive("/sign-in/there?next=/members")); res.Status != test.status {
			t.Errorf("%s %v: %s", test.claim, test.offset, res)
		}
	}
}

func TestFaults(t *testing.T) {
	people := auth.New(auth.Options{Store: newStore()})
	found := func(context.Context, oidc.Identity) (string, error) { return "", nil }
	for want, p := range map[string]oidc.Provider{
		"there is no Auth":  {Path: "/in", Found: found},
		"there is no Found": {Auth: people, Path: "/in"},
		"Path is":           {Auth: people, Path: "/in/{x}", Found: found},
		"is not https":      {Auth: people, Path: "/in", Found: found, Issuer: "http://example.com"},
		"absolute URL":      {Auth: people, Path: "/in", Found: found, Issuer: "example.com"},
	} {
		err := gorgon.App{Name: "club", Parts: []gorgon.Part{p}}.Validate()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in %v", want, err)
		}
	}
	p := newProvider(t)
	for want, o := range map[string]options{
		"App.Origin is not set": {origin: "-"},
		"there is no Issuer":    {change: func(p *oidc.Provider) { p.Issuer = "" }},
		"there is no ClientID":  {change: func(p *oidc.Provider) { p.ClientID = "" }},
	} {
		c := open(t, p, o)
		c.Get("/sign-in/there").Want(500)
		if !strings.Contains(c.Log(), want) {
			t.Errorf("want %q in the log: %s", want, c.Log())
		}
	}
}

// A provider that does not take the app's secret is a fault of the app, and the
// log has it without the code.
func TestAppIsRefused(t *testing.T) {
	p := newProvider(t)
	c := open(t, p, options{})
	p.set(func() { p.refuses = "invalid_client" })
	address := c.arrive("/sign-in/there")
	code := must(url.Parse(address)).Query().Get("code")
	c.Get(address).Want(500).WantNot(code)
	if log := c.Log(); !strings.Contains(log, "compare ClientID, ClientSecret") || strings.Contains(log, code) || strings.Contains(log, p.ClientSecret) {
		t.Errorf("the log: %s", log)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
