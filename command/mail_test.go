// Mails, while an app is being written.

package command

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/mail"
	"github.com/gorgon-go/gorgon/mail/smtp"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/wire"
)

// Without a server a mail is kept and shown, and the log says where, at the
// address that the browser uses.
func TestMailsAreShownInDevelopment(t *testing.T) {
	t.Setenv(smtp.URLVariable, "")
	t.Setenv(smtp.FromVariable, "")
	sender := smtp.New(smtp.Options{})
	var log bytes.Buffer
	s := &devServer{p: newProgram(gorgon.App{Name: "site"}, Config{Mail: sender}, io.Discard, &log)}
	s.keepMails()
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		r.Host = "localhost:8080"
		s.ServeHTTP(w, r)
		return w
	}
	if w := get(wire.DevMail); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "None was sent") {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
	if err := sender.Send(t.Context(), mail.Message{To: []string{"ada@example.com"}, Subject: "Hello there", Text: gorgon.Text("Hello")}); err != nil {
		t.Fatal(err)
	}
	if want := "url=http://localhost:8080" + wire.DevMail + "1"; strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), want) {
		t.Errorf("the log lacks %q: %s", want, log.String())
	}
	for _, path := range []string{wire.DevMail, wire.DevMail + "1"} {
		if w := get(path); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Hello there") {
			t.Errorf("%s: %d: %s", path, w.Code, w.Body)
		}
	}
}

// With a server, and without a mailer, there are no mails to show.
func TestMailsAreSentWithAServer(t *testing.T) {
	t.Setenv(smtp.URLVariable, "smtp://mail.example")
	for _, config := range []Config{{}, {Mail: smtp.New(smtp.Options{})}} {
		s := &devServer{p: newProgram(gorgon.App{Name: "site"}, config, io.Discard, io.Discard)}
		s.keepMails()
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, wire.DevMail, nil))
		if w.Code != http.StatusNotFound {
			t.Errorf("%d: %s", w.Code, w.Body)
		}
	}
}

// The command config lists the variables of mail, and no password.
func TestMailVariablesAreListed(t *testing.T) {
	t.Setenv(smtp.URLVariable, "smtp://relay:canary@mail.example:587")
	t.Setenv(smtp.FromVariable, "club@club.example")
	list := func(c Config) (names []string) {
		for _, v := range newProgram(gorgon.App{Name: "site"}, c, io.Discard, io.Discard).ownVariables() {
			if strings.HasPrefix(v.Name, "MAIL_") {
				names = append(names, v.Name)
			}
			if strings.Contains(v.Value, "canary") {
				t.Errorf("%s is shown as %s", v.Name, v.Value)
			}
		}
		return names
	}
	if got := list(Config{Mail: smtp.New(smtp.Options{})}); !slices.Equal(got, []string{"MAIL_URL", "MAIL_FROM"}) {
		t.Errorf("listed: %q", got)
	}
	if got := list(Config{}); len(got) > 0 {
		t.Errorf("an app without mail lists %q", got)
	}
}

// What the app is says that it sends mails, so that a target has their variables.
func TestMailsAreAPart(t *testing.T) {
	for _, config := range []Config{{}, {Mail: smtp.New(smtp.Options{})}} {
		var out bytes.Buffer
		page := gorgon.Page[int]{Path: "/", View: func(int) gorgon.Component { return gorgon.Text("") }}
		root := newProgram(gorgon.App{Name: "site", Parts: []gorgon.Part{page}}, config, &out, io.Discard).root()
		root.SetArgs([]string{"parts", "--json"})
		if err := root.ExecuteContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		var app plan.App
		if err := json.Unmarshal(out.Bytes(), &app); err != nil || app.HasPart(plan.MailPart) != (config.Mail != nil) {
			t.Errorf("mails: %t; the program says %s, %v", config.Mail != nil, out.String(), err)
		}
	}
}
