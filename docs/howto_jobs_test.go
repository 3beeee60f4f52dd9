// What the guides to jobs promise.

package docs_test

import (
	"net/url"
	"strings"

	gosmtp "github.com/emersion/go-smtp"
)

func checkJob(s *site) {
	order := func(email string) answer {
		return s.post("/orders", url.Values{"email": {email}, "product": {"A <b>stool</b>"}})
	}
	s.wants(order("nothing"), 422)
	s.wants(order("ada@bakery.example"), 200, "<h1>A &lt;b&gt;stool&lt;/b&gt;</h1>", "The receipt ")
	s.eventually("/orders/1", "The receipt was sent.")
	mails := deskOf("job").refuse(&gosmtp.SMTPError{Code: 550, EnhancedCode: gosmtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"})
	if len(mails) != 1 {
		s.Fatalf("%d mails arrived: %q", len(mails), mails)
	}
	for _, want := range []string{"To: <ada@bakery.example>", "Subject: Your order", "A <b>stool</b>"} {
		if !strings.Contains(mails[0], want) {
			s.Errorf("the mail lacks %q:\n%s", want, mails[0])
		}
	}
	s.wants(order("eve@bakery.example"), 200)
	s.eventually("/orders/2", "cannot be sent to this address")
	s.logs("a job is dead", `"job":"receipt"`)
	deskOf("job").refuse(&gosmtp.SMTPError{Code: 451, Message: "later"})
	s.wants(order("bob@bakery.example"), 200, "is on its way")
	s.logs("a job failed and is tried again", `"job":"receipt"`)
	deskOf("job").refuse(nil)
	s.eventually("/orders/3", "The receipt was sent.")
	s.wants(s.get("/orders/4"), 404)
}

func checkSchedule(s *site) {
	s.logs("carts were counted", "carts=2") // at once
	s.eventually("/", "day, 04:30")
}

func checkProgress(s *site) {
	s.wants(s.get("/export"), 200, "<button>Export all orders</button>")
	asked := s.wants(s.post("/export", nil), 200, "<progress")
	s.wantsHeader(asked, "Refresh", "2")
	s.wants(s.post("/export", nil), 200, "<progress") // the same one
	s.eventually("/export", "of 400")
	s.eventually("/export", "The export is written")
	done := s.get("/export")
	s.wantsHeader(done, "Refresh")
	if file := s.wants(s.get("/exports/1"), 200, "1,stool 1\n", "400,stool 400\n"); strings.Count(file.body, "\n") != 400 {
		s.Errorf("%d lines were exported", strings.Count(file.body, "\n"))
	}
	s.wants(s.get("/exports/2"), 404)
}
