// Indicators of health: what is refused, and an example.

package gorgon_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/gorgontest"
)

func TestHealthIsValidated(t *testing.T) {
	fine := func(context.Context) error { return nil }
	for _, c := range []struct {
		own  []gorgon.Health
		want string
	}{
		{[]gorgon.Health{{Name: "payments", Check: fine}, {Name: "search-2", Check: fine, Optional: true, Timeout: time.Second}}, ""},
		{[]gorgon.Health{{Check: fine}}, `Name "": use lower-case letters`},
		{[]gorgon.Health{{Name: "Pay ments", Check: fine}}, `Name "Pay ments": use lower-case letters`},
		{[]gorgon.Health{{Name: "store", Check: fine}}, "health store: the framework has an indicator of this name"},
		{[]gorgon.Health{{Name: "payments"}}, "health payments: there is no Check"},
		{[]gorgon.Health{{Name: "payments", Check: fine, Timeout: -1}}, "use a time above zero"},
		{[]gorgon.Health{{Name: "payments", Check: fine}, {Name: "payments", Check: fine}}, "health payments: two have this name"},
	} {
		parts := []gorgon.Part{home("hello")}
		for _, h := range c.own {
			parts = append(parts, gorgon.Group{Prefix: "/shop", Parts: []gorgon.Part{h}})
		}
		err := gorgon.App{Name: "shop", Parts: parts}.Erased().Validate()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v: %v, want %q", c.own, err, c.want)
		}
	}
}

// While its provider of payments cannot be reached, visitors are sent to other
// instances. Suggestions are missed by fewer.
func ExampleHealth() {
	var away atomic.Bool
	payments := gorgon.Health{Name: "payments", Check: func(context.Context) error {
		if away.Load() {
			return errors.New("payments.internal: connection refused") // for operators alone
		}
		return nil
	}}
	suggestions := gorgon.Health{Name: "suggestions", Optional: true, Check: func(context.Context) error {
		return errors.New("the index is being made")
	}}
	ready := func(site *gorgontest.Site) {
		res := site.Get("/readyz")
		fmt.Print(res.Status, " ", res.Body)
	}
	visit(func(site *gorgontest.Site) {
		ready(site)
		away.Store(true)
		ready(site) // an answer counts for five seconds
		site.Advance(5 * time.Second)
		ready(site)
	}, home("hello"), payments, suggestions)
	// Output:
	// 200 ready, degraded: suggestions
	// 200 ready, degraded: suggestions
	// 503 not ready: payments
}
