// Who is signed in, what they may do, and how often something may be tried.

package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/auth/password"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/jobdb"
	"github.com/gorgon-go/gorgon/limit"
	"github.com/gorgon-go/gorgon/mail"
	"github.com/gorgon-go/gorgon/sessions"
)

// A club is the app over one database and one store of sessions.
type club struct {
	db     *database.DB
	queue  *jobdb.Queue // of mails
	people *auth.Auth
	limits *limit.Limiter
	mail   mail.Sender
	now    func() time.Time

	passwords *password.Hasher // one for the program: it bounds what all hashes take

	signUps, resets, emails auth.Links // what links in mails are for
	waiting                 auth.Links // sign-ups whose mail is not written yet

	signedIn func() // is called when a sign-in has made its session; for tests
}

func newClub(db *database.DB, queue *jobdb.Queue, store sessions.Store, sender mail.Sender) *club {
	c := &club{db: db, queue: queue, limits: &limit.Limiter{Store: store}, mail: sender, now: time.Now, passwords: new(password.Hasher)}
	c.people = auth.New(auth.Options{Store: store, Find: c.scopes})
	c.signUps = c.people.Links("sign-up", 24*time.Hour)
	c.waiting = c.people.Links("waiting", 24*time.Hour)
	c.resets = c.people.Links("reset", time.Hour)
	c.emails = c.people.Links("email", time.Hour)
	return c
}

// scopes says what a user may do. What it reads is noted: when a role changes,
// by this program or by another one, every instance asks again.
func (c *club) scopes(ctx context.Context, id string) ([]string, error) {
	u, err := c.byID(ctx, id)
	if err != nil {
		return nil, err // that there is no such user ends the session
	}
	if u.Role == "admin" {
		return []string{"read", "admin"}, nil
	}
	return []string{"read"}, nil
}

// recent guards what would help most to those who find an open session: its
// user has given the password a short while ago.
func (c *club) recent(next http.Handler) http.Handler {
	return c.people.Recent(15 * time.Minute)(next)
}

// Limits. Each counts before a password is hashed. Units come back evenly, so
// ten in a quarter of an hour are one every 90 seconds.
var (
	triesByAddress = limit.Rate{N: 30, Per: 15 * time.Minute} // of one visitor
	triesByAccount = limit.Rate{N: 10, Per: 15 * time.Minute} // on one account, from wherever
	triesInAll     = limit.Rate{N: 600, Per: time.Minute}     // what the machine can hash, or less
	mailsByAddress = limit.Rate{N: 10, Per: time.Hour}        // that one visitor causes
	mailsByMailbox = limit.Rate{N: 3, Per: time.Hour}         // to one mailbox, from all visitors together
	mailsInAll     = limit.Rate{N: 1000, Per: time.Hour}
)

// try counts a guess of a password or a code: by the visitor's address, by the
// account, and together.
func (c *club) try(ctx context.Context, account string) error {
	return c.allow(ctx, "try", account, triesByAddress, triesByAccount, triesInAll)
}

// post counts a mail likewise.
func (c *club) post(ctx context.Context, mailbox string) error {
	return c.allow(ctx, "mail", mailbox, mailsByAddress, mailsByMailbox, mailsInAll)
}

func (c *club) allow(ctx context.Context, name, key string, byAddress, byKey, inAll limit.Rate) error {
	err := c.limits.Allow(ctx, name+" by address", limit.Address(api.Request(ctx)), byAddress)
	if err == nil {
		err = c.limits.Allow(ctx, name+" by account", key, byKey)
	}
	if err == nil {
		err = c.limits.Allow(ctx, name, "all", inAll)
	}
	if e, ok := errors.AsType[*gorgon.Error](err); ok && e.Kind == gorgon.KindTooMany {
		told := *e
		told.Message = say(ctx, "errors.tooMany")
		return &told
	}
	return err
}

// refuse refuses a form, or one of its fields, in the visitor's language.
func refuse(ctx context.Context, pointer, key string) error {
	return gorgon.Refuse(pointer, say(ctx, key))
}

// say is a message in the visitor's language.
func say(ctx context.Context, key string) string {
	text, err := messages.Text(ctx, key, nil)
	if err != nil {
		slog.ErrorContext(ctx, "a message is missing", "err", err)
		return key
	}
	return text
}

// check compares a password with a user's hash, which is "" where there is no
// such user: that takes as long. It counts the guess first.
func (c *club) check(ctx context.Context, account, hash, given, pointer, key string) error {
	if err := c.try(ctx, account); err != nil {
		return err
	}
	err := c.passwords.Check(ctx, hash, given)
	if errors.Is(err, password.ErrWrong) {
		return refuse(ctx, pointer, key)
	}
	return busy(ctx, err)
}

// busy says in the visitor's language that too many passwords are hashed.
func busy(ctx context.Context, err error) error {
	if e, ok := errors.AsType[*gorgon.Error](err); ok && e.Kind == gorgon.KindUnavailable {
		told := *e
		told.Message = say(ctx, "errors.busy")
		return &told
	}
	return err
}
