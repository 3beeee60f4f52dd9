// Package sealed encrypts data that travels through a browser and comes back,
// so that it cannot be read, forged, or used in another place there.
//
// The same text in the same place always gives the same result: a page that
// contains it does not change when it is made again. So a reader of two of them
// learns whether they are equal, and nothing else. The cipher is AES-256-GCM
// with a nonce derived from the text and its place by HMAC-SHA-256, in the
// manner of SIV.
package sealed

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
)

// ErrBroken is the error for data that was not sealed with the same key for the
// same place, or was changed since.
var ErrBroken = errors.New("sealed: it was not sealed here, for this")

// A Key seals and opens. It is safe for concurrent use.
type Key struct {
	aead   cipher.AEAD
	nonces []byte
	before *Key // whose seals are opened, too; nil for none
}

// NewKey derives a key from a secret for one purpose. The secret should be
// hard to guess; its length does not matter.
func NewKey(secret []byte, purpose string) *Key {
	key, err := hkdf.Key(sha256.New, secret, nil, "gorgon sealed "+purpose, 64)
	if err != nil {
		panic(err) // 64 bytes are never too many
	}
	block, err := aes.NewCipher(key[:32])
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has the block size that GCM wants
	}
	return &Key{aead: aead, nonces: key[32:]}
}

// After returns the key with another one, whose seals it opens, too: that of the
// secret before.
func (k *Key) After(before *Key) *Key {
	return &Key{aead: k.aead, nonces: k.nonces, before: before}
}

// Seal encrypts text for a place, which is described by its parts, and returns
// base64 for URLs.
func (k *Key) Seal(text []byte, place ...string) string {
	bound := join(place)
	nonce := k.nonce(text, bound)
	return base64.RawURLEncoding.EncodeToString(k.aead.Seal(nonce, nonce, text, bound))
}

// Open returns the text that was sealed for the same place.
func (k *Key) Open(closed string, place ...string) ([]byte, error) {
	data, err := base64.RawURLEncoding.Strict().DecodeString(closed)
	if err != nil || len(data) < k.aead.NonceSize() {
		return nil, ErrBroken
	}
	bound := join(place)
	nonce, rest := data[:k.aead.NonceSize()], data[k.aead.NonceSize():]
	text, err := k.aead.Open(nil, nonce, rest, bound)
	switch {
	case err != nil && k.before != nil:
		return k.before.Open(closed, place...)
	case err != nil:
		return nil, ErrBroken
	}
	return text, nil
}

func (k *Key) nonce(text, bound []byte) []byte {
	mac := hmac.New(sha256.New, k.nonces)
	_, _ = mac.Write(bound) // a hash accepts everything
	_, _ = mac.Write(text)
	return mac.Sum(nil)[:k.aead.NonceSize()]
}

// join joins parts so that no two lists of them give the same result.
func join(parts []string) []byte {
	var b []byte
	for _, p := range parts {
		b = binary.AppendUvarint(b, uint64(len(p)))
		b = append(b, p...)
	}
	// The text follows in the MAC, so the list must mark its end.
	return binary.AppendUvarint(b, uint64(len(parts)))
}
