// Package mailtest keeps what a test sends, in place of a mail server.
//
//	outbox := mailtest.New()
//	site := gorgontest.Open(t, newApp(outbox))
//	site.Get("/forgot").Submit("main form", url.Values{"email": {"ada@example.com"}})
//	link := outbox.To(t, "ada@example.com").Link(t)
package mailtest

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gorgon-go/gorgon/mail"
)

// From is the sender of messages that name none.
const From = "test@mailtest.example"

// An Outbox is a [mail.Sender] that keeps messages. Views are rendered, and
// messages refused, as by any sender.
type Outbox struct {
	mu   sync.Mutex
	sent []Mail
	fail error
}

// New returns an outbox without messages.
func New() *Outbox { return &Outbox{} }

// A Mail is one that was sent.
type Mail struct {
	mail.Letter
	Locale string // of the message, if it named one
	ID     string // of the message
}

// Send keeps a message, or fails as Fail says.
func (o *Outbox) Send(ctx context.Context, m mail.Message) error {
	letter, err := mail.Write(ctx, m, From)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fail != nil {
		return o.fail
	}
	o.sent = append(o.sent, Mail{*letter, m.Locale, m.ID})
	return nil
}

// Fail makes all further messages fail with an error; nil for none.
func (o *Outbox) Fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.fail = err
}

// Sent returns all messages, the latest last.
func (o *Outbox) Sent() []Mail {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.sent)
}

// Last returns the latest message. Without one the test ends.
func (o *Outbox) Last(t testing.TB) Mail {
	t.Helper()
	sent := o.Sent()
	if len(sent) == 0 {
		t.Fatal("no mail was sent")
	}
	return sent[len(sent)-1]
}

// To returns the latest message that an address gets. Without one the test ends.
func (o *Outbox) To(t testing.TB, address string) Mail {
	t.Helper()
	for _, m := range slices.Backward(o.Sent()) {
		if slices.Contains(m.Recipients(), address) {
			return m
		}
	}
	t.Fatalf("no mail was sent to %s", address)
	return Mail{}
}

var links = regexp.MustCompile(`https?://[^\s()<>"]+`)

// Link returns the first link in the text of a message. Without one the test
// ends.
func (m Mail) Link(t testing.TB) *url.URL {
	t.Helper()
	u, err := url.Parse(strings.TrimRight(links.FindString(m.Text), ".,;:!?"))
	if err != nil || u.Host == "" {
		t.Fatalf("the mail %q has no link:\n%s", m.Subject, m.Text)
	}
	return u
}
