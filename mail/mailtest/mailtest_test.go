// The outbox of tests.

package mailtest_test

import (
	"errors"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/mail"
	"github.com/gorgon-go/gorgon/mail/mailtest"
)

func message(to, text string) mail.Message {
	return mail.Message{To: []string{to}, Subject: "Hello", Text: gorgon.Text(text)}
}

func TestOutbox(t *testing.T) {
	o := mailtest.New()
	for _, m := range []mail.Message{message("ada@example.com", "See https://club.example/a#code."), message("eve@example.com", "none")} {
		if err := o.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if got := o.To(t, "ada@example.com").Link(t).String(); got != "https://club.example/a#code" {
		t.Errorf("the link is %s", got)
	}
	if o.Last(t).To[0].Address != "eve@example.com" || len(o.Sent()) != 2 {
		t.Errorf("sent: %v", o.Sent())
	}
	away := errors.New("away")
	o.Fail(away)
	if err := o.Send(t.Context(), message("ada@example.com", "x")); !errors.Is(err, away) || len(o.Sent()) != 2 {
		t.Errorf("got %v, %d sent", err, len(o.Sent()))
	}
	if err := o.Send(t.Context(), message("nothing", "x")); !mail.Permanent(err) {
		t.Errorf("an outbox takes what no server takes: %v", err)
	}
}

// A test that asks for a mail that was not sent, or a link that it has not, fails.
func TestMissing(t *testing.T) {
	o := mailtest.New()
	for name, ask := range map[string]func(testing.TB){
		"last": func(t testing.TB) { o.Last(t) },
		"to":   func(t testing.TB) { o.To(t, "ada@example.com") },
		"link": func(t testing.TB) { mailtest.Mail{}.Link(t) },
	} {
		if !fails(ask) {
			t.Errorf("%s: the test goes on", name)
		}
	}
}

// A fake is a test that ends with a panic.
type fake struct{ testing.TB }

func (fake) Helper()               {}
func (fake) Fatal(...any)          { panic(fake{}) }
func (fake) Fatalf(string, ...any) { panic(fake{}) }

func fails(do func(testing.TB)) (failed bool) {
	defer func() { _, failed = recover().(fake) }()
	do(fake{})
	return false
}
