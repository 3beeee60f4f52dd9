// One message to one server.

package smtp

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"

	gomail "github.com/wneessen/go-mail"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/mail"
)

// deliver sends a letter. When the context ends the connection does, at whatever
// step it is.
func (s *Sender) deliver(ctx context.Context, to server, l *mail.Letter) error {
	outer := ctx
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	connected := false
	client, err := s.client(to, func(c net.Conn) {
		connected = true
		context.AfterFunc(ctx, func() { _ = c.Close() })
	})
	if err != nil {
		return mail.Fail(mail.Failure{Reason: "the mail server cannot be used", Hint: "check " + URLVariable})
	}
	open, err := client.DialToSMTPClientWithContext(ctx)
	if err == nil {
		err = client.SendWithSMTPClient(open, messageOf(l))
		if err == nil {
			_ = client.CloseWithSMTPClient(open) // it is accepted
		}
	}
	switch {
	case err == nil:
		return nil
	case outer.Err() != nil:
		return &gorgon.Error{Op: "send a mail", Kind: gorgon.KindUnavailable, Err: outer.Err()}
	case ctx.Err() != nil:
		return mail.Fail(mail.Failure{Reason: "the mail server took too long", Hint: "check that it is up, or raise Options.Timeout"})
	}
	return failure(err, connected)
}

// client is what talks to a server. TLS is required, unless it is on this
// machine.
func (s *Sender) client(to server, connected func(net.Conn)) (*gomail.Client, error) {
	secure := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.options.TLS != nil {
		secure = s.options.TLS.Clone()
	}
	if secure.ServerName == "" {
		secure.ServerName = to.host
	}
	policy := gomail.TLSMandatory
	if to.near || to.secure {
		policy = gomail.TLSOpportunistic // a server that has TLS already offers no STARTTLS
	}
	options := []gomail.Option{
		gomail.WithPort(to.port), gomail.WithTimeout(s.options.Timeout), gomail.WithTLSPolicy(policy), gomail.WithTLSConfig(secure),
		gomail.WithoutNoop(), gomail.WithoutRset(), // a failure after the server's word would be taken for one of the message
		gomail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := s.options.dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			connected(c)
			if to.secure {
				c = tls.Client(c, secure)
			}
			return c, nil
		}),
	}
	if to.user != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(to.user), gomail.WithPassword(to.password))
	}
	return gomail.NewClient(to.host, options...)
}

// messageOf is a letter as the library writes it: quoted-printable, so that no
// line is long or special.
func messageOf(l *mail.Letter) *gomail.Msg {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(&l.From)
	for i := range l.To {
		m.AddToMailAddress(&l.To[i])
	}
	for i := range l.Cc {
		m.AddCcMailAddress(&l.Cc[i])
	}
	for i := range l.Bcc {
		m.AddBccMailAddress(&l.Bcc[i])
	}
	for i := range l.ReplyTo {
		m.ReplyToMailAddress(&l.ReplyTo[i])
	}
	m.Subject(l.Subject)
	m.SetDate()
	m.SetMessageIDWithValue(l.MessageID)
	for name, value := range l.Headers {
		m.SetGenHeader(gomail.Header(name), value)
	}
	m.SetBodyString(gomail.TypeTextPlain, l.Text)
	if l.HTML != "" {
		m.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
	}
	for _, a := range l.Attachments {
		m.AttachReadSeeker(a.Name, bytes.NewReader(a.Data), gomail.WithFileContentType(gomail.ContentType(a.Type)))
	}
	return m
}

// source is a letter as it would be sent.
func source(l *mail.Letter) ([]byte, error) {
	var b bytes.Buffer
	_, err := messageOf(l).WriteTo(&b)
	return b.Bytes(), err
}
