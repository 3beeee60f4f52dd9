// Laws of reading, and of snapshots.

package roomstest

import (
	"bytes"
	"fmt"
	"math"
	"time"

	"github.com/gorgon-go/gorgon/rooms"
)

// state is what a snapshot of a room is in the laws: all of its entries.
func state(entries [][]byte) []byte {
	return append([]byte("state of "), bytes.Join(entries, []byte("\n"))...)
}

// saves saves a snapshot at a number of entries.
func (e *env) saves(s rooms.Log, entries [][]byte, seq int, keep uint64) error {
	err := s.Save(e.ctx, room, rooms.Position{}.After(entries[:seq]), state(entries[:seq]), keep)
	if err != nil {
		err = fmt.Errorf("save at %d: %w", seq, err)
	}
	return err
}

// reads says what is read after a number: from a snapshot at another number, or
// without one (-1).
func (e *env) reads(s rooms.Log, entries [][]byte, seq uint64, limit, snapshot int) error {
	want := rooms.Tail{At: rooms.Position{}.After(entries), From: rooms.Position{Seq: seq}}
	if snapshot >= 0 {
		want.From, want.Snapshot = rooms.Position{}.After(entries[:snapshot]), state(entries[:snapshot])
	}
	want.Entries = entries[min(want.From.Seq, want.At.Seq):]
	want.Entries = want.Entries[:min(limit, len(want.Entries))]
	got, err := s.Read(e.ctx, room, seq, limit)
	if err == nil {
		err = same(got, want)
	}
	if err != nil {
		err = fmt.Errorf("read %d after %d: %w", limit, seq, err)
	}
	return err
}

func readLaws() []law {
	return []law{
		{says: "a room that was never appended to is at the zero position", check: func(e *env) error {
			if err := e.has(e, room); err != nil {
				return err
			}
			if err := e.beats(e, long, "one"); err != nil {
				return err
			}
			_, err := e.gets(e, "one", nil)
			return first(err, e.has(e.other, room))
		}},
		{says: "as many entries are read as were asked for, from where it was asked", check: func(e *env) error {
			whole := numbered(20)
			if err := e.appends(e, room, whole...); err != nil {
				return err
			}
			for seq := range uint64(21) {
				for _, limit := range []int{0, 1, 2, 7, 20, 21, math.MaxInt} {
					if err := e.reads(e.other, whole, seq, limit, -1); err != nil {
						return err
					}
				}
			}
			return nil
		}},
		{says: "a room that has not come to the number is read from the snapshot, or from the beginning", check: func(e *env) error {
			whole := numbered(10)
			beyond := []uint64{11, 1000, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64}
			if err := e.appends(e, room, whole...); err != nil {
				return err
			}
			for _, seq := range beyond {
				want := rooms.Tail{At: rooms.Position{}.After(whole), Entries: whole[:4]}
				got, err := e.other.Read(e.ctx, room, seq, 4)
				if err == nil {
					err = same(got, want)
				}
				if err != nil {
					return fmt.Errorf("read after %d, without a snapshot: %w", seq, err)
				}
			}
			if err := e.saves(e, whole, 6, 100); err != nil {
				return err
			}
			for _, seq := range beyond {
				if err := first(e.reads(e.other, whole, seq, 2, 6), e.reads(e, whole, seq, 100, 6)); err != nil {
					return err
				}
			}
			got, err := e.Read(e.ctx, "another room", 7, 10)
			return first(err, same(got, rooms.Tail{}))
		}},
		{says: "what is read is of one moment", check: func(e *env) error {
			whole := numbered(60)
			return together(4, func(i int) error {
				for n := range 30 {
					switch i {
					case 0:
						if err := e.appends(e, room, whole[2*n:2*n+2]...); err != nil {
							return err
						}
						if n%3 == 2 {
							if err := e.saves(e, whole, 2*n+1, 1); err != nil {
								return err
							}
						}
						<-time.After(300 * time.Microsecond) // so that readers come in between
					default:
						t, err := e.handle(i).Read(e.ctx, room, []uint64{0, math.MaxUint64, 20}[i-1], 100)
						if err != nil {
							return err
						}
						at := int(t.At.Seq)
						if at > len(whole) || t.At != (rooms.Position{}).After(whole[:at]) {
							return fmt.Errorf("the room is at %v, where it never was", t.At)
						}
						want := rooms.Tail{At: t.At, From: t.From}
						if t.Snapshot != nil {
							if int(t.From.Seq) > at || t.From != (rooms.Position{}).After(whole[:t.From.Seq]) {
								return fmt.Errorf("the snapshot is from %v, and the room at %v", t.From, t.At)
							}
							want.Snapshot = state(whole[:t.From.Seq])
						}
						want.Entries = whole[min(int(t.From.Seq), at):at]
						if err := same(t, want); err != nil {
							return err
						}
					}
				}
				return nil
			})
		}},
	}
}

