// Messages: what is refused, and what views become.

package mail_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/mail"
)

var club = gorgon.App{Name: "club", Origin: "https://club.example", Locales: gorgon.Locales{Tags: []string{"en", "de"}}}

func site(t testing.TB) context.Context { return mail.WithApp(t.Context(), club, "", "en") }

// link is a view with a link to a page of the app.
var link = gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
	_, err := fmt.Fprintf(w, `<p>Hello, <a href="%s">come in</a>.</p>`, gorgon.URL(ctx, "/door?a=1&b=2"))
	return err
})

func message() mail.Message {
	return mail.Message{From: "club@club.example", To: []string{"ada@example.com"}, Subject: "Hello", HTML: link}
}

// A view is rendered with the site of the context, in the language of the
// message; its links are absolute, and its text is derived.
func TestViews(t *testing.T) {
	for locale, prefix := range map[string]string{"": "", "en": "", "de": "/de"} {
		m := message()
		m.Locale = locale
		l, err := mail.Write(site(t), m, "")
		if err != nil {
			t.Fatal(err)
		}
		to := "https://club.example" + prefix + "/door?a=1&b=2"
		if want := `<p>Hello, <a href="` + strings.ReplaceAll(to, "&", "&amp;") + `">come in</a>.</p>`; l.HTML != want {
			t.Errorf("%q: the view is %s, want %s", locale, l.HTML, want)
		}
		if want := "Hello, come in (" + to + ").\n"; l.Text != want {
			t.Errorf("%q: the text is %q, want %q", locale, l.Text, want)
		}
	}
}

// A text is sent as it is written: nothing escapes it.
func TestText(t *testing.T) {
	tmpl := template.Must(template.New("").Parse("Tom & {{.}}\n"))
	for name, c := range map[string]struct {
		text gorgon.Component
		want string
	}{
		"gorgon.Text":   {gorgon.Text("Tom & <Jerry>"), "Tom & <Jerry>"},
		"text/template": {gorgon.Execute(tmpl, "<Jerry>"), "Tom & <Jerry>\n"},
	} {
		m := message()
		m.HTML, m.Text = nil, c.text
		l, err := mail.Write(site(t), m, "")
		if err != nil || l.Text != c.want || l.HTML != "" {
			t.Errorf("%s: %q, %v", name, l.Text, err)
		}
	}
}

