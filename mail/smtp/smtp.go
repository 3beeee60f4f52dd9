// Package smtp sends mail by a server that speaks SMTP, such as the relay of a
// mail service.
//
//	var mailer = smtp.New(smtp.Options{}) // MAIL_URL and MAIL_FROM say how
//
//	func main() { command.Main(app, command.Config{Mail: mailer}) }
//
// MAIL_URL is smtp://user:password@mail.example.com:587, with STARTTLS, or smtps://
// with TLS from the beginning, at port 465 if it names none. A server that has no
// TLS is refused, since links in mails are as good as passwords; one at localhost
// or another loopback address is not.
//
// Under 'gorgon dev' and without MAIL_URL nothing is sent: messages are kept, and
// shown below /_gorgon/dev/mail/. Anywhere else the first message fails, with a
// hint.
//
// Signing messages (DKIM) is left to the server, as is trying again for days what
// a receiver does not take at once.
package smtp

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/mail"
	"github.com/gorgon-go/gorgon/mail/preview"
)

// Variables of the environment.
const (
	URLVariable  = "MAIL_URL"  // the server, with user and password
	FromVariable = "MAIL_FROM" // the sender of messages that name none
)

// Options say which server sends, and for whom.
type Options struct {
	URL     string        // default: the variable MAIL_URL, read when the first message is sent
	From    string        // of messages that name none. Default: the variable MAIL_FROM
	Timeout time.Duration // for one message, from dialling to the server's word. Default: 30 s
	TLS     *tls.Config   // default: TLS 1.2 or newer, the system's certificate authorities, and the server's name from the URL

	dial func(ctx context.Context, network, address string) (net.Conn, error) // for tests. Default: of package net
}

// A Sender sends each message over a connection of its own. It is a
// [mail.Sender].
type Sender struct {
	options Options
	kept    atomic.Pointer[preview.Box] // in development
}

// New returns a sender. It contacts nothing.
func New(o Options) *Sender {
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	if o.dial == nil {
		o.dial = new(net.Dialer).DialContext
	}
	return &Sender{options: o}
}

// Develop is called in development. Without a server, messages are kept from now
// on, and the handler shows them at path; kept is called with the path of each.
// With a server the handler is nil.
func (s *Sender) Develop(path string, kept func(path string)) http.Handler {
	if s.url() != "" {
		return nil
	}
	box := &preview.Box{Path: path, Kept: kept, Source: source}
	s.kept.Store(box)
	return box
}

// Send sends a message, and returns when the server has accepted it for all
// recipients.
func (s *Sender) Send(ctx context.Context, m mail.Message) error {
	box := s.kept.Load()
	from := cmp.Or(s.options.From, os.Getenv(FromVariable))
	if box != nil {
		from = cmp.Or(from, "dev@localhost")
	}
	letter, err := mail.Write(ctx, m, from)
	switch {
	case err != nil:
		return err
	case box != nil:
		return box.Keep(letter)
	case s.url() == "":
		return mail.Fail(mail.Failure{Reason: URLVariable + " is not set", Hint: "set it to smtp://user:password@host:587; for the preview under 'gorgon dev', give the sender to command.Config.Mail"})
	}
	to, err := serverOf(s.url())
	if err != nil {
		return err
	}
	return s.deliver(ctx, to, letter)
}

func (s *Sender) url() string { return cmp.Or(s.options.URL, os.Getenv(URLVariable)) }
