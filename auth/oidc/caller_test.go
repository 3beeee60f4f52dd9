package oidc_test

import (
	"crypto/rsa"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/auth/oidc"
)

// A program is allowed by a token that its issuer has signed for this audience and
// for its verified address, and by no other.
func TestCaller(t *testing.T) {
	p := newProvider(t)
	one, two := generate()
	caller := oidc.Caller{Issuer: p.Issuer(), Audience: "https://example.com/tick", Email: "scheduler@example.com"}
	good := map[string]any{"iss": p.Issuer(), "aud": caller.Audience, "sub": "1", "email": caller.Email, "email_verified": true,
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix()}
	token := func(key *rsa.PrivateKey, change map[string]any) string {
		all := maps.Clone(good)
		for name, value := range change {
			if all[name] = value; value == nil {
				delete(all, name)
			}
		}
		return "Bearer " + signed(key, all)
	}
	allow := caller.Allow()
	ask := func(allow func(*http.Request) bool, header string) bool {
		r := httptest.NewRequest("POST", "/", nil)
		if header != "" {
			r.Header.Set("Authorization", header)
		}
		return allow(r)
	}
	if !ask(allow, token(one, nil)) || !ask(allow, token(one, map[string]any{"email_verified": "true"})) {
		t.Error("the caller is not allowed")
	}
	for what, header := range map[string]string{
		"no token":                 "",
		"a key":                    "Bearer key",
		"not as a bearer token":    token(one, nil)[len("Bearer "):],
		"another audience":         token(one, map[string]any{"aud": "https://example.com/"}),
		"another issuer":           token(one, map[string]any{"iss": "https://evil.example"}),
		"another address":          token(one, map[string]any{"email": "someone@example.com"}),
		"no address":               token(one, map[string]any{"email": nil}),
		"an address not verified":  token(one, map[string]any{"email_verified": false}),
		"an address of no claim":   token(one, map[string]any{"email_verified": nil}),
		"expired":                  token(one, map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}),
		"signed by another":        token(two, nil),
		"not signed":               token(one, nil)[:len(token(one, nil))-10],
		"signed by none":           "Bearer eyJhbGciOiJub25lIn0.e30.",
		"what is not a token":      "Bearer a.b.c",
		"a token that is too long": "Bearer a.b." + string(make([]byte, 10_000)),
	} {
		if ask(allow, header) {
			t.Errorf("%s: allowed", what)
		}
	}
	for what, c := range map[string]oidc.Caller{
		"no email":    {Issuer: caller.Issuer, Audience: caller.Audience},
		"no audience": {Issuer: caller.Issuer, Email: caller.Email},
		"no issuer":   {Audience: caller.Audience, Email: caller.Email},
	} {
		if ask(c.Allow(), token(one, map[string]any{"email": ""})) || ask(c.Allow(), token(one, nil)) {
			t.Errorf("%s: allowed", what)
		}
	}
	p.set(func() { p.down = true })
	if ask(caller.Allow(), token(one, nil)) {
		t.Error("allowed by an issuer that does not answer")
	}
}
