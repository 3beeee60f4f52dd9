package passkey_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/descope/virtualwebauthn"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/auth/passkey"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/testbed"
)

func TestMain(m *testing.M) {
	code := m.Run()
	testbed.CloseBrowser()
	os.Exit(code)
}

const origin = "https://club.test"

// A club is an app whose members have passkeys.
type club struct {
	*gorgontest.Site
	t      *testing.T
	people *auth.Auth
	store  *store
	keys   passkey.Passkeys
	gone   []string // users that are not there any more
	base   string   // of the endpoints
}

type options struct {
	base    string
	origin  string // "-" for none
	locales []string
	now     func() time.Time
	change  func(*passkey.Passkeys)
}

// app is the app of a club, with a page to sign in at and one for members.
func (c *club) app(o options) gorgon.App {
	c.store = newStore()
	c.people = auth.New(auth.Options{Store: c.store, Now: o.now})
	c.keys = passkey.Passkeys{
		Auth: c.people, Name: "The Club",
		User: func(_ context.Context, user string) (string, string, error) {
			if slices.Contains(c.gone, user) {
				return "", "", gorgon.NotFound()
			}
			return user + "@club.test", strings.ToUpper(user), nil
		},
	}
	if o.change != nil {
		o.change(&c.keys)
	}
	app := gorgon.App{
		Name: "club", Origin: origin, Locales: gorgon.Locales{Tags: o.locales}, Navigation: &gorgon.Navigation{},
		Layout: func(d gorgon.Document) gorgon.Component {
			return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
				for _, part := range []gorgon.Component{
					gorgon.HTML("<!doctype html><html><head>"), d.Head, c.keys.Script(), gorgon.HTML("</head><body><main>"), d.Main, gorgon.HTML("</main></body></html>"),
				} {
					if err := part.Render(ctx, w); err != nil {
						return err
					}
				}
				return nil
			})
		},
		Parts: []gorgon.Part{
			c.keys,
			gorgon.Handler{Pattern: "GET /enter", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if err := c.people.Begin(w, r, auth.Login{User: "ada"}); err != nil {
					serve.Fail(w, r, err)
					return
				}
				serve.Redirect(w, r, "/members")
			})},
			gorgon.Page[string]{Path: "/fill", View: func(string) gorgon.Component {
				return gorgon.HTML(`<h1>Fill</h1><input id="name" autocomplete="username webauthn" data-passkey-next="/members"><button id="in" data-passkey="sign-in" hidden>Passkey</button>`)
			}},
			gorgon.Page[string]{Path: "/", View: func(string) gorgon.Component { return gorgon.HTML(`<h1>Club</h1><a href="/sign-in">Sign in</a>`) }},
			gorgon.Page[string]{Path: "/sign-in", View: func(string) gorgon.Component {
				return gorgon.HTML(`<h1>Sign in</h1><button id="in" data-passkey="sign-in" data-passkey-next="/members" data-passkey-cancelled="Kein Passkey." hidden>Passkey</button>`)
			}},
			gorgon.Page[string]{Path: "/members", Guards: []func(http.Handler) http.Handler{c.people.SignedIn},
				LoadRequest: func(ctx context.Context, _ gorgon.Input, r *http.Request) (string, error) {
					list, err := c.keys.List(ctx, auth.User(ctx))
					return fmt.Sprintf("%s[%s] %d", gorgon.LocaleOf(ctx), auth.User(ctx), len(list)), err
				},
				View: func(s string) gorgon.Component {
					return gorgon.HTML(`<h1>` + s + `</h1><button id="add" data-passkey="add" data-passkey-again="/sign-in?again" data-passkey-about="Laptop" hidden>Add</button>`)
				}},
		},
	}
	switch o.origin {
	case "":
	case "-":
		app.Origin = ""
	default:
		app.Origin = o.origin
	}
	return app
}

func open(t *testing.T, o options) *club {
	t.Helper()
	c := &club{t: t, base: o.base + "/passkeys/"}
	app := c.app(o)
	c.Site = gorgontest.Options{Auth: c.people, Base: o.base, Lazy: true}.Open(t, app)
	return c
}

// party is what authenticators take the club for.
var party = virtualwebauthn.RelyingParty{ID: "club.test", Name: "The Club", Origin: origin}

// A device is an authenticator with one passkey.
type device struct {
	virtualwebauthn.Authenticator
	virtualwebauthn.Credential
}

func newDevice() *device {
	return &device{virtualwebauthn.NewAuthenticator(), newCredential()}
}

// newCredential makes a key whose coordinates both have 32 bytes: the library
// leaves out zeros at their beginning, which WebAuthn does not.
func newCredential() virtualwebauthn.Credential {
	for {
		c := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
		if len(c.Key.AttestationData()) == 77 {
			return c
		}
	}
}

