// Mails, and the jobs that send them.

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/mail"
)

// A visitor does not notice that the mail server is away: the mail waits. One
// that can never arrive is not tried again.
func TestMailServerAway(t *testing.T) {
	t.Parallel()
	h := openClub(t, gorgontest.Options{})
	forgot := func(email string) {
		t.Helper()
		h.Get("/forgot").Submit("main form", url.Values{"email": {email}}).Want(http.StatusOK, "Look into your mailbox")
	}
	h.Fail(errors.New("the server is away"))
	forgot("eve@example.com")
	if ran := h.Work(); len(ran) != 1 || ran[0].Err == "" || ran[0].Dead {
		t.Errorf("ran %+v", ran)
	}
	if list, err := h.queue.List(t.Context(), jobs.Filter{}); err != nil || len(list) != 1 || list[0].State != jobs.Waiting {
		t.Errorf("%+v, %v", list, err)
	}
	h.Fail(fmt.Errorf("there is no such mailbox: %w", mail.ErrPermanent))
	forgot("bob@example.com")
	if ran := h.Work(); len(ran) != 1 || !ran[0].Dead {
		t.Errorf("ran %+v", ran)
	}
}

// Who reads the table of jobs finds no code of a link, and no password.
func TestSessionAttacksJobs(t *testing.T) {
	t.Parallel()
	h := openClub(t, gorgontest.Options{})
	rows := func() (all string) {
		t.Helper()
		list, err := h.queue.List(t.Context(), jobs.Filter{})
		if err != nil || len(list) != 1 {
			t.Fatalf("%+v, %v", list, err)
		}
		return string(list[0].Args)
	}
	h.Get("/sign-up").Submit("main form", url.Values{"name": {"ada"}, "email": {"ada@example.com"}, "password": {secret}}).Want(http.StatusOK)
	row := rows()
	_, path, code := h.last()
	if code == "" || strings.Contains(row, code) || strings.Contains(row, "argon2") || strings.Contains(row, secret) {
		t.Errorf("the job of the mail with the code %q has %s", code, row)
	}
	var waits notice
	if err := json.Unmarshal([]byte(row), &waits); err != nil || waits.SignUp == "" {
		t.Fatalf("%s: %v", row, err)
	}
	h.Get(path).Submit("main form", url.Values{"code": {waits.SignUp}, "password": {secret}}).Want(http.StatusUnprocessableEntity)
	h.Get(path).Submit("main form", url.Values{"code": {code}, "password": {secret}}).Want(http.StatusOK, "Your account")
	h.Visitor().Get("/forgot").Submit("main form", url.Values{"email": {"ada@example.com"}}).Want(http.StatusOK)
	row = rows()
	if _, _, code = h.last(); code == "" || strings.Contains(row, code) {
		t.Errorf("the job of the mail with the code %q has %s", code, row)
	}
}

// A link that was asked for does not go to a mailbox that is not the account's any
// more when the mail is sent.
func TestSessionAttacksMoved(t *testing.T) {
	t.Parallel()
	h := openClub(t, gorgontest.Options{})
	ada := h.Visitor()
	h.join(ada, "ada")
	before := len(h.Sent())
	h.Get("/forgot").Submit("main form", url.Values{"email": {"ada@example.com"}}).Want(http.StatusOK)
	u, err := h.byEmail(t.Context(), "ada@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.setEmail(h.Context(), u, "countess@example.com", h.Now()); err != nil {
		t.Fatal(err)
	}
	h.write()
	for _, m := range h.Sent()[before:] {
		if m.Subject != "Your email address was changed" {
			t.Errorf("%v got %q", m.Recipients(), m.Subject)
		}
	}
	if n := len(h.Sent()) - before; n != 1 {
		t.Errorf("%d mails were sent", n)
	}
}
