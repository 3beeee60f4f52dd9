// Why a message was not sent.

package mail

import (
	"errors"
	"fmt"

	"github.com/gorgon-go/gorgon"
)

// ErrPermanent is what errors are, by errors.Is, where the same message would
// fail again.
var ErrPermanent = errors.New("the message would fail again")

// Permanent says whether sending the same message again is of no use.
func Permanent(err error) bool { return errors.Is(err, ErrPermanent) }

// A Failure is why a message was not sent. It has no addresses, secrets or texts
// of a server.
type Failure struct {
	Reason    string // in words: "the server refuses a recipient"
	Code      int    // of the server's answer, such as 550; 0 for none
	Status    string // its enhanced code, such as "5.1.1"; "" for none
	Hint      string // what the developer or operator can do; "" for nothing
	Permanent bool   // the same message would fail again
}

func (f *Failure) Error() string {
	text := f.Reason
	if f.Code != 0 {
		text += fmt.Sprintf(" (%d", f.Code)
		if f.Status != "" {
			text += " " + f.Status
		}
		text += ")"
	}
	return text
}

// Is makes a permanent failure an [ErrPermanent].
func (f *Failure) Is(target error) bool { return f.Permanent && target == ErrPermanent }

// Fail is a failure as senders return it: visitors get status 503 for one that
// passes, and 500 for another.
func Fail(f Failure) error {
	kind := gorgon.KindUnavailable
	if f.Permanent {
		kind = gorgon.KindInternal
	}
	return &gorgon.Error{Op: "send a mail", Kind: kind, Hint: f.Hint, Err: &f}
}

// invalid is a fault of the message itself.
func invalid(reason, hint string) error {
	return Fail(Failure{Reason: reason, Hint: hint, Permanent: true})
}