// call calls an endpoint from a page of the club.
func (c *club) call(site *gorgontest.Site, name string, in any) *gorgontest.Response {
	c.t.Helper()
	return site.Call("POST", c.base+name, in, "Origin", origin, "Sec-Fetch-Site", "same-origin")
}

func (c *club) options(site *gorgontest.Site, name string) string {
	c.t.Helper()
	return c.call(site, name, struct{}{}).Want(200).Body
}

// attest makes the answer of a device to the options for a new passkey, with
// which the device can sign in.
func (d *device) attest(t *testing.T, options string, rp virtualwebauthn.RelyingParty) map[string]any {
	t.Helper()
	parsed, err := virtualwebauthn.ParseAttestationOptions(options)
	if err != nil {
		t.Fatal(err)
	}
	var asked struct {
		User struct {
			ID string `json:"id"`
		} `json:"user"`
	}
	if err := json.Unmarshal([]byte(options), &asked); err != nil {
		t.Fatal(err)
	}
	if d.Options.UserHandle, err = base64.RawURLEncoding.DecodeString(asked.User.ID); err != nil {
		t.Fatal(err)
	}
	d.AddCredential(d.Credential)
	return read(t, virtualwebauthn.CreateAttestationResponse(rp, d.Authenticator, d.Credential, *parsed))
}

// assert makes the answer of a device to the options of a sign-in.
func (d *device) assert(t *testing.T, options string, rp virtualwebauthn.RelyingParty) map[string]any {
	t.Helper()
	parsed, err := virtualwebauthn.ParseAssertionOptions(options)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, virtualwebauthn.CreateAssertionResponse(rp, d.Authenticator, d.Credential, *parsed))
}

