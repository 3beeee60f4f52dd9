package roomstest_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/rooms"
	"github.com/gorgon-go/gorgon/rooms/roomstest"
)

// Each fault does to a call what it says, and to its effect.
func TestFaults(t *testing.T) {
	const second = time.Second
	for name, c := range map[string]struct {
		fault  roomstest.Fault
		err    error
		took   time.Duration
		stored bool // when the call returns
		later  bool // after a minute
	}{
		"none":                     {roomstest.Fault{}, nil, 0, true, true},
		"slow":                     {roomstest.Fault{Wait: second, Late: second}, nil, 2 * second, true, true},
		"before":                   {roomstest.Fault{Before: roomstest.ErrFault}, roomstest.ErrFault, 0, false, false},
		"after":                    {roomstest.Fault{After: roomstest.ErrFault}, roomstest.ErrFault, 0, true, true},
		"hangs before":             {roomstest.Fault{HangBefore: true}, context.DeadlineExceeded, 5 * second, false, false},
		"hangs after":              {roomstest.Fault{HangAfter: true}, context.DeadlineExceeded, 5 * second, true, true},
		"too slow":                 {roomstest.Fault{Wait: time.Hour}, context.DeadlineExceeded, 5 * second, false, false},
		"too slow on the way back": {roomstest.Fault{Late: time.Hour}, context.DeadlineExceeded, 5 * second, true, true},
		"refused, and reaches it":  {roomstest.Fault{Before: roomstest.ErrFault, Reaches: second}, roomstest.ErrFault, 0, false, true},
		"hangs, and reaches it":    {roomstest.Fault{HangBefore: true, Reaches: second}, context.DeadlineExceeded, 5 * second, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := mem.NewRooms()
				log := roomstest.NewFaults(store)
				stored := func() bool {
					at, err := store.Positions(t.Context(), []string{"r"})
					return err == nil && at[0].Seq == 1
				}
				log.Next("Append", c.fault)
				ctx, cancel := context.WithTimeout(t.Context(), 5*second)
				defer cancel()
				from := time.Now()
				_, err := log.Append(ctx, "r", rooms.Append{Entries: [][]byte{{1}}})
				if took := time.Since(from); !errors.Is(err, c.err) || took != c.took || stored() != c.stored {
					t.Errorf("%v after %v, stored: %t", err, took, stored())
				}
				time.Sleep(time.Minute) // in the bubble's time
				if stored() != c.later {
					t.Errorf("stored in the end: %t", stored())
				}
			})
		})
	}
}

// What is planned for the next calls comes first, then the plan of all.
func TestFaultsInOrder(t *testing.T) {
	log := roomstest.NewFaults(mem.NewRooms())
	append1 := func(room string) error {
		_, err := log.Append(t.Context(), room, rooms.Append{Entries: [][]byte{{1}}})
		return err
	}
	log.Plan(func(c roomstest.Call) roomstest.Fault {
		if c.Method == "Append" && c.Room == "b" && c.Number >= 3 {
			return roomstest.Fault{Before: roomstest.ErrFault}
		}
		return roomstest.Fault{}
	})
	log.Next("Append", roomstest.Fault{Before: roomstest.ErrFault})
	for i, c := range []struct {
		room string
		err  error
	}{{"a", roomstest.ErrFault}, {"a", nil}, {"b", roomstest.ErrFault}, {"c", nil}} {
		if err := append1(c.room); !errors.Is(err, c.err) {
			t.Errorf("call %d of room %s gave %v", i+1, c.room, err)
		}
	}
	log.Plan(nil)
	if err := append1("b"); err != nil || log.Count("Append") != 5 {
		t.Errorf("%v after %d calls", err, log.Count("Append"))
	}
}
