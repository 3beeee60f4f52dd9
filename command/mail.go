// Mails, while an app is being written.

package command

import (
	"net/http"

	"github.com/gorgon-go/gorgon/wire"
)

// A Mailer sends the app's mails: what smtp.New of package mail/smtp returns. An
// app without one links nothing of it.
type Mailer interface {
	// Develop is called in development, before anything is sent. Where the mailer
	// has no server it keeps mails from now on, and returns the handler of the
	// pages that show them at path and below; it calls kept with the path of each.
	// Otherwise the handler is nil.
	Develop(path string, kept func(path string)) http.Handler
}

// keepMails lets mails be shown, where there is no server to send them.
func (s *devServer) keepMails() {
	if s.p.config.Mail == nil {
		return
	}
	s.mails = s.p.config.Mail.Develop(wire.DevMail, func(path string) {
		s.p.log.Info("a mail was kept, and not sent", "url", s.browsed()+path)
	})
}

// from notes where the browser finds this app: at the tool's address, which is
// not the app's own.
func (s *devServer) from(r *http.Request) {
	if r.Header.Get(wire.HeaderDev) != "" || r.URL.Path == wire.Live {
		return // the tool itself
	}
	s.seen.Lock()
	defer s.seen.Unlock()
	s.seen.host = r.Host
}

// browsed is the origin that the browser asked last; "" if none has.
func (s *devServer) browsed() string {
	s.seen.Lock()
	defer s.seen.Unlock()
	if s.seen.host == "" {
		return ""
	}
	return "http://" + s.seen.host
}
