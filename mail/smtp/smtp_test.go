// Messages over the wire, as a server and a mail program read them.

package smtp

import (
	"mime"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/mail"
)

var club = gorgon.App{Name: "club", Origin: "https://club.example"}

const long = "a line without spaces: "

func message() mail.Message {
	return mail.Message{
		To: []string{mail.Address("Ada, Gräfin von Lovelace", "ada@example.com")}, Cc: []string{"bob@example.com"}, Bcc: []string{"eve@example.com"}, ReplyTo: []string{"desk@club.example"},
		Subject: "Bestätigen Sie Ihre Adresse – أهلاً بك! " + strings.Repeat("und noch mehr ", 20),
		HTML:    gorgon.HTML("<!doctype html>\n<p>Grüße\n.\n..from\nFrom here <a href=\"/a?b=1&amp;c=2\">there</a>\n" + long + strings.Repeat("x", 3000) + "</p>"),
		Headers: map[string]string{"list-unsubscribe": "<https://club.example/out>"},
		Attachments: []mail.Attachment{
			{Name: "Rechnung für Ada.pdf", Type: "application/pdf", Data: []byte("\x00\xff\r\n.\r\n")},
			{Name: "notes.txt", Type: "text/plain; charset=utf-8", Data: []byte("ä\n.\n")},
		},
		ID: "job/1",
	}
}

// schemes are the ways to a server that has TLS.
var schemes = map[string]struct{ secure, offers bool }{"smtp": {false, true}, "smtps": {true, false}}

func at(scheme, who string) string { return scheme + "://" + who + "example.com" }

var signedIn = url.UserPassword(user, password).String() + "@"

// What a message says arrives as it was written, in any language, by either kind
// of TLS, and Bcc is in no header.
func TestArrives(t *testing.T) {
	for scheme, s := range schemes {
		r := start(t, s.secure, s.offers)
		m := message()
		if err := r.sender(Options{URL: at(scheme, signedIn)}).Send(mail.WithApp(t.Context(), club, "", ""), m); err != nil {
			t.Fatalf("%s: %v", scheme, err)
		}
		e := r.last(t)
		if e.from != "club@club.example" || !slices.Equal(e.to, []string{"ada@example.com", "bob@example.com", "eve@example.com"}) || !slices.Equal(r.users, []string{user}) {
			t.Errorf("%s: the envelope is %s, %q, by %q", scheme, e.from, e.to, r.users)
		}
		if strings.Contains(string(e.raw), "eve@") || strings.Contains(strings.ToLower(string(e.raw)), "bcc:") {
			t.Errorf("%s: the message shows who got it by Bcc:\n%s", scheme, e.raw)
		}
		header, parts := read(t, e.raw)
		for name, want := range map[string]string{
			"From": `"Club" <club@club.example>`, "Cc": "<bob@example.com>", "Reply-To": "<desk@club.example>",
			"List-Unsubscribe": "<https://club.example/out>", "Auto-Submitted": "auto-generated", "Mime-Version": "1.0", "User-Agent": "", "X-Mailer": "",
		} {
			if got := header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", scheme, name, got, want)
			}
		}
		if subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject")); err != nil || subject != m.Subject {
			t.Errorf("%s: the subject is %q, %v", scheme, subject, err)
		}
		if to, err := header.AddressList("To"); err != nil || len(to) != 1 || to[0].Name != "Ada, Gräfin von Lovelace" || to[0].Address != "ada@example.com" {
			t.Errorf("%s: To is %v, %v", scheme, to, err)
		}
		if _, err := header.Date(); err != nil {
			t.Errorf("%s: %v", scheme, err)
		}
		if got := kinds(parts); !slices.Equal(got, []string{"multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/pdf", "text/plain"}) {
			t.Fatalf("%s: the parts are %q", scheme, got)
		}
		view := strings.Replace("<!doctype html>\n<p>Grüße\n.\n..from\nFrom here <a href=\"/a?b=1&amp;c=2\">there</a>\n", `"/a`, `"https://club.example/a`, 1)
		if !strings.HasPrefix(parts[3].body, view) || !strings.HasSuffix(parts[3].body, "xxx</p>") || len(parts[3].body) != len(view)+len(long)+3000+4 {
			t.Errorf("%s: the view is %q", scheme, parts[3].body)
		}
		if want := "Grüße . ..from From here there (https://club.example/a?b=1&c=2) a line"; !strings.HasPrefix(parts[2].body, want) {
			t.Errorf("%s: the text is %q", scheme, parts[2].body)
		}
		for i, a := range m.Attachments {
			if p := parts[4+i]; p.name != a.Name || p.body != strings.ReplaceAll(string(a.Data), "\r\n", "\n") {
				t.Errorf("%s: the file is %q", scheme, p)
			}
		}
	}
}

