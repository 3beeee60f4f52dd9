// A provider for tests, which can misbehave.

package oidc_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/oauth2-proxy/mockoidc"
)

// A provider is a mockoidc whose answers a test can change.
type provider struct {
	*mockoidc.MockOIDC
	t *testing.T

	mu      sync.Mutex
	asked   map[string]int                     // requests by path
	down    bool                               // every request fails
	claims  func(map[string]any)               // changes those of ID tokens
	sign    func(claims map[string]any) string // default: as it should
	answer  func(tokens map[string]any)        // changes what the token endpoint says
	keys    []*rsa.PrivateKey                  // those that are published; the last one signs
	meta    func(map[string]any)               // changes what the provider says of itself
	noKeys  bool
	refuses string            // the error of the token endpoint
	given   map[string][]byte // what the token endpoint said, by code; nil: a code works once
}

var generate = sync.OnceValues(func() (*rsa.PrivateKey, *rsa.PrivateKey) {
	one, _ := rsa.GenerateKey(rand.Reader, 2048)
	two, _ := rsa.GenerateKey(rand.Reader, 2048)
	return one, two
})

func newProvider(t *testing.T) *provider {
	t.Helper()
	one, _ := generate()
	return newProviderWith(t, one)
}

func newProviderWith(t *testing.T, key *rsa.PrivateKey) *provider {
	t.Helper()
	m, err := mockoidc.NewServer(key)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{MockOIDC: m, t: t, asked: map[string]int{}, keys: []*rsa.PrivateKey{key}}
	if err := m.AddMiddleware(p.between); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Start(listener, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Shutdown() })
	return p
}

// set changes the provider.
func (p *provider) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

func (p *provider) askedFor(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[path]
}

// between changes the answers of the mock.
func (p *provider) between(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.asked[r.URL.Path]++
		if p.down || p.noKeys && r.URL.Path == mockoidc.JWKSEndpoint {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		if p.refuses != "" && r.URL.Path == mockoidc.TokenEndpoint {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":"` + p.refuses + `","error_description":"of the code ` + r.FormValue("code") + `"}`))
			return
		}
		code := r.FormValue("code")
		if known := p.given[code]; known != nil && r.URL.Path == mockoidc.TokenEndpoint {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(known)
			return
		}
		made := httptest.NewRecorder()
		next.ServeHTTP(made, r)
		var change func(map[string]any)
		switch r.URL.Path {
		case mockoidc.TokenEndpoint:
			change = p.tokens
		case mockoidc.JWKSEndpoint:
			change = p.published
		case mockoidc.DiscoveryEndpoint:
			change = p.meta
		}
		body := made.Body.Bytes()
		if made.Code == http.StatusOK && change != nil {
			var all map[string]any
			if err := json.Unmarshal(body, &all); err != nil {
				p.t.Error(err)
			}
			change(all)
			body, _ = json.Marshal(all)
		}
		if made.Code == http.StatusOK && p.given != nil && code != "" {
			p.given[code] = body
		}
		for name, values := range made.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(made.Code)
		_, _ = w.Write(body)
	})
}

func (p *provider) tokens(all map[string]any) {
	raw, _ := all["id_token"].(string)
	if parts := strings.Split(raw, "."); len(parts) == 3 {
		text, err := base64.RawURLEncoding.DecodeString(parts[1])
		var claims map[string]any
		if err != nil || json.Unmarshal(text, &claims) != nil {
			p.t.Error("the mock's token cannot be read")
		}
		if p.claims != nil {
			p.claims(claims)
		}
		if p.sign != nil {
			all["id_token"] = p.sign(claims)
		} else {
			all["id_token"] = signed(p.keys[len(p.keys)-1], claims)
		}
	}
	if p.answer != nil {
		p.answer(all)
	}
}

func (p *provider) published(all map[string]any) {
	var keys []any
	for _, k := range p.keys {
		keys = append(keys, map[string]any{
			"kty": "RSA", "use": "sig", "alg": "RS256", "kid": nameOf(k),
			"n": base64.RawURLEncoding.EncodeToString(k.N.Bytes()), "e": "AQAB",
		})
	}
	all["keys"] = keys
}

func nameOf(k *rsa.PrivateKey) string {
	sum := sha256.Sum256(k.N.Bytes())
	return base64.RawURLEncoding.EncodeToString(sum[:8])
}

// token makes a token of a header and claims, and of a signature.
func token(header, claims map[string]any, sign func(text string) []byte) string {
	part := func(v map[string]any) string {
		text, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	text := part(header) + "." + part(claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(sign(text))
}

func signed(k *rsa.PrivateKey, claims map[string]any) string {
	return token(map[string]any{"alg": "RS256", "kid": nameOf(k)}, claims, func(text string) []byte {
		sum := sha256.Sum256([]byte(text))
		signature, _ := rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, sum[:])
		return signature
	})
}

func unsigned(k *rsa.PrivateKey, claims map[string]any) string {
	return token(map[string]any{"alg": "none", "kid": nameOf(k)}, claims, func(string) []byte { return nil })
}

// shared signs with the public key as if it were a shared secret.
func shared(k *rsa.PrivateKey, claims map[string]any) string {
	return token(map[string]any{"alg": "HS256", "kid": nameOf(k)}, claims, func(text string) []byte {
		mac := hmac.New(sha256.New, x509.MarshalPKCS1PublicKey(&k.PublicKey))
		mac.Write([]byte(text))
		return mac.Sum(nil)
	})
}

// visit is what a browser gets from the provider: where it is sent.
func (p *provider) visit(address string) string {
	p.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Get(address)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusFound {
		p.t.Fatalf("the provider answered %s for %s", res.Status, address)
	}
	return res.Header.Get("Location")
}

// with is an address with some parameters changed; an empty value removes one.
func with(t *testing.T, address string, pairs ...string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	for i := 0; i < len(pairs); i += 2 {
		query.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			query.Del(pairs[i])
		}
	}
	u.RawQuery = query.Encode()
	return u.String()
}
