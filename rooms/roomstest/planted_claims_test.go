// Planted bugs of owners, builds and all else.

package roomstest

import (
	"bytes"
	"context"
	"errors"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/rooms"
)

// beating is beat with the lease changed.
func beating(change func(b *bug, lease time.Duration) time.Duration) func(*bug, context.Context, rooms.Instance, time.Duration) error {
	return func(b *bug, ctx context.Context, i rooms.Instance, lease time.Duration) error {
		return b.sound.Beat(ctx, i, change(b, lease))
	}
}

// takes takes a room from its owner, without a limit.
func (b *bug) takes(ctx context.Context, room string, c rooms.Claim) (rooms.Seat, error) {
	if err := b.sound.Release(ctx, room, b.owner(ctx, room).Token); err != nil {
		return rooms.Seat{}, err
	}
	return b.sound.Claim(ctx, room, c)
}

func plantedClaims() []planted {
	return []planted{
		{"others do not learn how to reach the owner", "a free room is given", bug{claim: seating(func(s *rooms.Seat) {
			if !s.Mine {
				s.Owner.Address, s.Owner.Key = "", ""
			}
		})}},
		{"the address of the first beat", "a free room is given", bug{beat: func(b *bug, ctx context.Context, i rooms.Instance, lease time.Duration) error {
			if old, ok := b.instances[i.ID]; ok {
				i = old
			}
			return b.sound.Beat(ctx, i, lease)
		}}},
		{"each claim makes another owner", "an owner that claims its room again", bug{claim: func(b *bug, ctx context.Context, room string, c rooms.Claim) (rooms.Seat, error) {
			seat, err := b.sound.Claim(ctx, room, c)
			if err == nil && seat.Mine {
				return b.takes(ctx, room, c)
			}
			return seat, err
		}}},
		{"look, then claim", "of several instances that claim", bug{claim: func(b *bug, ctx context.Context, room string, c rooms.Claim) (rooms.Seat, error) {
			if seat := b.owner(ctx, room); seat.Owner.ID != "" {
				return seat, nil
			}
			time.Sleep(time.Millisecond)
			seat, err := b.sound.Claim(ctx, room, c)
			seat.Mine = err == nil
			return seat, err
		}}},
		{"a lease has no end", "a room is free when", bug{beat: beating(func(*bug, time.Duration) time.Duration { return 24 * time.Hour })}},
		{"a lease ends early", "a room is free when", bug{beat: beating(func(_ *bug, lease time.Duration) time.Duration { return lease / 2 })}},
		{"a lease ends by the clock of the client, which is an hour fast on one machine", "a room is free when", bug{beat: beating(func(b *bug, lease time.Duration) time.Duration {
			return lease + time.Duration(b.number)*time.Hour
		})}},
		{"the token is the same for each owner", "a room is free when", bug{claim: seating(func(s *rooms.Seat) { s.Token = min(s.Token, 1) })}},
		{"a lease is not renewed", "an instance whose lease is renewed", bug{beat: func(b *bug, ctx context.Context, i rooms.Instance, lease time.Duration) error {
			if b.alive(ctx, i.ID) {
				return nil
			}
			return b.sound.Beat(ctx, i, lease)
		}}},
		{"an instance that leaves keeps its lease", "the rooms of an instance that has left", bug{leave: func(*bug, context.Context, string) error { return nil }}},
		{"all leave with one", "the rooms of an instance that has left", bug{leave: func(b *bug, ctx context.Context, _ string) error {
			for id := range b.instances {
				if err := b.sound.Leave(ctx, id); err != nil {
					return err
				}
			}
			return nil
		}}},
		{"a room is given up with any token", "an owner gives up its room", bug{release: func(b *bug, ctx context.Context, room string, _ uint64) error {
			return b.sound.Release(ctx, room, b.owner(ctx, room).Token)
		}}},
		{"a room is not given up", "an owner gives up its room", bug{release: func(*bug, context.Context, string, uint64) error { return nil }}},
		{"a claim is a beat", "an instance without a lease", bug{claim: func(b *bug, ctx context.Context, room string, c rooms.Claim) (rooms.Seat, error) {
			if err := b.sound.Beat(ctx, instance(c.Instance), long); err != nil && c.Instance != "" {
				return rooms.Seat{}, err
			}
			return b.sound.Claim(ctx, room, c)
		}}},
		{"any token takes a room", "a room is taken from an owner", bug{claim: claiming(func(b *bug, room string, c *rooms.Claim) {
			if c.Over != 0 {
				c.Over = b.owner(context.Background(), room).Token
			}
		})}},
		{"an owner with a lease stays", "a room is taken from an owner", bug{claim: claiming(func(_ *bug, _ string, c *rooms.Claim) { c.Over = 0 })}},
		{"look, then take", "of several instances that take", bug{claim: func(b *bug, ctx context.Context, room string, c rooms.Claim) (rooms.Seat, error) {
			seat := b.owner(ctx, room)
			if c.Over == 0 || c.Over != seat.Token {
				return b.sound.Claim(ctx, room, c)
			}
			time.Sleep(time.Millisecond)
			return b.takes(ctx, room, c)
		}}},
		{"takeovers have no limit", "a room is taken from owners with leases at most", bug{claim: func(b *bug, ctx context.Context, room string, c rooms.Claim) (rooms.Seat, error) {
			if c.Over != 0 && c.Over == b.owner(ctx, room).Token {
				return b.takes(ctx, room, c)
			}
			return b.sound.Claim(ctx, room, c)
		}}},
	}
}

