// Laws of limits, and of calls that end.

package roomstest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/rooms"
)

func limitLaws() []law {
	return []law{
		{says: "the name of a room is any bytes, and others are of another room", check: func(e *env) error {
			long := strings.Repeat("n", rooms.MaxRoom-1)
			names := []string{
				"a", "A", "a ", " a", "a\x00", "a\x00b", "\x00", "a\xff", "a\xfe", "\xff\xfe", "ü", "u\u0308", "Ü", "a/b", "a//b", "%", "'", `\`, "a:b", "{a}", "{}", "\n",
				long + "1", long + "2", long, strings.Repeat("\xff", rooms.MaxRoom), strings.Repeat("日", 66) + "ab",
			}
			for i, name := range names {
				if err := e.appends(e.handle(i), name, []byte(name), fmt.Append(nil, i)); err != nil {
					return fmt.Errorf("room %q: %w", name, err)
				}
			}
			for i, name := range names {
				if err := e.has(e.handle(i+1), name, []byte(name), fmt.Append(nil, i)); err != nil {
					return fmt.Errorf("room %q: %w", name, err)
				}
			}
			list, err := e.Positions(e.ctx, names)
			for i := range list {
				if want := (rooms.Position{}).After([][]byte{[]byte(names[i]), fmt.Append(nil, i)}); err == nil && list[i] != want {
					err = fmt.Errorf("room %q is at %v, want %v", names[i], list[i], want)
				}
			}
			return err
		}},
		{says: "instances and builds have long names, told apart byte by byte", check: func(e *env) error {
			i := rooms.Instance{ID: strings.Repeat("ü", rooms.MaxRoom/2), Address: strings.Repeat("a", rooms.MaxAddress), Key: strings.Repeat("k", rooms.MaxRoom)}
			c := rooms.Claim{Instance: i.ID, Build: strings.Repeat("B", rooms.MaxRoom)}
			if err := e.Beat(e.ctx, i, long); err != nil {
				return err
			}
			seat, err := e.Claim(e.ctx, room, c)
			if err == nil && (!seat.Mine || seat.Owner != i) {
				err = fmt.Errorf("%+v", seat)
			}
			if err != nil {
				return err
			}
			_, err = e.Append(e.ctx, room, rooms.Append{Token: seat.Token, Build: c.Build[:rooms.MaxRoom-1] + "b", Entries: texts("a")})
			if err := fails("another build", err, rooms.ErrMoved); err != nil {
				return err
			}
			if _, err = e.Append(e.ctx, room, rooms.Append{Token: seat.Token, Build: c.Build, Entries: texts("a")}); err != nil {
				return err
			}
			c.Instance = strings.ToUpper(i.ID)
			_, err = e.other.Claim(e.ctx, room, c)
			return fails("another instance", err, rooms.ErrAbsent)
		}},
		{says: "entries and snapshots are stored up to their limits", check: func(e *env) error {
			most := make([][]byte, rooms.MaxEntries)
			for i := range most {
				most[i] = bytes.Repeat([]byte{byte(i), byte(i >> 8), 0xff, 0}, rooms.MaxEntry/4)
			}
			small := numbered(rooms.MaxEntries)
			if err := first(e.appends(e, "small", small...), e.has(e.other, "small", small...)); err != nil {
				return err
			}
			if err := first(e.appends(e, "large", most...), e.has(e.other, "large", most...)); err != nil {
				return err
			}
			snapshot := bytes.Repeat([]byte{0, 0xff, 'a', '\n'}, rooms.MaxSnapshot/4)
			at := rooms.Position{}.After(small)
			if err := e.Save(e.ctx, "small", at, snapshot, 0); err != nil {
				return err
			}
			t, err := e.other.Read(e.ctx, "small", 0, 10)
			if err == nil {
				err = same(t, rooms.Tail{At: at, From: at, Snapshot: snapshot})
			}
			return err
		}},
		{says: "what no store accepts is refused, and changes nothing", check: func(e *env) error {
			entry, at := texts("a"), rooms.Position{}.After(texts("a"))
			if err := e.appends(e, room, entry...); err != nil {
				return err
			}
			long, next := strings.Repeat("n", rooms.MaxRoom+1), texts("b")
			calls := map[string]error{
				"an ID that is missing":          e.Beat(e.ctx, rooms.Instance{}, short),
				"a long ID":                      e.Beat(e.ctx, rooms.Instance{ID: long}, short),
				"a long address":                 e.Beat(e.ctx, rooms.Instance{ID: "i", Address: strings.Repeat("a", rooms.MaxAddress+1)}, short),
				"a long key":                     e.Beat(e.ctx, rooms.Instance{ID: "i", Key: long}, short),
				"a claim by a long ID":           one(e.Claim(e.ctx, room, rooms.Claim{Instance: long})),
				"a claim by a long build":        one(e.Claim(e.ctx, room, rooms.Claim{Build: long})),
				"an append of nothing":           one(e.Append(e.ctx, room, rooms.Append{After: at})),
				"an append of too many entries":  one(e.Append(e.ctx, room, rooms.Append{After: at, Entries: numbered(rooms.MaxEntries + 1)})),
				"an append of a large entry":     one(e.Append(e.ctx, room, rooms.Append{After: at, Entries: [][]byte{make([]byte, rooms.MaxEntry+1)}})),
				"an append of an empty entry":    one(e.Append(e.ctx, room, rooms.Append{After: at, Entries: [][]byte{next[0], {}}})),
				"an append by a long build":      one(e.Append(e.ctx, room, rooms.Append{After: at, Entries: next, Build: long})),
				"a large snapshot":               e.Save(e.ctx, room, at, make([]byte, rooms.MaxSnapshot+1), 0),
				"a snapshot without bytes":       e.Save(e.ctx, room, at, []byte{}, 0),
				"positions with one wrong name":  one(e.Positions(e.ctx, []string{room, ""})),
				"positions with one longer name": one(e.Positions(e.ctx, []string{room, long})),
			}
			for name, what := range map[string]string{"": "without a name", long: "with a long name"} {
				maps.Copy(calls, map[string]error{
					"a claim " + what:    one(e.Claim(e.ctx, name, rooms.Claim{})),
					"a release " + what:  e.Release(e.ctx, name, 1),
					"an append " + what:  one(e.Append(e.ctx, name, rooms.Append{Entries: next})),
					"a read " + what:     one(e.Read(e.ctx, name, 0, 1)),
					"a snapshot " + what: e.Save(e.ctx, name, at, next[0], 0),
				})
			}
			for _, what := range slices.Sorted(maps.Keys(calls)) {
				if err := fails(what, calls[what], rooms.ErrInvalid); err != nil {
					return err
				}
			}
			return first(e.has(e, room, entry...), e.has(e.other, long[1:]))
		}},
	}
}

// calls are one of each, by their names.
func calls(ctx context.Context, s rooms.Log) map[string]error {
	at := rooms.Position{}.After(texts("a"))
	return map[string]error{
		"Beat":      s.Beat(ctx, instance("one"), long),
		"Leave":     s.Leave(ctx, "two"),
		"Claim":     one(s.Claim(ctx, room, rooms.Claim{})),
		"Release":   s.Release(ctx, room, 1),
		"Append":    one(s.Append(ctx, room, rooms.Append{After: at, Entries: texts("late")})),
		"Read":      one(s.Read(ctx, room, 0, 10)),
		"Save":      s.Save(ctx, room, at, []byte("late"), 0),
		"Positions": one(s.Positions(ctx, []string{room})),
		"Sweep":     one(s.Sweep(ctx, "", 0)),
	}
}

func endLaws() []law {
	return []law{
		{says: "a call whose context has ended fails with the context's error, and changes nothing", check: func(e *env) error {
			if err := e.appends(e, room, []byte("a")); err != nil {
				return err
			}
			ctx, cancel := context.WithCancel(e.ctx)
			cancel()
			for method, err := range calls(ctx, e) {
				if err := fails(method, err, context.Canceled); err != nil {
					return err
				}
			}
			_, err := e.claim(e, "one", nil)
			return first(e.has(e, room, []byte("a")), fails("the claim of an instance that did not come", err, rooms.ErrAbsent))
		}},
		{says: "a closed handle does nothing more, and others go on", check: func(e *env) error {
			closed := e.open()
			if err := e.appends(closed, room, []byte("a")); err != nil {
				return err
			}
			for range 2 {
				if err := closed.Close(); err != nil {
					return fmt.Errorf("close: %w", err)
				}
			}
			for method, err := range calls(e.ctx, closed) {
				if err := fails(method, err, rooms.ErrClosed); err != nil {
					return err
				}
			}
			if err := e.has(e, room, []byte("a")); err != nil {
				return errors.Join(err, errors.New("after another handle was closed"))
			}
			return e.appends(e.other, room, []byte("b"))
		}},
	}
}
