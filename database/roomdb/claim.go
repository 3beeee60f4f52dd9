// Who owns a room.

package roomdb

import (
	"context"
	"database/sql"
	"errors"

	"github.com/gorgon-go/gorgon/database/apart"
	"github.com/gorgon-go/gorgon/rooms"
)

// A seat is who owns a room, as the tables have it.
type seat struct {
	id     sql.NullInt64 // of the room; not valid if it has no row
	claims int64         // how often it was claimed or released: what is decided of a seat holds while that is the same
	token  int64
	owner  sql.NullInt64 // the number of an instance, perhaps of one without a lease
	build  []byte
	born   int64 // when the latest process of that build was started that was given the room
	taken  int64 // when the room was taken from an owner with a lease

	now    int64         // the store's time
	holder sql.NullInt64 // the number of the owner, if it has a lease
	shown  rooms.Instance
	me     sql.NullInt64 // the number of the instance that claims, if it has a lease
	myself rooms.Instance
}

func (s *store) seat(ctx context.Context, tx apart.Tx, room, instance string) (a seat, err error) {
	var id, address, key, myAddress, myKey []byte
	err = tx.QueryRowContext(ctx, s.texts.seat, []byte(room), []byte(instance)).Scan(
		&a.id, &a.claims, &a.token, &a.owner, &a.build, &a.born, &a.taken, &a.now, &a.holder, &id, &address, &key, &a.me, &myAddress, &myKey)
	a.shown = rooms.Instance{ID: string(id), Address: string(address), Key: string(key)}
	a.myself = rooms.Instance{ID: instance, Address: string(myAddress), Key: string(myKey)}
	return a, err
}

// isMine says that the owner is the instance that claims.
func (a seat) isMine() bool { return a.holder.Valid && a.holder == a.me }

// stays says that the room keeps the owner that it has, which is another one.
func (a seat) stays(c rooms.Claim) bool {
	if !a.holder.Valid || a.isMine() {
		return false
	}
	over := c.Instance != "" && c.Over != 0 && int64(c.Over) == a.token
	return !over || a.now-a.taken < rooms.TakeOver.Milliseconds()
}

// next is the seat after a claim, if it is given. What decides between builds is
// which process was started later, and not which one was there first: while a new
// build starts, a process of the old one may still be given a room that is new.
func (a seat) next(c rooms.Claim) (n seat, err error) {
	n = a
	n.born = a.now - max(c.Age, 0).Milliseconds()
	switch {
	case a.claims == 0:
	case string(a.build) == c.Build:
		n.born = max(a.born, n.born)
	case a.born > n.born:
		return seat{}, rooms.ErrSuperseded
	}
	n.build = append([]byte{}, c.Build...) // not NULL
	if c.Instance == "" {
		return n, nil
	}
	if !a.isMine() {
		// It is greater than that of an owner before the room was removed, too.
		n.token = max(a.token+1, a.now)
		if a.holder.Valid {
			n.taken = a.now
		}
	}
	n.owner = a.me
	return n, nil
}

// put stores a seat in place of the one that it was made of. It fails, without an
// error, if the room was claimed or released meanwhile.
func (s *store) put(ctx context.Context, tx apart.Tx, room string, n seat) (ok bool, err error) {
	text, first := s.texts.take, any(n.id.Int64)
	if !n.id.Valid {
		text, first = s.texts.make, []byte(room)
	}
	changed, err := apart.Changed(tx.ExecContext(ctx, text, first, n.claims, n.token, n.owner, n.build, n.born, n.taken))
	return changed > 0, err
}

// maxClaims is how often a claim is made at most that others are in the way of.
const maxClaims = 10

// Claim gives a room to an instance, or says who owns it.
func (s *store) Claim(ctx context.Context, room string, c rooms.Claim) (got rooms.Seat, err error) {
	err = s.calls.Do(ctx, "claim a room", c.Check(room), func(ctx context.Context, tx apart.Tx) error {
		for range maxClaims {
			a, err := s.seat(ctx, tx, room, c.Instance)
			if err != nil {
				return err
			}
			if c.Instance != "" && !a.me.Valid {
				return rooms.ErrAbsent
			}
			if a.stays(c) {
				got = rooms.Seat{Token: uint64(a.token), Owner: a.shown}
				return nil
			}
			n, err := a.next(c)
			if err != nil {
				return err
			}
			if ok, err := s.put(ctx, tx, room, n); err != nil || ok {
				got = rooms.Seat{Token: uint64(n.token)}
				if c.Instance != "" {
					got.Mine, got.Owner = true, a.myself
				}
				return err
			}
		}
		return errors.New("it is claimed by others all the time")
	})
	if err != nil {
		return rooms.Seat{}, err
	}
	return got, nil
}

// Release gives up a room.
func (s *store) Release(ctx context.Context, room string, token uint64) error {
	return s.calls.Do(ctx, "release a room", rooms.Check(room), func(ctx context.Context, tx apart.Tx) error {
		_, err := tx.ExecContext(ctx, s.texts.release, []byte(room), int64(token))
		return err
	})
}