func plantedSweeps() []planted {
	const swept = "the rooms whose names begin with"
	return []planted{
		{"positions are in the order of names", "positions are in the order", bug{positions: func(b *bug, ctx context.Context, names []string) ([]rooms.Position, error) {
			slices.Sort(names)
			return b.sound.Positions(ctx, names)
		}}},
		{"rooms that are not known are left out", "positions are in the order", bug{positions: func(b *bug, ctx context.Context, names []string) ([]rooms.Position, error) {
			list, err := b.sound.Positions(ctx, names)
			return slices.DeleteFunc(list, func(p rooms.Position) bool { return p.Seq == 0 }), err
		}}},
		{"owners do not count", "a room that has an owner", bug{sweep: func(b *bug, ctx context.Context, prefix string, age time.Duration) (int, error) {
			for id := range b.instances {
				if err := b.sound.Leave(ctx, id); err != nil {
					return 0, err
				}
			}
			return b.sound.Sweep(ctx, prefix, age)
		}}},
		{"the age has no effect", "a room that was used", bug{sweep: func(b *bug, ctx context.Context, prefix string, _ time.Duration) (int, error) {
			return b.sound.Sweep(ctx, prefix, 0)
		}}},
		{"the age is that since a room was made", "a room that was used", bug{sweep: func(b *bug, ctx context.Context, prefix string, age time.Duration) (n int, err error) {
			for room, made := range b.made {
				if strings.HasPrefix(room, prefix) && time.Since(made) >= age && err == nil {
					n, err = b.sound.Sweep(ctx, room, 0)
				}
			}
			return n, err
		}}},
		{"a prefix is a pattern of SQL", swept, bug{sweep: sweeping(func(room, prefix string) bool { return like(room, prefix+"%") })}},
		{"a prefix is a pattern of names", swept, bug{sweep: sweeping(func(room, prefix string) bool {
			ok, err := path.Match(strings.ReplaceAll(prefix, "/", "\x01")+"*", strings.ReplaceAll(room, "/", "\x01"))
			return ok && err == nil
		})}},
		{"case does not count in a prefix", swept, bug{sweep: sweeping(func(room, prefix string) bool {
			return strings.HasPrefix(strings.ToLower(room), strings.ToLower(prefix))
		})}},
		{"a prefix ends before the next byte, and that overflows", swept, bug{sweep: sweeping(func(room, prefix string) bool {
			if prefix == "" {
				return true
			}
			end := []byte(prefix)
			end[len(end)-1]++
			return room >= prefix && room < string(end)
		})}},
		{"a sweep removes all", "a sweep removes at most", bug{sweep: func(b *bug, ctx context.Context, prefix string, age time.Duration) (n int, err error) {
			for more := 1; more > 0 && err == nil; n += more {
				more, err = b.sound.Sweep(ctx, prefix, age)
			}
			return n, err
		}}},
		{"the snapshot of a room that was swept is left", "a room that was swept", bug{
			save: func(b *bug, ctx context.Context, room string, at rooms.Position, snapshot []byte, keep uint64) error {
				b.saved[room] = rooms.Tail{From: at, Snapshot: snapshot}
				return b.sound.Save(ctx, room, at, snapshot, keep)
			},
			read: reading(func(b *bug, room string, seq uint64, t *rooms.Tail) {
				if last := b.saved[room]; seq > t.At.Seq && t.At.Seq == 0 {
					t.From, t.Snapshot = last.From, last.Snapshot
				}
			}),
		}},
	}
}

