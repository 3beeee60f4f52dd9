// Signing in with a passkey.

package passkey

import (
	"context"
	"crypto/subtle"
	"errors"

	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/sessions"
)

// ask begins a sign-in.
func (p Passkeys) ask(ctx context.Context, _ api.None) (out passkeyRequest, err error) {
	w, err := p.relying(ctx)
	if err != nil {
		return out, err
	}
	made, session, err := w.BeginDiscoverableLogin(webauthn.WithUserVerification(p.verification()))
	if err != nil {
		return out, &gorgon.Error{Op: "passkey", Err: reason(err)}
	}
	if err := p.keep(ctx, challenge{Session: *session}); err != nil {
		return out, err
	}
	return as[passkeyRequest](made.Response)
}

// errUnknown is the error for a passkey that is not in the store: the browser
// may forget it.
var errUnknown = &gorgon.Error{Op: "passkey", Kind: gorgon.KindNotFound, Message: "This passkey is not known here, or was removed. Please sign in in another way."}

// signIn ends it.
func (p Passkeys) signIn(ctx context.Context, in passkeyAssertion) (out passkeyArrived, err error) {
	defer func() { p.report(ctx, err) }()
	w, err := p.relying(ctx)
	if err != nil {
		return out, err
	}
	parsed, err := in.parse()
	if err != nil {
		return out, refused(err)
	}
	c, err := p.take(ctx, parsed.Response.CollectedClientData.Challenge, "")
	if err != nil {
		return out, err
	}
	k, err := p.find(ctx, idOf(parsed.RawID))
	if err != nil {
		return out, err
	}
	if k == nil {
		return out, errUnknown
	}
	_, credential, err := w.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
		if subtle.ConstantTimeCompare(handle, k.data.Handle) != 1 {
			return nil, errors.New("it is that of another user")
		}
		return &user{handle: k.data.Handle, credentials: []webauthn.Credential{k.data.Credential}}, nil
	}, c.Session, parsed)
	if err != nil {
		return out, refused(err)
	}
	if err := p.used(ctx, k, credential); err != nil {
		return out, err
	}
	if err := p.Auth.SignIn(ctx, auth.Login{User: k.record.User, Brief: p.Brief}); err != nil {
		return out, err
	}
	return passkeyArrived{Then: gorgon.URL(ctx, auth.Next(in.Next, "/"))}, nil
}

// used notes that a passkey has signed in, unless it, or its user, is gone or
// there are two of it.
func (p Passkeys) used(ctx context.Context, k *kept, credential *webauthn.Credential) error {
	if credential.Authenticator.CloneWarning {
		return refused(errors.New("its counter went back: there may be a copy of it. Its user should remove it"))
	}
	_, _, err := p.User(ctx, k.record.User)
	switch kind := kindOf(err); {
	case err != nil && (kind == gorgon.KindNotFound || kind == gorgon.KindGone):
		return errUnknown
	case err != nil:
		return unavailable("find the user of a passkey", err)
	}
	k.data.Credential, k.record.Used = *credential, p.Auth.Now()
	if err := k.write(); err != nil {
		return err
	}
	err = p.Auth.Store().Replace(dataflow.Apart(ctx), k.record.ID, k.record)
	switch {
	case errors.Is(err, sessions.ErrNotFound):
		return errUnknown // it was removed in the meantime
	case err != nil:
		return unavailable("note that a passkey was used", err)
	}
	return nil
}

func kindOf(err error) gorgon.Kind {
	var e *gorgon.Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return gorgon.KindInternal
}

// report writes to the log why a passkey was refused.
func (p Passkeys) report(ctx context.Context, err error) {
	var e *gorgon.Error
	if errors.As(err, &e) && e.Op == "passkey" && e.Kind == gorgon.KindForbidden {
		p.Auth.Log().InfoContext(ctx, "a passkey was refused", "err", err)
	}
}
