// Laws of leases and owners.

package roomstest

import (
	"errors"
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon/rooms"
)

func claimLaws() []law {
	return []law{
		{says: "a free room is given to an instance, and others learn who owns it and how to reach it", check: func(e *env) error {
			if err := e.beats(e, long, "one", "two"); err != nil {
				return err
			}
			token, err := e.gets(e, "one", nil)
			if err != nil {
				return err
			}
			if err := first(e.held(e.other, "two", "one", nil), e.held(e, "two", "one", nil), e.held(e, "", "one", nil)); err != nil {
				return err
			}
			seat, err := e.claim(e.other, "two", nil)
			if err == nil && seat.Token != token {
				err = fmt.Errorf("the token of the owner is said to be %d, and is %d", seat.Token, token)
			}
			if err != nil {
				return err
			}
			moved := rooms.Instance{ID: "one", Address: "10.0.0.2:8080", Key: "another key"}
			if err := e.Beat(e.ctx, moved, long); err != nil {
				return err
			}
			seat, err = e.claim(e.other, "two", nil)
			if err == nil && (seat.Mine || seat.Owner != moved) {
				err = fmt.Errorf("the owner is at %+v, want %+v", seat.Owner, moved)
			}
			return err
		}},
		{says: "an owner that claims its room again keeps its token", check: func(e *env) error {
			if err := e.beats(e, long, "one"); err != nil {
				return err
			}
			token, err := e.gets(e, "one", nil)
			for i := 0; i < 3 && err == nil; i++ {
				var again uint64
				if again, err = e.gets(e.handle(i), "one", over([]uint64{0, token, 1 << 40}[i])); err == nil && again != token {
					err = fmt.Errorf("the token was %d, and is %d", token, again)
				}
			}
			return err
		}},
		{says: "of several instances that claim a free room at once one gets it", check: func(e *env) error {
			const n = 6
			for round := range 5 {
				name := fmt.Sprint("room ", round)
				seats := make([]rooms.Seat, n)
				err := together(n, func(i int) (err error) {
					id := fmt.Sprint(round, i)
					if err := e.beats(e.handle(i), long, id); err != nil {
						return err
					}
					seats[i], err = e.handle(i).Claim(e.ctx, name, rooms.Claim{Instance: id, Build: build})
					return err
				})
				if err != nil {
					return err
				}
				owners := map[rooms.Instance]bool{}
				mine := 0
				for _, seat := range seats {
					owners[seat.Owner] = true
					if seat.Mine {
						mine++
					}
				}
				if mine != 1 || len(owners) != 1 {
					return fmt.Errorf("%d instances own the room: %+v", mine, seats)
				}
			}
			return nil
		}},
		{says: "a room is free when the lease of its owner is over, and not before; the next token is greater", check: func(e *env) error {
			if err := e.beats(e, long, "one", "two"); err != nil {
				return err
			}
			var last uint64
			for i := range 2 { // on each handle
				id := []string{"one", "two"}[i]
				token, err := e.gets(e.handle(i), id, over(last))
				from := time.Now()
				if err == nil {
					err = e.beats(e.handle(i), short, id)
				}
				if err == nil && token <= last {
					err = fmt.Errorf("after the token %d comes %d", last, token)
				}
				if err != nil {
					return err
				}
				next := fmt.Sprint("next of ", id)
				if err := e.beats(e.handle(i+1), long, next); err != nil {
					return err
				}
				err = e.until("the room is free", func() (bool, error) {
					seat, err := e.claim(e.handle(i+1), next, nil)
					last = seat.Token
					return seat.Mine, err
				})
				if passed := time.Since(from); err == nil && (passed < short-slack || last <= token) {
					err = fmt.Errorf("after %v of %v the room is free, and the token is %d after %d", passed, short, last, token)
				}
				if err := first(err, e.Release(e.ctx, room, last)); err != nil {
					return err
				}
			}
			return nil
		}},
		{says: "an instance whose lease is renewed keeps its rooms", check: func(e *env) error {
			if err := e.beats(e.other, long, "two"); err != nil {
				return err
			}
			for i := 0; ; i++ { // until this machine is quick enough to renew a short lease
				id := fmt.Sprint("one ", i)
				from := time.Now()
				if err := e.beats(e, short, id); err != nil {
					return err
				}
				seat, err := e.claim(e, id, nil)
				if err == nil && seat.Mine {
					err = e.beats(e, long, id)
				}
				switch {
				case time.Since(from) < short && err == nil && seat.Mine:
					return first(e.pass(short), e.held(e.other, "two", id, nil))
				case time.Since(from) < short || err != nil && !errors.Is(err, rooms.ErrAbsent):
					return fmt.Errorf("a free room is not given: %+v, %v", seat, err)
				}
				if err := first(e.Release(e.ctx, room, seat.Token), e.ctx.Err()); err != nil {
					return err
				}
			}
		}},
		{says: "the rooms of an instance that has left are free, and those of others are not", check: func(e *env) error {
			if err := e.beats(e, long, "one", "two"); err != nil {
				return err
			}
			old, err := e.gets(e, "one", nil)
			if err != nil {
				return err
			}
			all := []string{"a", "b", "c"}
			for i, name := range all {
				owner := []string{"one", "one", "two"}[i]
				if seat, err := e.Claim(e.ctx, name, rooms.Claim{Instance: owner, Build: build}); err != nil || !seat.Mine {
					return fmt.Errorf("a free room: %+v: %v", seat, err)
				}
			}
			if err := first(e.Leave(e.ctx, "one"), e.Leave(e.ctx, "one"), e.Leave(e.ctx, "another"), e.beats(e, long, "three")); err != nil {
				return err
			}
			seat, err := e.claim(e.other, "", nil)
			if err == nil && (seat.Mine || seat.Token != old || seat.Owner != rooms.Instance{}) {
				err = fmt.Errorf("the room without an owner: %+v, want the token %d", seat, old)
			}
			if err != nil {
				return err
			}
			token, err := e.gets(e.other, "three", nil)
			if err == nil && token <= old {
				err = fmt.Errorf("after the token %d comes %d", old, token)
			}
			for i, name := range all {
				seat, err := e.Claim(e.ctx, name, rooms.Claim{Instance: "three", Build: build})
				if err != nil || seat.Mine != (i < 2) {
					return fmt.Errorf("room %s: %+v: %v", name, seat, err)
				}
			}
			return err
		}},
		{says: "an owner gives up its room, and an instance that is not the owner does not", check: func(e *env) error {
			if err := e.beats(e, long, "one", "two"); err != nil {
				return err
			}
			old, err := e.gets(e, "one", nil)
			if err != nil {
				return err
			}
			if err := first(e.Release(e.ctx, room, old), e.Release(e.ctx, room, old), e.Release(e.ctx, "a room that is not there", old)); err != nil {
				return err
			}
			token, err := e.gets(e.other, "two", nil)
			if err == nil && token <= old {
				err = fmt.Errorf("after the token %d comes %d", old, token)
			}
			if err != nil {
				return err
			}
			for _, other := range []uint64{old, 0, token + 1, 1<<63 - 1} {
				if err := first(e.Release(e.ctx, room, other), e.held(e, "one", "two", nil)); err != nil {
					return err
				}
			}
			if err := e.Release(e.ctx, room, token); err != nil {
				return err
			}
			_, err = e.gets(e, "one", nil)
			return err
		}},
		{says: "an instance without a lease does not get a room", check: func(e *env) error {
			absent := func(what string) error {
				_, err := e.claim(e.other, "one", nil)
				return fails(what, err, rooms.ErrAbsent)
			}
			if err := first(absent("an instance that was never there"), e.beats(e, long, "one"), e.Leave(e.ctx, "one")); err != nil {
				return err
			}
			if err := first(absent("an instance that has left"), e.beats(e, short, "one")); err != nil {
				return err
			}
			err := e.until("the lease is over", func() (bool, error) {
				_, err := e.claim(e.other, "one", nil)
				if errors.Is(err, rooms.ErrAbsent) {
					return true, nil
				}
				return false, err
			})
			return first(err, absent("an instance whose lease is over"))
		}},
	}
}

