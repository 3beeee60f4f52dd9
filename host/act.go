// What members ask for, and what comes of it.

package host

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/rooms"
)

// An Act is an operation as a client names it.
type Act struct {
	Client string       `json:"c"` // who numbers it
	N      uint64       `json:"n"`
	By     rooms.Member `json:"b"`
	Op     []byte       `json:"o"` // JSON that was checked
}

// A Result is what came of an act.
type Result struct {
	At      rooms.Position `json:"at"` // where the room was when it was in the log
	Refusal *Refusal       `json:"refusal,omitempty"`
}

// A Refusal is why an act was not done, as far as members may know.
type Refusal struct {
	Status  int            `json:"status"`
	Message string         `json:"message,omitempty"`
	Fields  []gorgon.Field `json:"fields,omitempty"`
}

// Err is the refusal as an error; nil for none.
func (r Result) Err() error {
	if r.Refusal == nil {
		return nil
	}
	return &gorgon.Error{Op: "do", Status: r.Refusal.Status, Kind: kindOf(r.Refusal.Status), Message: r.Refusal.Message, Fields: r.Refusal.Fields}
}

func kindOf(status int) gorgon.Kind {
	for k := gorgon.KindInternal; k <= gorgon.KindTooMany; k++ {
		if k.Status() == status && k != gorgon.KindTooLarge {
			return k
		}
	}
	return gorgon.KindInvalid
}

// refusalOf is what members may know of an error.
func refusalOf(err error) *Refusal {
	if errors.Is(err, errOld) {
		return &Refusal{Status: http.StatusConflict, Message: "The operation is older than others of its client."}
	}
	r := &Refusal{Status: failure.Status(err)}
	if e, ok := errors.AsType[*gorgon.Error](err); ok {
		r.Message, r.Fields = e.Message, e.Fields
	}
	return r
}

// Errors of acts that nothing is known of: they may have been done. A client asks
// again with the same number.
var (
	errBusy = &gorgon.Error{Op: "do", Kind: gorgon.KindUnavailable, Message: "The room has too much to do.",
		Err: errors.New("4,096 operations wait"), RetryAfter: time.Second}
	errNotMine = errors.New("this instance does not own the room")
	errStopped = &gorgon.Error{Op: "do", Kind: gorgon.KindUnavailable, Err: errors.New("the instance stops"), RetryAfter: time.Second}
	errLate    = &gorgon.Error{Op: "do", Kind: gorgon.KindUnavailable, Message: "The room cannot be reached.",
		Err: errors.New("there was no answer in time: the store or the owner of the room cannot be reached"), RetryAfter: time.Second}
)

// An ask is an act that a caller waits for.
type ask struct {
	Act
	ctx  context.Context
	hop  bool // another instance sent it here
	done chan answered
}

// answered is a result, or why nothing is known.
type answered struct {
	Result
	err error
}

func (a *ask) answer(r Result, err error) { a.done <- answered{r, err} } // its buffer has room

// ask lets acts be decided, in their order. The room is kept open by the caller.
func (r *room) ask(ctx context.Context, acts []Act, hop bool) ([]*ask, error) {
	asks := make([]*ask, len(acts))
	for i, a := range acts {
		asks[i] = &ask{Act: a, ctx: ctx, hop: hop, done: make(chan answered, 1)}
		select {
		case r.asks <- asks[i]:
		default:
			return nil, errBusy
		}
	}
	return asks, nil
}

// askAsApp lets an operation of the app be decided. Its numbers are in the order of
// the queue, however many callers there are.
func (r *room) askAsApp(ctx context.Context, op []byte) ([]*ask, error) {
	r.app.Lock()
	defer r.app.Unlock()
	return r.ask(ctx, []Act{{Client: "app " + r.h.instance.ID, N: r.h.app.Add(1), Op: op}}, false)
}

// wait waits for what came of acts. After an error nothing is known of any.
func wait(ctx context.Context, asks []*ask) ([]Result, error) {
	results := make([]Result, len(asks))
	for i, a := range asks {
		select {
		case answer := <-a.done:
			if answer.err != nil {
				return nil, answer.err
			}
			results[i] = answer.Result
		case <-ctx.Done():
			return nil, errLate
		}
	}
	return results, nil
}