func saveLaws() []law {
	return []law{
		{says: "a snapshot and the entries that follow are the whole, wherever a reader is", check: func(e *env) error {
			whole := numbered(30)
			if err := e.appends(e, room, whole[:10]...); err != nil {
				return err
			}
			for n := 1; n <= 10; n++ {
				at := 10 + 2*n
				if err := first(e.appends(e, room, whole[at-2:at]...), e.saves(e.other, whole, at-n, 3)); err != nil {
					return err
				}
				for seq := range uint64(at + 2) {
					t, err := e.handle(n).Read(e.ctx, room, seq, 100)
					if err != nil {
						return err
					}
					has := whole[:min(int(seq), at)] // of the reader
					if t.Snapshot != nil {
						has = bytes.Split(bytes.TrimPrefix(t.Snapshot, []byte("state of ")), []byte("\n"))
					}
					if got := append(has[:len(has):len(has)], t.Entries...); !bytes.Equal(state(got), state(whole[:at])) {
						return fmt.Errorf("a reader at %d of %d comes to %s, want %s", seq, at, state(got), state(whole[:at]))
					}
				}
			}
			return nil
		}},
		{says: "a snapshot is in place of the entries before it, except for as many as are to be kept", check: func(e *env) error {
			whole := numbered(20)
			if err := e.appends(e, room, whole...); err != nil {
				return err
			}
			for _, c := range []struct {
				at   int
				keep uint64
				gone uint64 // entries that are gone after that
			}{{4, math.MaxUint64, 0}, {5, 1 << 63, 0}, {6, 6, 0}, {8, 5, 3}, {10, 100, 3}, {12, 2, 10}, {15, 0, 15}, {18, 3, 15}, {20, 0, 20}} {
				if err := e.saves(e, whole, c.at, c.keep); err != nil {
					return err
				}
				for seq := range uint64(21) {
					snapshot := -1
					if seq < c.gone {
						snapshot = c.at
					}
					if err := first(e.reads(e.other, whole, seq, 100, snapshot), e.reads(e, whole, seq, 2, snapshot)); err != nil {
						return fmt.Errorf("a snapshot at %d that keeps %d: %w", c.at, c.keep, err)
					}
				}
				if err := e.reads(e, whole, math.MaxUint64, 1, c.at); err != nil {
					return err
				}
			}
			whole = append(whole, []byte("next"))
			return first(e.appends(e.other, room, whole[20]), e.reads(e, whole, 0, 10, 20), e.reads(e, whole, 20, 10, -1))
		}},
		{says: "a snapshot does not take the place of a later one", check: func(e *env) error {
			whole := numbered(20)
			if err := first(e.appends(e, room, whole...), e.saves(e, whole, 15, 3), e.saves(e.other, whole, 10, 0), e.saves(e.other, whole, 14, 0)); err != nil {
				return err
			}
			if err := first(e.reads(e, whole, 0, 100, 15), e.reads(e.other, whole, 12, 100, -1)); err != nil {
				return err
			}
			err := together(4, func(i int) error { return e.saves(e.handle(i), whole, 16+i, 0) })
			return first(err, e.reads(e, whole, 0, 100, 19), e.saves(e, whole, 19, 0), e.reads(e.other, whole, 0, 100, 19))
		}},
		{says: "a snapshot of a position to which the room has not come is refused", check: func(e *env) error {
			whole := numbered(10)
			if err := first(e.appends(e, room, whole...), e.saves(e, whole, 5, 2)); err != nil {
				return err
			}
			strange := texts("other", "entries", "of", "a", "room", "that", "was", "restored", "from a", "backup", "later")
			for _, n := range []int{5, 6, 9, 10, 11} {
				at := rooms.Position{}.After(strange[:n])
				if err := fails(fmt.Sprint("a snapshot of a strange room at ", at), e.other.Save(e.ctx, room, at, state(strange[:n]), 0), rooms.ErrMoved); err != nil {
					return err
				}
			}
			beyond := rooms.Position{}.After(whole).Next([]byte("not stored"))
			for name, at := range map[string]rooms.Position{room: beyond, "another room": beyond} {
				if err := fails("a snapshot beyond the room", e.Save(e.ctx, name, at, []byte("beyond"), 0), rooms.ErrMoved); err != nil {
					return err
				}
			}
			return first(e.reads(e, whole, 0, 100, 5), e.reads(e, whole, 3, 100, -1), e.has(e, "another room"))
		}},
	}
}
