// The laws of the room: what is done twice comes to the same, what is refused
// changes nothing, and the past leads to the picture.

package main

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/rooms"
)

// A twin is a canvas twice: one that goes on, and one that is stored and read
// again all the time, as by instances that take a room from each other.
type twin struct {
	of        *rooms.Definition
	one, two  rooms.State
	seq       uint64
	at        int64
	every     uint64 // operation is judged
	forgotten bool   // strokes were drawn on the start
}

func newTwin(t testing.TB, every uint64) *twin {
	d, ok := canvas.Part().(gorgon.Handler).Handler.(*rooms.Definition)
	if !ok || d.Validate() != nil {
		t.Fatal(d.Validate())
	}
	return &twin{of: d, every: every, one: d.New("a"), two: d.New("a"), at: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC).UnixMicro()}
}

// do does an operation in both, and judges what comes of it.
func (w *twin) do(t testing.TB, s Stroke, wait time.Duration) {
	t.Helper()
	op, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if _, unchecked := w.of.Check(op); (s.check() == nil) != (unchecked == nil) {
		t.Fatalf("Apply says %v, and the checks of members %v: %s", s.check(), unchecked, op)
	} else if unchecked != nil {
		refused(t, s)
		return
	}
	w.at += wait.Microseconds()
	before := w.text(t, w.one)
	e := &rooms.Entry{Client: "c", N: w.seq + 1, By: rooms.Member{ID: "ada"}, At: w.at, Op: op}
	outs, err := w.one.Apply(w.seq+1, e)
	again, err2 := w.two.Apply(w.seq+1, e)
	if !bytes.Equal(outs, again) || err != nil || err2 != nil {
		t.Fatalf("%s and %s: %v, %v", outs, again, err, err2)
	}
	w.seq++
	if w.seq%w.every > 0 {
		return
	}
	after := w.text(t, w.one)
	var told []Painted
	if err := json.Unmarshal(outs, &told); err != nil || len(told) != 1 || told[0].By != "ada" {
		t.Fatalf("members are told %s", outs)
	}
	var old, now Canvas
	if json.Unmarshal(before, &old) != nil || json.Unmarshal(after, &now) != nil {
		t.Fatal("a state cannot be read")
	}
	for _, at := range told[0].At {
		old.Pixels[at] = byte(told[0].Color)
	}
	if !bytes.Equal(old.Pixels, now.Pixels) {
		t.Fatal("what members were told does not lead to the picture")
	}
	w.judge(t, now)
	if stored := w.text(t, w.two); !bytes.Equal(stored, after) {
		t.Fatal("the states differ")
	}
	fresh := w.of.New("a")
	if err := fresh.Restore(after); err != nil {
		t.Fatal(err)
	}
	w.two = fresh
}

func (w *twin) text(t testing.TB, s rooms.State) []byte {
	t.Helper()
	text, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(text)
}

// judge plays the past.
func (w *twin) judge(t testing.TB, c Canvas) {
	t.Helper()
	if len(c.Past) > maxPast || len(c.Pixels) != side*side {
		t.Fatalf("%d bytes of past, %d pixels", len(c.Past), len(c.Pixels))
	}
	w.forgotten = w.forgotten || !bytes.Equal(c.Start, make([]byte, side*side))
	played, until := Canvas{Start: bytes.Clone(c.Start), Since: c.Since}, c.Until
	for rest := c.Past; len(rest) > 0; {
		rest = played.draw(rest)
	}
	if !bytes.Equal(played.Start, c.Pixels) || played.Since != until || until > int(w.at/1e6) {
		t.Fatalf("the past leads to another picture, or to %d and not %d", played.Since, until)
	}
}

func TestPaint(t *testing.T) {
	w, chance := newTwin(t, 8), rand.New(rand.NewPCG(1, 2))
	for range 400 {
		s := Stroke{Color: chance.IntN(16), At: make([]int, 1+chance.IntN(maxStroke))}
		for i := range s.At {
			s.At[i] = chance.IntN(side * side)
		}
		w.do(t, s, time.Duration(chance.IntN(100_000))*time.Millisecond)
	}
	if !w.forgotten {
		t.Error("the past was never too long")
	}
}

// refused tries a stroke that is to be refused, and to change nothing.
func refused(t testing.TB, s Stroke) {
	t.Helper()
	c, before := canvas.New("a"), canvas.New("a")
	_, err := c.paint(rooms.Act[Stroke]{Op: s})
	if e, ok := err.(*gorgon.Error); !ok || e.Kind != gorgon.KindUnprocessable || !reflect.DeepEqual(c, before) {
		t.Fatalf("%+v is not refused (%v), or has changed the canvas", s, err)
	}
}

func TestRefused(t *testing.T) {
	for _, s := range []Stroke{
		{Color: 16, At: []int{1}}, {Color: -1, At: []int{1}}, {Color: 1}, {Color: 1, At: []int{5, side * side}},
		{Color: 1, At: []int{5, -1}}, {Color: 1, At: make([]int, maxStroke+1)},
	} {
		refused(t, s)
	}
}

func FuzzPaint(f *testing.F) {
	f.Add([]byte{3, 2, 0, 0, 0, 1, 200, 1, 9, 9})
	f.Fuzz(func(t *testing.T, data []byte) {
		w := newTwin(t, 1)
		take := func() int {
			if len(data) == 0 {
				return 0
			}
			n := int(data[0])
			data = data[1:]
			return n
		}
		for len(data) > 0 && w.seq < 40 {
			s := Stroke{Color: take() - 2, At: make([]int, take())}
			for i := range s.At {
				s.At[i] = take()*17 - 3
			}
			w.do(t, s, time.Duration(take())*time.Second)
		}
	})
}
