// Laws of what a store says about a room. A store that says nothing breaks none.

package roomstest

import (
	"errors"
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon/rooms"
)

// stands inspects the room, where the store can.
func (e *env) stands(s rooms.Log) (st rooms.Standing, able bool, err error) {
	if s == rooms.Log(e) {
		s = e.Log // what it embeds is more than a Log
	}
	i, able := s.(rooms.Inspector)
	if !able {
		return st, false, nil
	}
	if st, err = i.Inspect(e.ctx, room); err != nil {
		err = fmt.Errorf("inspect: %w", err)
	} else if st.Store == "" {
		err = errors.New("it does not say what the store is")
	}
	return st, true, err
}

func inspectLaws() []law {
	return []law{
		{says: "a room is said to be where it is, with the snapshot and the entries that are stored", check: func(e *env) error {
			st, able, err := e.stands(e)
			if !able || err != nil {
				return err
			}
			if st != (rooms.Standing{Store: st.Store}) {
				return fmt.Errorf("of a room that is not there it is said: %+v", st)
			}
			whole := numbered(9)
			for n, step := range []func() error{
				func() error { return e.appends(e.other, room, whole...) },
				func() error { return e.saves(e.other, whole, 6, 2) },
			} {
				if err := step(); err != nil {
					return err
				}
				want := rooms.Standing{At: rooms.Position{}.After(whole)}
				if n == 1 {
					want.Snapshot, want.Gone = rooms.Position{}.After(whole[:6]), 4
				}
				if st, _, err = e.stands(e); err != nil || st.At != want.At || st.Snapshot != want.Snapshot || st.Gone != want.Gone {
					return first(err, fmt.Errorf("it is said %+v, want %+v", st, want))
				}
			}
			return nil
		}},
		{says: "the owner is said with its address and the rest of its lease, without its key, and not once the lease is over", check: func(e *env) error {
			if _, able, err := e.stands(e); !able || err != nil {
				return err
			}
			if err := e.beats(e, long, "one"); err != nil {
				return err
			}
			if _, err := e.gets(e, "one", nil); err != nil {
				return err
			}
			want := rooms.Instance{ID: "one", Address: instance("one").Address}
			st, _, err := e.stands(e.other)
			if err != nil || st.Owner != want || st.Build != build || st.Until > long+slack || st.Until < long/2 {
				return first(err, fmt.Errorf("it is said %+v", st))
			}
			if err := e.Leave(e.ctx, "one"); err != nil {
				return err
			}
			if st, _, err = e.stands(e.other); err != nil || st.Owner != (rooms.Instance{}) || st.Until != 0 || st.Build != build {
				return first(err, fmt.Errorf("after the lease has ended it is said %+v", st))
			}
			return nil
		}},
		{says: "a room that is inspected is not used", check: func(e *env) error {
			if _, able, err := e.stands(e); !able || err != nil {
				return err
			}
			if err := e.appends(e, room, numbered(1)...); err != nil {
				return err
			}
			pause(e.ctx, short)
			st, _, err := e.stands(e)
			if err != nil {
				return err
			}
			if st.Used < short-slack || st.Used > time.Hour {
				return fmt.Errorf("it was last used %v ago, and is said to be so for %v", short, st.Used)
			}
			n, err := e.Sweep(e.ctx, "", short-slack)
			if err == nil && n != 1 {
				err = fmt.Errorf("a sweep removes %d rooms, want 1", n)
			}
			return err
		}},
	}
}
