// Laws of appends.

package roomstest

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/gorgon-go/gorgon/rooms"
)

func appendLaws() []law {
	return []law{
		{says: "what is appended is read in its order by every handle, and the position is made of all of it", check: func(e *env) error {
			whole := texts("a", "b", "b", "a\x00", "a", "\x00\xff\n", "ü")
			return first(
				e.appends(e, room, whole[0]),
				e.appends(e.other, room, whole[1:4]...), // also one that is as the one before
				e.appends(e, room, whole[4:]...),
				e.has(e, room, whole...), e.has(e.other, room, whole...),
			)
		}},
		{says: "an append is stored whole or not at all, and no reader sees a part of it", check: func(e *env) error {
			_, err := e.Append(e.ctx, room, rooms.Append{Entries: [][]byte{[]byte("a"), []byte("b"), make([]byte, rooms.MaxEntry+1)}})
			if err := first(fails("an append with one entry that is too long", err, rooms.ErrInvalid), e.has(e, room)); err != nil {
				return err
			}
			const size, appends = 5, 8
			entries := numbered(size)
			return together(4, func(i int) error {
				for range appends {
					if i == 0 {
						if err := e.appends(e, room, entries...); err != nil {
							return err
						}
						continue
					}
					t, err := e.handle(i).Read(e.ctx, room, 0, 1<<20)
					if err == nil && (len(t.Entries)%size != 0 || t.At != rooms.Position{}.After(t.Entries)) {
						err = fmt.Errorf("%d entries are read at %v, and %d are appended at a time", len(t.Entries), t.At, size)
					}
					if err != nil {
						return err
					}
				}
				return nil
			})
		}},
		{says: "an append after another number of entries changes nothing", check: func(e *env) error {
			whole := numbered(4)
			if err := e.appends(e, room, whole...); err != nil {
				return err
			}
			at := rooms.Position{}.After(whole)
			for _, after := range []rooms.Position{
				{}, {Seq: 0, Chain: at.Chain}, {Seq: 3, Chain: at.Chain}, rooms.Position{}.After(whole[:3]),
				{Seq: 5, Chain: at.Chain}, at.Next([]byte("x")), {Seq: 1<<63 - 1, Chain: at.Chain},
			} {
				_, err := e.other.Append(e.ctx, room, rooms.Append{After: after, Entries: texts("late")})
				if err := first(fails(fmt.Sprintf("an append after %v to a room at %v", after, at), err, rooms.ErrMoved), e.has(e, room, whole...)); err != nil {
					return err
				}
			}
			_, err := e.Append(e.ctx, "another room", rooms.Append{After: at, Entries: texts("late")})
			return first(fails("an append to a room without entries", err, rooms.ErrMoved), e.has(e, "another room"))
		}},
		{says: "an append after as many other entries changes nothing", check: func(e *env) error {
			whole := numbered(4)
			if err := e.appends(e, room, whole...); err != nil {
				return err
			}
			at := rooms.Position{}.After(whole)
			for _, chain := range []uint64{0, at.Chain + 1, at.Chain ^ 1<<63, rooms.Position{}.After(texts("a", "b", "c", "d")).Chain} {
				_, err := e.other.Append(e.ctx, room, rooms.Append{After: rooms.Position{Seq: 4, Chain: chain}, Entries: texts("of another room")})
				if err := first(fails("an append to a room that has other entries", err, rooms.ErrMoved), e.has(e, room, whole...)); err != nil {
					return err
				}
			}
			return nil
		}},
		{says: "an append that is made again changes nothing", check: func(e *env) error {
			a := rooms.Append{Entries: texts("a", "b")}
			if _, err := e.Append(e.ctx, room, a); err != nil {
				return err
			}
			_, err := e.other.Append(e.ctx, room, a)
			return first(fails("the same append again", err, rooms.ErrMoved), e.has(e, room, a.Entries...))
		}},
		{says: "of several appends after one position one is stored", check: func(e *env) error {
			var whole [][]byte
			for round := range 10 {
				at := rooms.Position{}.After(whole)
				won := make([]bool, 6)
				entries := make([][][]byte, len(won))
				err := together(len(won), func(i int) error {
					entries[i] = texts(fmt.Sprint("round ", round, " of ", i), "more")[:1+i%2]
					got, err := e.handle(i).Append(e.ctx, room, rooms.Append{After: at, Entries: entries[i]})
					won[i] = err == nil
					switch {
					case errors.Is(err, rooms.ErrMoved):
						return nil
					case err == nil && got != at.After(entries[i]):
						return fmt.Errorf("the room is said to be at %v, want %v", got, at.After(entries[i]))
					}
					return err
				})
				if err != nil {
					return err
				}
				winners := 0
				for i, w := range won {
					if w {
						winners++
						whole = append(whole, entries[i]...)
					}
				}
				if winners != 1 {
					return fmt.Errorf("%d appends after %v are acknowledged", winners, at)
				}
				if err := e.has(e.handle(round), room, whole...); err != nil {
					return err
				}
			}
			return nil
		}},
		{says: "what was acknowledged is in the log, each entry once and in the order of its writer", check: history},
	}
}

