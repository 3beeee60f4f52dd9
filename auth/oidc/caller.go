// Programs that call, with a token of their own.

package oidc

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// A Caller is a program that calls with an ID token of its own, such as Google's
// Cloud Scheduler with that of a service account. All fields but Client are
// required: a Caller without one allows none.
//
//	command.Config{MayTick: oidc.Caller{
//		Issuer: "https://accounts.google.com", Audience: "https://example.com/_gorgon/tick",
//		Email: "scheduler@project.iam.gserviceaccount.com",
//	}.Allow()}
type Caller struct {
	Issuer   string // who signs the tokens
	Audience string // whom they are for
	Email    string // of the caller, which the issuer has verified

	// Client makes the requests to the issuer. Default: one that follows no
	// redirects and waits for 10 s.
	Client *http.Client
}

// Allow returns a function that says whether a request is the caller's: it has
// such a token as its bearer token. The issuer is asked for its keys at the first
// request that has a token, and again when there are others.
func (c Caller) Allow() func(*http.Request) bool {
	a := &allowed{Caller: c, remote: newRemote(Provider{Issuer: c.Issuer, Client: c.Client})}
	return a.allows
}

// allowed is a Caller with what is known of its issuer.
type allowed struct {
	Caller
	remote *remote

	mu       sync.Mutex
	verifier *oidc.IDTokenVerifier
	again    time.Time // when the issuer may be asked again after a failure
}

// maxToken is how long a token may be, in bytes.
const maxToken = 8 << 10

func (a *allowed) allows(r *http.Request) bool {
	raw, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || strings.Count(raw, ".") != 2 || len(raw) > maxToken || a.Issuer == "" || a.Audience == "" || a.Email == "" {
		return false
	}
	verifier := a.find()
	if verifier == nil {
		return false
	}
	token, err := verifier.Verify(r.Context(), raw)
	if err != nil {
		return false
	}
	var said claims
	if token.Claims(&said) != nil {
		return false
	}
	return said.Email == a.Email && (said.Verified == true || said.Verified == "true")
}

// find is what verifies tokens; nil while the issuer cannot be asked.
func (a *allowed) find() *oidc.IDTokenVerifier {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.verifier != nil || time.Now().Before(a.again) {
		return a.verifier
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	provider, err := oidc.NewProvider(a.remote.context(ctx), a.Issuer)
	if err != nil {
		a.again = time.Now().Add(10 * time.Second)
		return nil
	}
	// The keys are asked for by the client of the provider, at any time.
	a.verifier = provider.VerifierContext(a.remote.context(context.Background()), &oidc.Config{ClientID: a.Audience})
	return a.verifier
}
