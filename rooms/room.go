// The word: a room as an app declares it.

package rooms

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/gorgon-go/gorgon"
)

// A Room is a kind of room. It is a part of the app; Name, Path, New and Apply are
// required. S is its state, Op what members ask for, and Out what they learn of it.
// All are structs that JSON can hold, since states and operations of a build are
// read by the next one.
type Room[S, Op, Out any] struct {
	// Name is the name of the kind: letters and digits, with a letter first, such
	// as "canvas". Rooms are found by it: it does not change. It is also the name
	// of the function in generated clients.
	Name string

	// Path is where members connect: "/canvas/{key}/room". Its wildcard is the key
	// of the room, of at most 100 bytes; without one there is a single room.
	Path string

	// New returns the state of a room that nothing has happened in.
	New func(key string) S

	// Apply does an operation: it changes the state and returns what members are
	// told. If it returns an error it must not have changed anything; the member
	// is told as by an endpoint (see [gorgon.Refuse]). It must come to the same
	// result each time: it uses Act.At and Act.Rand and not the clock and chance,
	// and does not depend on the order of a map. An instance that takes a room
	// applies its operations again.
	Apply func(s *S, do Act[Op]) ([]Out, error)

	// Enter says who the caller is, or returns an error such as one of
	// [gorgon.KindForbidden]. It is called when a member connects and, without a
	// WebSocket, with each of its requests. Default: everyone may enter, and each
	// client is a member.
	Enter func(ctx context.Context, r *http.Request, key string) (Member, error)

	// Guards run before that, as those of a [gorgon.Handler]. One that ends the
	// context of its request ends the connection. Default: none.
	Guards []func(http.Handler) http.Handler

	// Keep is how long a room is stored that is not used. Default: forever.
	Keep time.Duration

	// History is how many operations before the last snapshot stay in the log.
	// Members that were away for fewer go on where they were, also on an instance
	// that did not know the room. Default: 1,000.
	History int

	// MaxOp is how many bytes an operation may have. Default: 16 KiB; at most 32 KiB.
	MaxOp int

	// Rate is how many operations a second a member may send to an instance; twice
	// as many at once, so that a request with more is always refused. Default: 50.
	Rate int

	// MaxMembers is how many connections an instance has for one room. Default:
	// 10,000.
	MaxMembers int

	Summary string        // as in an endpoint
	Needs   []gorgon.Need // beyond connections and a database
}

// An Act is an operation that is to be done.
type Act[Op any] struct {
	Op   Op
	By   Member
	At   time.Time  // when it was accepted; never before the one before it
	Seq  uint64     // its number in the room, from 1
	Rand *rand.Rand // chance that is the same each time
}

// A Member is who takes part in a room. The zero Member is the app itself.
type Member struct {
	ID   string `json:"id"`             // by which others know it; at most 100 bytes
	Name string `json:"name,omitempty"` // as others read it; at most 100 bytes
}

// Part returns the handler that members connect to.
func (r Room[S, Op, Out]) Part() gorgon.Part {
	d := r.definition()
	needs := append([]gorgon.Need{gorgon.NeedConnections}, r.Needs...)
	return gorgon.Handler{Pattern: r.Path, Handler: d, Name: "room " + r.Name, Guards: r.Guards, Needs: needs}
}

// Do does an operation from Go, as the app itself, and returns when it is stored.
// It fails as Apply did. The context is one of the app: of a handler, an
// endpoint, a loader or a job.
func (r Room[S, Op, Out]) Do(ctx context.Context, key string, op Op) error {
	d, err := r.find(ctx, "do")
	if err != nil {
		return err
	}
	data, err := d.Ops.Append(nil, op)
	if err != nil {
		return &gorgon.Error{Op: "do", Path: "room " + r.Name, Err: err}
	}
	return d.Host().Do(ctx, d, key, data)
}

// Look returns the state of a room as it is stored now, and its position.
func (r Room[S, Op, Out]) Look(ctx context.Context, key string) (s S, at Position, err error) {
	d, err := r.find(ctx, "look at")
	if err != nil {
		return s, at, err
	}
	data, at, err := d.Host().Look(ctx, d, key)
	if err == nil {
		s, err = decoded[S](d.States, data)
	}
	return s, at, err
}

// A Topic is a room that remembers its latest messages. Its members hear each
// new one.
//
//	var chat = rooms.Topic[Message]{Name: "chat", Path: "/orders/{id}/chat", Latest: 50, Send: true}
type Topic[M any] struct {
	Name, Path string // as in [Room]

	// Latest is how many messages a member receives who comes. Default: 1.
	Latest int

	// Send lets members send messages. Default: the app alone does, by Publish.
	Send bool

	// Check refuses what members send. Default: nothing is refused.
	Check func(by Member, m M) error

	Enter      func(ctx context.Context, r *http.Request, key string) (Member, error) // as in [Room]
	Guards     []func(http.Handler) http.Handler                                      // as in [Room]
	Keep       time.Duration                                                          // as in [Room]
	MaxOp      int                                                                    // as in [Room]
	Rate       int                                                                    // as in [Room]
	MaxMembers int                                                                    // as in [Room]
	Summary    string
	Needs      []gorgon.Need
}

// A Said is a message of a [Topic], with who sent it and when.
type Said[M any] struct {
	By      Member    `json:"by"`
	At      time.Time `json:"at"`
	Message M         `json:"message"`
}

// Latest is the state of a [Topic].
type Latest[M any] struct {
	Messages []Said[M] `json:"messages"` // the oldest first
}

// Part returns the handler that members connect to.
func (t Topic[M]) Part() gorgon.Part { return t.room().Part() }

// Publish sends a message from Go, as the app itself, and returns when it is
// stored.
func (t Topic[M]) Publish(ctx context.Context, key string, m M) error {
	return t.room().Do(ctx, key, m)
}

// Look returns the latest messages.
func (t Topic[M]) Look(ctx context.Context, key string) (Latest[M], Position, error) {
	return t.room().Look(ctx, key)
}

func (t Topic[M]) room() Room[Latest[M], M, Said[M]] {
	latest := max(t.Latest, 1)
	return Room[Latest[M], M, Said[M]]{
		Name: t.Name, Path: t.Path, Enter: t.Enter, Guards: t.Guards, Keep: t.Keep, MaxOp: t.MaxOp, Rate: t.Rate,
		MaxMembers: t.MaxMembers, Summary: t.Summary, Needs: t.Needs,
		New: func(string) Latest[M] { return Latest[M]{Messages: []Said[M]{}} },
		Apply: func(s *Latest[M], do Act[M]) ([]Said[M], error) {
			if do.By != (Member{}) {
				if !t.Send {
					return nil, &gorgon.Error{Kind: gorgon.KindForbidden, Message: "Only the app sends messages here."}
				}
				if t.Check != nil {
					if err := t.Check(do.By, do.Op); err != nil {
						return nil, err
					}
				}
			}
			said := Said[M]{do.By, do.At, do.Op}
			s.Messages = append(s.Messages, said)
			if over := len(s.Messages) - latest; over > 0 {
				s.Messages = append(s.Messages[:0], s.Messages[over:]...)
			}
			return []Said[M]{said}, nil
		},
	}
}
