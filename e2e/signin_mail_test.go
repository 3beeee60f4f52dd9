// A mail server, which keeps what the club sends.

package e2e_test

import (
	"io"
	"log"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"regexp"
	"sync"
	"testing"

	gosmtp "github.com/emersion/go-smtp"
)

// A mailbox is a mail server.
type mailbox struct {
	address string

	mu  sync.Mutex
	all []delivered
}

type delivered struct{ to, text string }

// openMailbox serves until the test ends.
func openMailbox(t *testing.T) *mailbox {
	t.Helper()
	b := &mailbox{}
	server := gosmtp.NewServer(gosmtp.BackendFunc(func(*gosmtp.Conn) (gosmtp.Session, error) { return &delivery{box: b}, nil }))
	server.Domain, server.ErrorLog = "localhost", log.New(io.Discard, "", 0)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.address = listener.Addr().String()
	ended := make(chan struct{})
	go func() { defer close(ended); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-ended })
	return b
}

// received are all mails, the latest last.
func (b *mailbox) received() []delivered {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all[:len(b.all):len(b.all)]
}

// A delivery is a connection to a mailbox.
type delivery struct {
	box *mailbox
	to  string
}

func (d *delivery) Mail(string, *gosmtp.MailOptions) error      { return nil }
func (d *delivery) Rcpt(to string, _ *gosmtp.RcptOptions) error { d.to = to; return nil }
func (d *delivery) Reset()                                      {}
func (d *delivery) Logout() error                               { return nil }

// Data keeps the first part, which is the text.
func (d *delivery) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	part, err := multipart.NewReader(m.Body, params["boundary"]).NextRawPart()
	if err != nil {
		return err
	}
	text, err := io.ReadAll(quotedprintable.NewReader(part))
	if err != nil {
		return err
	}
	d.box.mu.Lock()
	defer d.box.mu.Unlock()
	d.box.all = append(d.box.all, delivered{d.to, string(text)})
	return nil
}

var mailLink = regexp.MustCompile(`(http://[^\s#]+)#([\w-]+)`)

// mail waits for the next mail, and returns the link in it, without and with its
// code.
func (c *club) mail() (to, page, code string) {
	c.t.Helper()
	until(c.t, "a mail arrives", func() bool { return len(c.mails.received()) > c.read })
	m := c.mails.received()[c.read]
	c.read++
	if link := mailLink.FindStringSubmatch(m.text); link != nil {
		page, code = link[1], link[2]
	}
	return m.to, page, code
}
