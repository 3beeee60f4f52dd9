package tool

import (
	"testing"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/wire"
)

// A value that may be secret is in no file that deploy writes.
func TestSettingsWhereTheAppGoes(t *testing.T) {
	for _, c := range []struct {
		here string
		is   wire.Variable
		want deploy.Variable
	}{
		{"", wire.Variable{Default: "20"}, deploy.Variable{Value: "20"}},
		{"30", wire.Variable{Default: "20"}, deploy.Variable{Value: "30", Built: true}},
		{"https://shop.example", wire.Variable{}, deploy.Variable{Value: "https://shop.example", Built: true}},
		{"postgres://me:hunter2@db/shop", wire.Variable{}, deploy.Variable{Built: true}},
		{"https://api.example/?key=hunter2", wire.Variable{}, deploy.Variable{Built: true}},
		{"hunter2", wire.Variable{Secret: true, Required: true}, deploy.Variable{Secret: true, Built: true}},
		{"", wire.Variable{Secret: true, Default: "x"}, deploy.Variable{Secret: true}},
	} {
		c.is.Name, c.is.Says = "SHOP_SETTING", "what it is for"
		c.want.Name, c.want.For = c.is.Name, c.is.Says
		t.Setenv(c.is.Name, c.here)
		if got := setting(c.is); got != c.want {
			t.Errorf("%q: %+v, want %+v", c.here, got, c.want)
		}
	}
}
