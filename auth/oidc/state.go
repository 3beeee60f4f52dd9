// What a sign-in rests on between its beginning and its end.

package oidc

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"
)

// A secret is what the cookie of a browser has: 32 random bytes in base64. All
// sign-ins that the browser has begun are sealed with it.
type secret string

const (
	secretLength = 43
	maxState     = 3000
	maxNext      = 1000 // of the way back, which the provider's address has in it
)

func newSecret() secret {
	var b [32]byte
	_, _ = rand.Read(b[:]) // it never fails
	return secret(base64.RawURLEncoding.EncodeToString(b[:]))
}

// secretOf reads a cookie: "" if it has none.
func secretOf(cookie string) secret {
	if len(cookie) != secretLength {
		return ""
	}
	return secret(cookie)
}

// A journey is what is remembered of a sign-in on its way.
type journey struct {
	Began  int64  `json:"t"` // in Unix seconds
	Next   string `json:"n,omitempty"`
	Locale string `json:"l,omitempty"`
}

func (s secret) aead() cipher.AEAD {
	key, err := hkdf.Key(sha256.New, []byte(s), nil, "gorgon oidc state", 32)
	if err != nil {
		panic(err) // of its arguments, which are constants
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return aead
}

// seal makes the state of a journey to a provider.
func (s secret) seal(provider string, j journey) (string, error) {
	text, err := json.Marshal(j)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(s.aead().Seal(nil, nil, text, []byte(provider))), nil
}

// Why a state is not accepted. None of it can be told from outside.
var (
	errNoCookie = errors.New("the browser has no cookie of a sign-in: it did not begin here, took too long, or the app is not opened at gorgon.App.Origin")
	errForeign  = errors.New("the state is not one of this browser and provider")
	errLate     = errors.New("the sign-in took too long")
)

// open reads a state.
func (s secret) open(provider, state string, now time.Time) (j journey, err error) {
	switch {
	case s == "":
		return j, errNoCookie
	case state == "" || len(state) > maxState:
		return j, errForeign
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(state)
	if err != nil {
		return j, errForeign
	}
	text, err := s.aead().Open(nil, nil, sealed, []byte(provider))
	if err != nil || json.Unmarshal(text, &j) != nil {
		return j, errForeign
	}
	if age := now.Sub(time.Unix(j.Began, 0)); age > Lifetime || age < -skew {
		return j, errLate
	}
	return j, nil
}

// derive makes a value of a state that only this browser's secret leads to.
func (s secret) derive(purpose, state string) string {
	mac := hmac.New(sha256.New, []byte(s))
	mac.Write([]byte(purpose + "\x00" + state))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// nonce is what the ID token has to have, and verifier what the code is redeemed
// with.
func (s secret) nonce(state string) string    { return s.derive("nonce", state) }
func (s secret) verifier(state string) string { return s.derive("verifier", state) }
