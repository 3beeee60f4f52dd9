package mem_test

import (
	"testing"

	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/rooms"
	"github.com/gorgon-go/gorgon/rooms/roomstest"
)

func TestRooms(t *testing.T) {
	roomstest.Run(t, func(*testing.T) func() rooms.Log {
		m := mem.NewRooms()
		return func() rooms.Log { return m.Handle() }
	})
}
