// Mail: what is written. Package mail/smtp sends it, by MAIL_URL and MAIL_FROM;
// under gorgon dev it is shown at /_gorgon/dev/mail/ instead.

package main

import (
	"context"
	"html/template"
	"log/slog"

	"github.com/gorgon-go/gorgon"
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

// A notice is all that a mail is made of. It could be stored, and sent later.
type notice struct {
	Kind   string // which of the mails in messages/: "signUp", "reset"
	To     string // as normal returns it
	Locale string
	Page   string // where its link leads
	Secret string // of the link; "" for none
}

// notices are the mails that may reach a person who did not ask for them: they
// say that there is nothing to do.
var notices = map[string]bool{"known": true, "reset": true, "unknown": true}

// write sends the mail of a kind, in the visitor's language.
func (c *club) write(ctx context.Context, to, kind, page, secret string) error {
	err := c.send(ctx, notice{kind, to, gorgon.LocaleOf(ctx), page, secret})
	if err != nil {
		return &gorgon.Error{Op: "send a mail", Path: kind, Kind: gorgon.KindUnavailable, Message: say(ctx, "errors.mail"), Err: err}
	}
	return nil
}

// send renders mails/mail.html and sends it. Nothing in it was typed by a
// visitor, so that this form sends no mail of theirs to others. With a secret
// there is a link to a page: the secret is in its fragment, which browsers do
// not send. So it is in no log of a server or proxy, in no Referer, and programs
// that open links in mails do not have it.
func (c *club) send(ctx context.Context, n notice) error {
	subject, err := messages.In(n.Locale, "mail."+n.Kind+".subject", nil)
	if err != nil {
		return err
	}
	link, err := gorgon.AbsoluteURL(ctx, gorgon.URLIn(ctx, n.Locale, n.Page))
	if err != nil {
		return err
	}
	if n.Secret != "" {
		link += "#" + n.Secret
	}
	return c.mail.Send(ctx, mail.Message{
		To: []string{n.To}, Subject: subject, Locale: n.Locale,
		HTML: mails.View("mail.html", struct {
			notice
			Subject, Dir, Link string
			Unasked            bool
		}{n, subject, direction(n.Locale), link, notices[n.Kind]}),
	})
}

// direction is that of a language's script.
func direction(locale string) string {
	if locale == "ar" {
		return "rtl"
	}
	return "ltr"
}

// tell sends a mail about what has been done: that it cannot be sent undoes
// nothing.
func (c *club) tell(ctx context.Context, to, kind, page string) {
	if err := c.write(ctx, to, kind, page, ""); err != nil {
		slog.ErrorContext(ctx, "a mail could not be sent", "mail", kind, "err", err)
	}
}
