// Adding a passkey to an account.

package passkey

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/sessions"
)

// A user is one, as the library wants to know it.
type user struct {
	handle            []byte
	name, displayName string
	credentials       []webauthn.Credential
}

func (u *user) WebAuthnID() []byte                         { return u.handle }
func (u *user) WebAuthnName() string                       { return u.name }
func (u *user) WebAuthnDisplayName() string                { return u.displayName }
func (u *user) WebAuthnCredentials() []webauthn.Credential { return u.credentials }

// create begins to add a passkey.
func (p Passkeys) create(ctx context.Context, _ api.None) (out passkeyCreation, err error) {
	w, err := p.relying(ctx)
	if err != nil {
		return out, err
	}
	id := auth.User(ctx)
	all, err := p.of(ctx, id)
	if err != nil {
		return out, err
	}
	if len(all) >= most {
		return out, &gorgon.Error{Op: "passkey", Kind: gorgon.KindUnprocessable, Message: "You have many passkeys. Please remove some first."}
	}
	u := &user{}
	if u.name, u.displayName, err = p.User(ctx, id); err != nil {
		return out, err
	}
	u.displayName = cmp.Or(u.displayName, u.name)
	for _, k := range all {
		u.handle, u.credentials = k.data.Handle, append(u.credentials, k.data.Credential)
	}
	if u.handle == nil { // all passkeys of a user have the same
		u.handle = make([]byte, 32)
		_, _ = rand.Read(u.handle) // it never fails
	}
	made, session, err := w.BeginRegistration(u,
		webauthn.WithExclusions(webauthn.Credentials(u.credentials).CredentialDescriptors()),
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: p.verification(),
		}))
	if err != nil {
		return out, &gorgon.Error{Op: "passkey", Err: reason(err)}
	}
	if err := p.keep(ctx, challenge{User: id, Session: *session}); err != nil {
		return out, err
	}
	out, err = as[passkeyCreation](made.Response)
	if out.Exclude == nil {
		out.Exclude = []passkeyDescriptor{}
	}
	return out, err
}

// add ends it.
func (p Passkeys) add(ctx context.Context, in passkeyAttestation) (none api.None, err error) {
	defer func() { p.report(ctx, err) }()
	w, err := p.relying(ctx)
	if err != nil {
		return none, err
	}
	parsed, err := in.parse()
	if err != nil {
		return none, refused(err)
	}
	id := auth.User(ctx)
	c, err := p.take(ctx, parsed.Response.CollectedClientData.Challenge, id)
	if err != nil {
		return none, err
	}
	made, err := w.CreateCredential(&user{handle: c.Session.UserID}, c.Session, parsed)
	if err != nil {
		return none, refused(err)
	}
	made.Attestation = webauthn.CredentialAttestation{} // none was asked for
	made.Authenticator.CloneWarning = false
	about := strings.ToValidUTF8(strings.TrimSpace(in.About), "")
	now := p.Auth.Now()
	k := kept{
		record: sessions.Record{ID: idOf(made.ID), Kind: kindPasskey, User: id, Made: now},
		data:   data{About: cmp.Or(about, "Passkey"), Handle: c.Session.UserID, Credential: *made},
	}
	if err := k.write(); err != nil {
		return none, err
	}
	if len(k.record.Data) > sessions.MaxData {
		return none, refused(errors.New("the passkey is larger than a record may be"))
	}
	switch err := p.Auth.Store().Put(dataflow.Apart(ctx), k.record); {
	case errors.Is(err, sessions.ErrExists):
		return none, &gorgon.Error{Op: "passkey", Kind: gorgon.KindConflict, Message: "This passkey was added before."}
	case err != nil:
		return none, unavailable("keep a passkey", err)
	}
	return none, nil
}
