// Sessions while a store is away.

package auth_test

import (
	"context"
	"errors"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/sessions"
)

var errAway = errors.New("the store is away")

// unpurged is a page store that records no purges while it is away.
type unpurged struct {
	*mem.Store
	away bool
}

func (s *unpurged) Bump(ctx context.Context, verb pages.Verb, subjects ...string) (uint64, error) {
	if s.away {
		return 0, errAway
	}
	return s.Store.Bump(ctx, verb, subjects...)
}

// Where purges cannot be recorded, visitors sign in and out all the same, this
// instance takes no ended session for valid, and RevokeAll says that others may.
func TestPurgesThatCannotBeRecorded(t *testing.T) {
	store := &unpurged{Store: mem.Open(mem.Options{})}
	t.Cleanup(func() { _ = store.Close() })
	c := newClub()
	site := gorgontest.Options{Auth: c.people, Store: store}.Open(t, c.app())
	first := enter(site, "ada")
	store.away = true
	second := enter(site, "ada", "Cookie", first)
	if is(site, first) != "" || is(site, second) != "ada" {
		t.Errorf("after a sign-in the sessions are those of %q and %q", is(site, first), is(site, second))
	}
	renewed := cookieIn(raw(site, "POST", "/renew", "Cookie", second, "Sec-Fetch-Site", "same-origin"))
	if renewed == "" || is(site, second) != "" || is(site, renewed) != "ada" {
		t.Errorf("after a renewal the sessions are those of %q and %q", is(site, second), is(site, renewed))
	}
	if r := raw(site, "POST", "/sign-out", "Cookie", renewed, "Sec-Fetch-Site", "same-origin"); r.Status != 303 || is(site, renewed) != "" {
		t.Errorf("after the sign-out: %s", r)
	}
	third := enter(site, "ada")
	n, err := c.people.RevokeAll(t.Context(), "ada")
	if n != 1 || failure.Kind(err) != gorgon.KindUnavailable || is(site, third) != "" {
		t.Errorf("revoked %d, %v; the session is that of %q", n, err, is(site, third))
	}
}

// away is a store of sessions that cannot be asked.
type away struct {
	sessions.Store
	is bool
}

func (s *away) Get(ctx context.Context, kind string, id sessions.ID) (sessions.Record, error) {
	if s.is {
		return sessions.Record{}, errAway
	}
	return s.Store.Get(ctx, kind, id)
}

func (s *away) Put(ctx context.Context, r sessions.Record) error {
	if s.is {
		return errAway
	}
	return s.Store.Put(ctx, r)
}

// While the store of sessions is away, those in memory go on, others get 503
// and not the sign-in page, and a sign-in fails without a session.
func TestStoreOfSessionsAway(t *testing.T) {
	store := &away{Store: mem.NewSessions()}
	c := newClubOver(store)
	site := c.open(t)
	held := enter(site, "ada")
	if is(site, held) != "ada" {
		t.Fatal("no session")
	}
	other := enter(site, "bea")
	store.is = true
	if is(site, held) != "ada" {
		t.Error("a session in memory does not go on")
	}
	if r := raw(site, "GET", "/members", "Cookie", other); r.Status != 503 || cookieIn(r) != "" {
		t.Errorf("a session that is not in memory: %s", r)
	}
	if given := enter(site, "eve"); given != "" {
		t.Errorf("a sign-in that was not kept gives %s", given)
	}
	raw(site, "GET", "/", "Cookie", other).Want(200)
	store.is = false
	if is(site, other) != "bea" {
		t.Error("the session is lost")
	}
}
