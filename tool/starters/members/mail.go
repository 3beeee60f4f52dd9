// Mail: what is written. Package mail/smtp sends it, by MAIL_URL and MAIL_FROM;
// under gorgon dev it is shown at /_gorgon/dev/mail/ instead.

package main

import (
	"context"
	"errors"
	"html/template"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/mail"
	"github.com/gorgon-go/gorgon/templates"
)

// mails are the templates of mails. They have the texts and links of pages, and
// none of their forms.
var mails = &templates.Set{
	Files:    files,
	Patterns: []string{"mails/*.html"},
	Funcs:    func(ctx context.Context) template.FuncMap { return messages.Funcs(ctx) },
}

// A notice is all that a mail is made of. It is the argument of a job, so that a
// mail is written when what it is about has been committed, visitors do not wait
// for the mail server, and a server that is away for an hour loses none. Who reads
// the table of jobs finds no secret in it: those of links are made by the job.
type notice struct {
	Kind   string // which of the mails in messages/: "signUp", "reset"
	To     string // as normal returns it
	Locale string
	Page   string // where its link leads
	User   string `json:",omitempty"` // whose link it is
	SignUp string `json:",omitempty"` // finds a sign-up, and confirms none
}

// notices are the mails that may reach a person who did not ask for them: they
// say that there is nothing to do.
var notices = map[string]bool{"known": true, "reset": true, "unknown": true}

// letter is the job that sends a mail. It is tried again while the mail server is
// away, and not when there is no such mailbox.
func (c *club) letter() jobs.Job[notice] {
	return jobs.Job[notice]{Name: "letter", Run: c.send, Priority: jobs.High, Timeout: time.Minute}
}

// write adds the job of a mail.
func (c *club) write(ctx context.Context, n notice) error {
	if _, err := c.letter().Add(ctx, c.queue, n); err != nil {
		return &gorgon.Error{Op: "send a mail", Path: n.Kind, Kind: gorgon.KindUnavailable, Message: say(ctx, "errors.mail"), Err: err}
	}
	return nil
}

// about is a mail in the visitor's language about what has been done.
func about(ctx context.Context, kind, to, page string) notice {
	return notice{Kind: kind, To: to, Locale: gorgon.LocaleOf(ctx), Page: page}
}

// send renders mails/mail.html and sends it. Nothing in it was typed by a
// visitor, so that this form sends no mail of theirs to others. With a secret
// there is a link to a page: the secret is in its fragment, which browsers do
// not send. So it is in no log of a server or proxy, in no Referer, and programs
// that open links in mails do not have it.
func (c *club) send(ctx context.Context, n notice) error {
	secret, err := c.secretOf(ctx, n)
	if errors.Is(err, errPointless) {
		return nil
	} else if err != nil {
		return err
	}
	subject, err := messages.In(n.Locale, "mail."+n.Kind+".subject", nil)
	if err != nil {
		return err
	}
	link, err := gorgon.AbsoluteURL(ctx, gorgon.URLIn(ctx, n.Locale, n.Page))
	if err != nil {
		return err
	}
	if secret != "" {
		link += "#" + secret
	}
	err = c.mail.Send(ctx, mail.Message{
		To: []string{n.To}, Subject: subject, Locale: n.Locale,
		HTML: mails.View("mail.html", struct {
			notice
			Secret, Subject, Dir, Link string
			Unasked                    bool
		}{n, secret, subject, direction(n.Locale), link, notices[n.Kind]}),
	})
	if mail.Permanent(err) {
		return jobs.Fatal(err)
	}
	return err
}

// errPointless says that a mail is not worth sending any more.
var errPointless = errors.New("what the mail is about is over")

// secretOf makes the secret of a mail's link; "" if it has none. If the job runs
// again, the one before is worth nothing.
func (c *club) secretOf(ctx context.Context, n notice) (string, error) {
	switch n.Kind {
	case "signUp":
		_, data, err := c.waiting.Look(ctx, n.SignUp)
		if errors.Is(err, auth.ErrUsed) {
			return "", errPointless
		} else if err != nil {
			return "", err
		}
		return c.signUps.Make(ctx, n.SignUp, data)
	case "reset", "email":
		u, err := c.byID(ctx, n.User)
		if none(err) || err == nil && n.Kind == "reset" && u.Email != n.To {
			return "", errPointless // the account, or the mailbox, is not theirs any more
		} else if err != nil {
			return "", err
		}
		if n.Kind == "email" {
			return c.emails.Make(ctx, u.ID, []byte(n.To))
		}
		return c.resets.Make(ctx, u.ID, nil)
	}
	return "", nil
}

// direction is that of a language's script.
func direction(locale string) string {
	if locale == "ar" {
		return "rtl"
	}
	return "ltr"
}
