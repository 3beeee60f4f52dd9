// From a message to what goes over the wire: views rendered, addresses read.

package mail

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"maps"
	"mime"
	"net/mail"
	"net/textproto"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gorgon-go/gorgon"
)

// A Letter is a message that is ready to be sent: its views are rendered, and
// nothing in it can end a line of a header. Senders make theirs with [Write].
type Letter struct {
	From                 mail.Address
	To, Cc, Bcc, ReplyTo []mail.Address
	Subject              string
	HTML                 string // "" for none
	Text                 string
	Attachments          []Attachment
	Headers              map[string]string // Auto-Submitted among them; names are canonical
	MessageID            string            // without angle brackets
}

// Recipients are the addresses of all who get the letter, each once.
func (l *Letter) Recipients() (all []string) {
	for _, list := range [][]mail.Address{l.To, l.Cc, l.Bcc} {
		for _, a := range list {
			if !slices.Contains(all, a.Address) {
				all = append(all, a.Address)
			}
		}
	}
	return all
}

// Write renders a message. from is used where the message has no From. Faults of
// the message are permanent; an error of a view is what the view returned.
func Write(ctx context.Context, m Message, from string) (*Letter, error) {
	l := &Letter{Subject: m.Subject, Attachments: m.Attachments, Headers: map[string]string{"Auto-Submitted": "auto-generated"}}
	if err := l.address(m, from); err != nil {
		return nil, err
	}
	if err := l.head(m); err != nil {
		return nil, err
	}
	if err := l.body(in(ctx, m.Locale), m); err != nil {
		return nil, err
	}
	l.MessageID = messageID(m.ID, l.From.Address)
	return l, nil
}

func (l *Letter) address(m Message, from string) error {
	if m.From != "" {
		from = m.From
	}
	if from == "" {
		return invalid("it has no sender", "set MAIL_FROM, or the message's From")
	}
	senders, err := parse("From", []string{from})
	if err != nil {
		return err
	}
	l.From = senders[0]
	for _, f := range []struct {
		name string
		from []string
		to   *[]mail.Address
	}{{"To", m.To, &l.To}, {"Cc", m.Cc, &l.Cc}, {"Bcc", m.Bcc, &l.Bcc}, {"ReplyTo", m.ReplyTo, &l.ReplyTo}} {
		if *f.to, err = parse(f.name, f.from); err != nil {
			return err
		}
	}
	if len(l.Recipients()) == 0 {
		return invalid("it has no recipient", "set To")
	}
	return nil
}

// own are headers that a message has fields for, or that senders write.
var own = []string{"From", "To", "Cc", "Bcc", "Reply-To", "Sender", "Return-Path", "Subject", "Date", "Message-Id", "Mime-Version", "Dkim-Signature", "Received"}

func (l *Letter) head(m Message) error {
	switch {
	case strings.TrimSpace(m.Subject) == "":
		return invalid("it has no subject", "set Subject")
	case controls(m.Subject) || !utf8.ValidString(m.Subject):
		return invalid("its subject holds a control character, such as the end of a line, or is not UTF-8", "")
	}
	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		value, canonical := m.Headers[name], textproto.CanonicalMIMEHeaderKey(name)
		switch {
		case name == "" || strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c > '~' || c == ':' }):
			return invalid("a header has an invalid name", "use letters, digits and hyphens")
		case slices.Contains(own, canonical) || strings.HasPrefix(canonical, "Content-"):
			return invalid("the header "+canonical+" cannot be among Headers", "use the field of the message; Date, MIME and signatures are the sender's")
		case controls(value) || !utf8.ValidString(value):
			return invalid("the header "+canonical+" holds a control character, such as the end of a line, or is not UTF-8", "")
		}
		l.Headers[canonical] = value
	}
	for _, a := range m.Attachments {
		switch kind, _, err := mime.ParseMediaType(a.Type); {
		case a.Name == "" || controls(a.Name) || !utf8.ValidString(a.Name) || a.Name != path.Base(a.Name) || strings.Contains(a.Name, `\`):
			return invalid("an attachment has an invalid name", "use a name such as invoice.pdf, without folders")
		case err != nil || controls(a.Type) || strings.HasPrefix(kind, "multipart/"):
			return invalid("an attachment has an invalid type", "use one such as application/pdf")
		}
	}
	return nil
}

func (l *Letter) body(ctx context.Context, m Message) (err error) {
	if m.HTML == nil && m.Text == nil {
		return invalid("it has no content", "set HTML or Text")
	}
	if m.HTML != nil {
		if l.HTML, err = render(ctx, m.HTML); err != nil {
			return err
		}
		if l.HTML, err = absolute(ctx, l.HTML); err != nil {
			return err
		}
	}
	switch text := m.Text.(type) {
	case nil:
		l.Text, err = plain(l.HTML)
	case gorgon.Text:
		l.Text = string(text)
	default:
		l.Text, err = render(ctx, text)
	}
	if err == nil && (!utf8.ValidString(l.Text) || !utf8.ValidString(l.HTML)) {
		err = invalid("its content is not UTF-8", "")
	}
	return err
}

func render(ctx context.Context, view gorgon.Component) (string, error) {
	var b bytes.Buffer
	if err := view.Render(ctx, &b); err != nil {
		return "", &gorgon.Error{Op: "render a mail", Err: err}
	}
	return b.String(), nil
}

// messageID is the same for the same id. It says nothing of it.
func messageID(id, from string) string {
	name := rand.Text()
	if id != "" {
		sum := sha256.Sum256([]byte(id))
		name = base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:])[:32]
	}
	return strings.ToLower(name) + from[strings.LastIndexByte(from, '@'):]
}