// history has several writers append to one room, and looks for each of their
// entries.
func history(e *env) error {
	const writers, each = 6, 12
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	err := together(writers, func(i int) error {
		s := e.handle(i)
		for n := 0; n < each; {
			entries := texts(fmt.Sprint(i, " wrote ", n), fmt.Sprint(i, " wrote ", n+1))[:1+n%2]
			at, err := e.at(s, room)
			if err == nil {
				_, err = s.Append(e.ctx, room, rooms.Append{After: at, Entries: entries})
			}
			if errors.Is(err, rooms.ErrMoved) {
				continue
			}
			if err != nil {
				return err
			}
			mu.Lock()
			for _, entry := range entries {
				acknowledged[string(entry)] = true
			}
			mu.Unlock()
			n += len(entries)
		}
		return nil
	})
	if err != nil {
		return err
	}
	t, err := e.other.Read(e.ctx, room, 0, 1<<20)
	if err != nil {
		return err
	}
	if at := (rooms.Position{}).After(t.Entries); t.At != at {
		return fmt.Errorf("the room is at %v, and its entries lead to %v", t.At, at)
	}
	count, next := map[string]int{}, make([]int, writers)
	for _, entry := range t.Entries {
		count[string(entry)]++
		var i, n int
		if _, err := fmt.Sscanf(string(entry), "%d wrote %d", &i, &n); err != nil || n != next[i] {
			return fmt.Errorf("after %d of writer %d comes %s", next[i], i, brief(entry))
		}
		next[i]++
	}
	for entry := range acknowledged {
		if count[entry] != 1 {
			return fmt.Errorf("%q was acknowledged and is in the log %d times", entry, count[entry])
		}
	}
	if len(t.Entries) != len(acknowledged) {
		return fmt.Errorf("%d entries were acknowledged, and %d are in the log", len(acknowledged), len(t.Entries))
	}
	return nil
}

