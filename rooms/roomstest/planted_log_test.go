// Planted bugs of appending, reading and saving.

package roomstest

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/gorgon-go/gorgon/rooms"
)

func plantedAppends() []planted {
	return []planted{
		{"the newest entry first", "what is appended is read", bug{read: reading(func(_ *bug, _ string, _ uint64, t *rooms.Tail) { slices.Reverse(t.Entries) })}},
		{"an entry like the one before is left out", "what is appended is read", bug{append: appending(func(_ *bug, _ string, a *rooms.Append) {
			a.Entries = slices.CompactFunc(slices.Clone(a.Entries), slices.Equal)
		})}},
		{"entries are appended one by one", "an append is stored whole", bug{append: func(b *bug, ctx context.Context, room string, a rooms.Append) (at rooms.Position, err error) {
			for _, entry := range a.Entries {
				one := a
				one.Entries = [][]byte{entry}
				if at, err = b.sound.Append(ctx, room, one); err != nil {
					return at, err
				}
				a.After = at
				time.Sleep(time.Millisecond)
			}
			return at, nil
		}}},
		{"no fence", "an append after another number", bug{append: appending(func(b *bug, room string, a *rooms.Append) { a.After = b.at(room) })}},
		{"the number is compared without the chain", "an append after as many other", bug{append: appending(func(b *bug, room string, a *rooms.Append) {
			if at := b.at(room); at.Seq == a.After.Seq {
				a.After = at
			}
		})}},
		{"what is there already is appended", "an append that is made again", bug{append: func(b *bug, ctx context.Context, room string, a rooms.Append) (rooms.Position, error) {
			at, err := b.sound.Append(ctx, room, a)
			if now := b.at(room); errors.Is(err, rooms.ErrMoved) && a.After.After(a.Entries) == now {
				return now, nil
			}
			return at, err
		}}},
		{"look, then append", "of several appends", bug{append: func(b *bug, ctx context.Context, room string, a rooms.Append) (rooms.Position, error) {
			if b.at(room) != a.After {
				return rooms.Position{}, rooms.ErrMoved
			}
			time.Sleep(time.Millisecond)
			if _, err := b.sound.Append(ctx, room, rooms.Append{Token: a.Token, Build: a.Build, After: b.at(room), Entries: a.Entries}); err != nil {
				return rooms.Position{}, err
			}
			return a.After.After(a.Entries), nil
		}}},
		{"the last writer overwrites: a mark instead of a set", "what was acknowledged is in the log", bug{append: func(b *bug, ctx context.Context, room string, a rooms.Append) (rooms.Position, error) {
			t, err := b.sound.Read(ctx, room, 0, 1000)
			if err != nil || t.At != a.After {
				return rooms.Position{}, rooms.ErrMoved
			}
			time.Sleep(time.Millisecond)
			b.mu.Lock()
			defer b.mu.Unlock()
			if _, err := b.sound.Sweep(ctx, room, 0); err != nil {
				return rooms.Position{}, err
			}
			return b.sound.Append(ctx, room, rooms.Append{Entries: append(t.Entries, a.Entries...)})
		}}},
		{"tokens are not compared", "an append with another token", bug{append: appending(func(_ *bug, _ string, a *rooms.Append) { a.Token = 0 })}},
		{"who has no token does not append", "an append with another token", bug{append: func(b *bug, ctx context.Context, room string, a rooms.Append) (rooms.Position, error) {
			if a.Token == 0 && b.owner(ctx, room).Owner.ID != "" {
				return rooms.Position{}, rooms.ErrMoved
			}
			return b.sound.Append(ctx, room, a)
		}}},
		{"the lease instead of the token", "an owner whose room was taken", bug{append: func(b *bug, ctx context.Context, room string, a rooms.Append) (rooms.Position, error) {
			b.mu.Lock()
			id := b.tokens[a.Token]
			b.mu.Unlock()
			if id != "" && b.alive(ctx, id) {
				a.Token = 0
			}
			return b.sound.Append(ctx, room, a)
		}}},
		{"the lease as well as the token", "an owner whose lease is over", bug{append: func(b *bug, ctx context.Context, room string, a rooms.Append) (rooms.Position, error) {
			b.mu.Lock()
			id := b.tokens[a.Token]
			b.mu.Unlock()
			if id != "" && !b.alive(ctx, id) {
				return rooms.Position{}, rooms.ErrMoved
			}
			return b.sound.Append(ctx, room, a)
		}}},
		{"builds are not compared", "an append of another build", bug{append: appending(func(b *bug, room string, a *rooms.Append) { a.Build = b.last(room) })}},
		{"the caller's entries are kept", "the caller's bytes are not kept", bug{
			append: func(b *bug, ctx context.Context, room string, a rooms.Append) (rooms.Position, error) {
				b.mu.Lock()
				b.kept[room] = append(b.kept[room], a.Entries...)
				b.mu.Unlock()
				return b.sound.Append(ctx, room, a)
			},
			read: reading(func(b *bug, room string, _ uint64, t *rooms.Tail) {
				b.mu.Lock()
				defer b.mu.Unlock()
				t.Entries = b.kept[room][t.From.Seq:]
			}),
		}},
		{"readers get the snapshot itself", "the caller's bytes are not kept", bug{
			read: reading(func(b *bug, room string, _ uint64, t *rooms.Tail) {
				b.mu.Lock()
				defer b.mu.Unlock()
				if b.saved[room].Snapshot == nil {
					b.saved[room] = *t
				}
				t.Snapshot = b.saved[room].Snapshot
			}),
		}},
	}
}

