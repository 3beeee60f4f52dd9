// A text that is not shown.

package config

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"

	"github.com/gorgon-go/gorgon/wire"
)

// A Secret is a text that is printed as dots: by package fmt with any verb, in
// JSON and XML, in logs, in templates and in errors, also as a field of another
// value. [Secret.Reveal] returns the text. The zero Secret is not set. Printers
// of tests that read memory past all methods, such as go-spew and the Diff of
// go-cmp, do show it.
//
// Secrets cannot be compared with ==, which takes a time that depends on the
// texts: use [Secret.Matches] or [Secret.Equal].
type Secret struct {
	_ [0]func() // cannot be compared
	// What prints an unexported field of another type calls no methods. It
	// finds an address here.
	text *string
}

// NewSecret returns a Secret with a text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{text: &text}
}

// Reveal returns the text; "" if the Secret is not set.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero says whether the Secret is not set.
func (s Secret) IsZero() bool { return s.text == nil }

// Matches says whether a caller knows the secret, in a time that does not
// depend on the texts. No text matches a Secret that is not set.
func (s Secret) Matches(given string) bool {
	return !s.IsZero() && s.Equal(NewSecret(given))
}

// Equal says whether two secrets are the same, in a time that does not depend
// on the texts.
func (s Secret) Equal(other Secret) bool {
	one, two := sha256.Sum256([]byte(s.Reveal())), sha256.Sum256([]byte(other.Reveal()))
	return subtle.ConstantTimeCompare(one[:], two[:]) == 1
}

// String returns dots.
func (Secret) String() string { return wire.Dots }

// GoString returns dots.
func (Secret) GoString() string { return wire.Dots }

// Format prints dots, whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, wire.Dots) }

// MarshalText returns dots.
func (Secret) MarshalText() ([]byte, error) { return []byte(wire.Dots), nil }

// LogValue is dots.
func (Secret) LogValue() slog.Value { return slog.StringValue(wire.Dots) }
