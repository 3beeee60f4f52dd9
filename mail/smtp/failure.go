// What went wrong, without what the server said: its texts quote addresses.

package smtp

import (
	"crypto/tls"
	"errors"
	"net/textproto"
	"regexp"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"github.com/gorgon-go/gorgon/mail"
)

// failure is an error of the library as one of package mail.
func failure(err error, connected bool) error {
	if e, ok := errors.AsType[*gomail.SendError](err); ok {
		return mail.Fail(refusal(e))
	}
	f := mail.Failure{Reason: "the mail server cannot be reached", Hint: "check host and port in " + URLVariable + ", and that this machine may connect to it"}
	if connected {
		f = mail.Failure{Reason: "the connection to the mail server broke", Hint: "check port and scheme in " + URLVariable + ": smtp:// for STARTTLS, smtps:// for TLS from the beginning"}
	}
	said, answered := errors.AsType[*textproto.Error](err)
	var invalid *tls.CertificateVerificationError
	switch {
	case errors.As(err, &invalid):
		f = mail.Failure{Reason: "the mail server's certificate is not valid", Hint: "use the name in " + URLVariable + " that the certificate is for"}
	case strings.Contains(err.Error(), "does not support STARTTLS"): // the library has no value for it
		f = mail.Failure{Reason: "the mail server has no TLS", Hint: "links in mails are as good as passwords: use another port, or smtps://"}
	case errors.Is(err, gomail.ErrNoSupportedAuthDiscovered), strings.Contains(err.Error(), "does not support SMTP AUTH"):
		f = mail.Failure{Reason: "the mail server offers no way to sign in that is safe on this connection", Hint: "use a port with TLS, or leave user and password out of " + URLVariable}
	case answered && signIn(said.Code):
		f = mail.Failure{Reason: "the mail server refuses user and password", Code: said.Code, Hint: "check " + URLVariable + ", and that user and password are percent-encoded there"}
	case answered:
		f = mail.Failure{Reason: "the mail server refuses the connection", Code: said.Code, Hint: "look for the code in the documentation of the mail service"}
	}
	return mail.Fail(f) // none is the message's fault
}

// signIn says whether a code is about the one who sends, not about a message.
func signIn(code int) bool {
	return code == 530 || code == 534 || code == 535 || code == 538 || code == 454
}

var enhanced = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}$`)

// refusal is why a server did not take a message.
func refusal(e *gomail.SendError) mail.Failure {
	f := mail.Failure{Code: e.ErrorCode()}
	if status := e.EnhancedStatusCode(); enhanced.MatchString(status) {
		f.Status = status
	}
	f.Permanent = f.Code >= 500 && !signIn(f.Code)
	switch e.Reason {
	case gomail.ErrSMTPMailFrom:
		f.Reason, f.Hint = "the mail server refuses the sender", "check "+FromVariable+": most services send for domains alone that were verified there"
	case gomail.ErrSMTPRcptTo:
		f.Reason = "the mail server refuses a recipient"
	case gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
		f.Reason = "the mail server refuses the message"
	case gomail.ErrGetSender, gomail.ErrGetRcpts, gomail.ErrNoUnencoded:
		f.Reason, f.Permanent = "the message cannot be written", true
	default:
		f.Reason = "the message could not be sent"
	}
	if f.Code == 0 && !f.Permanent {
		f.Reason, f.Hint = "the connection to the mail server broke", ""
	}
	return f
}