// fenceLaws are about who may append.
func fenceLaws() []law {
	// refused appends where the room is.
	refused := func(e *env, s rooms.Log, what string, a rooms.Append) error {
		at, err := e.at(s, room)
		if err != nil {
			return err
		}
		a.After, a.Entries = at, texts("refused")
		_, err = s.Append(e.ctx, room, a)
		now, err2 := e.at(e, room)
		if err2 == nil && now != at {
			err2 = fmt.Errorf("what was refused has moved the room from %v to %v", at, now)
		}
		return first(fails(what, err, rooms.ErrMoved), err2)
	}
	accepted := func(e *env, s rooms.Log, token uint64) error {
		at, err := e.at(s, room)
		if err == nil {
			_, err = s.Append(e.ctx, room, rooms.Append{Token: token, Build: build, After: at, Entries: texts("accepted")})
		}
		return err
	}
	return []law{
		{says: "an append with another token than the owner's is refused, and one without a token is not", check: func(e *env) error {
			if err := refused(e, e, "a token for a room that was never given", rooms.Append{Token: 1, Build: build}); err != nil {
				return err
			}
			if err := e.beats(e, long, "one"); err != nil {
				return err
			}
			token, err := e.gets(e, "one", nil)
			if err != nil {
				return err
			}
			for _, other := range []uint64{token - 1, token + 1, 1<<63 - 1} {
				if other == 0 {
					continue
				}
				if err := refused(e, e.other, "another token", rooms.Append{Token: other, Build: build}); err != nil {
					return err
				}
			}
			return first(accepted(e, e.other, token), accepted(e, e.other, 0), accepted(e, e, token))
		}},
		{says: "an owner whose room was taken does not append, even while it has a lease", check: func(e *env) error {
			if err := e.beats(e.other, long, "two", "three"); err != nil {
				return err
			}
			old, err := e.briefly(e, "one", nil)
			if err != nil {
				return err
			}
			if err := accepted(e, e, old); err != nil {
				return err
			}
			var token uint64
			err = e.until("the room is free", func() (bool, error) {
				seat, err := e.claim(e.other, "two", nil)
				token = seat.Token
				return seat.Mine, err
			})
			if err != nil {
				return err
			}
			if err := first(
				refused(e, e, "the owner whose lease is over", rooms.Append{Token: old, Build: build}),
				e.beats(e, long, "one"),
				refused(e, e, "an owner before the last", rooms.Append{Token: old, Build: build}),
				accepted(e, e.other, token),
			); err != nil {
				return err
			}
			last, err := e.gets(e, "three", over(token))
			if err != nil {
				return err
			}
			return first(refused(e, e.other, "an owner with a lease whose room was taken", rooms.Append{Token: token, Build: build}), accepted(e, e, last))
		}},
		{says: "an owner whose lease is over and whose room was not taken appends", check: func(e *env) error {
			token, err := e.briefly(e, "one", nil)
			if err != nil {
				return err
			}
			err = e.until("the lease is over", func() (bool, error) {
				_, err := e.claim(e.other, "one", nil)
				if errors.Is(err, rooms.ErrAbsent) {
					return true, nil
				}
				return false, err
			})
			return first(err, accepted(e, e, token))
		}},
		{says: "an append of another build than the one that has the room is refused", check: func(e *env) error {
			if err := first(accepted(e, e, 0), e.beats(e, long, "one", "two")); err != nil { // a room that no build has had is open to all
				return err
			}
			token, err := e.gets(e, "one", nil)
			if err != nil {
				return err
			}
			for _, other := range []string{"", newer, build + " "} {
				for _, token := range []uint64{token, 0} {
					if err := refused(e, e.other, "another build", rooms.Append{Token: token, Build: other}); err != nil {
						return err
					}
				}
			}
			return accepted(e, e, token)
		}},
		{says: "the caller's bytes are not kept, and those that are read are the reader's own", check: func(e *env) error {
			entries, snapshot := numbered(4), []byte("snapshot")
			whole := rooms.Position{}.After(entries)
			mine := make([][]byte, len(entries))
			for i := range mine {
				mine[i] = slices.Clone(entries[i])
			}
			if err := e.appends(e, room, mine...); err != nil {
				return err
			}
			copied := slices.Clone(snapshot)
			if err := e.Save(e.ctx, room, rooms.Position{}.After(entries[:2]), copied, 0); err != nil {
				return err
			}
			want := rooms.Tail{At: whole, Snapshot: snapshot, From: rooms.Position{}.After(entries[:2]), Entries: entries[2:]}
			clear(copied)
			for _, entry := range mine {
				clear(entry)
			}
			for i := range 3 {
				t, err := e.handle(i/2).Read(e.ctx, room, 0, 100)
				if err == nil {
					err = same(t, want)
				}
				if err != nil {
					return err
				}
				clear(t.Snapshot)
				for _, entry := range t.Entries {
					clear(entry)
				}
			}
			return nil
		}},
	}
}
