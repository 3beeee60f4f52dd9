// The shop: what its parts have in common.

package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/bucket"
	"github.com/gorgon-go/gorgon/bucket/variants"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/jobdb"
	"github.com/gorgon-go/gorgon/database/oncedb"
	"github.com/gorgon-go/gorgon/i18n"
	"github.com/gorgon-go/gorgon/limit"
	"github.com/gorgon-go/gorgon/mail"
	"github.com/gorgon-go/gorgon/once"
	"github.com/gorgon-go/gorgon/sessions"
)

// A shop is the app over one database. Its queries are given the context that a
// function is called with: that is how it becomes known what a page reads. The
// zero value is for views, which ask it for forms.
type shop struct {
	db     *database.DB
	queue  *jobdb.Queue // of receipts and links
	orders once.Ledger  // an order that is sent twice is one order
	people *auth.Auth
	links  auth.Links // to sign in with
	limits *limit.Limiter
	mail   mail.Sender

	pictures *bucket.Bucket
	small    *variants.Variants // of pictures

	keeper string // the shopkeeper's address, as normal returns it; "" for none
}

func newShop(db *database.DB, store sessions.Store, files blobs.Store, sender mail.Sender, keeper string) shop {
	s := shop{db: db, queue: jobdb.In(db), orders: oncedb.In(db), limits: &limit.Limiter{Store: store}, mail: sender, keeper: normal(keeper)}
	s.pictures, s.small = album(files)
	s.people = auth.New(auth.Options{Store: store, Find: s.scopes})
	s.links = s.people.Links("sign-in", linkFor)
	return s
}

// Limits. Units come back evenly, so ten in an hour are one every six minutes.
var (
	mailsByAddress = limit.Rate{N: 10, Per: time.Hour}        // that one visitor causes
	mailsByMailbox = limit.Rate{N: 5, Per: time.Hour}         // to one mailbox, from all visitors together
	mailsInAll     = limit.Rate{N: 1000, Per: time.Hour}      // that the shop sends for sign-ins
	triesByAddress = limit.Rate{N: 30, Per: 15 * time.Minute} // of codes, by one visitor
)

// allow counts something that a visitor does, and refuses it in their language.
func (s shop) allow(ctx context.Context, name, key string, rate limit.Rate) error {
	err := s.limits.Allow(ctx, name, key, rate)
	if e, ok := errors.AsType[*gorgon.Error](err); ok && e.Kind == gorgon.KindTooMany {
		told := *e
		told.Message = say(ctx, "errors.tooMany", nil)
		return &told
	}
	return err
}

// visitor is the address of who makes the request.
func visitor(ctx context.Context) string { return limit.Address(api.Request(ctx)) }

// refuse refuses a form, or one of its fields, in the visitor's language.
func refuse(ctx context.Context, pointer, key string, args i18n.Args) error {
	return gorgon.Refuse(pointer, say(ctx, key, args))
}

// say is a message in the visitor's language.
func say(ctx context.Context, key string, args i18n.Args) string {
	text, err := messages.Text(ctx, key, args)
	if err != nil {
		slog.ErrorContext(ctx, "a message is missing", "err", err)
		return key
	}
	return text
}