// overLaws are about rooms that are taken from owners with leases.
func overLaws() []law {
	return []law{
		{says: "a room is taken from an owner with a lease by an instance that names its token", check: func(e *env) error {
			if err := e.beats(e, long, "one", "two"); err != nil {
				return err
			}
			token, err := e.gets(e, "one", nil)
			if err != nil {
				return err
			}
			for _, other := range []uint64{0, token - 1, token + 1, 1<<63 - 1} {
				if err := e.held(e.other, "two", "one", over(other)); err != nil {
					return err
				}
			}
			last, err := e.gets(e.other, "two", over(token))
			if err == nil && last <= token {
				err = fmt.Errorf("after the token %d comes %d", token, last)
			}
			return first(err, e.held(e, "one", "two", nil))
		}},
		{says: "of several instances that take a room at once one gets it", check: func(e *env) error {
			const n = 6
			if err := e.beats(e, long, "one"); err != nil {
				return err
			}
			for i := range n {
				if err := e.beats(e, long, fmt.Sprint("taker ", i)); err != nil {
					return err
				}
			}
			token, err := e.gets(e, "one", nil)
			if err != nil {
				return err
			}
			seats := make([]rooms.Seat, n)
			from := time.Now()
			err = together(n, func(i int) (err error) {
				seats[i], err = e.claim(e.handle(i), fmt.Sprint("taker ", i), over(token))
				return err
			})
			mine := 0
			for _, seat := range seats {
				if seat.Mine {
					mine++
				}
			}
			if err == nil && mine != 1 && time.Since(from) < rooms.TakeOver {
				err = fmt.Errorf("%d instances own the room: %+v", mine, seats)
			}
			return err
		}},
		{says: "a room is taken from owners with leases at most once within the time of a takeover", check: func(e *env) error {
			ids := []string{"one", "two"}
			if err := e.beats(e, long, ids...); err != nil {
				return err
			}
			token, err := e.gets(e, "one", nil)
			if err != nil {
				return err
			}
			var last time.Time // before the last takeover was asked for
			for i := 1; i <= 3; i++ {
				var from time.Time
				err := e.until("the room is taken", func() (bool, error) {
					from = time.Now()
					seat, err := e.claim(e.handle(i), ids[i%2], over(token))
					if err == nil && !seat.Mine && (seat.Owner != instance(ids[(i+1)%2]) || seat.Token != token) {
						err = fmt.Errorf("the room is not that of the last owner: %+v", seat)
					}
					if seat.Mine {
						token = seat.Token
					}
					return seat.Mine, err
				})
				if err != nil {
					return err
				}
				if passed := time.Since(last); passed < rooms.TakeOver-slack {
					return fmt.Errorf("taken again after %v", passed)
				}
				last = from
			}
			// A room that is free is not taken over.
			if err := e.Release(e.ctx, room, token); err != nil {
				return err
			}
			_, err = e.gets(e, "one", nil)
			return err
		}},
	}
}

// one is the error of a call with one more answer.
func one[T any](_ T, err error) error { return err }
