// What the guides that send mail promise, and mail servers for them.

package docs_test

import (
	"cmp"
	"errors"
	"io"
	"log"
	"net"
	"net/url"
	"strings"
	"sync"

	gosmtp "github.com/emersion/go-smtp"
)

// A desk is a mail server that keeps what it receives.
type desk struct {
	address string

	mu    sync.Mutex
	mails []string
	fail  error // what mails are answered with; nil: taken
}

// desks are those of the guides.
var desks sync.Map

// deskOf is the mail server of a guide.
func deskOf(guide string) *desk {
	made, _ := desks.LoadOrStore(guide, sync.OnceValue(newDesk))
	return made.(func() *desk)()
}

func newDesk() *desk {
	d := &desk{}
	server := gosmtp.NewServer(gosmtp.BackendFunc(func(*gosmtp.Conn) (gosmtp.Session, error) { return d, nil }))
	server.Domain, server.ErrorLog = "localhost", log.New(io.Discard, "", 0)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	d.address = listener.Addr().String()
	go func() { _ = server.Serve(listener) }() // until the tests end
	return d
}

func (d *desk) Mail(string, *gosmtp.MailOptions) error { return nil }
func (d *desk) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	if !strings.HasSuffix(to, "@bakery.example") {
		return errors.New("a mail goes to " + to)
	}
	return nil
}
func (d *desk) Reset()        {}
func (d *desk) Logout() error { return nil }

func (d *desk) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil || d.fail != nil {
		return cmp.Or(d.fail, err)
	}
	d.mails = append(d.mails, string(text))
	return nil
}

// refuse makes the desk answer with an error from now on, and returns what it
// has received.
func (d *desk) refuse(err error) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail = err
	return d.mails
}

// mailVariables are those of a guide's program.
func mailVariables(guide string) []string {
	return []string{"MAIL_URL=smtp://" + deskOf(guide).address, "MAIL_FROM=site@bakery.example", "ORIGIN=" + guideOrigin}
}

func checkMail(s *site) {
	s.wants(s.get("/"), 200, "<h1>Ask us</h1>")
	ask := func(name, email string) answer {
		return s.post("/contact", url.Values{"_page": {"/"}, "name": {name}, "email": {email}, "text": {"Is there rye bread on Monday?"}})
	}
	s.wants(ask("Ada", "nothing"), 422, "<h1>Ask us</h1>", "rye bread on Monday?")
	s.wants(ask("Ada\r\nBcc: eve@example.com", "ada@example.com"), 422)
	s.wants(ask("Ada", "ada@example.com"), 200, "<h1>Thank you</h1>")
	mails := deskOf("mail").refuse(&gosmtp.SMTPError{Code: 451, Message: "later"})
	if len(mails) != 1 {
		s.Fatalf("%d mails arrived: %q", len(mails), mails)
	}
	for _, want := range []string{"To: <desk@bakery.example>", `From: <site@bakery.example>`, `Reply-To: "Ada" <ada@example.com>`, "Subject: A question from Ada", "rye bread on Monday?", guideOrigin + "/", "text/html"} {
		if !strings.Contains(mails[0], want) {
			s.Errorf("the mail lacks %q:\n%s", want, mails[0])
		}
	}
	s.wants(ask("Ada", "ada@example.com"), 503)
	deskOf("mail").refuse(&gosmtp.SMTPError{Code: 554, Message: "no"})
	s.wants(ask("Ada", "ada@example.com"), 422, "Answers cannot be sent", "rye bread on Monday?")
	deskOf("mail").refuse(nil)
}
