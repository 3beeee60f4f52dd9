// What fails, and whether it would fail again.

package smtp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/mail"
)

// refuses is an answer of a server, whose text quotes what should be in no log.
func refuses(code, class, subject int) func() error {
	return func() error {
		return &gosmtp.SMTPError{Code: code, EnhancedCode: gosmtp.EnhancedCode{class, subject, 1}, Message: "canary ada@example.com is not welcome"}
	}
}

func small() mail.Message {
	return mail.Message{To: []string{"ada@example.com", "bob@example.com"}, Subject: "canary", Text: gorgon.Text("canary")}
}

// check checks that an error is as permanent as it should be, and says nothing
// that is secret.
func check(t *testing.T, name string, err error, permanent bool, says string) {
	t.Helper()
	switch {
	case err == nil:
		t.Errorf("%s: it was sent", name)
	case mail.Permanent(err) != permanent || errors.Is(err, mail.ErrPermanent) != permanent:
		t.Errorf("%s: permanent is %v: %v", name, !permanent, err)
	case !strings.Contains(err.Error(), says):
		t.Errorf("%s: %v, want %q", name, err, says)
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		if text := fmt.Sprintf("%v %+v", e, e); strings.Contains(text, "canary") || strings.Contains(text, "@") {
			t.Errorf("%s: the error says too much: %s", name, text)
		}
	}
}

// An answer of 5xx to a message is permanent, one of 4xx is not, and a sign-in
// that is refused is the operator's to fix, not the message's.
func TestAnswers(t *testing.T) {
	one := func(answer func() error) func(string) error {
		return func(to string) error {
			if to == "bob@example.com" {
				return answer()
			}
			return nil
		}
	}
	for name, c := range map[string]struct {
		set       func(*relay)
		permanent bool
		says      string
	}{
		"421 sender":       {func(r *relay) { r.mail = refuses(421, 4, 3) }, false, "refuses the sender (421 4.3.1)"},
		"550 sender":       {func(r *relay) { r.mail = refuses(550, 5, 7) }, true, "refuses the sender (550 5.7.1)"},
		"530 sender":       {func(r *relay) { r.mail = refuses(530, 5, 7) }, false, "refuses the sender (530 5.7.1)"},
		"450 one of two":   {func(r *relay) { r.rcpt = one(refuses(450, 4, 2)) }, false, "refuses a recipient (450 4.2.1)"},
		"550 one of two":   {func(r *relay) { r.rcpt = one(refuses(550, 5, 1)) }, true, "refuses a recipient (550 5.1.1)"},
		"452 the message":  {func(r *relay) { r.data = func(context.Context) error { return refuses(452, 4, 3)() } }, false, "refuses the message (452 4.3.1)"},
		"554 the message":  {func(r *relay) { r.data = func(context.Context) error { return refuses(554, 5, 6)() } }, true, "refuses the message (554 5.6.1)"},
		"larger than said": {func(r *relay) { r.MaxMessageBytes = 10 }, true, "refuses the message (552"},
	} {
		r := start(t, true, false)
		c.set(r)
		err := r.sender(Options{URL: at("smtps", "")}).Send(t.Context(), small())
		check(t, name, err, c.permanent, c.says)
		if len(r.received) > 0 {
			t.Errorf("%s: it was received", name)
		}
	}
}

// A server that cannot be used as the URL says: never the message's fault.
func TestSetup(t *testing.T) {
	wrong := url.UserPassword(user, "canary").String() + "@"
	for name, c := range map[string]struct {
		secure, offers bool
		url, says      string
	}{
		"no TLS":             {false, false, at("smtp", ""), "has no TLS"},
		"no TLS, signing in": {false, false, at("smtp", signedIn), "has no TLS"},
		"wrong password":     {true, false, at("smtps", wrong), "refuses user and password (535)"},
		"TLS by STARTTLS":    {false, true, at("smtps", ""), "connection to the mail server broke"},
		"another name":       {true, false, "smtps://mail.invalid", "certificate is not valid"},
	} {
		r := start(t, c.secure, c.offers)
		check(t, name, r.sender(Options{URL: c.url}).Send(t.Context(), small()), false, c.says)
		if len(r.received)+len(r.users) > 0 {
			t.Errorf("%s: it went on", name)
		}
	}
	r := start(t, false, false) // on this machine, without TLS
	check(t, "password without TLS", New(Options{URL: "smtp://" + signedIn + r.address, From: "a@club.example"}).Send(t.Context(), small()), false, "no way to sign in")
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	check(t, "no server", New(Options{URL: "smtp://" + free.Addr().String(), From: "a@club.example"}).Send(t.Context(), small()), false, "cannot be reached")
}

// A connection that breaks passes, wherever it does.
func TestBreaks(t *testing.T) {
	for _, at := range []string{"", "EHLO", "MAIL", "RCPT", "DATA", "."} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { defer close(ended); talk(listener, at) }()
		err = New(Options{URL: "smtp://" + listener.Addr().String(), From: "a@club.example"}).Send(t.Context(), small())
		check(t, "broken at "+at, err, false, "connection to the mail server broke")
		listener.Close()
		<-ended
	}
}

// talk answers one client, and ends the connection when a line begins as told.
func talk(listener net.Listener, until string) {
	c, err := listener.Accept()
	if err != nil {
		return
	}
	defer c.Close()
	if until == "" {
		return
	}
	fmt.Fprint(c, "220 relay.example\r\n")
	content := false
	for lines := bufio.NewScanner(c); lines.Scan(); {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, until) && (until != "." || content):
			return
		case content:
		case line == "DATA":
			content = true
			fmt.Fprint(c, "354 go on\r\n")
		default:
			fmt.Fprint(c, "250 ok\r\n")
		}
	}
}

// A server that says nothing is waited for as long as Timeout says, and no
// longer than the context lives.
func TestSlow(t *testing.T) {
	for name, ends := range map[string]bool{"timeout": false, "canceled": true} {
		r := start(t, true, false)
		arrived, done := make(chan struct{}), make(chan struct{})
		r.data = func(context.Context) error { close(arrived); <-done; return nil }
		o := Options{URL: at("smtps", ""), Timeout: time.Minute}
		ctx, cancel := context.WithCancel(t.Context())
		if ends {
			go func() { <-arrived; cancel() }()
		} else {
			o.Timeout = 300 * time.Millisecond
		}
		err := r.sender(o).Send(ctx, small())
		if ends && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		says := "took too long"
		if ends {
			says = "canceled"
		}
		check(t, name, err, false, says)
		cancel()
		close(done)
	}
}

// In development and without a server messages are kept and shown, and none is
// sent.
func TestDevelop(t *testing.T) {
	t.Setenv(URLVariable, "")
	t.Setenv(FromVariable, "")
	s := New(Options{})
	var paths []string
	if s.Develop("/mail/", func(path string) { paths = append(paths, path) }) == nil {
		t.Fatal("there is no preview")
	}
	if err := s.Send(t.Context(), small()); err != nil || len(paths) != 1 || paths[0] != "/mail/1" {
		t.Errorf("%v, %q", err, paths)
	}
	if err := s.Send(t.Context(), mail.Message{}); !mail.Permanent(err) {
		t.Errorf("an invalid message is kept: %v", err)
	}
	t.Setenv(URLVariable, "smtp://mail.example")
	if New(Options{}).Develop("/mail/", nil) != nil {
		t.Error("there is a preview beside a server")
	}
}
