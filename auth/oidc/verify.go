// What an ID token has to say.

package oidc

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/gorgon-go/gorgon"
)

// claims are those that are read.
type claims struct {
	Party    string `json:"azp"`
	Email    string `json:"email"`
	Verified any    `json:"email_verified"` // some providers write it as a text
	Name     string `json:"name"`
	Picture  string `json:"picture"`
	Locale   string `json:"locale"`
}

// verify reads an ID token: who it is for. The library checks signature, issuer,
// audience and time.
func (b *back) verify(ctx context.Context, k *known, nonce, raw, access string) (who Identity, err error) {
	token, err := k.verifier.Verify(ctx, raw)
	if err != nil {
		if strings.Contains(err.Error(), "fetching keys") { // the library does not wrap the cause
			return who, b.remote.unavailable("fetch its keys", err)
		}
		return who, refused(b.reason(err))
	}
	var all json.RawMessage
	var c claims
	if err := errors.Join(token.Claims(&all), token.Claims(&c)); err != nil {
		return who, refused(errors.New("the ID token has claims of other types"))
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(nonce)) != 1:
		return who, refused(errors.New("the ID token is for another sign-in: its nonce differs"))
	case token.Subject == "" || len(token.Subject) > 255:
		return who, refused(errors.New("the ID token has no subject, or a long one"))
	case c.Party != "" && c.Party != b.ClientID, len(token.Audience) > 1 && c.Party == "":
		return who, refused(errors.New("the ID token was made for another party"))
	}
	if token.AccessTokenHash != "" && token.VerifyAccessToken(access) != nil {
		return who, refused(errors.New("the ID token belongs to another access token"))
	}
	return Identity{
		Issuer: b.Issuer, Subject: token.Subject, // Google writes its issuer in two ways
		Email: c.Email, EmailVerified: c.Verified == true || c.Verified == "true",
		Name: c.Name, Picture: c.Picture, Locale: c.Locale, claims: all,
	}, nil
}

// reason is why the library did not accept a token, without what stands in it.
func (b *back) reason(err error) error {
	var expired *oidc.TokenExpiredError
	if errors.As(err, &expired) {
		return fmt.Errorf("the ID token expired at %s, and it is %s here: look at the clocks", expired.Expiry.UTC().Format("15:04:05"), b.Auth.Now().UTC().Format("15:04:05"))
	}
	return fmt.Errorf("the ID token: %w", err)
}

var _ gorgon.Part = Provider{}
