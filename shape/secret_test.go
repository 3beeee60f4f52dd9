package shape_test

import (
	"reflect"
	"testing"

	"github.com/gorgon-go/gorgon/shape"
)

// What is below a secret field is secret, too.
func TestSecretsCoverWhatIsBelow(t *testing.T) {
	type card struct {
		Number string   `json:"number"`
		Codes  []string `json:"codes"`
	}
	type order struct {
		Card card   `json:"card" secret:"true"`
		Note string `json:"note"`
	}
	o, err := shape.Of(reflect.TypeFor[order]())
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string]bool{"card": true, "card.number": true, "card.codes": true, "card.codes.0": true, "note": false} {
		if f := o.Field(name); f == nil || f.Secret != secret {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
