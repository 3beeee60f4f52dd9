// Package sealed closes what travels through a browser and comes back, so that
// nobody there can read it, make it up, or use it in another place.
//
// The same text in the same place is always the same when sealed: a page that
// holds it does not change by being made again. So who sees two of them learns
// whether they are equal, and nothing else. The cipher is AES-256-GCM with a
// nonce made of the text and its place by HMAC-SHA-256, in the manner of SIV.
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

// ErrBroken is the error for what was not sealed by the same key for the same
// place, or was changed since.
var ErrBroken = errors.New("sealed: it was not sealed here, for this")

// A Key seals and opens. It is safe for concurrent use.
type Key struct {
	aead   cipher.AEAD
	nonces []byte
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

// Seal closes text for a place, which is told by its parts, as base64 for URLs.
func (k *Key) Seal(text []byte, place ...string) string {
	bound := join(place)
	nonce := k.nonce(text, bound)
	return base64.RawURLEncoding.EncodeToString(k.aead.Seal(nonce, nonce, text, bound))
}

// Open is the text that was sealed for the same place.
func (k *Key) Open(closed string, place ...string) ([]byte, error) {
	data, err := base64.RawURLEncoding.Strict().DecodeString(closed)
	if err != nil || len(data) < k.aead.NonceSize() {
		return nil, ErrBroken
	}
	bound := join(place)
	nonce, rest := data[:k.aead.NonceSize()], data[k.aead.NonceSize():]
	text, err := k.aead.Open(nil, nonce, rest, bound)
	if err != nil {
		return nil, ErrBroken
	}
	return text, nil
}

func (k *Key) nonce(text, bound []byte) []byte {
	mac := hmac.New(sha256.New, k.nonces)
	_, _ = mac.Write(bound) // a hash takes everything
	_, _ = mac.Write(text)
	return mac.Sum(nil)[:k.aead.NonceSize()]
}

// join puts parts together so that no two lists of them look the same.
func join(parts []string) []byte {
	var b []byte
	for _, p := range parts {
		b = binary.AppendUvarint(b, uint64(len(p)))
		b = append(b, p...)
	}
	// The text follows in the MAC, so the list must say where it ends.
	return binary.AppendUvarint(b, uint64(len(parts)))
}
