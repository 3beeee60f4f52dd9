// Planted bugs of builds.

package roomstest

import (
	"context"
	"slices"
	"time"

	"github.com/gorgon-go/gorgon/rooms"
)

type claimer = func(*bug, context.Context, string, rooms.Claim) (rooms.Seat, error)

// supersedes refuses a claim in a way of its own.
func supersedes(when func(b *bug, room string, c rooms.Claim) bool) claimer {
	return func(b *bug, ctx context.Context, room string, c rooms.Claim) (rooms.Seat, error) {
		if last := b.last(room); last != "" && last != c.Build && when(b, room, c) {
			return rooms.Seat{}, rooms.ErrSuperseded
		}
		c.Age = 0
		return b.sound.Claim(ctx, room, c)
	}
}

// before says that a process was started before a time that was noted of a room.
func before(noted func(b *bug) map[string]time.Time) func(*bug, string, rooms.Claim) bool {
	return func(b *bug, room string, c rooms.Claim) bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return noted(b)[room].After(time.Now().Add(-c.Age))
	}
}

// asked notes the build of some claims, and refuses appends of others.
func asked(counts func(c rooms.Claim, seat rooms.Seat) bool) bug {
	return bug{
		claim: func(b *bug, ctx context.Context, room string, c rooms.Claim) (rooms.Seat, error) {
			seat, err := b.sound.Claim(ctx, room, c)
			b.mu.Lock()
			defer b.mu.Unlock()
			if err == nil && counts(c, seat) {
				b.asked[room] = c.Build
			}
			return seat, err
		},
		append: func(b *bug, ctx context.Context, room string, a rooms.Append) (rooms.Position, error) {
			b.mu.Lock()
			last, ok := b.asked[room]
			b.mu.Unlock()
			if ok && last != a.Build {
				return rooms.Position{}, rooms.ErrMoved
			}
			return b.sound.Append(ctx, room, a)
		},
	}
}

func plantedBuilds() []planted {
	return []planted{
		{"any build gets a room", "once a process of another build", bug{claim: supersedes(func(*bug, string, rooms.Claim) bool { return false })}},
		{"the order of builds is that of their names", "once a process of another build", bug{claim: supersedes(func(b *bug, room string, c rooms.Claim) bool { return c.Build < b.last(room) })}},
		{"the process that had a room last decides, and not the latest of its build", "once a process of another build", bug{claim: supersedes(before(func(b *bug) map[string]time.Time { return b.started }))}},
		{"a build that was superseded does not come back", "an app that goes back", bug{claim: supersedes(func(b *bug, room string, c rooms.Claim) bool {
			b.mu.Lock()
			defer b.mu.Unlock()
			return slices.Contains(b.builds[room], c.Build)
		})}},
		{"a build is as late as its claim, and not as its process", "a process that was started later", bug{claim: supersedes(before(func(b *bug) map[string]time.Time { return b.claimed }))}},
		{"an instance of an earlier build does not learn who owns a room", "a claim of a room that another", bug{claim: supersedes(before(func(b *bug) map[string]time.Time { return b.started }))}},
		{"each claim gives the room to its build", "a claim of a room that another", asked(func(rooms.Claim, rooms.Seat) bool { return true })},
		{"a claim without an instance gives a room that has an owner", "a claim of a room that another", asked(func(c rooms.Claim, seat rooms.Seat) bool { return seat.Mine || c.Instance == "" })},
		{"a claim without an instance is one of an instance", "a claim without an instance", bug{claim: func(b *bug, ctx context.Context, room string, c rooms.Claim) (rooms.Seat, error) {
			if c.Instance == "" {
				c.Instance = "anonymous"
				if err := b.sound.Beat(ctx, rooms.Instance{ID: c.Instance}, long); err != nil {
					return rooms.Seat{}, err
				}
			}
			return b.sound.Claim(ctx, room, c)
		}}},
		{"a claim without an instance is only a question", "a claim without an instance", bug{claim: func(b *bug, ctx context.Context, room string, c rooms.Claim) (rooms.Seat, error) {
			if c.Instance == "" {
				return rooms.Seat{}, ctx.Err()
			}
			return b.sound.Claim(ctx, room, c)
		}}},
	}
}
