// Package mail writes messages and sends them.
//
// A [Message] has a view, as a page has: any [gorgon.Component]. A [Sender]
// sends it: that of package mail/smtp by a mail server, that of package
// mail/mailtest keeps what a test sends.
//
//	err := sender.Send(ctx, mail.Message{
//		To:      []string{u.Email},
//		Subject: "Your order",
//		HTML:    views.View("mail-order.html", order),
//		ID:      "order/" + order.ID,
//	})
//
// # Views
//
// A view is rendered with the site of the context, so links, texts and dates are
// in its language, or in Message.Locale. The context of an endpoint has a site;
// [WithApp] gives one to any other. Mail programs need absolute links: href="/x"
// becomes App.Origin + "/x", and a link that leads nowhere in a mail is an
// error. The part in plain text is derived from the view where Message.Text is
// not set; see [TextOf].
//
// # Errors
//
// [Permanent] says of an error whether the same message would fail again: an
// address that is none, a mailbox that the server does not know. All other
// errors pass: sending again later helps. Errors have no addresses, no content
// and nothing that a server said, besides its codes.
package mail

import (
	"context"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/viewctx"
)

// A Sender sends messages. It is safe for concurrent use.
type Sender interface {
	// Send returns when a server has accepted the message for all of its
	// recipients. After an error none, some or all of them may get it: a server
	// that accepted it can fail before it says so.
	Send(ctx context.Context, m Message) error
}

// A Message is what is sent. To or Bcc, Subject, and HTML or Text are needed.
//
// Addresses are written as "ada@example.com" or as [Address] returns them.
type Message struct {
	From    string   // default: the sender's, for package smtp the variable MAIL_FROM
	To      []string // default: none
	Cc      []string // default: none
	Bcc     []string // who get it without the others seeing it. Default: none
	ReplyTo []string // where answers go. Default: From

	Subject string

	// HTML is the view. Default: the message has plain text alone.
	HTML gorgon.Component

	// Text is the part in plain text: a gorgon.Text as it is, or what another
	// component writes, as it is. Templates of html/template and templ escape, which
	// is wrong in plain text: use gorgon.Execute with text/template. Default:
	// derived from HTML.
	Text gorgon.Component

	Attachments []Attachment      // default: none
	Headers     map[string]string // further ones, such as List-Unsubscribe. Default: none

	// Locale is the language of the views. Default: that of the context.
	Locale string

	// ID names what the message is for, such as the id of a job. Messages of the
	// same ID have the same Message-ID, by which receivers can recognise one that
	// was sent twice. Default: random.
	ID string
}

// An Attachment is a file that comes with a message. All fields are needed.
type Attachment struct {
	Name string // "invoice.pdf"
	Type string // "application/pdf"
	Data []byte
}

// WithApp returns a context whose views are rendered as the app's in a locale,
// for programs and jobs that have no request. base is the app's base path, or "".
// The names of assets are not known there, so views cannot call gorgon.Asset.
func WithApp(ctx context.Context, app gorgon.App, base, locale string) context.Context {
	return viewctx.WithSite(ctx, app.SiteIn(viewctx.Site{Base: base, Origin: app.Origin, Locales: app.Locales.Tags}, locale))
}

// in returns a context whose views are in a locale.
func in(ctx context.Context, locale string) context.Context {
	if locale == "" {
		return ctx
	}
	site := *viewctx.SiteOf(ctx)
	site.Locale = locale
	return viewctx.WithSite(ctx, &site)
}
