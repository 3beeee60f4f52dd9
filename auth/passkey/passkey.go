// Package passkey signs users in with passkeys: without a name and without a
// password, by what a device or a security key proves (WebAuthn).
//
//	var keys = passkey.Passkeys{Auth: people, Name: "The Club", User: members.nameOf}
//
// [Passkeys] are a part of the app: four endpoints below Path and a script of
// less than 2 KB. The layout includes the script, and two buttons do the rest:
//
//	{{render keys.Script}}
//
//	<button data-passkey="sign-in" data-passkey-next="/members" hidden>Sign in with a passkey</button>
//	<button data-passkey="add" hidden>Add a passkey</button>
//
// The script shows the buttons in browsers that have passkeys, and offers them
// where an input of the page has autocomplete="username webauthn". What goes
// wrong is said in a paragraph with role="alert" after the button. Texts of the
// page's own are in data-passkey-cancelled, data-passkey-exists and
// data-passkey-failed of the button; data-passkey-again is the address of a page
// to sign in at once more, where adding a passkey needs it.
//
// # What is kept
//
// A passkey is a record of kind "passkey" in the store of sessions, under the
// hash of its credential's id, until it is removed: the public key, the counter,
// whether it is backed up, and what the user calls it. There is nothing in it
// that signs in elsewhere. Authenticators store a random handle, not the user's
// id.
//
// A challenge counts once, for [Lifetime], in the browser that asked for it.
// The answer has to come from a page of gorgon.App.Origin, also where the
// request says another host. A passkey whose counter went back is refused: there
// are two of it.
package passkey

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/viewctx"
)

// Passkeys are those of an app's users. Auth, Name and User are required.
type Passkeys struct {
	Auth *auth.Auth

	// Name is what browsers show the app as.
	Name string

	// User returns how a user is shown when a passkey is chosen: the name that
	// tells accounts apart, such as an address, and the name to read.
	// gorgon.NotFound() says that there is no such user, or not any more: then
	// the user's passkeys do not count.
	User func(ctx context.Context, user string) (name, displayName string, err error)

	// Path is where endpoints and script are. Default: "/passkeys".
	Path string

	// Domain is what passkeys belong to: the host of gorgon.App.Origin, or a
	// parent of it, so that other hosts of the domain may use them. It cannot
	// change: passkeys are lost then. Default: the host.
	Domain string

	// Guards run before a visitor asks for a challenge or signs in: a limit by
	// address of package limit, since each challenge is a record of the store.
	// Default: none.
	Guards []func(http.Handler) http.Handler

	// Verify requires that the authenticator checks who uses it, by a PIN, a
	// finger or a face. Default: it is preferred, and a security key without a
	// PIN will do.
	Verify bool

	// Recent is how long ago the sign-in may be of a user who adds a passkey.
	// Default: 15 minutes.
	Recent time.Duration

	// Brief lets the session's cookie end with the browser. Default: it lasts.
	Brief bool
}

// Lifetime is how long a challenge counts: while a sign-in page is open.
const Lifetime = 30 * time.Minute

// most is how many passkeys a user may have.
const most = 50

func (p Passkeys) path() string {
	if p.Path == "" {
		return "/passkeys"
	}
	return p.Path
}

// Part returns the endpoints and the script.
func (p Passkeys) Part() gorgon.Part {
	recent := p.Recent
	if recent == 0 {
		recent = 15 * time.Minute
	}
	var owner []func(http.Handler) http.Handler
	if p.Auth != nil {
		owner = append(owner, p.Auth.SignedIn, p.Auth.Recent(recent))
	}
	return gorgon.Group{Prefix: p.path(), Parts: []gorgon.Part{
		gorgon.Handler{Pattern: "GET " + scriptPath, Name: scriptName, Handler: served{p}},
		api.Endpoint[api.None, passkeyRequest]{Path: "POST /ask", Name: "passkeyAsk", Handle: p.ask, Guards: p.Guards, Summary: "Begin to sign in with a passkey."},
		api.Endpoint[passkeyAssertion, passkeyArrived]{Path: "POST /sign-in", Name: "passkeySignIn", Handle: p.signIn, Guards: p.Guards, IgnoreUnknown: true, MaxBody: maxBody,
			Summary: "Sign in with a passkey."},
		api.Endpoint[api.None, passkeyCreation]{Path: "POST /new", Name: "passkeyNew", Handle: p.create, Guards: owner, Summary: "Begin to add a passkey."},
		api.Endpoint[passkeyAttestation, api.None]{Path: "POST /add", Name: "passkeyAdd", Handle: p.add, Guards: owner, IgnoreUnknown: true, MaxBody: maxBody,
			Summary: "Add a passkey to one's account."},
	}}
}

// maxBody is more than any authenticator sends.
const maxBody = 64 << 10

// validate reports what is wrong with the declaration.
func (p Passkeys) validate() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("passkey: "+format, args...))
	}
	if p.Auth == nil {
		fault("there is no Auth: give what auth.New returned")
	}
	if p.Name == "" {
		fault("there is no Name: browsers show it when a passkey is chosen")
	}
	if p.User == nil {
		fault("there is no User: add a function that says how a user is called")
	}
	if p.Domain != "" {
		if err := protocol.ValidateRPID(p.Domain); err != nil {
			fault("Domain: use a domain such as \"example.com\"")
		}
	}
	return errors.Join(faults...)
}

// relying is the library's view of the app, for a request.
func (p Passkeys) relying(ctx context.Context) (*webauthn.WebAuthn, error) {
	fault := func(text, hint string) (*webauthn.WebAuthn, error) {
		return nil, &gorgon.Error{Op: "passkey", Err: errors.New(text), Hint: hint}
	}
	origin := viewctx.SiteOf(ctx).Origin
	u, err := url.Parse(origin)
	if origin == "" || err != nil {
		return fault("gorgon.App.Origin is not set: it is not known which site passkeys belong to", `set it to scheme and host, such as "https://example.com" or "http://localhost:8080"`)
	}
	domain := p.Domain
	if domain == "" {
		domain = u.Hostname()
	}
	if host := u.Hostname(); host != domain && !strings.HasSuffix(host, "."+domain) {
		return fault("Domain is not the host of gorgon.App.Origin, or a parent of it", "leave it empty for the host alone")
	}
	if u.Scheme != "https" && domain != "localhost" && !strings.HasSuffix(domain, ".localhost") {
		return fault("gorgon.App.Origin is not https: browsers have no passkeys there", `use https, or "http://localhost" with a port on one's own machine`)
	}
	w, err := webauthn.New(&webauthn.Config{
		RPID: domain, RPDisplayName: p.Name, RPOrigins: []string{origin},
		AttestationPreference:             protocol.PreferNoAttestation,
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore, // none is read
	})
	if err != nil {
		return fault("passkeys cannot belong to the host of gorgon.App.Origin: "+reason(err).Error(), "a host is a name, not an address")
	}
	return w, nil
}

func (p Passkeys) verification() protocol.UserVerificationRequirement {
	if p.Verify {
		return protocol.VerificationRequired
	}
	return protocol.VerificationPreferred
}

// reason is an error of the library without what the caller sent.
func reason(err error) error {
	var e *protocol.Error
	if errors.As(err, &e) {
		return errors.New(e.Details)
	}
	return err
}
