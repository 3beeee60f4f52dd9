// A sealed text can be opened with the same key for the same place, and in no
// other way.

package sealed_test

import (
	"encoding/base64"
	"errors"
	"testing"

	"github.com/gorgon-go/gorgon/sealed"
)

func TestSealed(t *testing.T) {
	key := sealed.NewKey([]byte("a secret"), "tests")
	closed := key.Seal([]byte(`{"id":7}`), "stock", "/products/7", "build")
	if again := key.Seal([]byte(`{"id":7}`), "stock", "/products/7", "build"); again != closed {
		t.Errorf("the same sealed twice differs: %s, %s", closed, again)
	}
	if text, err := key.Open(closed, "stock", "/products/7", "build"); err != nil || string(text) != `{"id":7}` {
		t.Errorf("it opens as %q, %v", text, err)
	}
	refused := func(what string, key *sealed.Key, closed string, place ...string) {
		t.Helper()
		if text, err := key.Open(closed, place...); !errors.Is(err, sealed.ErrBroken) || text != nil {
			t.Errorf("%s: got %q, %v", what, text, err)
		}
	}
	refused("another secret", sealed.NewKey([]byte("b secret"), "tests"), closed, "stock", "/products/7", "build")
	refused("another purpose", sealed.NewKey([]byte("a secret"), "others"), closed, "stock", "/products/7", "build")
	refused("another fragment", key, closed, "price", "/products/7", "build")
	refused("another page", key, closed, "stock", "/products/8", "build")
	refused("another build", key, closed, "stock", "/products/7", "next")
	refused("parts put together otherwise", key, closed, "stoc", "k/products/7", "build")
	refused("a part less", key, closed, "stock", "/products/7build")
	refused("nothing", key, "", "stock", "/products/7", "build")
	refused("not base64", key, "%%%", "stock", "/products/7", "build")
	raw, err := base64.RawURLEncoding.DecodeString(closed)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		changed := append([]byte(nil), raw...)
		changed[i] ^= 1
		refused("a bit changed", key, base64.RawURLEncoding.EncodeToString(changed), "stock", "/products/7", "build")
		refused("cut short", key, base64.RawURLEncoding.EncodeToString(raw[:i]), "stock", "/products/7", "build")
	}
}

func TestTheKeyBeforeOpensToo(t *testing.T) {
	before, now := sealed.NewKey([]byte("before"), "tests"), sealed.NewKey([]byte("now"), "tests")
	both := now.After(before)
	for what, closed := range map[string]string{"old": before.Seal([]byte("text"), "place"), "new": now.Seal([]byte("text"), "place")} {
		if text, err := both.Open(closed, "place"); err != nil || string(text) != "text" {
			t.Errorf("%s: %q, %v", what, text, err)
		}
		if text, err := both.Open(closed, "elsewhere"); !errors.Is(err, sealed.ErrBroken) {
			t.Errorf("%s, of another place: %q, %v", what, text, err)
		}
	}
	if both.Seal([]byte("text"), "place") != now.Seal([]byte("text"), "place") {
		t.Error("it does not seal with the new key")
	}
	if _, err := now.Open(both.After(now).Seal([]byte("text"))); err != nil {
		t.Error(err)
	}
}

func FuzzOpen(f *testing.F) {
	key := sealed.NewKey([]byte("a secret"), "tests")
	f.Add(key.Seal([]byte("text"), "place"), "place")
	f.Fuzz(func(t *testing.T, closed, place string) {
		text, err := key.Open(closed, place)
		if err == nil && key.Seal(text, place) != closed {
			t.Errorf("%q opens as %q, which is not sealed so", closed, text)
		}
	})
}