// A message of text alone has one part. Two of one ID have one Message-ID.
func TestPlain(t *testing.T) {
	r := start(t, true, false)
	s := r.sender(Options{URL: at("smtps", "")})
	var ids []string
	for range 2 {
		if err := s.Send(t.Context(), mail.Message{To: []string{"ada@example.com"}, Subject: "Hello", Text: gorgon.Text("Tom & Jerry\n.\nأهلاً بك"), ID: "job/1"}); err != nil {
			t.Fatal(err)
		}
		header, parts := read(t, r.last(t).raw)
		if len(parts) != 1 || parts[0].kind != "text/plain" || strings.TrimSuffix(parts[0].body, "\n") != "Tom & Jerry\n.\nأهلاً بك" {
			t.Errorf("the parts are %q", parts)
		}
		ids = append(ids, header.Get("Message-Id"))
	}
	if ids[0] != ids[1] || !strings.HasSuffix(ids[0], "@club.example>") {
		t.Errorf("the ids are %q", ids)
	}
}

// Without options the environment says how, when the first message is sent.
func TestEnvironment(t *testing.T) {
	s := New(Options{})
	m := mail.Message{To: []string{"ada@example.com"}, Subject: "Hello", Text: gorgon.Text("Hello")}
	t.Setenv(FromVariable, "desk@club.example")
	t.Setenv(URLVariable, "")
	if err := s.Send(t.Context(), m); err == nil || mail.Permanent(err) || !strings.Contains(err.Error(), "MAIL_URL is not set") {
		t.Errorf("without a server: %v", err)
	}
	r := start(t, false, false)
	t.Setenv(URLVariable, "smtp://"+r.address)
	if err := s.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if from := r.last(t).from; from != "desk@club.example" {
		t.Errorf("the sender is %s", from)
	}
	if err := os.Unsetenv(FromVariable); err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), m); !mail.Permanent(err) || !strings.Contains(err.Error(), "no sender") {
		t.Errorf("without a sender: %v", err)
	}
}

// A URL that is wrong is a fault that does not show it.
func TestURL(t *testing.T) {
	for text, want := range map[string]server{
		"smtp://mail.example":                  {host: "mail.example", port: 587},
		"smtps://mail.example/":                {host: "mail.example", port: 465, secure: true},
		"smtp://u:p%40@mail.example:25":        {host: "mail.example", port: 25, user: "u", password: "p@"},
		"smtp://[::1]:2525":                    {host: "::1", port: 2525, near: true},
		"smtp://localhost":                     {host: "localhost", port: 587, near: true},
		"http://u:canary@mail.example":         {},
		"smtp://u:canary@":                     {},
		"smtp://u:canary@mail.example:0":       {},
		"smtp://u:canary@mail.example:99999":   {},
		"smtp://u:canary@mail.example/x":       {},
		"smtp://u:canary@mail.example?tls=off": {},
		"smtp://u:canary%zz@mail.example":      {},
		"u:canary@mail.example:587":            {},
	} {
		got, err := serverOf(text)
		if got != want || (err != nil) != (want == server{}) {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
		if err != nil && (strings.Contains(err.Error(), "canary") || mail.Permanent(err)) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
