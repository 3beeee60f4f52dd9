// What is known of a provider, and how it is asked.

package oidc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/gorgon-go/gorgon"
)

const (
	patience   = 10 * time.Second // for one request to a provider
	maxBody    = 1 << 20
	knownFor   = 24 * time.Hour // until the provider's addresses are asked for again
	askAgainIn = time.Minute    // if that failed
)

// A remote is a provider as it describes itself.
type remote struct {
	Provider
	client *http.Client

	mu     sync.Mutex
	known  *known
	asking chan struct{} // closed when the answer is there; nil: no one asks
	failed error         // of the last time
}

// A known is what a provider has said.
type known struct {
	provider *oidc.Provider
	oauth    *oauth2.Config // without RedirectURL; it remembers how the provider wants the secret
	verifier *oidc.IDTokenVerifier
	until    time.Time
}

func newRemote(p Provider) *remote {
	client := p.Client
	if client == nil {
		client = &http.Client{
			Timeout:       patience,
			Transport:     bounded{http.DefaultTransport},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return &remote{Provider: p, client: client}
}

// context is a context for requests to the provider.
func (m *remote) context(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, m.client)
}

// find returns what is known of the provider, and asks it if that is nothing or
// old. Those who need it at the same time share one request.
func (m *remote) find(ctx context.Context) (*known, error) {
	m.mu.Lock()
	k := m.known
	if k != nil && m.Auth.Now().Before(k.until) {
		m.mu.Unlock()
		return k, nil
	}
	asking := m.asking
	if asking == nil {
		asking = make(chan struct{})
		m.asking = asking
		go m.ask(asking)
	}
	m.mu.Unlock()
	if k != nil {
		return k, nil // old is better than to wait
	}
	select {
	case <-asking:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		return nil, m.failed
	}
	return m.known, nil
}

// ask asks the provider for all who wait, and so for as long as that takes,
// whichever of them goes away.
func (m *remote) ask(asking chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	k, err := m.discover(ctx)
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case err == nil:
		m.known = k
	case m.known != nil:
		m.known.until = m.Auth.Now().Add(askAgainIn)
		m.Auth.Log().Warn("a sign-in provider could not be asked for its addresses again: those of before are used", "issuer", m.Issuer, "err", err)
	}
	m.failed, m.asking = err, nil
	close(asking)
}

// discover asks a provider for its addresses.
func (m *remote) discover(ctx context.Context) (*known, error) {
	provider, err := oidc.NewProvider(m.context(ctx), m.Issuer)
	if err != nil {
		return nil, m.unavailable("the provider does not describe itself at its Issuer", err)
	}
	var meta struct {
		Keys    string   `json:"jwks_uri"`
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := provider.Claims(&meta); err != nil {
		return nil, m.unavailable("the provider describes itself in another way", err)
	}
	endpoint := provider.Endpoint()
	for name, address := range map[string]string{"authorization_endpoint": endpoint.AuthURL, "token_endpoint": endpoint.TokenURL, "jwks_uri": meta.Keys} {
		if err := checkURL(address); err != nil {
			return nil, m.unavailable("the provider's "+name, err)
		}
		if strings.HasPrefix(m.Issuer, "https:") && !strings.HasPrefix(address, "https:") {
			return nil, m.unavailable("the provider's "+name, errors.New("is not https, as the Issuer is"))
		}
	}
	endpoint.AuthStyle = styleOf(meta.Methods, m.ClientSecret)
	return &known{
		provider: provider,
		oauth: &oauth2.Config{
			ClientID: m.ClientID, ClientSecret: m.ClientSecret, Endpoint: endpoint,
			Scopes: append([]string{oidc.ScopeOpenID}, m.Scopes...),
		},
		verifier: provider.Verifier(&oidc.Config{
			ClientID: m.ClientID,
			Now:      func() time.Time { return m.Auth.Now().Add(-skew) }, // nbf may be 4 minutes ahead then
		}),
		until: m.Auth.Now().Add(knownFor),
	}, nil
}

// styleOf is how the secret is sent: as the provider wants it, and by trial
// where it takes both.
func styleOf(methods []string, secret string) oauth2.AuthStyle {
	var basic, post bool
	for _, method := range methods {
		basic = basic || method == "client_secret_basic"
		post = post || method == "client_secret_post"
	}
	switch {
	case secret == "" || post && !basic:
		return oauth2.AuthStyleInParams
	case basic && !post:
		return oauth2.AuthStyleInHeader
	}
	return oauth2.AuthStyleAutoDetect
}

// unavailable is an error for visitors who can try again later.
func (m *remote) unavailable(what string, err error) error {
	return &gorgon.Error{
		Op: "oidc", Kind: gorgon.KindUnavailable, Message: "The sign-in provider cannot be reached. Please try again later.",
		Err: fmt.Errorf("issuer %s: %s: %w", m.Issuer, what, err),
	}
}

// bounded bounds what is read of a response.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(res.Body, maxBody), res.Body}
	}
	return res, err
}