func plantedEnds() []planted {
	const name = "the name of a room is any bytes"
	return []planted{
		{"case does not count in a name", name, bug{name: lower}},
		{"a name ends at a zero byte", name, bug{name: func(room string) string {
			cut, _, _ := strings.Cut(room[1:], "\x00")
			return room[:1] + cut
		}}},
		{"spaces at the end of a name do not count", name, bug{name: func(room string) string { return strings.TrimRight(room, " ") }}},
		{"names are made text", name, bug{name: func(room string) string { return strings.ToValidUTF8(room, "?") }}},
		{"the end of a long name does not count", name, bug{name: func(room string) string { return room[:min(len(room), rooms.MaxRoom-1)] }}},
		{"case does not count in the name of a build", "instances and builds", bug{append: appending(func(_ *bug, _ string, a *rooms.Append) { a.Build = strings.ToUpper(a.Build) })}},
		{"entries are made text", "entries and snapshots are stored", bug{append: appending(func(_ *bug, _ string, a *rooms.Append) {
			list := slices.Clone(a.Entries)
			for i := range list {
				list[i] = bytes.ToValidUTF8(list[i], []byte("?"))
			}
			a.Entries = list
		})}},
		{"large snapshots are left out", "entries and snapshots are stored", bug{save: func(b *bug, ctx context.Context, room string, at rooms.Position, snapshot []byte, keep uint64) error {
			if len(snapshot) > 1<<20 {
				return nil
			}
			return b.sound.Save(ctx, room, at, snapshot, keep)
		}}},
		{"long names are cut", "what no store accepts", bug{name: func(room string) string { return room[:min(len(room), rooms.MaxRoom)] }}},
		{"empty entries are left out", "what no store accepts", bug{append: appending(func(_ *bug, _ string, a *rooms.Append) {
			a.Entries = slices.DeleteFunc(slices.Clone(a.Entries), func(entry []byte) bool { return len(entry) == 0 })
		})}},
		{"the context has no effect", "a call whose context has ended", bug{append: func(b *bug, ctx context.Context, room string, a rooms.Append) (rooms.Position, error) {
			return b.sound.Append(context.WithoutCancel(ctx), room, a)
		}}},
		{"what a call does is done, and its error given", "a call whose context has ended", bug{beat: func(b *bug, ctx context.Context, i rooms.Instance, lease time.Duration) error {
			return errors.Join(b.sound.Beat(context.WithoutCancel(ctx), i, lease), ctx.Err())
		}}},
		{"a closed handle goes on", "a closed handle does nothing", bug{close: func(*bug) error { return nil }}},
		{"all handles are closed with one", "a closed handle does nothing", bug{
			close: func(b *bug) error {
				b.mu.Lock()
				defer b.mu.Unlock()
				b.closed = true
				return b.sound.Close()
			},
			positions: func(b *bug, ctx context.Context, names []string) ([]rooms.Position, error) {
				b.mu.Lock()
				defer b.mu.Unlock()
				if b.closed {
					return nil, rooms.ErrClosed
				}
				return b.sound.Positions(ctx, names)
			},
		}},
	}
}

// lower is a name in lower case.
func lower(name string) string {
	b := []byte(name)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] += 'a' - 'A'
		}
	}
	return string(b)
}

// like says whether a text matches a pattern of SQL.
func like(text, pattern string) bool {
	if pattern == "" {
		return text == ""
	}
	switch {
	case pattern[0] == '%':
		return like(text, pattern[1:]) || text != "" && like(text[1:], pattern)
	case text == "":
		return false
	}
	return (pattern[0] == '_' || pattern[0] == text[0]) && like(text[1:], pattern[1:])
}
