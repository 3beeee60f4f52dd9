// What the guides to other ways of signing in promise.

package docs_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/descope/virtualwebauthn"
	"github.com/oauth2-proxy/mockoidc"
)

// guideOrigin is where the guides say that their programs are opened.
const guideOrigin = "http://localhost:8080"

// provider is an OpenID Connect provider that all guides share.
var provider = sync.OnceValue(func() *mockoidc.MockOIDC {
	m, err := mockoidc.Run()
	if err != nil {
		panic(err)
	}
	return m
})

// providerVariables are those of the guide's program.
func providerVariables() []string {
	m := provider()
	return []string{"OIDC_ISSUER=" + m.Issuer(), "OIDC_CLIENT=" + m.ClientID, "OIDC_SECRET=" + m.ClientSecret}
}

func checkOIDC(s *site) {
	in := s.wants(s.get("/members?tab=news"), 200, "<h1>Sign in</h1>", `href="/sign-in/google?next=%2Fmembers%3Ftab%3Dnews"`)
	if in.Request.URL.Path != "/sign-in" {
		s.Errorf("the guard leads to %s", in.Request.URL)
	}
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	// there goes to the provider, and returns the address that it sends the
	// visitor back to, as a path.
	there := func() string {
		to := s.wants(s.get("/sign-in/google?next=%2Fmembers%3Ftab%3Dnews"), 303).Header.Get("Location")
		res, err := s.client.Get(to)
		if err != nil {
			s.Fatal(err)
		}
		defer res.Body.Close()
		back, ok := strings.CutPrefix(res.Header.Get("Location"), guideOrigin)
		if !ok || !strings.HasPrefix(back, "/sign-in/google/callback?") {
			s.Fatalf("the provider leads to %s", res.Header.Get("Location"))
		}
		return back
	}
	back := there()
	arrived := s.wants(s.get(back), 303)
	s.wantsHeader(arrived, "Location", "/members?tab=news")
	s.wants(s.get("/members?tab=news"), 200, "Welcome, A member")
	s.wants(s.get(back), 400)
	s.wantsHeader(s.wants(s.get(there()), 303), "Location", "/members?tab=news") // the same user again
	denied := strings.Replace(there(), "code=", "error=access_denied&ignored=", 1)
	s.wantsHeader(s.wants(s.get(denied), 303), "Location", "/sign-in?next=%2Fmembers%3Ftab%3Dnews")
	s.wants(s.post("/sign-out", nil, "Sec-Fetch-Site", "same-origin"), 303)
	s.wants(s.get("/members"), 303)
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

func checkPasskeys(s *site) {
	own := []string{"Sec-Fetch-Site", "same-origin"}
	call := func(name string, in any, status int) (out map[string]any) {
		s.Helper()
		body, err := json.Marshal(in)
		if err != nil {
			s.Fatal(err)
		}
		a := s.wants(s.send("POST", "/passkeys/"+name, jsonType, string(body), append([]string{"Accept", jsonType}, own...)...), status)
		if status == 200 {
			if err := json.Unmarshal([]byte(a.body), &out); err != nil {
				s.Fatal(err)
			}
		}
		return out
	}
	text := func(v any) string { t, _ := json.Marshal(v); return string(t) }
	read := func(t string) (v map[string]any) { _ = json.Unmarshal([]byte(t), &v); return v }

	s.wants(s.get("/account"), 200, "<h1>Sign in</h1>", `data-passkey="sign-in"`, `<script type="module" src="/passkeys/passkey-`)
	call("new", nil, 401)
	s.wants(s.post("/join", url.Values{"_page": {"/"}, "name": {"ada"}}), 200, "Welcome, ada", "Add a passkey now", `data-passkey="add"`)
	s.wants(s.post("/join", url.Values{"_page": {"/"}, "name": {"ada"}}, own...), 422, "This name is taken.")

	party := virtualwebauthn.RelyingParty{ID: "localhost", Name: "The Club", Origin: guideOrigin}
	device, credential := virtualwebauthn.NewAuthenticator(), newCredential()
	made := call("new", struct{}{}, 200)
	options, err := virtualwebauthn.ParseAttestationOptions(text(made))
	if err != nil {
		s.Fatal(err)
	}
	device.Options.UserHandle, _ = base64.RawURLEncoding.DecodeString(made["user"].(map[string]any)["id"].(string))
	call("add", read(virtualwebauthn.CreateAttestationResponse(party, device, credential, *options)), 204)
	list := s.wants(s.get("/account"), 200, "<li>Passkey, since")
	_, name, _ := strings.Cut(list.body, `name="passkey" value="`)
	name, _, _ = strings.Cut(name, `"`)
	s.wants(s.post("/account/remove", url.Values{"_page": {"/account"}, "passkey": {name}}, own...), 422, "your last passkey")

	s.wants(s.post("/sign-out", nil, own...), 200, "Club")
	s.wants(s.get("/account"), 200, "<h1>Sign in</h1>")
	asked, err := virtualwebauthn.ParseAssertionOptions(text(call("ask", struct{}{}, 200)))
	if err != nil {
		s.Fatal(err)
	}
	answer := read(virtualwebauthn.CreateAssertionResponse(party, device, credential, *asked))
	answer["next"] = "/account"
	if out := call("sign-in", answer, 200); out["then"] != "/account" {
		s.Errorf("it leads to %v", out["then"])
	}
	s.wants(s.get("/account"), 200, "Welcome, ada")
	call("sign-in", answer, 403)
}
