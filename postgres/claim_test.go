//go:build unix

// Once another takes a store over, it is closed to those that have it open.

package postgres_test

import (
	"errors"
	"testing"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
)

func TestTakenOver(t *testing.T) {
	s, location := newStore(t, postgres.Options{})
	other := open(t, location, postgres.Options{})
	for _, err := range []error{s.Claim(t.Context(), "shop/", false), s.Put(t.Context(), pages.Record{Key: key("/a")}, pages.Unfenced)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, err := range calls(t.Context(), s) {
		if err != nil && !errors.Is(err, pages.ErrNotFound) {
			t.Errorf("%s gave %v", name, err)
		}
	}
	if err := other.Claim(t.Context(), "blog/", true); err != nil {
		t.Fatal(err)
	}
	for name, err := range calls(t.Context(), s) {
		if foreign, ok := errors.AsType[*pages.ForeignError](err); !ok || foreign.Owner != "blog/" {
			t.Errorf("%s gave %v", name, err)
		}
	}
	if err := other.Claim(t.Context(), "shop/", true); err != nil {
		t.Fatal(err)
	}
	for name, err := range calls(t.Context(), s) {
		if err != nil && !errors.Is(err, pages.ErrNotFound) {
			t.Errorf("after it was given back, %s gave %v", name, err)
		}
	}
}
