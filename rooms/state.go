// The state of a room, and the entries that make it.

package rooms

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/shape"
)

// An Entry is an operation that was accepted: what a log holds.
type Entry struct {
	Client string          `json:"c"` // who numbers it
	N      uint64          `json:"n"` // its number
	By     Member          `json:"b"`
	At     int64           `json:"t"` // microseconds since 1970
	Seed   uint64          `json:"s"`
	Op     json.RawMessage `json:"o"`
}

// Encode writes an entry.
func (e *Entry) Encode() ([]byte, error) { return json.Marshal(e) }

// DecodeEntry reads what [Entry.Encode] wrote.
func DecodeEntry(data []byte) (*Entry, error) {
	e := new(Entry)
	if err := json.Unmarshal(data, e); err != nil {
		return nil, errors.New("an entry of the log cannot be read")
	}
	return e, nil
}

// state is the state of a room of three types.
type state[S, Op, Out any] struct {
	d     *Definition
	apply func(*S, Act[Op]) ([]Out, error)
	state S
}

func (s *state[S, Op, Out]) Apply(seq uint64, e *Entry) (text []byte, err error) {
	op, err := decoded[Op](s.d.Ops, e.Op)
	if err != nil {
		return nil, err
	}
	outs, err := s.do(Act[Op]{
		Op: op, By: e.By, At: time.UnixMicro(e.At).UTC(), Seq: seq, Rand: rand.New(rand.NewPCG(e.Seed, seq)),
	})
	if err != nil || len(outs) == 0 {
		return nil, err
	}
	text = []byte{'['}
	for i, out := range outs {
		if i > 0 {
			text = append(text, ',')
		}
		if text, err = s.d.Outs.Append(text, out); err != nil {
			return nil, fmt.Errorf("%w: what it returned: %w", ErrPanic, err)
		}
	}
	return append(text, ']'), nil
}

func (s *state[S, Op, Out]) do(act Act[Op]) (outs []Out, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v\n%s", ErrPanic, p, debug.Stack())
		}
	}()
	return s.apply(&s.state, act)
}

func (s *state[S, Op, Out]) Snapshot() ([]byte, error) { return s.d.States.Append(nil, s.state) }

func (s *state[S, Op, Out]) Restore(data []byte) (err error) {
	s.state, err = decoded[S](s.d.States, data)
	return err
}

// decoded reads a value that was stored, perhaps by another build: members that
// its type does not have are left out.
func decoded[T any](t *shape.Type, data []byte) (v T, err error) {
	faults, err := t.Decode(data, &v, shape.Options{IgnoreUnknown: true})
	if err == nil && len(faults) > 0 {
		err = fmt.Errorf("%s %s", faults[0].Pointer, faults[0].Detail)
	}
	if err != nil {
		return v, fmt.Errorf("what is stored in the room cannot be read as %T: %w", v, err)
	}
	return v, nil
}

// checked reads an operation that a client sent, and writes it again: so what is
// stored is what was checked.
func checked[T any](t *shape.Type, data []byte) ([]byte, error) {
	var v T
	faults, err := t.Decode(data, &v, shape.Options{})
	if syntax, ok := errors.AsType[*shape.SyntaxError](err); ok {
		return nil, &gorgon.Error{Op: "do", Kind: gorgon.KindInvalid, Message: "The operation cannot be read.",
			Fields: []gorgon.Field{{Pointer: syntax.Pointer, Detail: syntax.Detail, Code: syntax.Code}}}
	}
	if err != nil {
		return nil, err
	}
	if len(faults) > 0 {
		e := &gorgon.Error{Op: "do", Kind: gorgon.KindUnprocessable}
		for _, f := range faults {
			e.Fields = append(e.Fields, gorgon.Field{Pointer: f.Pointer, Detail: f.Detail, Code: f.Code, Limit: f.Limit})
		}
		return nil, e
	}
	return t.Append(nil, v)
}
