// Laws of several rooms.

package roomstest

import (
	"fmt"
	"slices"
	"time"

	"github.com/gorgon-go/gorgon/rooms"
)

// there says which of some rooms have an entry.
func (e *env) there(names []string) (found []string, err error) {
	list, err := e.Positions(e.ctx, names)
	if err == nil && len(list) != len(names) {
		err = fmt.Errorf("%d positions of %d rooms", len(list), len(names))
	}
	if err != nil {
		return nil, err
	}
	for i, at := range list {
		if at.Seq > 0 {
			found = append(found, names[i])
		}
	}
	return found, nil
}

// sweeps sweeps rooms of any age, and says which of them stay.
func (e *env) sweeps(s rooms.Log, names []string, prefix string, stay ...string) error {
	before, err := e.there(names)
	if err != nil {
		return err
	}
	n, err := s.Sweep(e.ctx, prefix, 0)
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	after, err := e.there(names)
	if err == nil && (!slices.Equal(after, stay) || n != len(before)-len(after)) {
		err = fmt.Errorf("after a sweep of %q, of %q there are %q, want %q; %d are said to be removed", prefix, before, after, stay, n)
	}
	return err
}

func sweepLaws() []law {
	return []law{
		{says: "positions are in the order in which rooms are given", check: func(e *env) error {
			var names []string
			var want []rooms.Position
			for i := range 10 {
				name := fmt.Sprint("room ", (i*7)%10)
				if i%3 > 0 {
					if err := e.appends(e, name, numbered(i)...); err != nil {
						return err
					}
					want = append(want, rooms.Position{}.After(numbered(i)))
				} else {
					want = append(want, rooms.Position{})
				}
				names = append(names, name)
			}
			for range 8 { // and many times
				names, want = append(names, names...), append(want, want...)
			}
			got, err := e.other.Positions(e.ctx, names)
			if err == nil && !slices.Equal(got, want) {
				err = fmt.Errorf("the positions of %q… are %v…, want %v…; there are %d, want %d", names[:10], got[:min(10, len(got))], want[:10], len(got), len(want))
			}
			if err != nil {
				return err
			}
			got, err = e.Positions(e.ctx, nil)
			if err == nil && len(got) != 0 {
				err = fmt.Errorf("the positions of nothing are %v", got)
			}
			return err
		}},
		{says: "a room that has an owner is not swept", check: func(e *env) error {
			names := []string{room, "canvas/8"}
			if err := first(e.appends(e, names[0], numbered(1)...), e.appends(e, names[1], numbered(1)...), e.beats(e, long, "one")); err != nil {
				return err
			}
			if _, err := e.gets(e, "one", nil); err != nil {
				return err
			}
			return first(e.sweeps(e.other, names, "canvas/", room), e.sweeps(e.other, names, "canvas/", room), e.Leave(e.ctx, "one"), e.sweeps(e, names, "canvas/"))
		}},
		{says: "a room that was used within the age is not swept", check: func(e *env) error {
			use := []func() error{
				func() error { return e.appends(e, room, []byte("a")) },
				func() error {
					seat, err := e.claim(e, "one", nil)
					if err == nil {
						err = e.Release(e.ctx, room, seat.Token)
					}
					return err
				},
				func() error { return one(e.claim(e, "", nil)) },
			}
			if err := first(e.appends(e, room, numbered(3)...), e.beats(e, long, "one")); err != nil {
				return err
			}
			for i := range use {
				if err := e.pass(short); err != nil {
					return err
				}
				from := time.Now()
				if err := use[i](); err != nil {
					return err
				}
				n, err := e.other.Sweep(e.ctx, "canvas", short)
				if err == nil && n > 0 && time.Since(from) < short {
					err = fmt.Errorf("a room was swept %v after it was used in way %d", time.Since(from), i+1)
				}
				if err != nil {
					return err
				}
				if n > 0 { // this machine was busy in between
					if err := e.appends(e, room, numbered(3)...); err != nil {
						return err
					}
				}
			}
			n, err := e.other.Sweep(e.ctx, "canvas", time.Hour)
			if err == nil && n > 0 {
				err = fmt.Errorf("a room was swept long before its time")
			}
			if err := first(err, e.pass(short)); err != nil {
				return err
			}
			n, err = e.other.Sweep(e.ctx, "canvas", short)
			if err == nil && n != 1 {
				err = fmt.Errorf("%d rooms were swept that were not used, want 1", n)
			}
			return err
		}},
		{says: "the rooms whose names begin with the prefix are swept, byte by byte", check: func(e *env) error {
			names := []string{
				"a", "aa", "a%", "a%b", "a_", "a_b", "a*", "a?c", "a[b]", "a[^b", `a\`, `a\d`, "ab", "A", "Ab", "ä", "äb", "a.b", "a.b.c", "a'", "a\"b", "a\x00", "a\xff", "a\xff\xff", "b", "\xff", "\xff\xffz", "{a}", "a b", "a\nb",
			}
			for _, name := range names {
				if err := e.appends(e, name, []byte(name)); err != nil {
					return fmt.Errorf("room %q: %w", name, err)
				}
			}
			for _, prefix := range []string{"a%", "a_", "a*", "a?", "a[b]", "a[^", `a\d`, `a\`, "A", "ä", "a.", "a'", "a\x00", "a\xff\xff", "a\xff", "\xff\xff", "{", "a\n", "not there", "a%%", "%", "*", "a", "", ""} {
				var stay []string
				for _, name := range names {
					if len(name) < len(prefix) || name[:len(prefix)] != prefix {
						stay = append(stay, name)
					}
				}
				if err := e.sweeps(e.other, names, prefix, stay...); err != nil {
					return err
				}
				names = stay
			}
			return nil
		}},
		{says: "a sweep removes at most 1,000 rooms", check: func(e *env) error {
			const n = 1030
			err := together(6, func(i int) error {
				for k := i; k < n; k += 6 {
					if _, err := e.handle(i).Append(e.ctx, fmt.Sprint("many/", k), rooms.Append{Entries: texts("a")}); err != nil {
						return err
					}
				}
				return nil
			})
			if err := first(err, e.appends(e, room, []byte("a"))); err != nil {
				return err
			}
			for _, want := range []int{1000, n - 1000, 0} {
				if got, err := e.Sweep(e.ctx, "many/", 0); err != nil || got != want {
					return fmt.Errorf("a sweep removes %d rooms, want %d: %v", got, want, err)
				}
			}
			return e.has(e, room, []byte("a"))
		}},
		{says: "a room that was swept is as if it had never been there", check: func(e *env) error {
			whole := numbered(10)
			if err := first(e.appends(e, room, whole...), e.saves(e, whole, 6, 2), e.beats(e, long, "one")); err != nil {
				return err
			}
			token, err := e.gets(e, "one", nil)
			if err != nil {
				return err
			}
			if err := first(e.Release(e.ctx, room, token), e.sweeps(e.other, []string{room}, "")); err != nil {
				return err
			}
			for _, seq := range []uint64{0, 5, 10, 100} {
				t, err := e.Read(e.ctx, room, seq, 100)
				if err := first(err, same(t, rooms.Tail{From: rooms.Position{Seq: t.From.Seq}})); err != nil {
					return err
				}
			}
			_, err = e.Append(e.ctx, room, rooms.Append{Build: newer, After: rooms.Position{}.After(whole), Entries: texts("late")})
			if err := fails("an append to what was swept", err, rooms.ErrMoved); err != nil {
				return err
			}
			_, err = e.gets(e.other, "one", func(c *rooms.Claim) { c.Build = newer })
			if err != nil {
				return err
			}
			_, err = e.Append(e.ctx, room, rooms.Append{Build: newer, Entries: whole[:4]})
			return first(err, e.has(e, room, whole[:4]...))
		}},
	}
}
