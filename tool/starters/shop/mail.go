// Mail: a job for each kind, so that visitors do not wait for the mail server,
// and one that is away for an hour loses none. Package mail/smtp sends, by
// MAIL_URL and MAIL_FROM; under gorgon dev mails are at /_gorgon/dev/mail/ instead.

package main

import (
	"context"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/i18n"
	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/mail"
	"github.com/gorgon-go/gorgon/templates"
)

// mails are the templates of mails. They have the texts and links of pages, and
// none of their forms.
var mails = &templates.Set{Files: files, Patterns: []string{"mails/*.html"}, Funcs: texts}

// receipt is the job that sends the receipt of an order. It has the order's ID,
// and reads the rest when it runs.
func (s shop) receipt() jobs.Job[string] {
	return jobs.Job[string]{
		Name: "receipt", Timeout: time.Minute,
		Run: func(ctx context.Context, id string) error {
			orders, err := s.ordersWhere(ctx, "o.id = $1", id)
			if err != nil || len(orders) == 0 {
				return err // an order that was deleted meanwhile has no receipt
			}
			o := orders[0]
			return s.write(ctx, letter{To: o.Email, Locale: o.Locale, Kind: "receipt", ID: "receipt/" + id}, i18n.Args{"code": o.Code()}, o)
		},
	}
}

// A mailedLink is all that the mail with a link is made of. Who reads the table of
// jobs finds no code in it: the job makes that.
type mailedLink struct{ To, Locale, Next string }

// link is the job that sends a link to sign in with. The code is in the link's
// fragment, which browsers do not send: so it is in no log of a server or proxy,
// and programs that open links in mails do not have it.
func (s shop) link() jobs.Job[mailedLink] {
	return jobs.Job[mailedLink]{
		Name: "link", Priority: jobs.High, Timeout: time.Minute,
		Run: func(ctx context.Context, m mailedLink) error {
			code, err := s.links.Make(ctx, m.To, []byte(m.Next))
			if err != nil {
				return err
			}
			at, err := gorgon.AbsoluteURL(ctx, gorgon.URLIn(ctx, m.Locale, "/sign-in/link"))
			if err != nil {
				return err
			}
			return s.write(ctx, letter{To: m.To, Locale: m.Locale, Kind: "link"}, nil, struct{ Link, Code string }{at + "#" + code, code})
		},
	}
}

// A letter is where a mail goes, and what it is.
type letter struct{ To, Locale, Kind, ID string }

// write sends a mail in a language: mails/KIND.html, within mails/mail.html. It is
// tried again while the mail server is away, and not when there is no such mailbox.
func (s shop) write(ctx context.Context, l letter, args i18n.Args, data any) error {
	subject, err := messages.In(l.Locale, l.Kind+".subject", args)
	if err != nil {
		return err
	}
	err = s.mail.Send(ctx, mail.Message{
		To: []string{l.To}, Subject: subject, Locale: l.Locale, ID: l.ID,
		HTML: mails.View("mail.html", struct {
			Subject, Locale, Dir string
			Main                 gorgon.Component
		}{subject, l.Locale, gorgon.Direction(l.Locale), mails.View(l.Kind+".html", data)}),
	})
	if mail.Permanent(err) {
		return jobs.Fatal(err)
	}
	return err
}
