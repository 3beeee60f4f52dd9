// What depends on time.

package main

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/limit"
	"github.com/gorgon-go/gorgon/sessions"
)

type selection = goquery.Selection

// timed is a store of sessions that counts limits by the clock of the site, so
// that a test can let units come back.
type timed struct {
	sessions.Store
	now func() time.Time

	mu   sync.Mutex
	back map[string]time.Time // when all units have come back
}

func (s *timed) Spend(_ context.Context, key string, rate limit.Rate) (time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	back := s.back[key]
	if back.Before(now) {
		back = now
	}
	back = back.Add(rate.Every())
	if wait := back.Sub(now) - rate.Full(); wait > 0 {
		return wait, nil
	}
	s.back[key] = back
	return 0, nil
}

// Too many guesses are refused before a password is hashed: for one account from
// wherever they come, and for one visitor whatever the account. After a while
// there are more.
func TestSessionAttacksLimits(t *testing.T) {
	t.Parallel()
	h := openClub(t, gorgontest.Options{})
	h.join(h.Visitor(), "ada")
	for i := 0; ; i++ {
		answer := h.signIn(h.Visitor(), "ada", "not the password")
		if answer.Status == http.StatusTooManyRequests {
			answer.Want(http.StatusTooManyRequests, "Too many attempts")
			if i != triesByAccount.N {
				t.Errorf("%d guesses were taken", i)
			}
			break
		}
		answer.Want(http.StatusUnprocessableEntity)
	}
	h.signIn(h.Visitor(), "ada", secret).Want(http.StatusTooManyRequests) // also the right one
	h.Advance(2 * time.Minute)
	h.signIn(h.Visitor(), "ada", secret).Want(http.StatusOK, "Your account")

	for i := range 100 {
		if h.signIn(h.Visitor(), "other"+string(rune('a'+i)), "not the password").Status == http.StatusTooManyRequests {
			h.Advance(15 * time.Minute)
			h.signIn(h.Visitor(), "ada", secret).Want(http.StatusOK, "Your account")
			t.Logf("guesses for one account from many addresses: %d are taken; for many accounts from one address: %d", triesByAccount.N, i)
			return
		}
	}
	t.Error("one visitor may try as many accounts as they like")
}

// Mails to one mailbox are few, from all visitors together.
func TestMailLimit(t *testing.T) {
	t.Parallel()
	h := openClub(t, gorgontest.Options{})
	ask := func() *gorgontest.Response {
		return h.Visitor().Get("/forgot").Submit("main form", url.Values{"email": {"ada@example.com"}})
	}
	for range mailsByMailbox.N {
		ask().Want(http.StatusOK)
	}
	ask().Want(http.StatusTooManyRequests)
	if h.write(); len(h.Sent()) != mailsByMailbox.N {
		t.Errorf("%d mails", len(h.Sent()))
	}
	h.Advance(21 * time.Minute)
	ask().Want(http.StatusOK)
}

// Sessions end when they are not used, and at last in any case; links in mails
// end sooner.
func TestLifetimes(t *testing.T) {
	t.Parallel()
	h := openClub(t, gorgontest.Options{})
	ada := h.Visitor()
	h.join(ada, "ada")
	ada.Get("/account/password").Want(http.StatusOK, "Current password")
	h.Advance(16 * time.Minute)
	ada.Get("/account/password").Want(http.StatusOK, "once more")
	ada.Get("/account").Want(http.StatusOK, "Your account")

	for range 8 {
		h.Advance(10 * 24 * time.Hour)
		ada.Get("/account").Want(http.StatusOK, "Your account")
	}
	h.Advance(10*24*time.Hour + time.Hour) // more than 90 days since the sign-in
	ada.Get("/account").Want(http.StatusOK, "Sign in")

	h.signIn(ada, "ada", secret).Want(http.StatusOK, "Your account")
	h.Advance(14*24*time.Hour + time.Hour)
	ada.Get("/account").Want(http.StatusOK, "Sign in")

	h.Get("/forgot").Submit("main form", url.Values{"email": {"ada@example.com"}})
	_, path, code := h.last()
	h.Advance(61 * time.Minute)
	h.Get(path).Submit("main form", url.Values{"code": {code}, "password": {"another stone that turns"}}).Want(http.StatusUnprocessableEntity, "has expired")

	h.Get("/sign-up").Submit("main form", url.Values{"name": {"Eve"}, "email": {"eve@example.com"}, "password": {secret}})
	_, path, code = h.last()
	h.Advance(25 * time.Hour)
	h.Get(path).Submit("main form", url.Values{"code": {code}, "password": {secret}}).Want(http.StatusUnprocessableEntity, "has expired")
}