func read(t *testing.T, text string) (v map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// register adds a new device to the account of who has signed in.
func (c *club) register(site *gorgontest.Site) *device {
	c.t.Helper()
	d := newDevice()
	c.call(site, "add", d.attest(c.t, c.options(site, "new"), party)).Want(204)
	return d
}

// enter signs a visitor in with a device.
func (c *club) enter(site *gorgontest.Site, d *device) *gorgontest.Response {
	c.t.Helper()
	return c.call(site, "sign-in", d.assert(c.t, c.options(site, "ask"), party))
}

// who is who a visitor is; "" for a visitor who has not signed in.
func who(site *gorgontest.Site) string {
	res := site.Get("/members")
	_, user, _ := strings.Cut(res.Body, "[")
	user, _, _ = strings.Cut(user, "]")
	return user
}

func TestPasskey(t *testing.T) {
	c := open(t, options{})
	ada, bob := c.Visitor().SignIn("ada"), c.Visitor().SignIn("bob")
	phone := c.register(ada)
	c.Advance(time.Second)
	key, other := c.register(ada), c.register(bob)

	for d, user := range map[*device]string{phone: "ada", key: "ada", other: "bob"} {
		visitor := c.Visitor()
		in := d.assert(t, c.options(visitor, "ask"), party)
		in["next"] = "/members?tab=2"
		var out struct{ Then string }
		c.call(visitor, "sign-in", in).Want(200).JSON(&out)
		if got := who(visitor); got != user || out.Then != "/members?tab=2" {
			t.Errorf("signed in as %q, want %q; then %q", got, user, out.Then)
		}
	}
	list := must(c.keys.List(t.Context(), "ada"))
	if len(list) != 2 || list[0].About != "Passkey" || list[0].Used.IsZero() || list[0].Synced {
		t.Fatalf("the passkeys are %+v", list)
	}
	for _, err := range []error{
		c.keys.Rename(t.Context(), "ada", list[0].Name, " Phone "), c.keys.Rename(t.Context(), "bob", list[0].Name, "Mine"),
		c.keys.Rename(t.Context(), "ada", "none", "x"), c.keys.Remove(t.Context(), "bob", list[0].Name), c.keys.Remove(t.Context(), "ada", strings.Repeat("z", 64)),
		c.keys.Remove(t.Context(), "ada", list[1].Name), c.keys.Remove(t.Context(), "ada", list[1].Name),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if err := c.keys.Rename(t.Context(), "ada", list[0].Name, " "); err == nil {
		t.Error("a passkey has an empty name")
	}
	if list = must(c.keys.List(t.Context(), "ada")); len(list) != 1 || list[0].About != "Phone" {
		t.Errorf("the passkeys are %+v", list)
	}
	c.enter(c.Visitor(), phone).Want(200)
	if err := c.people.Forget(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	c.enter(c.Visitor(), phone).Want(404)
}

func TestOptions(t *testing.T) {
	c := open(t, options{change: func(p *passkey.Passkeys) { p.Verify = true }})
	c.SignIn("ada")
	d := c.register(c.Site)
	var made struct {
		RP struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"rp"`
		User struct {
			ID          string `json:"id"`
			Name        string `json:"name"`
			DisplayName string `json:"displayName"`
		} `json:"user"`
		Exclude   []struct{ ID string } `json:"excludeCredentials"`
		Selection struct {
			ResidentKey      string `json:"residentKey"`
			UserVerification string `json:"userVerification"`
		} `json:"authenticatorSelection"`
		Attestation string `json:"attestation"`
	}
	if err := json.Unmarshal([]byte(c.options(c.Site, "new")), &made); err != nil {
		t.Fatal(err)
	}
	if made.RP.ID != "club.test" || made.RP.Name != "The Club" || made.User.Name != "ada@club.test" || made.User.DisplayName != "ADA" ||
		made.Selection.ResidentKey != "required" || made.Selection.UserVerification != "required" || made.Attestation != "none" {
		t.Errorf("the options are %+v", made)
	}
	if len(made.Exclude) != 1 || made.Exclude[0].ID != base64.RawURLEncoding.EncodeToString(d.ID) {
		t.Errorf("excluded are %v: want the passkey that there is", made.Exclude)
	}
	handle, _ := base64.RawURLEncoding.DecodeString(made.User.ID)
	if len(handle) != 32 || string(handle) != string(d.Options.UserHandle) || strings.Contains(string(handle), "ada") {
		t.Errorf("the handle is %q, want 32 random bytes that all passkeys of the user have", handle)
	}
	bob := c.Visitor().SignIn("bob")
	if c.register(bob); must(c.keys.List(t.Context(), "bob"))[0].Made.IsZero() {
		t.Error("bob's passkey has no time")
	}
}

func TestBelowAPathInAnotherLanguage(t *testing.T) {
	c := open(t, options{base: "/club", locales: []string{"en", "de"}})
	c.base = "/club/de/passkeys/"
	c.SignIn("ada")
	d := c.register(c.Site)
	visitor := c.Visitor()
	in := d.assert(t, c.options(visitor, "ask"), party)
	in["next"] = "/members"
	var out struct{ Then string }
	if c.call(visitor, "sign-in", in).Want(200).JSON(&out); out.Then != "/club/de/members" {
		t.Errorf("then is %q", out.Then)
	}
	src, _ := c.Get("/club/de/sign-in").Find("script[type=module]").Last().Attr("src")
	if !strings.HasPrefix(src, "/club/de/passkeys/passkey-") {
		t.Fatalf("the script is at %q", src)
	}
	c.Get(src).Want(200, "passkey").WantHeader("Cache-Control", "public, max-age=31536000, immutable").WantHeader("Content-Type", "text/javascript; charset=utf-8")
}

func TestFaults(t *testing.T) {
	err := gorgon.App{Name: "club", Parts: []gorgon.Part{passkey.Passkeys{Domain: "https://x"}}}.Validate()
	for _, want := range []string{"there is no Auth", "there is no Name", "there is no User", "Domain"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in %v", want, err)
		}
	}
	for want, o := range map[string]options{
		"App.Origin is not set":     {origin: "-"},
		"is not https":              {origin: "http://club.test"},
		"cannot belong to the host": {origin: "https://192.0.2.1"},
		"Domain is not the host":    {change: func(p *passkey.Passkeys) { p.Domain = "other.test" }},
		"a parent of it":            {change: func(p *passkey.Passkeys) { p.Domain = "lub.test" }},
	} {
		c := open(t, o)
		c.Call("POST", "/passkeys/ask", struct{}{}).Want(500)
		if !strings.Contains(c.Log(), want) {
			t.Errorf("want %q in the log: %s", want, c.Log())
		}
	}
}

// The script is small.
func TestScriptIsSmall(t *testing.T) {
	script := must(os.ReadFile("passkey.js"))
	var packed bytes.Buffer
	w := brotli.NewWriterLevel(&packed, brotli.BestCompression)
	if _, err := w.Write(script); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	if packed.Len() > 2000 {
		t.Errorf("the script has %d bytes, packed by Brotli; want at most 2,000", packed.Len())
	}
}

// The script and the layout without the passkeys among the parts.
func TestScriptWithoutPart(t *testing.T) {
	if err := (passkey.Passkeys{}).Script().Render(t.Context(), &strings.Builder{}); err == nil || !strings.Contains(err.Error(), "App.Parts") {
		t.Errorf("the error is %v", err)
	}
}

func TestAddingNeedsARecentSignIn(t *testing.T) {
	c := open(t, options{})
	c.call(c.Site, "new", struct{}{}).Want(401)
	c.SignIn("ada")
	made := c.options(c.Site, "new")
	c.Advance(16 * time.Minute)
	c.call(c.Site, "new", struct{}{}).Want(401)
	c.call(c.Site, "add", newDevice().attest(t, made, party)).Want(401)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