func plantedReads() []planted {
	return []planted{
		{"a claim is an entry", "a room that was never appended to", bug{claim: func(b *bug, ctx context.Context, room string, c rooms.Claim) (rooms.Seat, error) {
			seat, err := b.sound.Claim(ctx, room, c)
			if err == nil {
				_, err = b.sound.Append(ctx, room, rooms.Append{Build: c.Build, After: b.at(room), Entries: [][]byte{[]byte("claimed")}})
			}
			return seat, err
		}}},
		{"limits have no effect", "as many entries are read", bug{read: func(b *bug, ctx context.Context, room string, seq uint64, _ int) (rooms.Tail, error) {
			return b.sound.Read(ctx, room, seq, 1<<20)
		}}},
		{"the entry that was asked from is read again", "as many entries are read", bug{read: func(b *bug, ctx context.Context, room string, seq uint64, limit int) (rooms.Tail, error) {
			return b.sound.Read(ctx, room, max(seq, 1)-1, limit)
		}}},
		{"beyond the room there is nothing", "a room that has not come to the number", bug{read: reading(func(_ *bug, _ string, seq uint64, t *rooms.Tail) {
			if seq > t.At.Seq {
				*t = rooms.Tail{At: t.At, From: rooms.Position{Seq: seq}}
			}
		})}},
		{"numbers are signed", "a room that has not come to the number", bug{read: func(b *bug, ctx context.Context, room string, seq uint64, limit int) (rooms.Tail, error) {
			if seq > math.MaxInt64 {
				return rooms.Tail{}, errors.New("out of range")
			}
			return b.sound.Read(ctx, room, seq, limit)
		}}},
		{"the position and the entries are read in two steps", "what is read is of one moment", bug{read: reading(func(b *bug, room string, _ uint64, t *rooms.Tail) {
			time.Sleep(time.Millisecond)
			t.At = b.at(room)
		})}},
		{"the snapshot and the entries are read in two steps", "what is read is of one moment", bug{read: func(b *bug, ctx context.Context, room string, seq uint64, limit int) (rooms.Tail, error) {
			t, err := b.sound.Read(ctx, room, seq, limit)
			if err != nil {
				return t, err
			}
			time.Sleep(time.Millisecond)
			later, err := b.sound.Read(ctx, room, seq, limit)
			t.At, t.Entries = later.At, later.Entries
			return t, err
		}}},
		{"a snapshot is taken while entries are appended", "a snapshot and the entries that follow", bug{read: reading(func(_ *bug, _ string, _ uint64, t *rooms.Tail) {
			if t.Snapshot != nil && len(t.Entries) > 0 {
				t.Entries = t.Entries[1:]
			}
		})}},
		{"nothing is kept", "a snapshot is in place of", bug{save: saving(func(uint64) uint64 { return 0 })}},
		{"nothing is removed", "a snapshot is in place of", bug{save: saving(func(uint64) uint64 { return math.MaxUint64 })}},
		{"one more is kept", "a snapshot is in place of", bug{save: saving(func(keep uint64) uint64 { return max(keep, keep+1) })}},
		{"the number to keep is signed", "a snapshot is in place of", bug{save: saving(func(keep uint64) uint64 {
			if keep > math.MaxInt64 {
				return 0
			}
			return keep
		})}},
		{"the last snapshot wins", "a snapshot does not take the place", bug{
			save: func(b *bug, ctx context.Context, room string, at rooms.Position, snapshot []byte, keep uint64) error {
				b.mu.Lock()
				defer b.mu.Unlock()
				b.saved[room] = rooms.Tail{From: at, Snapshot: snapshot}
				return b.sound.Save(ctx, room, at, snapshot, keep)
			},
			read: reading(func(b *bug, room string, _ uint64, t *rooms.Tail) {
				b.mu.Lock()
				defer b.mu.Unlock()
				if last := b.saved[room]; t.Snapshot != nil && last.From.Seq < t.From.Seq {
					t.From, t.Snapshot = last.From, last.Snapshot
				}
			}),
		}},
		{"an older snapshot removes entries", "a snapshot does not take the place", bug{save: func(b *bug, ctx context.Context, room string, at rooms.Position, snapshot []byte, keep uint64) error {
			t, err := b.sound.Read(ctx, room, math.MaxUint64, 0)
			if err == nil && t.From.Seq > at.Seq {
				at, snapshot = t.From, t.Snapshot
			}
			return b.sound.Save(ctx, room, at, snapshot, keep)
		}}},
		{"a snapshot is stored at its number, without the chain", "a snapshot of a position", bug{save: func(b *bug, ctx context.Context, room string, at rooms.Position, snapshot []byte, keep uint64) error {
			t, err := b.sound.Read(ctx, room, math.MaxUint64, 1000)
			if err == nil && at.Seq >= t.From.Seq && at.Seq <= t.At.Seq {
				at = t.From.After(t.Entries[:at.Seq-t.From.Seq])
			}
			return b.sound.Save(ctx, room, at, snapshot, keep)
		}}},
		{"a snapshot beyond the room is ignored", "a snapshot of a position", bug{save: func(b *bug, ctx context.Context, room string, at rooms.Position, snapshot []byte, keep uint64) error {
			if at.Seq > b.at(room).Seq {
				return nil
			}
			return b.sound.Save(ctx, room, at, snapshot, keep)
		}}},
	}
}
