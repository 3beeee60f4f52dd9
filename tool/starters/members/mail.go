// Mail: what is written, and how it is sent.

package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/i18n"
)

// A Mail sends a mail of plain text. The address is one that passed the check
// email, and so has no line breaks; the subject is a text of this app.
type Mail func(ctx context.Context, to, subject, text string) error

// printed prints mails in place of sending them, for development: what is in
// their links is as good as a password, and belongs into no log.
func printed(w io.Writer) Mail {
	return func(_ context.Context, to, subject, text string) error {
		_, err := fmt.Fprintf(w, "\n--- mail to %s: %s\n%s\n---\n", to, subject, text)
		return err
	}
}

// mailer sends mails by a server, such as smtp://user:password@mail.example.com:587.
// Without one it prints them.
func mailer(server string) Mail {
	if server == "" {
		return printed(os.Stderr)
	}
	return smtpMail(server)
}

// write sends the mail KIND, whose texts are the messages mail.KIND.subject and
// mail.KIND.text, in the visitor's language. Nothing in it was typed by a
// visitor, so that this form sends no mail of theirs to others. With a secret
// there is a link to a page: the secret is in its fragment, which browsers do
// not send. So it is in no log of a server or proxy, in no Referer, and programs
// that open links in mails do not have it.
func (c *club) write(ctx context.Context, to, kind, page, secret string) error {
	link, err := gorgon.AbsoluteURL(ctx, gorgon.URL(ctx, page))
	if err != nil {
		return err
	}
	args := i18n.Args{"link": link}
	if secret != "" {
		args["link"], args["code"] = link+"#"+secret, secret
	}
	subject, err := messages.Text(ctx, "mail."+kind+".subject", nil)
	if err != nil {
		return err
	}
	text, err := messages.Text(ctx, "mail."+kind+".text", args)
	if err != nil {
		return err
	}
	if err := c.mail(ctx, to, subject, text); err != nil {
		return &gorgon.Error{Op: "send a mail", Path: kind, Kind: gorgon.KindUnavailable, Message: say(ctx, "errors.mail"), Err: err}
	}
	return nil
}

// tell sends a mail about what has been done: that it cannot be sent undoes
// nothing.
func (c *club) tell(ctx context.Context, to, kind, page string) {
	if err := c.write(ctx, to, kind, page, ""); err != nil {
		slog.ErrorContext(ctx, "a mail could not be sent", "mail", kind, "err", err)
	}
}