// An invalid message is refused, always as a permanent failure, and the error
// has nothing of what was given.
func TestRefused(t *testing.T) {
	const canary = "canary"
	for name, change := range map[string]func(*mail.Message){
		"no sender":            func(m *mail.Message) { m.From = "" },
		"no recipient":         func(m *mail.Message) { m.To = nil },
		"no subject":           func(m *mail.Message) { m.Subject = " " },
		"no content":           func(m *mail.Message) { m.HTML = nil },
		"header by subject":    func(m *mail.Message) { m.Subject = "canary\r\nBcc: eve@example.com" },
		"line by subject":      func(m *mail.Message) { m.Subject = "canary\nBcc: eve@example.com" },
		"subject not UTF-8":    func(m *mail.Message) { m.Subject = "canary\xff" },
		"header by address":    func(m *mail.Message) { m.To = []string{"ada@example.com\r\nBcc: canary@example.com"} },
		"header by name":       func(m *mail.Message) { m.To = []string{"\"canary\r\nBcc: x\" <ada@example.com>"} },
		"encoded line in name": func(m *mail.Message) { m.To = []string{"=?utf-8?q?canary=0D=0ABcc:_x?= <ada@example.com>"} },
		"two addresses in one": func(m *mail.Message) { m.To = []string{"ada@example.com, canary@example.com"} },
		"no address":           func(m *mail.Message) { m.Cc = []string{canary} },
		"spaces in address":    func(m *mail.Message) { m.Bcc = []string{`"canary x"@example.com`} },
		"foreign letters":      func(m *mail.Message) { m.ReplyTo = []string{"canary@exämple.com"} },
		"header by value":      func(m *mail.Message) { m.Headers = map[string]string{"X-A": "canary\r\nBcc: x"} },
		"header by its name":   func(m *mail.Message) { m.Headers = map[string]string{"X-A: canary\r\nBcc": "x"} },
		"Bcc as header":        func(m *mail.Message) { m.Headers = map[string]string{"bcc": canary} },
		"Content-Type":         func(m *mail.Message) { m.Headers = map[string]string{"content-type": canary} },
		"file in a folder":     func(m *mail.Message) { m.Attachments = []mail.Attachment{{Name: "../canary", Type: "text/plain"}} },
		"line in a file name":  func(m *mail.Message) { m.Attachments = []mail.Attachment{{Name: "canary\r\nX: y", Type: "text/plain"}} },
		"type of a file":       func(m *mail.Message) { m.Attachments = []mail.Attachment{{Name: "a", Type: "text/plain\r\nX: canary"}} },
		"file of many parts": func(m *mail.Message) {
			m.Attachments = []mail.Attachment{{Name: "a", Type: "multipart/mixed; boundary=canary"}}
		},
		"relative link":  func(m *mail.Message) { m.HTML = gorgon.HTML(`<a href="canary">x</a>`) },
		"relative image": func(m *mail.Message) { m.HTML = gorgon.HTML(`<img src="//canary/x.png">`) },
		"text not UTF-8": func(m *mail.Message) { m.Text = gorgon.Text("canary\xff") },
	} {
		m := message()
		change(&m)
		_, err := mail.Write(site(t), m, "")
		if !mail.Permanent(err) {
			t.Errorf("%s: %v, want a permanent failure", name, err)
		} else if strings.Contains(err.Error(), canary) {
			t.Errorf("%s: the error has what was given: %v", name, err)
		}
	}
	if _, err := mail.Write(t.Context(), message(), ""); !mail.Permanent(err) {
		t.Errorf("a link without an origin: %v", err)
	}
}

// An error of a view is returned, and is not taken for a fault of the message.
func TestViewFails(t *testing.T) {
	fault := errors.New("the database is away")
	m := message()
	m.HTML = gorgon.ComponentFunc(func(context.Context, io.Writer) error { return fault })
	if _, err := mail.Write(site(t), m, ""); !errors.Is(err, fault) || mail.Permanent(err) {
		t.Errorf("got %v", err)
	}
}

// One id is one Message-ID, which does not show it.
func TestMessageID(t *testing.T) {
	id := func(of, from string) string {
		m := message()
		m.ID, m.From = of, from
		l, err := mail.Write(site(t), m, "")
		if err != nil {
			t.Fatal(err)
		}
		return l.MessageID
	}
	first := id("job/1", "a@club.example")
	if second := id("job/1", "Club <a@club.example>"); first != second {
		t.Errorf("%s and %s", first, second)
	}
	one, other := id("", "a@club.example"), id("", "a@club.example")
	if first == id("job/2", "a@club.example") || one == other {
		t.Error("two messages have one id")
	}
	if strings.Contains(first, "job") || !strings.HasSuffix(first, "@club.example") {
		t.Errorf("it is %s", first)
	}
}

func TestRecipients(t *testing.T) {
	m := message()
	m.To, m.Cc, m.Bcc = []string{mail.Address("Ada, Countess", "ada@example.com")}, []string{"bob@example.com", "ADA <ada@example.com>"}, []string{"eve@example.com"}
	l, err := mail.Write(site(t), m, "")
	if err != nil {
		t.Fatal(err)
	}
	if got := l.Recipients(); !slices.Equal(got, []string{"ada@example.com", "bob@example.com", "eve@example.com"}) {
		t.Errorf("got %q", got)
	}
	if l.To[0].Name != "Ada, Countess" {
		t.Errorf("the name is %q", l.To[0].Name)
	}
}
