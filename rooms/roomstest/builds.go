// Laws of builds of the app.

package roomstest

import (
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon/rooms"
)

// of is a claim by a process of a build.
func of(build string, age time.Duration) func(*rooms.Claim) {
	return func(c *rooms.Claim) { c.Build, c.Age = build, age }
}

// superseded claims the room, which is free, and must be refused.
func (e *env) superseded(id, build string, age time.Duration) error {
	_, err := e.claim(e.other, id, of(build, age))
	return fails(fmt.Sprintf("a claim of build %s by a process of %v", build, age), err, rooms.ErrSuperseded)
}

// gives has an instance claim and release the room.
func (e *env) gives(id, build string, age time.Duration) error {
	token, err := e.gets(e, id, of(build, age))
	if err == nil {
		err = e.Release(e.ctx, room, token)
	}
	return err
}

func buildLaws() []law {
	const moment = 50 * time.Millisecond // between two starts
	return []law{
		{says: "once a process of another build has had a room, those that were started before it do not get it", check: func(e *env) error {
			return first(
				e.beats(e, long, "one", "two", "three"),
				e.gives("one", build, time.Hour),
				e.gives("two", newer, 0),
				e.superseded("one", build, time.Hour),
				e.superseded("three", "any", time.Minute),
				e.superseded("", build, time.Hour),
				e.gives("three", newer, 2*time.Hour), // an old process of that build
				e.superseded("one", build, time.Hour),
			)
		}},
		{says: "an app that goes back to a build gets its rooms by processes that were started later", check: func(e *env) error {
			return first(
				e.beats(e, long, "one", "two", "three"),
				e.gives("one", build, time.Hour),
				e.gives("two", newer, time.Minute),
				e.superseded("one", build, time.Hour),
				e.gives("three", build, 0), e.pass(moment),
				e.superseded("two", newer, time.Minute),
				e.gives("one", build, time.Hour), // it knows what is in it
			)
		}},
		{says: "a process that was started later gets a room that an earlier build has had in the meantime", check: func(e *env) error {
			return first(
				e.beats(e, long, "one", "two"),
				e.gives("one", build, time.Hour), // while the other one is there
				e.gives("one", build, time.Hour),
				e.gives("two", newer, time.Minute),
				e.superseded("one", build, time.Hour),
				e.gives("two", newer, time.Minute),
			)
		}},
		{says: "a claim of a room that another instance has is answered to each build, and does not give it to one", check: func(e *env) error {
			if err := e.beats(e, long, "one", "two"); err != nil {
				return err
			}
			token, err := e.gets(e, "one", of(build, time.Minute))
			if err != nil {
				return err
			}
			for _, asks := range []struct {
				id  string
				age time.Duration
			}{{"two", 0}, {"", 0}, {"two", time.Hour}, {"", time.Hour}} {
				if err := e.held(e.other, asks.id, "one", of(newer, asks.age)); err != nil {
					return err
				}
			}
			whole := texts("a", "b")
			if _, err := e.Append(e.ctx, room, rooms.Append{Token: token, Build: build, Entries: whole[:1]}); err != nil {
				return fmt.Errorf("the owner appends: %w", err)
			}
			last, err := e.gets(e.other, "two", func(c *rooms.Claim) { c.Build, c.Age, c.Over = newer, 0, token })
			if err != nil {
				return err
			}
			if err := e.held(e, "one", "two", of(build, time.Minute)); err != nil {
				return err
			}
			_, err = e.Append(e.ctx, room, rooms.Append{Token: last, Build: newer, After: rooms.Position{}.After(whole[:1]), Entries: whole[1:]})
			return first(err, e.Release(e.ctx, room, last), e.superseded("one", build, time.Minute), e.has(e, room, whole...))
		}},
		{says: "a claim without an instance owns nothing, and gives a free room to its build", check: func(e *env) error {
			seat, err := e.claim(e, "", nil)
			if err == nil && seat != (rooms.Seat{}) {
				err = fmt.Errorf("a room that no instance has had: %+v", seat)
			}
			if err != nil {
				return err
			}
			whole := texts("a", "b")
			if err := first(
				fails("an append of another build", one(e.Append(e.ctx, room, rooms.Append{Build: newer, Entries: whole[:1]})), rooms.ErrMoved),
				one(e.Append(e.ctx, room, rooms.Append{Build: build, Entries: whole[:1]})),
				e.beats(e, long, "one"),
			); err != nil {
				return err
			}
			token, err := e.gets(e.other, "one", nil)
			if err == nil {
				err = e.Leave(e.ctx, "one")
			}
			if err != nil {
				return err
			}
			seat, err = e.claim(e, "", of(newer, 0))
			if err == nil && seat != (rooms.Seat{Token: token}) {
				err = fmt.Errorf("a room whose owner has left: %+v, want the token %d", seat, token)
			}
			at := rooms.Position{}.After(whole[:1])
			return first(err,
				fails("an append of the earlier build", one(e.Append(e.ctx, room, rooms.Append{Token: token, Build: build, After: at, Entries: whole[1:]})), rooms.ErrMoved),
				e.beats(e, long, "one"),
				one(e.Append(e.ctx, room, rooms.Append{Build: newer, After: at, Entries: whole[1:]})),
				e.has(e, room, whole...),
			)
		}},
	}
}
